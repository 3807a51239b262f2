"""What is shown once: a link, a token, recovery codes. With a button that copies it."""

from __future__ import annotations

import reflex as rx

from portal.web.components.frame import Text
from portal.web.components.icons import icon
from portal.web.words import tr

_LIBRARY = "$/public/portal/account.jsx"


class Secret(rx.Component):
    """A value to copy; with `is_path` the portal's own address is put before it."""

    library = _LIBRARY
    tag = "Secret"
    value: rx.Var[str]
    label: rx.Var[str]
    done: rx.Var[str]
    is_path: rx.Var[bool]


class FromFragment(rx.Component):
    """A hidden field with what follows the `#` of the address, which no server ever sees."""

    library = _LIBRARY
    tag = "FromFragment"
    name: rx.Var[str]


class Zones(rx.Component):
    """The names of all time zones that the browser knows, for a field to suggest."""

    library = _LIBRARY
    tag = "Zones"


class Applied(rx.Component):
    """Puts preferences into effect in this browser whenever `number` has changed."""

    library = _LIBRARY
    tag = "Applied"
    number: rx.Var[int]
    language: rx.Var[str]
    theme: rx.Var[str]
    zone: rx.Var[str]


class Away(rx.Component):
    """A link to an address that is no page, followed by the whole browser."""

    library = _LIBRARY
    tag = "Away"
    href: rx.Var[str]


away = Away.create
secret, from_fragment, zones, applied = Secret.create, FromFragment.create, Zones.create, Applied.create


def shown_once(value: rx.Var[str], text: Text, *, is_path: bool = False) -> rx.Component:
    """A card with the value, as long as there is one."""
    return rx.cond(
        value != "",
        rx.el.section(
            rx.el.p(icon("key-round"), rx.el.span(text), class_name="fact"),
            secret(value=value, label=tr("secret.copy"), done=tr("secret.copied"), is_path=is_path),
            rx.el.p(tr("secret.once"), class_name="note"),
            class_name="card accent",
            role="status",
        ),
        rx.fragment(),
    )
