"""Starting a rollout: what, where, by which plan; beside it what that would do."""

from __future__ import annotations

import reflex as rx

from portal.domain.access import Permission
from portal.web.components.bar import Place
from portal.web.components.forms import field, reason_field, select, submit, trouble
from portal.web.components.frame import card, empty, head, link, skeleton
from portal.web.components.icons import icon
from portal.web.components.status import version
from portal.web.components.steps import step_list
from portal.web.states.order import OrderState
from portal.web.states.session import SessionState
from portal.web.template import add_page
from portal.web.words import say, tr


def order() -> rx.Component:
    action = link(tr("releases.new"), href="/releases/new", class_name="button quiet")
    none = rx.el.section(empty("package", tr("order.nothing"), tr("order.nothing_more"), action), class_name="card")
    ready = (OrderState.version != "") & (OrderState.environment != "")
    return rx.fragment(
        head(tr("order.title"), rx.el.span(tr("order.sub"), class_name="meta")),
        rx.cond(OrderState.is_loaded, rx.cond(ready, _content(), none), skeleton("m", "l")),
    )


def _content() -> rx.Component:
    form = rx.el.form(
        rx.el.div(
            rx.el.div(_subject(), _plan(), class_name="stack"),
            rx.el.aside(_forecast(), _start(), class_name="stack"),
            class_name="two",
        ),
        on_submit=OrderState.start,
        id="order",
    )
    return rx.fragment(form, rx.cond(_can_return(), _return(), rx.fragment()))


def _can_return() -> rx.Var[bool]:
    return OrderState.forecast.has_run & SessionState.permissions.contains(Permission.ROLLBACK.value)


def _return() -> rx.Component:
    """It ran there before: it can come back without steps."""
    return card(
        tr("order.return"),
        rx.el.p(tr("order.return_more", version=OrderState.version), class_name="note"),
        rx.el.form(
            reason_field("return-reason", tr("form.reason")),
            rx.el.div(submit(tr("order.return_submit"), tone="danger", icon_name="undo"), class_name="actions"),
            on_submit=OrderState.go_back,
            class_name="form",
        ),
        class_name="narrow",
    )


def _subject() -> rx.Component:
    return card(
        tr("order.subject"),
        rx.el.div(
            _choice("list.service", "service", OrderState.services, OrderState.service, OrderState.choose_service),
            _choice("list.version", "version", OrderState.versions, OrderState.version, OrderState.choose_version),
            field(
                tr("list.environment"),
                select(
                    "environment",
                    (rx.foreach(OrderState.environments, lambda o: rx.el.option(say(o.label), value=o.value)),),
                    OrderState.environment,
                    OrderState.choose_environment,
                ),
                for_id="environment",
            ),
            class_name="three",
        ),
    )


def _choice(key: str, field_id: str, names: rx.Var, value: rx.Var[str], on_change: object) -> rx.Component:
    options = (rx.foreach(names, lambda name: rx.el.option(name, value=name)),)
    return field(tr(key), select(field_id, options, value, on_change), for_id=field_id)


def _plan() -> rx.Component:
    reset = rx.el.button(
        icon("refresh-cw"),
        rx.el.span(tr("order.reset")),
        type="button",
        on_click=OrderState.reset_plan,
        class_name="button quiet compact",
    )
    return card(
        tr("order.plan"),
        rx.el.p(tr("order.plan_hint"), class_name="note"),
        rx.el.textarea(
            name="plan",
            id="plan",
            default_value=OrderState.plan,
            key=OrderState.plan,
            on_change=OrderState.check.debounce(400),
            rows="14",
            spell_check=False,
            aria_label=tr("order.plan"),
            class_name="code",
        ),
        trouble(OrderState.trouble),
        aside=reset,
    )


def _forecast() -> rx.Component:
    given = OrderState.forecast
    return card(
        tr("order.forecast"),
        rx.el.p(
            rx.cond(
                given.from_version != "",
                rx.fragment(version(given.from_version, "stable"), icon("arrow-right", class_name="icon faint")),
                rx.el.span(tr("order.first"), " "),
            ),
            version(OrderState.version, "canary"),
            class_name="versions",
        ),
        step_list(given.strides, class_name="upright"),
        rx.el.p(tr("order.expected", time=say(given.expected)), class_name="note"),
        rx.foreach(
            given.warnings,
            lambda text: rx.el.p(icon("triangle-alert"), rx.el.span(say(text)), class_name="warning"),
        ),
        trouble(given.refusal),
        rx.cond(given.is_blocked | OrderState.is_superseding, _supersede(), rx.fragment()),
    )


def _supersede() -> rx.Component:
    """A rollout still runs there: this one may end it, whose traffic then goes back to stable first."""
    return rx.el.label(
        rx.el.input(
            type="checkbox",
            name="is_superseding",
            checked=OrderState.is_superseding,
            on_change=OrderState.supersede,
        ),
        rx.el.span(tr("order.supersede"), rx.el.span(tr("order.supersede_more"), class_name="hint")),
        class_name="check",
    )


def _start() -> rx.Component:
    return card(
        tr("order.start"),
        reason_field("reason", tr("order.reason_example")),
        rx.el.div(submit(tr("order.submit"), icon_name="play"), class_name="actions"),
    )


def add_to(app: rx.App) -> None:
    add_page(app, order, Place("/rollouts/new", "rollouts", tr("order.title")), on_load=[OrderState.load])
