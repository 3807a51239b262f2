"""The one table of all lists: filtered, sorted and paged by the server, with all of it in the address.

    class ServicesState(Listing, rx.State):          # portal.web.states.listing: filters, sorting, paging, trouble
        rows: list[ServiceLine] = []

    data_table(
        ServicesState,
        [
            Column(tr("list.service"), lambda line: rx.el.strong(line.name), sort="name"),
            Column(tr("list.owner"), lambda line: line.owner),
            Column(tr("list.replicas"), lambda line: line.replicas, class_name="number"),
        ],
        none=empty("box", tr("services.empty"), tr("services.empty_more")),
        rows=Rows(href=lambda line: line.href),
    )

On a phone each row is a card whose first column is the heading and whose other cells carry their column's name. The
head stays in view. A state that also mixes in `Choosing` gets a box before each row, if `Rows(key=lambda line:
line.name)` says what names it; `chosen_bar` then shows what can be done with the chosen ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import reflex as rx

from portal.domain.environment import Stage
from portal.web.components.browser import moment, more
from portal.web.components.forms import pager
from portal.web.components.frame import Child, Text, failed, link, skeleton
from portal.web.components.icons import icon
from portal.web.words import say, tr

Cell = Callable[[Any], Child]


@dataclass(frozen=True, slots=True)
class Column:
    """`cell` shows a row's value; `sort` is what the address calls this column if the list can be sorted by it.

    `class_name`: "number" stands to the right in tabular figures, "wide-only" is left out on a phone.
    """

    title: Text
    cell: Cell
    sort: str = ""
    class_name: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """What leads from a row to its page (`href`), and what names it when rows can be chosen (`key`)."""

    href: Cell | None = None
    key: Cell | None = None


def data_table(
    state: Any, columns: Sequence[Column], *, none: rx.Component, rows: Rows | None = None, aside: Child = None
) -> rx.Component:
    """The rows of a `Listing`, or `none` if there are none, the shape of rows while they come, and what went wrong.

    `aside` stands at the right of the foot, beside the pager: `live_dot()` where rows move by themselves.
    """
    given = rows or Rows()
    table = rx.el.table(
        rx.el.thead(rx.el.tr(*_choose_all(state, given), *(_heading(state, column) for column in columns))),
        rx.el.tbody(rx.foreach(state.rows, lambda line: _row(state, line, columns, given))),
        class_name="list",
    )
    content = rx.el.section(
        rx.cond(state.rows.length() > 0, rx.el.div(table, class_name="table-frame"), none),
        rx.el.div(pager(state.paging), aside if aside is not None else rx.fragment(), class_name="card-foot"),
        class_name="card flush",
    )
    loaded = rx.cond(state.is_loaded, content, skeleton("l"))
    return rx.cond(state.trouble.en != "", failed(say(state.trouble)), loaded)


def _heading(state: Any, column: Column) -> rx.Component:
    if not column.sort:
        return rx.el.th(column.title, scope="col", class_name=column.class_name)
    is_current = state.sorting.by == column.sort
    shape = rx.cond(state.sorting.is_descending, icon("arrow-down", size=14), icon("arrow-up", size=14))
    direction = rx.cond(state.sorting.is_descending, "descending", "ascending")
    return rx.el.th(
        link(
            rx.el.span(column.title),
            rx.cond(is_current, shape, icon("chevrons-up-down", size=14, class_name="icon faint")),
            href=state.sorting.links[column.sort],
            class_name="sort",
        ),
        scope="col",
        class_name=column.class_name,
        custom_attrs={"aria-sort": rx.cond(is_current, direction, "none")},
    )


def _row(state: Any, line: Any, columns: Sequence[Column], rows: Rows) -> rx.Component:
    first, *others = columns
    heading = first.cell(line)
    if rows.href is not None:
        heading = link(heading, href=rows.href(line), class_name="row-link")
    cells = [
        rx.el.td(heading, class_name=f"{first.class_name} lead"),
        *(
            rx.el.td(column.cell(line), class_name=column.class_name, custom_attrs={"data-label": column.title})
            for column in others
        ),
    ]
    return rx.el.tr(*_choose_one(state, line, rows), *cells, class_name="linked" if rows.href else "")


def _choose_all(state: Any, rows: Rows) -> tuple[rx.Component, ...]:
    if rows.key is None:
        return ()
    box = rx.el.input(
        type="checkbox",
        checked=(state.chosen.length() > 0) & (state.chosen.length() == state.rows.length()),
        on_change=state.choose_all,
        aria_label=tr("list.choose_all"),
    )
    return (rx.el.th(_target(box), scope="col", class_name="choose"),)


def _choose_one(state: Any, line: Any, rows: Rows) -> tuple[rx.Component, ...]:
    if rows.key is None:
        return ()
    key = rows.key(line)
    box = rx.el.input(
        type="checkbox",
        checked=state.chosen.contains(key),
        on_change=lambda is_on: state.choose(key, is_on),
        aria_label=tr("list.choose", name=key),
    )
    return (rx.el.td(_target(box), class_name="choose"),)


def _target(box: rx.Component) -> rx.Component:
    """The whole cell chooses the row: a thumb does not hit sixteen pixels."""
    return rx.el.label(box, class_name="choose-target")


def chosen_bar(state: Any, *actions: Child) -> rx.Component:
    """How many rows are chosen, what can be done with them, and the way to choose none again."""
    return rx.cond(
        state.chosen.length() > 0,
        rx.el.div(
            rx.el.strong(tr("list.chosen", n=state.chosen.length())),
            rx.el.div(
                *actions,
                rx.el.button(
                    tr("list.choose_all"),
                    type="button",
                    on_click=state.choose_all(True),
                    class_name="button quiet compact phone-only",
                ),
                rx.el.button(
                    tr("list.choose_none"), type="button", on_click=state.choose_none, class_name="button quiet compact"
                ),
                class_name="actions",
            ),
            class_name="chosen",
            role="status",
        ),
        rx.fragment(),
    )


def filter_bar(state: Any, *filters: Child) -> rx.Component:
    """The filters of a list in one row; once one is set, also the way to see everything again.

    The first stays in view on a phone, where the others are folded while none of them is set.
    """
    first, *others = filters
    folded = [more(*others, label=tr("filter.more"), is_set=state.is_filtered)] if others else []
    return rx.el.div(
        first,
        *folded,
        rx.cond(
            state.is_filtered,
            rx.el.button(
                icon("x"),
                rx.el.span(tr("filter.clear")),
                type="button",
                on_click=state.clear_filters,
                class_name="button quiet",
            ),
            rx.fragment(),
        ),
        class_name="filters",
        role="search",
    )


def search_field(state: Any, placeholder: Text, *, name: str = "text") -> rx.Component:
    """Searches on the server while one types: the filter `name` of the list. `/` leads here."""
    return rx.el.div(
        icon("search"),
        rx.el.input(
            type="search",
            default_value=_filter(state, name),
            key=state.is_loaded.to_string() + state.clearings.to_string(),
            on_change=lambda value: state.filter_by(name, value).debounce(300),
            placeholder=placeholder,
            aria_label=placeholder,
            max_length=100,
            custom_attrs={"data-search": ""},
        ),
        rx.el.kbd("/", aria_hidden="true"),
        class_name="search",
    )


def filter_field(state: Any, name: str, label: Text, *, options: Any) -> rx.Component:
    """A choice among `options`: `rx.el.option`s or one `rx.foreach` of them. "All" comes first by itself."""
    return rx.el.div(
        rx.el.label(label, html_for=name),
        rx.el.div(
            rx.el.select(
                rx.el.option(tr("filter.all"), value=""),
                *options,
                id=name,
                value=_filter(state, name),
                on_change=lambda value: state.filter_by(name, value),
            ),
            icon("chevron-down"),
            class_name="select",
        ),
        class_name="filter",
    )


def time_field(state: Any, name: str, label: Text) -> rx.Component:
    """A point in time by the reader's clock; the address has it as UTC."""
    picked = moment(id=name, value=_filter(state, name), on_pick=lambda value: state.filter_by(name, value))
    return rx.el.div(rx.el.label(label, html_for=name), picked, class_name="filter")


def more_filters(state: Any, names: Sequence[str], *fields: Child) -> rx.Component:
    """Filters that are asked for less often, folded away; open while one of these names is set."""
    is_set: Any = rx.Var.create(False)
    for name in names:
        is_set = is_set | (_filter(state, name) != "")
    return rx.el.details(
        rx.el.summary(icon("sliders-horizontal", size=14), rx.el.span(tr("filter.more"))),
        rx.el.div(*fields, class_name="filters"),
        open=is_set,
        class_name="more-filters",
    )


def filter_text(state: Any, name: str, label: Text, *, kind: str = "text") -> rx.Component:
    """A text or, with `kind` date, a day; the list follows when it is left."""
    return rx.el.div(
        rx.el.label(label, html_for=name),
        rx.el.input(
            type=kind,
            id=name,
            default_value=_filter(state, name),
            key=state.is_loaded.to_string() + state.clearings.to_string(),
            on_change=lambda value: state.filter_by(name, value).debounce(300),
            max_length=100,
        ),
        class_name="filter",
    )


def _filter(state: Any, name: str) -> Any:
    return rx.cond(state.filters.contains(name), state.filters[name], "")


def names(values: Any) -> tuple[Any, ...]:
    """Options for `filter_field` from a list of names of the state, which read as they are."""
    return (rx.foreach(values, lambda name: rx.el.option(name, value=name)),)


def places(values: Any) -> tuple[Any, ...]:
    """Options from a list of names of environments; the standard ones read in the reader's language."""
    stages = [(str(stage), tr(f"stage.{stage}")) for stage in Stage if stage is not Stage.CUSTOM]
    return (rx.foreach(values, lambda name: rx.el.option(rx.match(name, *stages, name), value=name)),)


def spoken(values: Any) -> tuple[Any, ...]:
    """Options from a list of `Option` (value and label in both languages)."""
    return (rx.foreach(values, lambda option: rx.el.option(say(option.label), value=option.value)),)
