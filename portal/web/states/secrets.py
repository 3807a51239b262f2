"""Secrets: the list, one of them with its versions, and the form. A value is here only while it is revealed."""

from __future__ import annotations

import asyncio
import shlex
from typing import Any

import reflex as rx

from portal.domain.access import EVERYWHERE, Actor, Permission, may
from portal.domain.audit import AuditQuery
from portal.domain.errors import Invalid, NotFound, PortalError
from portal.domain.page import Page
from portal.domain.secret import (
    LARGEST_BYTES,
    SECRET_SORTS,
    SHOWN_SECONDS,
    Secret,
    SecretForm,
    SecretOrder,
    SecretQuery,
)
from portal.domain.secret_rotation import CheckKind, CutOver, Generator, Rotation
from portal.services.jobs import TOPIC
from portal.services.secrets import NewVersion
from portal.web import arguments
from portal.web.addresses import PAGE_SIZE
from portal.web.policy import requires
from portal.web.presenters.marks import Option, environment_words
from portal.web.presenters.operations import OperationLine, operation_line
from portal.web.presenters.secrets import (
    SecretCard,
    SecretForms,
    SecretLine,
    UseLine,
    VersionLine,
    choices,
    form_of,
    secret_card,
    secret_line,
    use_lines,
    version_lines,
)
from portal.web.presenters.timeline import Line, lines
from portal.web.states.listing import Listing, loading
from portal.web.states.live import beats, put
from portal.web.states.proof import Asking, acting, objection
from portal.web.states.session import SessionState, actor_of, tell, telling
from portal.web.words import Words, error_words, words
from portal.wiring import core

MOST_LINES = 40
SIGNALS = ("", "HUP", "USR1", "USR2", "TERM")


class SecretsState(Listing, Asking, rx.State):
    rows: list[SecretLine] = []
    environments: list[Option] = []
    services: list[str] = []
    card: SecretCard = SecretCard()
    versions: list[VersionLine] = []
    uses: list[UseLine] = []
    history: list[Line] = []
    rotation: OperationLine = OperationLine()
    missing: Words = Words()
    is_open: bool = False
    can_change_key: bool = False
    revealed: str = ""
    form: SecretForms = SecretForms()
    is_new: bool = True
    flaw: Words = Words()
    generators: list[Option] = []
    checks: list[Option] = []
    ways: list[Option] = []

    @rx.event
    @requires(Permission.VIEW)
    async def load(self) -> None:
        async with loading(self):
            wanted = self._wanted("environment", "service", "state", "text")
            query = SecretQuery(**wanted, sort=self._sort(SECRET_SORTS), offset=arguments.offset(self), limit=PAGE_SIZE)
            page, seen = await asyncio.to_thread(_fetch, await actor_of(self), query)
            put(self, **seen)
            self._show(page, wanted, sorts=SECRET_SORTS)

    @rx.event(background=True, supersedes=True)
    @requires(Permission.VIEW)
    async def watch_one(self) -> None:
        async with self:
            self.dismiss()
            self.card, self.is_open, self.missing, self.revealed = SecretCard(), False, Words(), ""
            self.flaw = Words()
        async for _ in beats(self, TOPIC, at_least_seconds=3.0):
            async with self, telling(self):
                await self._look_at_one()

    async def _look_at_one(self) -> None:
        try:
            environment, name = arguments.segments(self, 2)
            seen = await asyncio.to_thread(_fetch_one, await actor_of(self), environment, name)
        except NotFound as error:
            put(self, missing=error_words(error))
            return
        put(self, is_open=True, **seen)

    @rx.event
    @requires(Permission.SECRET_REVEAL)
    async def reveal(self, form: dict[str, str]) -> object:
        line, version = self.card.line, self.subject
        done = await self._do(
            form,
            lambda actor, reason: core().secrets.reveal(
                actor, line.environment, line.name, version=arguments.number(version), reason=reason
            ),
            told=words("done.secret_revealed", n=SHOWN_SECONDS),
        )
        if done is None:
            return None
        self.revealed = done.made.text
        await self._look_at_one()
        return SecretsState.hide_later

    @rx.event(background=True, supersedes=True)
    @requires(Permission.SECRET_REVEAL)
    async def hide_later(self) -> None:
        """A value that was shown is gone from the page, and from here, after a minute."""
        await asyncio.sleep(SHOWN_SECONDS)
        async with self:
            self.revealed = ""

    @rx.event
    @requires(Permission.SECRET_REVEAL)
    def hide(self) -> None:
        self.revealed = ""

    @rx.event
    @requires(Permission.SECRET_EDIT)
    async def rotate(self, form: dict[str, str]) -> object:
        line = self.card.line
        done = await self._do(
            form,
            lambda actor, reason: core().secret_schedule.rotate(actor, line.environment, line.name, reason=reason),
            told=words("done.secret_rotating"),
        )
        return rx.redirect(f"/operations/{done.made.id}") if done else None

    @rx.event
    @requires(Permission.SECRET_EDIT)
    async def change_master_key(self, form: dict[str, str]) -> object:
        done = await self._do(
            form,
            lambda actor, reason: core().secret_schedule.change_master_key(actor, reason=reason),
            told=words("done.secret_rotating"),
        )
        return rx.redirect(f"/operations/{done.made.id}") if done else None

    @rx.event
    @requires(Permission.SECRET_EDIT)
    async def revoke(self, form: dict[str, str]) -> None:
        line, version = self.card.line, self.subject
        done = await self._do(
            form,
            lambda actor, reason: core().secrets.revoke(
                actor, line.environment, line.name, version=arguments.number(version), reason=reason
            ),
            told=words("done.secret_revoked"),
        )
        if done:
            await self._look_at_one()

    @rx.event
    @requires(Permission.SECRET_EDIT)
    async def remove(self, form: dict[str, str]) -> object:
        line = self.card.line
        done = await self._do(
            form,
            lambda actor, reason: core().secrets.remove(actor, line.environment, line.name, reason=reason),
            told=words("done.secret_removed"),
        )
        return rx.redirect("/secrets") if done else None

    @rx.event
    @requires(Permission.SECRET_EDIT)
    async def put_version(self, form: dict[str, str]) -> None:
        """An empty value: its generator makes one."""
        line = self.card.line
        try:
            actor, value = await acting(self, form), _value(form)
            is_next = arguments.field(form, "is_next") != ""
            new = NewVersion(line.environment, line.name, value, is_next)
            reason = arguments.field(form, "reason")
            await asyncio.to_thread(core().secrets.put, actor, new, reason=reason)
        except PortalError as error:
            self.flaw = await objection(self, error)
            return
        self.flaw = Words()
        tell(await self.get_state(SessionState), words("done.secret_set"))
        await self._look_at_one()

    @rx.event
    @requires(Permission.VIEW)
    async def load_form(self) -> None:
        """For a new one, or for the one that the address names."""
        async with telling(self):
            self.flaw, self.missing = Words(), Words()
            is_new = not self.router.url.path.rstrip("/").endswith("/edit")
            actor, form = await actor_of(self), SecretForms(environment=arguments.query(self, "environment"))
            if not is_new:
                environment, name, _ = arguments.segments(self, 3)
                form = form_of(await asyncio.to_thread(core().secrets.secret, actor, environment, name))
            put(self, is_new=is_new, form=form, is_open=True, **(await asyncio.to_thread(_options, actor)))

    @rx.event
    @requires(Permission.SECRET_EDIT)
    async def save(self, form: dict[str, str]) -> object:
        try:
            actor = await acting(self, form)
            order = _order(form, self.form, is_new=self.is_new)
            reason = arguments.field(form, "reason")
            if self.is_new:
                made = await asyncio.to_thread(core().secrets.create, actor, order, _value(form), reason=reason)
            else:
                made = await asyncio.to_thread(core().secrets.save, actor, order, reason=reason)
        except PortalError as error:
            self.flaw = await objection(self, error)
            return None
        self.flaw = Words()
        return rx.redirect(f"/secrets/{made.environment}/{made.name}")


def _value(form: object) -> bytes | None:
    """Letter by letter as it was typed; the browser's line ends are made plain."""
    text = arguments.secret(form, "secret", longest=LARGEST_BYTES)
    return text.replace("\r\n", "\n").encode() if text else None


def _order(form: object, before: SecretForms, *, is_new: bool) -> SecretOrder:
    take = lambda name: arguments.field(form, name)  # noqa: E731 - one line, used many times
    return SecretOrder(
        environment=take("environment") if is_new else before.environment,
        name=take("name") if is_new else before.name,
        service=take("service"),
        form=SecretForm(arguments.choice(take("form"), tuple(SecretForm))),
        target=take("target"),
        description=take("description"),
        rotation=_rotation(form),
    )


def _rotation(form: object) -> Rotation:
    take = lambda name: arguments.field(form, name)  # noqa: E731 - one line, used many times
    kind, check = (
        arguments.choice(take("generator"), tuple(Generator)),
        arguments.choice(take("check"), tuple(CheckKind)),
    )
    return Rotation(
        every_days=_number(take("every_days"), "every_days"),
        is_automatic=take("is_automatic") != "",
        generator=Generator(kind),
        length=_number(take("length"), "length"),
        make_command=_words(take("make_command"), "make_command") if kind == Generator.COMMAND else (),
        check=CheckKind(check),
        check_path=take("check_path") if check == CheckKind.HTTP else "",
        check_command=_words(take("check_command"), "check_command") if check == CheckKind.COMMAND else (),
        cut_over=CutOver(arguments.choice(take("cut_over"), tuple(CutOver))),
        signal=arguments.choice(take("signal"), SIGNALS),
        wait_seconds=_number(take("wait_seconds"), "wait_seconds"),
    )


def _number(text: str, name: str) -> int:
    if text and not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Invalid("rotation_bad", field=f"rotation.{name}", name=name)
    return int(text or 0)


def _words(text: str, name: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError:
        raise Invalid("rotation_bad", field=f"rotation.{name}", name=name) from None


def _fetch(actor: Actor, query: SecretQuery) -> tuple[Page[Secret], dict[str, Any]]:
    page, now = core().secrets.page(actor, query), core().clock.now()
    able = may(actor, Permission.SECRET_EDIT, EVERYWHERE)
    seen = {"can_change_key": able, "rows": [secret_line(secret, now) for secret in page.items], **_places(actor)}
    return page, seen


def _places(actor: Actor) -> dict[str, Any]:
    names = [place.name for place in core().catalogue.environments(actor)]
    return {
        "environments": [Option(name, environment_words(name)) for name in names],
        "services": [service.name for service in core().catalogue.services(actor)],
    }


def _options(actor: Actor) -> dict[str, Any]:
    places = _places(actor)
    able = [one for one in places["environments"] if may(actor, Permission.SECRET_EDIT, one.value)]
    return {
        **places,
        "environments": able,
        "generators": choices(Generator, "secret_generator"),
        "checks": choices(CheckKind, "secret_check"),
        "ways": choices(CutOver, "secret_cut_over"),
    }


def _fetch_one(actor: Actor, environment: str, name: str) -> dict[str, Any]:
    secret = core().secrets.secret(actor, environment, name)
    job = core().secret_schedule.newest(actor, environment, name)
    can_read = may(actor, Permission.AUDIT_READ, environment)
    query = AuditQuery(target_kind="secret", target=f"{environment}/{name}", limit=MOST_LINES)
    return {
        "card": secret_card(secret, actor, core().clock.now()),
        "versions": version_lines(secret, actor),
        "uses": use_lines(secret),
        "rotation": operation_line(job) if job else OperationLine(),
        "history": lines(core().audit.page(actor, query).items) if can_read else [],
    }
