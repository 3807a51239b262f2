"""Templates of environments that people have added."""

from __future__ import annotations

from sqlmodel import Session, select

from portal.domain.environment_template import EnvironmentTemplate
from portal.domain.errors import NotFound
from portal.store.documents import from_document, to_document
from portal.store.tables_templates import EnvironmentTemplateRow


def every(session: Session) -> tuple[EnvironmentTemplate, ...]:
    rows = session.exec(select(EnvironmentTemplateRow).order_by(EnvironmentTemplateRow.name))
    return tuple(from_document(EnvironmentTemplate, row.document) for row in rows)


def put(session: Session, template: EnvironmentTemplate) -> None:
    session.merge(EnvironmentTemplateRow(name=template.name, document=to_document(template)))
    session.flush()


def remove(session: Session, name: str) -> None:
    """NotFound("template_missing")."""
    row = session.get(EnvironmentTemplateRow, name)
    if row is None:
        raise NotFound("template_missing", name=name)
    session.delete(row)
