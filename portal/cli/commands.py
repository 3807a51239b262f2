"""Commands whose help comes from the catalogue, and the options that all of them have."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import click

from portal.cli.words import say
from portal.i18n import LOCALES

DEFAULT_URL = "http://127.0.0.1:3000"


@dataclass(slots=True)
class Invocation:
    """What the common options of the command say."""

    is_json: bool = False
    url: str = DEFAULT_URL


def invocation() -> Invocation:
    """That of the running command."""
    return click.get_current_context().ensure_object(Invocation)


class Option(click.Option):
    """Its help is `cli.option.<name>` of the catalogue."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        self.help = say(f"cli.option.{self.name}")
        return super().get_help_record(ctx)


def _help_option(context: click.Context, command: click.Command) -> Option:
    def show(ctx: click.Context, *given: Any) -> None:
        if given[-1] and not ctx.resilient_parsing:
            click.echo(ctx.get_help())
            ctx.exit()

    names = command.get_help_option_names(context)
    return Option(sorted(names, key=len), is_flag=True, is_eager=True, expose_value=False, callback=show)


option = partial(click.option, cls=Option)
argument = click.argument


def _keep(name: str) -> Callable[..., None]:
    def keep(context: click.Context, *given: Any) -> None:
        value = given[-1]
        if value is not None and value is not False:
            setattr(context.ensure_object(Invocation), name, value)

    return keep


def _json() -> Option:
    return Option(["--json", "is_json"], is_flag=True, expose_value=False, callback=_keep("is_json"))


def _url() -> Option:
    # Without a default of its own, so that `codex-portal --url … service list` is not undone by the inner command.
    variable = "CODEX_PORTAL_URL"
    return Option(["--url"], envvar=variable, show_envvar=True, expose_value=False, callback=_keep("url"))


def _lang() -> Option:
    return Option(["--lang"], type=click.Choice(LOCALES), expose_value=False)  # read before, see `wanted_language`


class Command(click.Command):
    """Its help is `cli.help.<group>.<name>` of the catalogue. Every command has --lang."""

    key = ""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.params += [_lang()]

    def get_help_option(self, ctx: click.Context) -> Option:
        return _help_option(ctx, self)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.help = say(f"cli.help.{self.key}")
        super().format_help_text(ctx, formatter)

    def get_short_help_str(self, limit: int = 45) -> str:
        return say(f"cli.help.{self.key}")


class ReportingCommand(Command):
    """Prints a table for people, or with --json what a program wants to read."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.params += [_json()]


class RemoteCommand(ReportingCommand):
    """Asks a portal over its REST API, on this machine or elsewhere."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.params += [_url()]


class Group(click.Group):
    """A noun. `lazy` maps names of commands to "module:attribute", imported when one is called."""

    command_class = Command
    key = ""

    def __init__(self, *args: Any, lazy: Mapping[str, str] | None = None, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.lazy = dict(lazy or {})
        self.params += [_lang()]

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.lazy) or list(self.commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = super().get_command(ctx, cmd_name)
        if found is None and cmd_name in self.lazy:
            module, _, name = self.lazy[cmd_name].partition(":")
            found = getattr(importlib.import_module(module), name)
            self.add_command(found, cmd_name)
        return found

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        super().add_command(cmd, name)
        _name_keys(cmd, f"{self.key}.{name or cmd.name}".lstrip("."))

    def get_help_option(self, ctx: click.Context) -> Option:
        return _help_option(ctx, self)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.help = say(f"cli.help.{self.key or 'root'}")
        super().format_help_text(ctx, formatter)

    def get_short_help_str(self, limit: int = 45) -> str:
        return say(f"cli.help.{self.key}")

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """From the catalogue alone: listing the commands imports none of them."""
        with formatter.section(say("cli.commands")):
            keys = [(name, f"{self.key}.{name}".lstrip(".")) for name in self.list_commands(ctx)]
            formatter.write_dl([(name, say(f"cli.help.{key}")) for name, key in keys])


def _name_keys(command: click.Command, key: str) -> None:
    if isinstance(command, Command | Group):
        command.key = key
    if isinstance(command, Group):
        for name, child in command.commands.items():
            _name_keys(child, f"{key}.{name}")


def group(name: str) -> Group:
    """An empty noun, to hang commands on by `@noun.command(…)`."""
    return Group(name)


def remote(parent: Group, name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """A command of the noun that asks a portal over REST."""
    return parent.command(name, cls=RemoteCommand)


def local(parent: Group, name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """A command of the noun that works on this machine's own portal."""
    return parent.command(name, cls=ReportingCommand)
