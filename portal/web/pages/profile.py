"""One's own account."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal.web.components.asking import Act, opens, proof_field, questions
from portal.web.components.bar import Place
from portal.web.components.bell import notification_settings
from portal.web.components.browser import ago
from portal.web.components.forms import field, submit, trouble
from portal.web.components.frame import card, head, link, skeleton
from portal.web.components.icons import icon
from portal.web.components.secrets import applied, away, secret, zones
from portal.web.components.status import badge
from portal.web.pages.users import grants
from portal.web.states.bell import BellState
from portal.web.states.profile import ProfileState
from portal.web.template import add_page
from portal.web.words import tr


def profile() -> rx.Component:
    return rx.fragment(
        head(
            tr("nav.profile"),
            rx.el.span(ProfileState.user.name, class_name="meta"),
            rx.foreach(ProfileState.user.badges, badge),
        ),
        rx.cond(ProfileState.is_loaded, _content(), skeleton("l")),
        applied(
            number=ProfileState.applied,
            language=ProfileState.language,
            theme=ProfileState.theme,
            zone=ProfileState.zone,
        ),
        questions(ProfileState, _acts()),
    )


def _content() -> rx.Component:
    warning = rx.el.p(icon("triangle-alert"), rx.el.span(tr("profile.temporary")), class_name="warning")
    return rx.fragment(
        rx.cond(ProfileState.is_password_temporary, warning, rx.fragment()),
        rx.el.div(
            rx.el.div(
                preferences_card(ProfileState.save_preferences),
                password_card(ProfileState.change_password),
                class_name="stack",
            ),
            rx.el.div(
                rx.cond(ProfileState.has_password, _second_factor(), rx.fragment()),
                _identities(),
                _roles(),
                rx.cond(BellState.is_loaded, notification_settings(), rx.fragment()),
                class_name="stack",
            ),
            class_name="halves",
        ),
    )


def preferences_card(on_submit: Any) -> rx.Component:
    """How one likes to read."""
    by_browser = rx.el.option(tr("profile.by_browser"), value="")
    languages = [rx.el.option(tr(f"profile.language_{name}"), value=name) for name in ("zh", "en")]
    themes = [rx.el.option(tr(f"profile.theme_{name}"), value=name) for name in ("light", "dark")]
    return card(
        tr("profile.reading"),
        rx.el.form(
            field(
                tr("invite.display_name"),
                rx.el.input(
                    name="display_name",
                    id="display_name",
                    max_length=100,
                    default_value=ProfileState.user.display_name,
                    auto_complete="name",
                ),
                for_id="display_name",
            ),
            _select("language", tr("profile.language"), (by_browser, *languages), ProfileState.language),
            _select("theme", tr("profile.theme"), (by_browser, *themes), ProfileState.theme),
            field(
                tr("profile.zone"),
                rx.el.input(
                    name="zone",
                    id="zone",
                    max_length=60,
                    default_value=ProfileState.zone,
                    placeholder=tr("profile.by_browser"),
                    custom_attrs={"list": "zones"},
                    auto_complete="off",
                ),
                for_id="zone",
                hint=tr("profile.zone_hint"),
            ),
            zones(id="zones"),
            rx.el.div(submit(tr("profile.save")), class_name="actions"),
            on_submit=on_submit,
            class_name="form",
        ),
    )


def _select(name: str, label: rx.Var[str], options: object, value: rx.Var[str]) -> rx.Component:
    control = rx.el.div(
        rx.el.select(*options, name=name, id=name, default_value=value, key=f"{name}-{value}"),
        icon("chevron-down"),
        class_name="select",
    )
    return field(label, control, for_id=name)


def password_card(on_submit: Any) -> rx.Component:
    """Changing one's own password."""

    def secret_input(name: str, purpose: str) -> rx.Component:
        return rx.el.input(name=name, id=name, type="password", required=True, max_length=200, auto_complete=purpose)

    form = rx.el.form(
        rx.el.span(
            rx.el.input(
                name="username",
                value=ProfileState.user.name,
                read_only=True,
                auto_complete="username",
                tab_index=-1,
                aria_label=tr("sign_in.name"),
            ),
            class_name="hidden",
        ),
        field(tr("profile.old_password"), secret_input("old", "current-password"), for_id="old"),
        field(
            tr("profile.new_password"),
            secret_input("new", "new-password"),
            for_id="new",
            hint=tr("profile.password_hint"),
        ),
        field(tr("profile.again"), secret_input("again", "new-password"), for_id="again"),
        trouble(ProfileState.password_trouble),
        rx.el.div(submit(tr("profile.change_password"), tone="quiet"), class_name="actions"),
        on_submit=on_submit,
        reset_on_submit=True,
        class_name="form",
    )
    none = rx.el.p(tr("profile.no_password"), class_name="note")
    return card(tr("sign_in.password"), rx.cond(ProfileState.has_password, form, none))


def _second_factor() -> rx.Component:
    return card(
        tr("profile.second_factor"),
        rx.cond(
            ProfileState.codes.length() > 0,
            _codes(),
            rx.cond(
                ProfileState.picture != "",
                _enrolment(),
                rx.cond(ProfileState.user.has_second_factor, _is_on(), _is_off()),
            ),
        ),
    )


def _is_off() -> rx.Component:
    return rx.el.form(
        rx.el.p(tr("profile.factor_off"), class_name="note"),
        proof_field("begin-proof"),
        trouble(ProfileState.factor_trouble),
        rx.el.div(submit(tr("profile.begin"), tone="quiet", icon_name="shield-check"), class_name="actions"),
        on_submit=ProfileState.begin,
        class_name="form",
    )


def _enrolment() -> rx.Component:
    code = rx.el.input(
        name="code", id="code", required=True, max_length=20, auto_complete="one-time-code", input_mode="numeric"
    )
    return rx.el.form(
        rx.el.p(tr("profile.scan")),
        rx.el.img(src=ProfileState.picture, alt=tr("profile.picture"), class_name="qr"),
        rx.el.p(
            tr("profile.or_type"), " ", rx.el.code(ProfileState.typed_secret, class_name="break"), class_name="note"
        ),
        field(tr("code.label"), code, for_id="code", hint=tr("profile.code_hint")),
        proof_field("confirm-proof"),
        trouble(ProfileState.factor_trouble),
        rx.el.div(
            submit(tr("profile.confirm")),
            rx.el.button(tr("form.cancel"), type="button", on_click=ProfileState.forget, class_name="button quiet"),
            class_name="actions",
        ),
        on_submit=ProfileState.confirm,
        class_name="form",
    )


def _codes() -> rx.Component:
    return rx.el.div(
        rx.el.p(icon("key-round"), rx.el.span(tr("profile.codes")), class_name="fact"),
        rx.el.ul(rx.foreach(ProfileState.codes, lambda code: rx.el.li(rx.el.code(code))), class_name="codes"),
        secret(value=ProfileState.codes.join(" "), label=tr("secret.copy"), done=tr("secret.copied")),
        rx.el.div(
            rx.el.button(tr("profile.kept"), type="button", on_click=ProfileState.forget, class_name="button primary"),
            class_name="actions",
        ),
        class_name="form",
    )


def _is_on() -> rx.Component:
    return rx.el.div(
        rx.el.p(icon("shield-check"), rx.el.span(tr("profile.factor_on")), class_name="fact ok"),
        rx.el.p(tr("profile.codes_left", n=ProfileState.codes_left), class_name="note"),
        rx.el.div(
            opens(ProfileState, "codes", "", tr("profile.renew"), class_name="button quiet"),
            opens(ProfileState, "off", "", tr("profile.turn_off"), class_name="button quiet danger"),
            class_name="actions",
        ),
        class_name="form",
    )


def _identities() -> rx.Component:
    """Ways in by another provider, where one is set up."""
    link_it = opens(ProfileState, "link", "", tr("profile.link"), class_name="button quiet")
    go = away(
        tr("profile.continue", name=ProfileState.organisation),
        href=ProfileState.link_address,
        class_name="button primary",
    )
    shown = card(
        tr("profile.identities"),
        rx.cond(
            ProfileState.identities.length() > 0,
            rx.el.ul(rx.foreach(ProfileState.identities, _identity), class_name="plain"),
            rx.el.p(tr("profile.no_identity", name=ProfileState.organisation), class_name="note"),
        ),
        rx.el.div(rx.cond(ProfileState.link_address != "", go, link_it), class_name="actions"),
    )
    return rx.cond((ProfileState.organisation != "") | (ProfileState.identities.length() > 0), shown, rx.fragment())


def _identity(line: rx.Var) -> rx.Component:
    return rx.el.li(
        rx.el.span(rx.el.strong(line.issuer), rx.el.div(line.label, " ", ago(at=line.linked_at), class_name="small")),
        opens(ProfileState, "unlink", line.issuer, tr("profile.unlink")),
    )


def _roles() -> rx.Component:
    return card(
        tr("users.roles"),
        grants(ProfileState.user.grants),
        rx.el.div(
            link(tr("profile.why"), href="/access", class_name="link small"),
            link(tr("profile.sessions"), href="/sessions?of=mine", class_name="link small"),
            link(tr("profile.tokens"), href="/tokens?of=mine", class_name="link small"),
            class_name="links",
        ),
    )


def _acts() -> list[Act]:
    renew, off = ProfileState.renew_codes, ProfileState.turn_off
    link_it, unlink = ProfileState.link, ProfileState.unlink
    return [
        Act(
            "codes",
            tr("profile.renew"),
            tr("profile.renew_more"),
            tr("profile.renew"),
            renew,
            tone="primary",
            has_reason=False,
        ),
        Act("off", tr("profile.turn_off"), tr("profile.turn_off_more"), tr("profile.turn_off"), off, has_reason=False),
        Act(
            "link",
            tr("profile.link"),
            tr("profile.link_more"),
            tr("profile.link"),
            link_it,
            tone="primary",
            has_reason=False,
        ),
        Act("unlink", tr("profile.unlink"), tr("profile.unlink_more"), tr("profile.unlink"), unlink, has_reason=False),
    ]


def add_to(app: rx.App) -> None:
    add_page(app, profile, Place("/profile", "profile"), on_load=[ProfileState.load, BellState.load])
