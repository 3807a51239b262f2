"""What Reflex has to know to build and serve the pages. The database is ours (Alembic), so there is no db_url here."""

import os

import reflex as rx
from reflex.constants import StateManagerMode

from portal.web.plugin import SameOriginPlugin

config = rx.Config(
    app_name="portal",
    telemetry_enabled=False,
    show_built_with_reflex=False,
    state_manager_mode=StateManagerMode.REDIS if os.environ.get("REFLEX_REDIS_URL") else StateManagerMode.MEMORY,
    cors_allowed_origins=[],  # none: portal.api.origin admits the portal's own pages alone
    frontend_lazy_bundled_libraries=True,
    frontend_compression_formats=["gzip"],
    plugins=[SameOriginPlugin()],
    disable_plugins=[rx.plugins.SitemapPlugin, rx.plugins.RadixThemesPlugin],
)
