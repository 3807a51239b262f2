"""The pages, one module each, and their place in the application."""

from __future__ import annotations

import reflex as rx

from portal.web.pages import components, order, overview, registration, release, releases, rollout, rollouts, sign_in


def add_to(app: rx.App) -> None:
    for page in (sign_in, overview, releases, registration, release, rollouts, order, rollout, components):
        page.add_to(app)
