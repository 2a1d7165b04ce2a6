"""Long imports beside the request: a thread of the process that takes them one by one, each step in a transaction of its own.

Owns the thread and its turn. What it works on is in the database: a process that ends leaves it to the next, after its lease.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from api.deps import unit_of_work
from api.imports.contents import Asked, prepare
from api.imports.templates import Template
from api.store.faults import DATABASE_ERRORS
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
_SECONDS_BETWEEN_LOOKS = 1
_KINDS = {Template.BANK_STATEMENT: SourceKind.BANK, Template.REGISTRY_STATEMENT: SourceKind.REGISTRY}

_log = logging.getLogger("tonne.imports")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportWork:
    """Does the work that waits; ``start`` in a thread, or ``run_once`` by whoever has a thread already."""

    database: Database
    clock: Callable[[], datetime]
    new_id: Callable[[], UUID]
    random_bytes: Callable[[int], bytes]
    _ended: threading.Event = field(default_factory=threading.Event)

    def start(self) -> threading.Thread:
        """Begin to look for work, until ``stop``."""
        thread = threading.Thread(target=self._run, name="tonne-imports", daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        """Take no further work; what is in hand is finished or taken up again after its lease."""
        self._ended.set()

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
        return ImportDesk(
            session=session,
            book_id=found.book_id,
            actor=Actor(user_id=found.work.asked_by, organisation_id=found.organisation_id),
            now=self.clock(),
            new_id=self.new_id,
            random_bytes=self.random_bytes,
        )

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                has_worked = self.run_once()
            except DATABASE_ERRORS as error:
                _log.warning("work on imports waits: %s", type(error).__name__)
                has_worked = False
            except Exception:  # noqa: BLE001 - the thread outlives a bug in one import, which is logged
                _log.exception("work on an import failed; it is tried again after its lease")
                has_worked = False
            if not has_worked:
                self._ended.wait(_SECONDS_BETWEEN_LOOKS)


def asked_of(session: Session, found: FileImport) -> Asked:
    """Return what a file was brought as, with its source's mapping as saved now."""
    template, source = Template(found.template), found.options.get("source", "")
    mapping = None
    if template in _KINDS:
        assert found.book_id is not None, "a statement is of a book"
        recorded = reconciliation.load_source(session, found.book_id, source).source
        if recorded.kind is not _KINDS[template]:
            raise Invalid(
                "import.source", f"source: expected the source of a {_KINDS[template].value} statement", field="source"
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
