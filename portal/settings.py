"""All settings, read once from the environment. What is unknown, wrong or given twice is refused by name."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from portal.domain.errors import Invalid
from portal.domain.oidc import GroupRule
from portal.domain.setting import MASK, Setting, Source
from portal.i18n import t
from portal.setting_forms import (
    ADDRESSES,
    BACKUP_STORE,
    BOOLEAN,
    DATABASE_URL,
    GROUP_RULES,
    ISSUER,
    NETWORK,
    PATH,
    PORT,
    REDIS_URL,
    SMTP_URL,
    TEXT,
    WEB_URL,
    Choice,
    Reader,
    Unfit,
    Whole,
)

OWN_PREFIX, FILE_SUFFIX = "PORTAL_", "_FILE"
LONGEST_SECRET_BYTES = 65_536
Value = TypeVar("Value")


def _setting(variable: str, read: Reader, default: str = "", *, is_secret: bool = False) -> Any:
    """`default` as it would be written in the environment; `{data}` stands for another setting, empty for not set.

    A secret is kept out of every `repr`, and may be given in a file named by `<variable>_FILE`.
    """
    about = {"variable": variable, "read": read, "default": default, "is_secret": is_secret}
    return field(repr=not is_secret, metadata=about)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the portal was told. The description of each is `setting.<variable>` in the catalogue of words."""

    codex_home: Path = _setting("CODEX_HOME", PATH, "~/.codex")
    log_level: str = _setting("CODEX_LOG_LEVEL", Choice(("debug", "info", "warn", "error")), "info")
    max_concurrent: int = _setting("CODEX_MAX_CONCURRENT", Whole(1, 1000), "10")
    sessions_root: Path = _setting("CODEX_SESSIONS_ROOT", PATH, "{codex_home}/sessions")
    config_file: Path | None = _setting("CODEX_CONFIG_FILE", PATH)
    enables_metrics: bool = _setting("CODEX_ENABLE_METRICS", BOOLEAN, "true")
    metrics_port: int | None = _setting("CODEX_METRICS_PORT", PORT)
    git_user_name: str | None = _setting("GIT_USER_NAME", TEXT)
    git_user_email: str | None = _setting("GIT_USER_EMAIL", TEXT)
    github_token: str | None = _setting("GITHUB_TOKEN", TEXT, is_secret=True)
    mcp_port: int | None = _setting("MCP_SERVER_PORT", PORT)
    mcp_max_connections: int = _setting("MCP_MAX_CONNECTIONS", Whole(1, 10_000), "100")
    mcp_timeout_seconds: int = _setting("MCP_TIMEOUT", Whole(1, 3600), "30")
    data: Path = _setting("PORTAL_DATA", PATH, "data")
    database_url: str = _setting("PORTAL_DATABASE_URL", DATABASE_URL, "sqlite:///{data}/portal.db", is_secret=True)
    redis_url: str | None = _setting("PORTAL_REDIS_URL", REDIS_URL, is_secret=True)
    role: str = _setting("PORTAL_ROLE", Choice(("all", "web", "worker")), "all")
    host: str = _setting("PORTAL_HOST", TEXT, "127.0.0.1")
    port: int = _setting("PORTAL_PORT", PORT, "3000")
    public_url: str | None = _setting("PORTAL_PUBLIC_URL", WEB_URL)
    are_documents_public: bool = _setting("PORTAL_DOCS_PUBLIC", BOOLEAN, "true")
    session_hours: int = _setting("PORTAL_SESSION_HOURS", Whole(1, 720), "12")
    secret_key: str | None = _setting("PORTAL_SECRET_KEY", TEXT, is_secret=True)
    old_secret_key: str | None = _setting("PORTAL_SECRET_KEY_OLD", TEXT, is_secret=True)
    oidc_issuer: str | None = _setting("PORTAL_OIDC_ISSUER", ISSUER)
    oidc_client_id: str | None = _setting("PORTAL_OIDC_CLIENT_ID", TEXT)
    oidc_client_secret: str | None = _setting("PORTAL_OIDC_CLIENT_SECRET", TEXT, is_secret=True)
    oidc_scopes: str = _setting("PORTAL_OIDC_SCOPES", TEXT, "openid profile email")
    oidc_groups_claim: str = _setting("PORTAL_OIDC_GROUPS_CLAIM", TEXT, "groups")
    oidc_roles: tuple[GroupRule, ...] | None = _setting("PORTAL_OIDC_ROLES", GROUP_RULES)
    oidc_name: str | None = _setting("PORTAL_OIDC_NAME", TEXT)
    anchor_file: Path = _setting("PORTAL_AUDIT_ANCHORS", PATH, "{data}/audit-anchors.jsonl")
    engine: str = _setting("PORTAL_ENGINE", Choice(("auto", "docker", "podman", "memory")), "auto")
    engine_socket: Path = _setting("PORTAL_ENGINE_SOCKET", PATH, "{data}/gate.sock")
    lets_execute: bool = _setting("PORTAL_CONTAINER_EXEC", BOOLEAN, "false")
    network: str = _setting("PORTAL_NETWORK", TEXT, "codex-portal")
    subnet: str = _setting("PORTAL_SUBNET", NETWORK, "172.30.0.0/16")
    proxy: str = _setting("PORTAL_PROXY", Choice(("managed", "external", "memory")), "managed")
    proxy_folder: Path = _setting("PORTAL_PROXY_FOLDER", PATH, "{data}/proxy")
    proxy_bind: tuple[str, ...] = _setting("PORTAL_PROXY_BIND", ADDRESSES, "127.0.0.1:8080")
    proxy_trusts_forwarded_for: bool = _setting("PORTAL_PROXY_TRUSTS_FORWARDED_FOR", BOOLEAN, "false")
    access_log_rate: int = _setting("PORTAL_ACCESS_LOG_RATE", Whole(10, 100_000), "5000")
    backup_store: str | None = _setting("PORTAL_BACKUP_STORE", BACKUP_STORE)
    backup_key: str | None = _setting("PORTAL_BACKUP_KEY", TEXT, is_secret=True)
    backup_s3_url: str | None = _setting("PORTAL_BACKUP_S3_URL", WEB_URL)
    backup_s3_region: str = _setting("PORTAL_BACKUP_S3_REGION", TEXT, "us-east-1")
    backup_s3_key_id: str | None = _setting("PORTAL_BACKUP_S3_KEY_ID", TEXT)
    backup_s3_secret: str | None = _setting("PORTAL_BACKUP_S3_SECRET", TEXT, is_secret=True)
    backup_base_hours: int = _setting("PORTAL_BACKUP_BASE_HOURS", Whole(1, 720), "24")
    backup_keep_days: int = _setting("PORTAL_BACKUP_KEEP_DAYS", Whole(1, 3650), "14")
    backup_alarm_hours: int = _setting("PORTAL_BACKUP_ALARM_HOURS", Whole(1, 8760), "50")
    smtp_url: str | None = _setting("PORTAL_SMTP_URL", SMTP_URL, is_secret=True)
    mail_from: str = _setting("PORTAL_MAIL_FROM", TEXT, "portal@localhost")
    lets_private_webhooks: bool = _setting("PORTAL_WEBHOOK_PRIVATE", BOOLEAN, "false")
    is_demo: bool = _setting("PORTAL_DEMO", BOOLEAN, "false")
    is_testing: bool = _setting("PORTAL_TESTING", BOOLEAN, "false")
    failpoints: str | None = _setting("PORTAL_FAILPOINTS", TEXT)

    @property
    def has_own_database(self) -> bool:
        """SQLite, which one process has for itself."""
        return self.database_url.startswith("sqlite")

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be in a log."""
        urls = (self.database_url, self.redis_url or "", self.smtp_url or "")
        own = (self.backup_key, self.backup_s3_secret)
        named = (self.github_token, self.secret_key, self.old_secret_key, self.oidc_client_secret, *own)
        given = (*named, *(urlsplit(url).password for url in urls))
        return tuple(secret for secret in given if secret)

    @property
    def address(self) -> str:
        """The portal's address as a person opens it."""
        host = "localhost" if self.host in ("127.0.0.1", "0.0.0.0", "::") else self.host  # noqa: S104 - only named
        return self.public_url or f"http://{host}:{self.port}"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Invalid(…) names the first variable that is unknown, wrong or given twice; an empty one counts as not set."""
        given = {name: text for name, text in environment.items() if text.strip()}
        _refuse_unknown(given)
        read: dict[str, Any] = {}
        for known in dataclasses.fields(cls):
            read[known.name] = _read(known.metadata, given, read)
        _refuse_contradictions(read)
        return cls(**read)


def _read(about: Mapping[str, Any], given: Mapping[str, str], before: Mapping[str, Any]) -> Any:
    text = _given(about, given)
    if text is None:
        text = str(about["default"]).format_map(before)
    if not text:
        return None
    try:
        return about["read"](text)
    except Unfit as unfit:
        shown = "…" if about["is_secret"] else text[:100]
        raise Invalid(str(unfit), variable=about["variable"], value=shown, expected=about["read"].words("en")) from None


def _given(about: Mapping[str, Any], given: Mapping[str, str]) -> str | None:
    variable = str(about["variable"])
    text, file = given.get(variable), given.get(variable + FILE_SUFFIX) if about["is_secret"] else None
    if text is not None and file is not None:
        raise Invalid("setting_twice", variable=variable, other=variable + FILE_SUFFIX)
    return text.strip() if text is not None else _file_content(variable + FILE_SUFFIX, file) if file else None


def _file_content(variable: str, file: str) -> str:
    try:
        with Path(file).open("rb") as content:
            return content.read(LONGEST_SECRET_BYTES).decode().strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "?"
        raise Invalid("setting_file_unreadable", variable=variable, file=file, reason=reason or error) from None


def _refuse_unknown(given: Mapping[str, str]) -> None:
    known = set(variables())
    for name in sorted(given):
        if name.startswith(OWN_PREFIX) and name not in known:
            near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.0)
            raise Invalid("setting_unknown", variable=name, suggestion=near[0])


def _refuse_contradictions(read: Mapping[str, Any]) -> None:
    if read["failpoints"] and not read["is_testing"]:
        raise Invalid("setting_only_for_tests", variable="PORTAL_FAILPOINTS")
    if read["oidc_issuer"] and not read["oidc_client_id"]:
        raise Invalid("setting_needs_other", variable="PORTAL_OIDC_ISSUER", other="PORTAL_OIDC_CLIENT_ID")
    for variable in _needed_by_store(read["backup_store"]):
        if not read[variable]:
            raise Invalid("setting_needs_other", variable="PORTAL_BACKUP_STORE", other=f"PORTAL_{variable.upper()}")
    if read["role"] != "all" and str(read["database_url"]).startswith("sqlite"):
        raise Invalid("setting_needs_postgresql", variable="PORTAL_ROLE", value=read["role"])


def _needed_by_store(address: str | None) -> tuple[str, ...]:
    if not address:
        return ()
    of_bucket = ("backup_s3_url", "backup_s3_key_id", "backup_s3_secret") if address.startswith("s3://") else ()
    return ("backup_key", *of_bucket)


_GROUPS = (  # the first that a variable's name begins with
    ("codex", ("CODEX_",)),
    ("integrations", ("GIT", "MCP_")),
    ("tests", ("PORTAL_DEMO", "PORTAL_TESTING", "PORTAL_FAILPOINTS")),
    ("engine", ("PORTAL_ENGINE", "PORTAL_NETWORK", "PORTAL_SUBNET", "PORTAL_CONTAINER")),
    ("proxy", ("PORTAL_PROXY", "PORTAL_ACCESS_LOG")),
    ("storage", ("PORTAL_DATA", "PORTAL_REDIS", "PORTAL_AUDIT", "PORTAL_SECRET", "PORTAL_BACKUP")),
    ("portal", ("PORTAL_",)),
)
_AT_RUN_TIME = frozenset({"CODEX_LOG_LEVEL"})


def explained(settings: Settings, environment: Mapping[str, str]) -> tuple[Setting, ...]:
    """Every setting with its value and where that comes from, given the environment it was read from."""
    return tuple(_explained(known, settings, environment) for known in dataclasses.fields(Settings))


def _explained(known: dataclasses.Field[Any], settings: Settings, environment: Mapping[str, str]) -> Setting:
    about, value = known.metadata, getattr(settings, known.name)
    variable, is_secret = str(about["variable"]), bool(about["is_secret"])
    file = environment.get(variable + FILE_SUFFIX, "").strip() if is_secret else ""
    given = Source.ENVIRONMENT if environment.get(variable, "").strip() else Source.DEFAULT
    names = {other.name: "$" + other.metadata["variable"] for other in dataclasses.fields(Settings)}
    return Setting(
        variable=variable,
        group=next(group for group, begins in _GROUPS if variable.startswith(begins)),
        value=(MASK if value else "") if is_secret else _written(value),
        default=str(about["default"]).format_map(names),
        source=Source.FILE if file else given,
        expected_en=about["read"].words("en"),
        expected_zh=about["read"].words("zh"),
        file=file,
        is_secret=is_secret,
        is_read_once=variable not in _AT_RUN_TIME,
    )


def _written(value: object) -> str:
    """As it would be written in the environment."""
    if isinstance(value, bool) or value is None:
        return str(value).lower() if value is not None else ""
    return ",".join(map(str, cast("tuple[object, ...]", value))) if isinstance(value, tuple) else str(value)


def variables() -> tuple[str, ...]:
    """The names of all variables that are read, the `_FILE` ones too."""
    found: list[str] = []
    for known in dataclasses.fields(Settings):
        found.append(known.metadata["variable"])
        if known.metadata["is_secret"]:
            found.append(known.metadata["variable"] + FILE_SUFFIX)
    return tuple(found)


def page(locale: str) -> str:
    """The settings page of the documentation, in Markdown."""
    columns = ("variable", "values", "default", "meaning")
    lines = [f"# {t(locale, 'settings_page.title')}", "", t(locale, "settings_page.introduction"), ""]
    lines.append("| " + " | ".join(t(locale, f"settings_page.{column}") for column in columns) + " |")
    lines.append("|---" * len(columns) + "|")
    lines += [_line(locale, known.metadata) for known in dataclasses.fields(Settings)]
    return "\n".join(lines) + "\n"


def _line(locale: str, about: Mapping[str, Any]) -> str:
    names = {known.name: "$" + known.metadata["variable"] for known in dataclasses.fields(Settings)}
    default = str(about["default"]).format_map(names)
    secret = f" ({t(locale, 'settings_page.secret')})" if about["is_secret"] else ""
    cells = (
        f"`{about['variable']}`{secret}",
        about["read"].words(locale),
        f"`{default}`" if default else "–",
        t(locale, f"setting.{about['variable']}"),
    )
    return "| " + " | ".join(cells) + " |"
