"""The root of the command line: which nouns there are, and how a failure becomes an exit code."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence

import click

from portal.cli.commands import Group, Invocation
from portal.cli.failures import REFUSED_CODES, RemoteProblem
from portal.cli.words import say, speak, wanted_language
from portal.domain.errors import Kind, PortalError

NOUNS = {
    "serve": "portal.cli.processes:serve",
    "worker": "portal.cli.processes:worker",
    "gate": "portal.cli.processes:gate",
    "migrate": "portal.cli.processes:migrate",
    "restore": "portal.cli.restores:restore",
    "backup": "portal.cli.backups:backup",
    "recovery": "portal.cli.backups:recovery",
    "doctor": "portal.cli.doctor:doctor",
    "service": "portal.cli.services:service",
    "environment": "portal.cli.environment_life:environment",
    "secret": "portal.cli.secrets:secret",
    "configuration": "portal.cli.configuration:configuration",
    "release": "portal.cli.releases:release",
    "rollout": "portal.cli.rollouts:rollout",
    "approval": "portal.cli.approvals:approval",
    "view": "portal.cli.views:view",
    "notification": "portal.cli.notifications:notification",
    "channel": "portal.cli.notifications:channel",
    "data": "portal.cli.data_stores:data",
    "scale": "portal.cli.scaling:scale",
    "scaling": "portal.cli.scaling:scaling",
    "rollback": "portal.cli.rollbacks:rollback",
    "container": "portal.cli.containers:container",
    "operation": "portal.cli.operations:operation",
    "drift": "portal.cli.drift:drift",
    "status": "portal.cli.deployments:status",
    "measures": "portal.cli.measures:measures",
    "audit": "portal.cli.audit:audit",
    "search": "portal.cli.search:search",
    "feedback": "portal.cli.feedback:feedback",
    "user": "portal.cli.users:user",
    "token": "portal.cli.tokens:token",
    "settings": "portal.cli.settings:settings",
    "log-level": "portal.cli.log:log_level",
    "completion": "portal.cli.completion:completion",
}
EXIT_OF_KIND = {
    Kind.INVALID: 2,
    Kind.REFUSED: 3,
    Kind.NOT_FOUND: 4,
    Kind.CONFLICT: 5,
    Kind.UNAVAILABLE: 6,
}
INTERRUPTED = 130


def root() -> Group:
    """The command `codex-portal` with its nouns, none of them imported yet."""
    return Group(
        "codex-portal", lazy=NOUNS, context_settings={"max_content_width": 100, "help_option_names": ["-h", "--help"]}
    )


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code: 0 done, 2 wrong usage or input, 3 refused, 4 not found, 5 conflict,
    6 unavailable, 1 anything else.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    speak(wanted_language(given))
    invocation = Invocation()
    try:
        outcome = root().main(given, prog_name="codex-portal", standalone_mode=False, obj=invocation)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        return _hung_up()
    except RemoteProblem as problem:
        _complain(problem.document, invocation)
        return _exit_of(problem)
    except PortalError as error:
        detail = say(f"error.{error.code}", **error.params)
        _complain({"code": error.code, "kind": error.kind, "detail": detail}, invocation)
        return EXIT_OF_KIND[error.kind]
    return outcome if isinstance(outcome, int) else 0


def _exit_of(problem: RemoteProblem) -> int:
    if problem.document.get("code") in REFUSED_CODES:
        return EXIT_OF_KIND[Kind.REFUSED]
    kind = problem.document.get("kind")
    return EXIT_OF_KIND[Kind(kind)] if kind in tuple(Kind) else 1


def _complain(document: dict[str, object], invocation: Invocation) -> None:
    if invocation.is_json:
        click.echo(json.dumps(document, ensure_ascii=False), err=True)
        return
    click.secho(str(document.get("detail", "")), fg="red", err=True)
    errors = document.get("errors")
    for field in errors if isinstance(errors, list) else ():
        click.echo(f"  {field['field']}: {field['reason']}", err=True)


def _hung_up() -> int:
    """The reader of the output went away; the interpreter shall not complain about it when it flushes."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1
