"""The nouns of the side navigation. A page that does not exist yet is not listed: one line here adds it."""

from __future__ import annotations

from dataclasses import dataclass

from portal.domain.access import Permission


@dataclass(frozen=True, slots=True)
class Noun:
    """`name` is the word `nav.<name>`, `icon` one of Lucide, `key` what follows `g` on the keyboard.

    With a `permission` it is shown to those alone who have it; the page itself refuses the rest.
    """

    name: str
    path: str
    icon: str
    key: str
    permission: Permission | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """`name` is the word `nav.<name>`; the first group has none."""

    name: str
    nouns: tuple[Noun, ...]


GROUPS: tuple[Group, ...] = (
    Group("", (Noun("overview", "/", "layout-dashboard", "o"),)),
    Group(
        "deliver",
        (
            Noun("environments", "/environments", "layers", "e"),
            Noun("services", "/services", "boxes", "v"),
            Noun("configuration", "/configuration", "settings-2", "f"),
            Noun("releases", "/releases", "package", "r"),
            Noun("rollouts", "/rollouts", "git-branch", "u"),
            Noun("secrets", "/secrets", "lock-keyhole", "k"),
            Noun("approvals", "/approvals", "user-check", "d"),
        ),
    ),
    Group(
        "operate",
        (
            Noun("containers", "/containers", "box", "c"),
            Noun("drift", "/drift", "git-compare", "x"),
            Noun("operations", "/operations", "list-checks", "j"),
            Noun("recovery", "/recovery", "archive-restore", "y"),
            Noun("notifications", "/notifications", "bell", "n"),
        ),
    ),
    Group("learn", (Noun("support", "/support", "life-buoy", "h"),)),
    Group(
        "admin",
        (
            Noun("users", "/users", "users", "p", Permission.USER_EDIT),
            Noun("sessions", "/sessions", "monitor", "s"),
            Noun("tokens", "/tokens", "key-round", "t"),
            Noun("audit", "/audit", "scroll-text", "a", Permission.AUDIT_READ),
            Noun("integrations", "/integrations", "plug", "i", Permission.SETTINGS_READ),
            Noun("settings", "/settings", "sliders-horizontal", ",", Permission.SETTINGS_READ),
            Noun("access", "/access", "shield-check", "w"),
        ),
    ),
)


DOCUMENTS = "/docs"
_EXPLAINED: dict[str, str] = {
    "overview": "delivery#the-four-measures",
    "environments": "environments",
    "services": "delivery#services",
    "configuration": "configuration",
    "releases": "delivery#lists",
    "rollouts": "first-rollout",
    "approvals": "delivery#approvals",
    "secrets": "secrets",
    "containers": "containers",
    "notifications": "notifications",
    "operations": "admin#long-work",
    "recovery": "backup",
    "drift": "drift",
    "users": "accounts#inviting-somebody",
    "sessions": "accounts#sessions",
    "tokens": "roles#tokens",
    "audit": "admin#audit",
    "integrations": "admin#integrations",
    "settings": "admin#settings",
    "access": "roles#the-table",
    "support": "pages#help",
    "profile": "accounts",
}


def explanation(noun: str) -> str:
    """The address of what the documentation says about the pages of a noun, in the language of whoever goes there."""
    return f"{DOCUMENTS}/{_EXPLAINED.get(noun, 'pages')}"


def error_address(code: str) -> str:
    """Where the documentation explains an error."""
    return f"{DOCUMENTS}/errors#{code}"


def nouns() -> tuple[Noun, ...]:
    return tuple(noun for group in GROUPS for noun in group.nouns)
