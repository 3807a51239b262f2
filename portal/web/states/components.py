"""What the page of the design system shows: every part with made-up things, and what pressing them does."""

from __future__ import annotations

import time

import reflex as rx

from portal.domain.access import Permission
from portal.domain.page import Page
from portal.web import arguments
from portal.web.policy import requires
from portal.web.presenters.charts import ChartView, Mark
from portal.web.presenters.diffs import DiffLine, diff_lines
from portal.web.presenters.marks import BAD, IDLE, OK, RUN, WAIT, WARN, Badge, Confirmation, Flaw, Option
from portal.web.presenters.timeline import Line
from portal.web.states.listing import Choosing, Listing
from portal.web.states.live import put
from portal.web.states.session import SessionState, tell, telling
from portal.web.words import Words, same, words

COLUMNS = ("name", "replicas")
SORTS = ("name", "-name", "replicas", "-replicas")
THINGS = tuple((f"service-{n:03}", n % 7 + 1) for n in range(1, 61))
_PAGE = 8
PLAN = "strategy: canary\nsteps:\n- weight: 10\n- observe: 30s\n- weight: 200\n- approval: 1\nbake: 1h\n"
_OLD = "LOG_LEVEL: info\nLOGIN_TIMEOUT: 30\nREGION: eu\nCACHE: 256\nWORKERS: 4\nRETRIES: 2\nQUEUE: fast\nMODE: normal\n"


class ComponentsState(Listing, Choosing, rx.State):
    rows: list[Option] = []
    replicas: dict[str, int] = {}
    badges: list[Badge] = []
    lines: list[Line] = []
    diff: list[DiffLine] = []
    chart: ChartView = ChartView()
    flaws: list[Flaw] = []
    flaw: Words = Words()
    question: Confirmation = Confirmation()
    is_sheet_open: bool = False
    is_on: bool = True
    now: float = 0.0
    tab: str = ""

    def _key_of(self, row: object) -> str:
        return row.value if isinstance(row, Option) else ""

    @rx.event
    @requires(Permission.VIEW)
    async def load(self) -> None:
        async with telling(self):
            wanted = self._wanted("text")
            sort = self._sort(SORTS)
            place, is_down = COLUMNS.index(sort.removeprefix("-")), sort.startswith("-")
            found = sorted((t for t in THINGS if wanted["text"] in t[0]), key=lambda t: t[place], reverse=is_down)
            start = arguments.offset(self)
            shown = found[start : start + _PAGE]
            put(self, rows=[Option(name, same(name)) for name, _ in shown], replicas=dict(shown), **_samples())
            self.tab = arguments.query(self, "tab") or "first"
            self._show(Page(tuple(shown), len(found), start, _PAGE), wanted, sorts=SORTS)

    @rx.event
    @requires(Permission.VIEW)
    async def say(self, tone: str) -> None:
        async with telling(self):
            tell(await self.get_state(SessionState), words("dev.told"), tone=arguments.choice(tone, ("ok", "bad")))

    @rx.event
    @requires(Permission.VIEW)
    def ask(self) -> None:
        text = words("dev.consequence")
        self.question = Confirmation(
            "hello", words("dev.remove", name="hello"), text, words("dev.remove", name="hello")
        )

    @rx.event
    @requires(Permission.VIEW)
    def dismiss(self) -> None:
        self.question = Confirmation()

    @rx.event
    @requires(Permission.VIEW)
    def show_sheet(self, is_open: bool) -> None:
        self.is_sheet_open = is_open is True

    @rx.event
    @requires(Permission.VIEW)
    def turn(self, is_on: bool) -> None:
        self.is_on = is_on is True


def _samples() -> dict[str, object]:
    now = int(time.time())
    return {
        "now": float(now - 90),
        "badges": [
            Badge(OK, "check", words("health.ok")),
            Badge(WARN, "triangle-alert", words("health.degraded")),
            Badge(BAD, "x", words("health.failing")),
            Badge(WAIT, "user-check", words("state.awaiting_approval")),
            Badge(RUN, "loader", words("state.shifting")),
            Badge(IDLE, "circle", words("health.none")),
        ],
        "lines": [
            Line(now - 40, OK, "check", words("state.succeeded")),
            Line(now - 90, WAIT, "user-check", words("state.awaiting_approval"), reason="42 %"),
            Line(now - 300, IDLE, "play", words("state.preparing"), href="/rollouts"),
        ],
        "diff": diff_lines(_OLD, _OLD.replace("30", "45").replace("MODE: normal\n", "") + "TRACE: on\n"),
        "flaws": [Flaw(5, words("dev.flaw"))],
        "flaw": words("dev.flaw"),
        "chart": _chart(now),
    }


def _chart(now: int) -> ChartView:
    at = tuple(range(now - 118, now + 1, 2))
    stable = tuple(0.004 + 0.001 * (second * 7 % 5) for second in at)
    canary = tuple(0.005 + 0.002 * (second * 3 % 7) if index > 20 else None for index, second in enumerate(at))
    return ChartView(at, stable, canary, marks=(Mark(at[20], "10 %"),), tolerance=0.015, least=0.02)
