"""Long imports beside the request, taken one by one, each step in a transaction of its own.

What it works on is in the database: a process that ends leaves it to the next, after its lease.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.principal import Scope
from api.auth.standing import may_now
from api.deps import unit_of_work
from api.imports.contents import Asked, prepare
from api.imports.templates import Template
from finance.operations import imports
from finance.operations.imports import ImportDesk
from finance.store import imports as store
from finance.store import market
from finance.store.imports import FileImport, Phase, Task
from ledger import reconciliation
from ledger.core.errors import Conflict, DomainError, Invalid
from ledger.core.parties import Actor
from ledger.core.statement_mapping import SourceKind
from ledger.store.database import Database

MOST_ATTEMPTS = 3
INLINE_BYTES = 200_000
"""A file up to here is read and previewed within the request that brings it; a longer one beside it."""

INLINE_ROWS = 2_000
"""Rows up to here are imported within the request that confirms them."""

_LEASE = timedelta(minutes=10)
_KINDS = {Template.BANK_STATEMENT: SourceKind.BANK, Template.REGISTRY_STATEMENT: SourceKind.REGISTRY}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportWork:
    """Does the work on imports that waits, one piece at each call of ``run_once``."""

    database: Database
    clock: Callable[[], datetime]
    new_id: Callable[[], UUID]
    random_bytes: Callable[[int], bytes]

    def run_once(self) -> bool:
        """Do one piece of work that nobody has in hand; return whether there was one."""
        now = self.clock()
        with self.database.reader() as session:
            if not store.has_work(session, now=now):
                return False
        with unit_of_work(self.database) as session:
            found = store.claim_work(session, now=now, until=now + _LEASE)
        if found is None or found.work is None:
            return False
        try:
            if found.work.attempts > MOST_ATTEMPTS:
                raise Conflict("import.attempts", f"import: it was begun {MOST_ATTEMPTS} times and never ended")
            self._do(found, found.work.task, found.work.asked_sha256)
        except DomainError as refused:
            with unit_of_work(self.database) as session:
                desk = self._desk(session, found)
                imports.finish(desk, imports.fail(desk, found.import_id, refused))
        return True

    def _do(self, found: FileImport, task: Task, sha256: str) -> None:
        with self.database.reader() as session:
            asked, raw = asked_of(session, found), raw_of(session, found)
        prepared = prepare(found.file_name, raw, asked, now=self.clock())
        rows = int(prepared.file["rows"])
        now = self.clock()
        with unit_of_work(self.database) as session:
            store.note_phase(session, found, Phase.WRITING, rows_total=rows, until=now + _LEASE, now=now)
        with unit_of_work(self.database) as session:
            desk = self._desk(session, found)
            if task is Task.PREVIEW:
                done = imports.preview(desk, found.import_id, prepared)
            else:
                done = imports.confirm(desk, found.import_id, prepared, sha256=sha256)
            imports.finish(desk, done)

    def _desk(self, session: Session, found: FileImport) -> ImportDesk:
        assert found.work is not None, "work was claimed"
        actor, now = Actor(user_id=found.work.asked_by, organisation_id=found.organisation_id), self.clock()
        return ImportDesk(
            session=session,
            book_id=found.book_id,
            actor=actor,
            is_closer=may_now(session, actor, Scope.LEDGER_CLOSE, now=now),
            now=now,
            new_id=self.new_id,
            random_bytes=self.random_bytes,
        )


def asked_of(session: Session, found: FileImport) -> Asked:
    """Return what a file was brought as, with its source's mapping as saved now."""
    template, source = Template(found.template), found.options.get("source", "")
    mapping = None
    if template in _KINDS:
        assert found.book_id is not None, "a statement is of a book"
        recorded = reconciliation.load_source(session, found.book_id, source).source
        if recorded.kind is not _KINDS[template]:
            raise Invalid(
                "import.source_kind",
                f"source: expected the source of a {_KINDS[template].value} statement",
                field="source",
            )
        mapping = recorded.mapping
    return Asked(
        template=template,
        plant=found.options.get("plant"),
        verification=found.options.get("verification"),
        source=source,
        mapping=mapping,
    )


def raw_of(session: Session, found: FileImport) -> bytes:
    """Return the bytes that were brought."""
    raw = market.find_raw_file(session, found.organisation_id, found.raw_sha256)
    assert raw is not None, "the bytes of an import are kept with it"
    return raw.content
