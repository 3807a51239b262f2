"""The pages, one module each, and their place in the application."""

from __future__ import annotations

import reflex as rx

from portal.web.pages import (
    access,
    audit,
    audit_entry,
    components,
    container,
    containers,
    engine,
    integrations,
    invite,
    order,
    overview,
    profile,
    registration,
    release,
    releases,
    rollout,
    rollouts,
    sessions,
    settings,
    sign_in,
    tokens,
    user,
    users,
)

PAGES = (
    containers,
    engine,
    container,
    sign_in,
    overview,
    releases,
    registration,
    release,
    rollouts,
    order,
    rollout,
    users,
    invite,
    user,
    sessions,
    tokens,
    profile,
    access,
    audit,
    audit_entry,
    integrations,
    settings,
    components,
)


def add_to(app: rx.App) -> None:
    for page in PAGES:
        page.add_to(app)
