"""One's own account: how one likes to read, the password, and the second factor."""

from __future__ import annotations

import asyncio
from typing import Any

import reflex as rx

from portal.domain.access import Actor
from portal.domain.errors import Invalid, PortalError
from portal.domain.identity import LANGUAGES, THEMES, Preferences
from portal.web import arguments
from portal.web.addresses import address
from portal.web.policy import signed_in
from portal.web.presenters.accounts import IdentityLine, UserLine, identity_line, user_line
from portal.web.states.live import put
from portal.web.states.proof import Asking, acting, objection
from portal.web.states.session import SessionState, actor_of, tell, telling
from portal.web.words import Words, words
from portal.wiring import core


class ProfileState(Asking, rx.State):
    """`picture`, `typed_secret` and `codes` are shown once; `applied` counts how often preferences were saved."""

    is_loaded: bool = False
    user: UserLine = UserLine()
    language: str = ""
    theme: str = ""
    zone: str = ""
    applied: int = 0
    has_password: bool = True
    is_password_temporary: bool = False
    codes_left: int = 0
    picture: str = ""
    typed_secret: str = ""
    codes: list[str] = []
    password_trouble: Words = Words()
    factor_trouble: Words = Words()
    organisation: str = ""
    identities: list[IdentityLine] = []
    link_address: str = ""

    @rx.event
    @signed_in
    async def load(self) -> None:
        self.reset()
        async with telling(self):
            await self._look()

    async def _look(self) -> None:
        seen = await asyncio.to_thread(look, await actor_of(self))
        put(self, is_loaded=True, **seen)

    @rx.event
    @signed_in
    async def save_preferences(self, form: dict[str, str]) -> None:
        async with telling(self):
            language = arguments.choice(arguments.field(form, "language"), ("", *LANGUAGES))
            theme = arguments.choice(arguments.field(form, "theme"), ("", *THEMES))
            wanted = Preferences(language, theme, arguments.field(form, "zone", longest=60))
            actor, name = await actor_of(self), arguments.field(form, "display_name", longest=200)
            await asyncio.to_thread(core().identity.set_preferences, actor, wanted)
            if name != self.user.display_name:
                await asyncio.to_thread(core().identity.rename_user, actor, actor.human, name)
            self.applied += 1
            await self._look()
            tell(await self.get_state(SessionState), words("done.preferences_set"))

    @rx.event
    @signed_in
    async def change_password(self, form: dict[str, str]) -> None:
        try:
            old, new, again = (arguments.secret(form, name) for name in ("old", "new", "again"))
            if new != again:
                raise Invalid("passwords_differ", field="again")
            await asyncio.to_thread(core().identity.change_password, await actor_of(self), old, new)
        except PortalError as error:
            self.password_trouble = await objection(self, error)
            return
        self.password_trouble = Words()
        await self._look()
        tell(await self.get_state(SessionState), words("done.password_changed"))

    @rx.event
    @signed_in
    async def begin(self, form: dict[str, str]) -> None:
        """Show the secret of a new second factor, as a picture and to be typed."""
        try:
            actor = await acting(self, form)
            enrolment = await asyncio.to_thread(core().identity.begin_second_factor, actor)
        except PortalError as error:
            self.factor_trouble = await objection(self, error)
            return
        self.factor_trouble, self.typed_secret = Words(), enrolment.secret
        self.picture = await asyncio.to_thread(picture_of, enrolment.address)

    @rx.event
    @signed_in
    async def confirm(self, form: dict[str, str]) -> None:
        try:
            actor, code = await acting(self, form), arguments.field(form, "code")
            codes = await asyncio.to_thread(core().identity.confirm_second_factor, actor, code)
        except PortalError as error:
            self.factor_trouble = await objection(self, error)
            return
        self.codes, self.picture, self.typed_secret, self.factor_trouble = list(codes), "", "", Words()
        await self._look()

    @rx.event
    @signed_in
    def forget(self) -> None:
        """What was shown once is not shown again."""
        self.codes, self.picture, self.typed_secret, self.factor_trouble = [], "", "", Words()

    @rx.event
    @signed_in
    async def renew_codes(self, form: dict[str, str]) -> None:
        done = await self._do(
            form, lambda actor, _: core().identity.renew_recovery_codes(actor), told=words("done.codes_renewed")
        )
        if done:
            self.codes = list(done.made)
            await self._look()

    @rx.event
    @signed_in
    async def turn_off(self, form: dict[str, str]) -> None:
        remove = core().identity.remove_second_factor
        told = words("done.second_factor_off")
        if await self._do(form, lambda actor, _: remove(actor, actor.name), told=told):
            await self._look()

    @rx.event
    @signed_in
    async def link(self, form: dict[str, str]) -> None:
        """Show the way to the provider, which leads back here."""
        done = await self._do(form, lambda actor, _: core().external.link_ticket(actor), told=Words())
        if done:
            self.link_address = address("/auth/oidc/start", next="/profile", ticket=done.made)

    @rx.event
    @signed_in
    async def unlink(self, form: dict[str, str]) -> None:
        issuer, external = self.subject, core().external
        if await self._do(form, lambda actor, _: external.unlink(actor, issuer), told=words("done.unlinked")):
            await self._look()


def look(actor: Actor) -> dict[str, Any]:
    identity = core().identity
    user, kept = identity.user(actor), identity.preferences(actor)
    return {
        "user": user_line(user, core().clock.now()),
        "language": kept.language,
        "theme": kept.theme,
        "zone": kept.zone,
        "has_password": user.has_password,
        "is_password_temporary": user.is_password_temporary,
        "codes_left": identity.recovery_codes_left(actor),
        "organisation": core().external.policy.name if core().external.is_set_up else "",
        "identities": [identity_line(linked) for linked in core().external.identities(actor)],
    }


def picture_of(address: str) -> str:
    """A QR code as an SVG image in a data address. It stays dark on light: that is what cameras read best."""
    import segno

    return segno.make(address, error="m").svg_data_uri(scale=5, border=3, dark="#111", light="#fff")
