"""HTML that Reflex does not offer as it is: a form that the browser itself posts, a jump within the page."""

from __future__ import annotations

import reflex as rx
from reflex_components_core.el.elements.base import BaseHTML


class NativeForm(BaseHTML):
    """Reflex's own form prevents the browser from posting; this one lets the server answer with a cookie."""

    tag = "form"
    action: rx.Var[str]
    method: rx.Var[str]


class NativeLink(BaseHTML):
    """Reflex makes every link one of its router, which writes the path of the built page before a `#`."""

    tag = "a"
    href: rx.Var[str]


native_form = NativeForm.create
native_link = NativeLink.create
