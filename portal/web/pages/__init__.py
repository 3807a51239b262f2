"""The pages, one module each, and their place in the application."""

from __future__ import annotations

import reflex as rx

from portal.web.pages import (
    access,
    approvals,
    audit,
    audit_entry,
    comparison,
    components,
    container,
    containers,
    engine,
    environment,
    environment_form,
    environments,
    integrations,
    invite,
    notifications,
    order,
    overview,
    profile,
    registration,
    release,
    releases,
    rollout,
    rollouts,
    service,
    service_form,
    services,
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
    notifications,
    sign_in,
    overview,
    environments,
    environment_form,
    environment,
    services,
    service_form,
    service,
    approvals,
    comparison,
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
