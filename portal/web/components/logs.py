"""The log of a container, and small pictures of figures: parts that the browser draws by itself."""

from __future__ import annotations

import reflex as rx

from portal.web.words import tr

_FOLDER = "$/public/portal"
_WORDS = ("title", "search", "live", "connecting", "failed", "end", "denied", "pause", "resume", "follow", "download")
_MORE = ("nothing", "nothing_found", "lines", "found", "paused", "gap")


class LogView(rx.Component):
    """Follows the stream at `href`, keeps 5,000 lines, draws those in view. Nothing of it passes through the state."""

    library = f"{_FOLDER}/log_view.jsx"
    tag = "LogView"
    href: rx.Var[str]
    download: rx.Var[str]
    labels: rx.Var[dict[str, str]]


class Spark(rx.Component):
    """A line of the last values; `least` is what the height shows at least."""

    library = f"{_FOLDER}/spark.jsx"
    tag = "Spark"
    values: rx.Var[list[float]]
    label: rx.Var[str]
    least: rx.Var[float]


spark = Spark.create


def log_view(name: rx.Var[str]) -> rx.Component:
    """Of the container with this name, as the REST API gives it to the person who looks."""
    path = "/api/v1/containers/" + name + "/logs"
    numbers = {"n": "{n}", "total": "{total}"}
    labels = {word: tr(f"log.{word}", **numbers) for word in (*_WORDS, *_MORE)}
    return LogView.create(href=path + "/stream?lines=500", download=path + "/text", labels=labels, key=name)
