"""Inviting somebody."""

from __future__ import annotations

import reflex as rx

from portal.web.components.asking import proof_field
from portal.web.components.bar import Place
from portal.web.components.forms import field, submit, trouble
from portal.web.components.frame import head, link, skeleton
from portal.web.components.icons import icon
from portal.web.components.secrets import shown_once
from portal.web.states.invite import HOURS, InviteState
from portal.web.template import add_page
from portal.web.words import say, tr


def invite() -> rx.Component:
    done = rx.fragment(
        invited(),
        rx.el.div(
            link(tr("users.back"), href="/users", class_name="button quiet"),
            link(tr("invite.to_user"), href="/users/" + InviteState.invited, class_name="button quiet"),
            class_name="actions",
        ),
    )
    cancel = link(tr("form.cancel"), href="/users", class_name="button quiet")
    return rx.fragment(
        head(tr("invite.title"), rx.el.span(tr("invite.sub"), class_name="meta")),
        rx.cond(InviteState.link != "", done, rx.cond(InviteState.is_loaded, invitation_form(cancel), skeleton("l"))),
    )


def invited() -> rx.Component:
    """The link for whom was invited last."""
    return shown_once(InviteState.link, tr("user.link_made", name=InviteState.invited), is_path=True)


def invitation_form(*more: rx.Component) -> rx.Component:
    """`more` stands beside the button."""
    hours = [rx.el.option(tr(f"invite.hours_{count}"), value=count) for count in HOURS]
    none = rx.el.option(tr("users.no_role"), value="")
    return rx.el.form(
        field(
            tr("sign_in.name"),
            rx.el.input(name="name", id="name", required=True, max_length=63, auto_complete="off"),
            for_id="name",
            hint=tr("invite.name_hint"),
        ),
        field(
            tr("invite.display_name"),
            rx.el.input(name="display_name", id="display_name", max_length=100, auto_complete="off"),
            for_id="display_name",
        ),
        rx.el.div(
            _choice("role", tr("users.role"), (none, _options(InviteState.roles))),
            _choice("place", tr("user.place"), (_options(InviteState.places),)),
            class_name="three",
        ),
        _choice("hours", tr("invite.hours"), hours, default="72"),
        field(
            tr("form.reason"),
            rx.el.input(name="reason", id="reason", max_length=500),
            for_id="reason",
            hint=tr("form.reason_hint"),
        ),
        proof_field("invite-proof"),
        trouble(InviteState.trouble),
        rx.el.div(
            submit(tr("invite.submit")),
            *more,
            class_name="actions",
        ),
        on_submit=InviteState.invite,
        class_name="card form narrow",
    )


def _options(options: rx.Var) -> rx.Component:
    return rx.foreach(options, lambda option: rx.el.option(say(option.label), value=option.value))


def _choice(name: str, label: rx.Var[str], options: object, *, default: str = "") -> rx.Component:
    control = rx.el.div(
        rx.el.select(*options, name=name, id=name, **({"default_value": default} if default else {})),
        icon("chevron-down"),
        class_name="select",
    )
    return field(label, control, for_id=name)


def add_to(app: rx.App) -> None:
    add_page(app, invite, Place("/users/new", "users", tr("invite.title")), on_load=[InviteState.load])
