"""`codex-portal feedback`: what readers say about the documentation, and answering it."""

from __future__ import annotations

import click

from portal.cli.commands import argument, group, option, remote
from portal.cli.remote import portal
from portal.cli.tables import show_done, show_list, show_one

feedback = group("feedback")
COLUMNS = ("id", "page", "language", "is_helpful", "author", "state", "text", "created_at")
FIELDS = (*COLUMNS, "answer", "answered_by", "answered_at")


@remote(feedback, "list")
@option("--state", type=click.Choice(["new", "answered", "closed"]), default="")
@option("--page", default="")
@option("--text", default="")
@option("--limit", type=int, default=20)
def list_feedback(*, limit: int, **wanted: str) -> None:
    """Everybody's for those who answer, one's own for the rest; the newest first."""
    show_list(portal().items("/feedback", limit=limit, **wanted), COLUMNS, empty="cli.empty.feedback")


@remote(feedback, "show")
@argument("feedback_id", type=int, metavar="ID")
def show_feedback(feedback_id: int) -> None:
    show_one(portal().get(f"/feedback/{feedback_id}"), FIELDS)


@remote(feedback, "answer")
@argument("feedback_id", type=int, metavar="ID")
@argument("answer")
def answer_feedback(feedback_id: int, *, answer: str) -> None:
    """A later answer takes the place of the former."""
    answered = portal().put(f"/feedback/{feedback_id}/answer", {"answer": answer})
    show_done(answered, "cli.done.feedback_answered", id=feedback_id)


@remote(feedback, "close")
@argument("feedback_id", type=int, metavar="ID")
@option("--reason", "-m", default="")
def close_feedback(feedback_id: int, *, reason: str) -> None:
    closed = portal().put(f"/feedback/{feedback_id}/closed", None, reason=reason)
    show_done(closed, "cli.done.feedback_closed", id=feedback_id)
