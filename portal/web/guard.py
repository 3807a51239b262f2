"""Stands before every event: whose cookie came with it, and may they do this? What is not declared is denied."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex.istate.data import RouterData
from reflex.middleware.middleware import Middleware
from reflex.state import BaseState, State, StateUpdate
from reflex_base.event import Event

from portal.domain.access import Actor, Permission, may
from portal.web.identity import Identified, identify
from portal.web.policy import PUBLIC, SIGNED_IN, Policy, policy_of
from portal.web.states.session import SessionState, remember

_STATE = State.get_full_name()
_OF_REFLEX: dict[str, Policy] = {
    f"{_STATE}.hydrate": PUBLIC,
    f"{_STATE}.hydrate_and_load": PUBLIC,
    f"{_STATE}.set_is_hydrated": PUBLIC,
    f"{_STATE}.reflex___state____on_load_internal_state.on_load_internal": PUBLIC,
    f"{_STATE}.reflex___state____on_load_internal_state.set_is_hydrated": PUBLIC,
    f"{_STATE}.reflex___state____frontend_event_exception_state.handle_frontend_exception": Permission.VIEW,
}
"""What Reflex itself needs. It has more handlers (`setvar`, `update_vars_internal`), which are denied to everybody."""


class Guard(Middleware):
    """Runs under the lock of the state, before hydration, events and background events alike."""

    async def preprocess(self, app: rx.App, state: BaseState, event: Event) -> StateUpdate | None:
        identified = await identify(state.router_data)
        session = await bind(state, identified)
        policy = _OF_REFLEX.get(event.name) or policy_of(handler_of(app, event.name))
        if admits(policy, identified.actor):
            return None
        return _denied(session, identified.actor)


def admits(policy: Policy | None, actor: Actor) -> bool:
    """Whether a handler of this policy may be called by this person; nobody may call one that has none."""
    if policy == SIGNED_IN:
        return not actor.is_anonymous
    return policy == PUBLIC or (isinstance(policy, Permission) and may(actor, policy))


def handler_of(app: rx.App, name: str) -> Any:
    """The function behind a handler's full name, or None."""
    context = app._registration_context
    registered = context.event_handlers.get(name) if context else None
    return registered.handler.fn if registered else None


async def bind(state: BaseState, identified: Identified) -> SessionState:
    """Tie this tab's state to the session it comes with. With another identity nothing of the former one is left."""
    root = state._get_root_state()
    session = await root.get_state(SessionState)
    if session._bound_to != identified.digest:
        if session._bound_to is not None:
            root.reset()
        session._bound_to = identified.digest
    remember(session, identified.actor)
    return session


def _denied(session: SessionState, actor: Actor) -> StateUpdate:
    if actor.is_anonymous:
        return StateUpdate(events=Event.from_event_type(sign_in_redirect(session.router)))
    return StateUpdate(events=Event.from_event_type(SessionState.say_not_allowed))


def sign_in_redirect(router: RouterData) -> Any:
    """To the sign-in page, which leads back to where the person wanted to be."""
    path = router.url.path
    return rx.redirect("/sign-in" if path in ("", "/", "/sign-in") else f"/sign-in?next={path}")
