"""`codex-portal completion`: the script that makes a shell complete commands and options."""

from __future__ import annotations

import click

from portal.cli.commands import Command


def _print_script(shell: str) -> None:
    from click.shell_completion import get_completion_class

    script = get_completion_class(shell)
    assert script is not None
    root = click.get_current_context().find_root().command
    click.echo(script(root, {}, "codex-portal", "_CODEX_PORTAL_COMPLETE").source())


shells = click.Argument(["shell"], type=click.Choice(["bash", "zsh", "fish"]))
completion = Command("completion", callback=_print_script, params=[shells])
