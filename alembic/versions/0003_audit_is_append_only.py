"""The database itself refuses to change or remove what is in the audit trail."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = ("audit", "audit_anchor")
FUNCTION = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$
"""


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if not is_sqlite:
        op.execute(FUNCTION)
    for table in TABLES:
        for act in ("UPDATE", "DELETE") if is_sqlite else ("UPDATE OR DELETE", "TRUNCATE"):
            op.execute(_sqlite(table, act) if is_sqlite else _postgresql(table, act))


def downgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for table in TABLES:
        for act in ("update", "delete") if is_sqlite else ("update_or_delete", "truncate"):
            op.execute(f"DROP TRIGGER {table}_no_{act}" + ("" if is_sqlite else f" ON {table}"))
    if not is_sqlite:
        op.execute("DROP FUNCTION refuse_change()")


def _sqlite(table: str, act: str) -> str:
    refusal = "SELECT RAISE(ABORT, 'the audit trail is append-only')"
    return f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} BEGIN {refusal}; END"


def _postgresql(table: str, act: str) -> str:
    name, each = act.lower().replace(" ", "_"), "STATEMENT" if act == "TRUNCATE" else "ROW"
    return f"CREATE TRIGGER {table}_no_{name} BEFORE {act} ON {table} FOR EACH {each} EXECUTE FUNCTION refuse_change()"
