"""The portal's own log: one JSON object a line, with the request and operation it belongs to and without secrets."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, TextIO

from portal.kit.context import operation_id, request_id
from portal.kit.redaction import MASK, is_secret_name, redacted

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}
LONGEST_TEXT, MOST_EXTRAS = 8_000, 40
_OWN_ATTRIBUTES = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
# Chatty at their own debug level, and nothing that is about the portal.
_QUIET = ("asyncio", "httpcore", "hpack", "urllib3", "docker", "engineio", "socketio", "multipart", "watchfiles")


class JsonLines(logging.Formatter):
    """Every text passes the redaction, whoever logged it: libraries log whole requests with their cookies."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": level_name(record.levelno),
            "logger": record.name,
            "message": _text(_message(record)),
        }
        about = {"request_id": request_id.get(), "operation_id": operation_id.get()}
        line.update({name: value for name, value in about.items() if value})
        line.update(_extras(record))
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = _text("".join(traceback.format_exception(record.exc_info[1])))
        return json.dumps(line, ensure_ascii=False, default=str)


def configure(level: str, *, stream: TextIO | None = None) -> None:
    """Everything that is logged in this process goes to the stream (standard error) as JSON lines from now on."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    for name in list(
        logging.Logger.manager.loggerDict
    ):  # handlers that libraries brought would write past the redaction
        other = logging.getLogger(name)
        other.handlers.clear()
        other.propagate = True
    logging.captureWarnings(True)
    set_level(level)


def set_level(level: str) -> None:
    """debug, info, warn or error, effective at once. KeyError for anything else."""
    number = LEVELS[level]
    logging.getLogger().setLevel(number)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(number, logging.INFO))


def current_level() -> str:
    return level_name(logging.getLogger().level)


def level_name(number: int) -> str:
    """The name in the words of CODEX_LOG_LEVEL."""
    fitting = [name for name, least in LEVELS.items() if number >= least]
    return fitting[-1] if fitting else "debug"


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):  # arguments that do not fit the text must not lose the line
        return str(record.msg)


def _text(value: str) -> str:
    """Redacted with some room behind the cut, so that huge text costs little and no half of a secret is left."""
    cut = redacted(value[: LONGEST_TEXT * 2]).encode("utf-8", "replace").decode()
    return cut if len(cut) <= LONGEST_TEXT else cut[:LONGEST_TEXT] + MASK


def _extras(record: logging.LogRecord) -> dict[str, Any]:
    given = [(name, value) for name, value in vars(record).items() if name not in _OWN_ATTRIBUTES]
    return {name: _plain(name, value) for name, value in given[:MOST_EXTRAS]}


def _plain(name: str, value: object) -> object:
    if is_secret_name(name):
        return MASK
    return value if value is None or isinstance(value, bool | int | float) else _text(str(value))
