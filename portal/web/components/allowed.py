"""What is shown only to those who may do it, anywhere at all; the service decides for each object."""

from __future__ import annotations

import reflex as rx

from portal.domain.access import Permission
from portal.web.states.session import SessionState


def allowed(permission: Permission, content: rx.Component) -> rx.Component:
    return rx.cond(SessionState.permissions.contains(str(permission)), content, rx.fragment())
