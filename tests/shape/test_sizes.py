"""Sizes and names that keep the house readable: each breach is one sentence that says where and what to do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median, quantiles

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILE_LINES, TEST_FILE_LINES, FILE_MEDIAN = 350, 500, 120
FUNCTION_LINES, PAGE_LINES, FUNCTION_MEDIAN, FUNCTION_P90 = 50, 70, 8, 25
POSITIONAL = 2
CONTEXT = {
    "self",
    "cls",
    "session",
    "actor",
    "claim",
    "now",
}  # on whose behalf, in which transaction, when: never confused
BANNED_CLASS = re.compile(r"(Manager|Helper|Base|Impl|Utils?|Data|Info)$")
BANNED_MODULE = re.compile(r"^(utils?|helpers?|data|info|common|misc|base)$")
UNITLESS = re.compile(r"^(\w+_)?(timeout|interval|delay|duration|grace|period|ttl|latency|lifetime|backoff)$")


@dataclass(frozen=True, slots=True)
class Function:
    path: Path
    node: ast.FunctionDef | ast.AsyncFunctionDef
    owner: str

    @property
    def name(self) -> str:
        return f"{self.owner}.{self.node.name}" if self.owner else self.node.name

    @property
    def where(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.node.lineno}"

    @property
    def lines(self) -> int:
        """From `def` to the last line, the docstring not counted."""
        last = self.node.end_lineno or self.node.lineno
        first = self.node.body[0]
        if ast.get_docstring(self.node, clean=False) is not None:
            last -= (first.end_lineno or first.lineno) - first.lineno + 1
        return last - self.node.lineno + 1


def sources(folder: str) -> list[Path]:
    return sorted(path for path in (ROOT / folder).rglob("*.py") if "__pycache__" not in path.parts)


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def functions(path: Path, node: ast.AST, owner: str = "") -> Iterator[Function]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Function(path, child, owner)
            yield from functions(path, child)
        else:
            yield from functions(path, child, child.name if isinstance(child, ast.ClassDef) else owner)


@cache
def portal_functions() -> tuple[Function, ...]:
    return tuple(function for path in sources("portal") for function in functions(path, parsed(path)))


def lines_of(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def report(breaches: list[str]) -> None:
    if breaches:
        pytest.fail("\n" + "\n".join(breaches), pytrace=False)


def test_no_file_is_too_long():
    limits = [("portal", FILE_LINES), ("tests", TEST_FILE_LINES), ("alembic", FILE_LINES), ("docs", FILE_LINES)]
    report(
        [
            f"{path.relative_to(ROOT)} has {lines_of(path)} lines, {limit} are allowed: move one noun to its own file."
            for folder, limit in limits
            for path in sources(folder)
            if lines_of(path) > limit
        ]
    )


def test_most_files_are_short():
    sizes = [size for path in sources("portal") if (size := lines_of(path))]
    assert median(sizes) <= FILE_MEDIAN, f"half of the files of portal/ are longer than {median(sizes)} lines"


def test_no_function_is_too_long():
    report(
        [
            f"{function.where}: {function.name} has {function.lines} lines, {limit} are allowed: name its parts."
            for function in portal_functions()
            if function.lines > (limit := PAGE_LINES if "web" in function.path.parts else FUNCTION_LINES)
        ]
    )


def test_most_functions_are_short():
    sizes = [function.lines for function in portal_functions()]
    assert median(sizes) <= FUNCTION_MEDIAN, f"the median function has {median(sizes)} lines, not {FUNCTION_MEDIAN}"
    ninth = quantiles(sizes, n=10)[-1]
    assert ninth <= FUNCTION_P90, f"one function in ten is longer than {ninth:.0f} lines, not {FUNCTION_P90}"


def positional(function: Function) -> int:
    arguments = function.node.args.posonlyargs + function.node.args.args
    return len([argument for argument in arguments if argument.arg not in CONTEXT])


def is_called_only_nearby(function: Function) -> bool:
    """By a framework, or within the file: what is private shows its callers on the same screen."""
    is_a_framework = "web" in function.path.parts or "api" in function.path.parts
    return is_a_framework or function.node.name.startswith("_")


def test_arguments_after_the_second_have_names():
    report(
        [
            f"{function.where}: {function.name} takes {positional(function)} arguments by place: put `*` after two."
            for function in portal_functions()
            if positional(function) > POSITIONAL and not is_called_only_nearby(function)
        ]
    )


def classes() -> Iterator[tuple[Path, ast.ClassDef]]:
    for path in sources("portal"):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ClassDef):
                yield path, node


def test_names_say_what_a_thing_is():
    modules = [
        f"{path.relative_to(ROOT)}: `{path.stem}` says nothing; name the module after its noun."
        for path in sources("portal")
        if BANNED_MODULE.match(path.stem)
    ]
    named = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.name} ends in a filler word; say what it is or does."
        for path, node in classes()
        if BANNED_CLASS.search(node.name)
    ]
    report(modules + named)


def dataclass_options(node: ast.ClassDef) -> set[str] | None:
    """The options that are switched on, None if the class is no dataclass."""
    for decorator in node.decorator_list:
        call = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(call, ast.Name) and call.id == "dataclass":
            keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
            return {k.arg or "" for k in keywords if isinstance(k.value, ast.Constant) and k.value.value is True}
    return None


def test_dataclasses_of_the_domain_are_frozen_and_slotted():
    report(
        [
            f"{path.relative_to(ROOT)}:{node.lineno}: {node.name} needs @dataclass(frozen=True, slots=True)."
            for path, node in classes()
            if "domain" in path.parts
            and (options := dataclass_options(node)) is not None
            and not {"frozen", "slots"} <= options
        ]
    )


def annotated_names(tree: ast.AST) -> Iterator[tuple[int, str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.lineno, node.target.id, ast.unparse(node.annotation)
        elif isinstance(node, ast.arg) and node.annotation:
            yield node.lineno, node.arg, ast.unparse(node.annotation)


def test_numbers_of_time_name_their_unit():
    report(
        [
            f"{path.relative_to(ROOT)}:{line}: {name} is a bare number; say the unit, as in {name}_seconds."
            for path in sources("portal")
            for line, name, kind in annotated_names(parsed(path))
            if UNITLESS.match(name) and re.match(r"(int|float)\b", kind)
        ]
    )


def test_truths_of_the_domain_are_named_is_or_has():
    report(
        [
            f"{path.relative_to(ROOT)}:{line}: {name} is a truth value; call it is_… or has_…"
            for path in [*sources("portal/domain"), *sources("portal/ports")]
            for line, name, kind in annotated_names(parsed(path))
            if kind == "bool" and not name.startswith(("is_", "has_"))
        ]
    )
