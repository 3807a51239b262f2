"""What lies over every page: the notice of a lost and a regained connection, in our own words instead of Reflex's."""

from __future__ import annotations

import reflex as rx
from reflex_components_core.core.banner import has_connection_errors

from portal.web.components.browser import connection
from portal.web.words import tr


def overlay(is_stateful: bool) -> rx.Component | None:
    return rx.fragment(connection_notice()) if is_stateful else None


@rx.memo
def connection_notice() -> rx.Component:
    return connection(
        is_lost=has_connection_errors,
        lost=tr("web.connection_lost"),
        lost_more=tr("web.connection_lost_more"),
        regained=tr("web.connection_regained"),
    )
