"""Files that people import, in two steps: a preview that shows the exact effect, and a confirmation that does exactly that.

The effect is not estimated: the import is carried out inside a savepoint, looked at, and taken back. Joins the caller's transaction and
commits nothing. Reading the file is done before: here are its values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from finance.conventions import import_words
from finance.operations.import_effects import Content, apply
from finance.operations.notices import raise_notice
from finance.store import imports as store
from finance.store import market
from finance.store.imports import FileImport, Phase, Step, StepKind, Task, Work
from finance.store.market import RawFile
from ledger.core.errors import Conflict, DomainError, Expected, ImportRefused
from ledger.core.parties import Actor
from ledger.operations import RandomBytes

MOST_SHOWN = 1_000
"""Problems and changes that a preview lists; it counts all of them, and the sheet that comes back has every one."""

_ROW = " row "


class ImportState(StrEnum):
    """Where an import stands."""

    READING = "reading"  # its preview is made beside the request
    REFUSED = "refused"  # rows are wrong: correct the file and bring it again
    READY = "ready"  # previewed, may be confirmed
    IMPORTING = "importing"  # its confirmation is carried out beside the request
    CONFIRMED = "confirmed"
    DISCARDED = "discarded"
    FAILED = "failed"  # the last attempt changed nothing; preview it again


_STATES = {
    StepKind.PREVIEWED: ImportState.READY,
    StepKind.ASKED: ImportState.IMPORTING,
    StepKind.CONFIRMED: ImportState.CONFIRMED,
    StepKind.DISCARDED: ImportState.DISCARDED,
    StepKind.FAILED: ImportState.FAILED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProblem:
    """What is wrong with a cell: row from 1, column letter (empty for the whole row), key, what stood there, what was expected."""

    row: int
    column: str
    field: str
    value: str
    expected: Expected

    def document(self) -> Mapping[str, Any]:
        """Return it as JSON."""
        return {
            "row": self.row,
            "column": self.column,
            "field": self.field,
            "value": self.value,
            "expected": str(self.expected),
            "code": self.expected.code,
            "facts": dict(self.expected.facts),
        }

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> RowProblem:
        """Return the problem that ``document`` tells; those of old previews have no code."""
        expected = Expected(document.get("code", ""), document["expected"], **document.get("facts", {}))
        return cls(**{name: document[name] for name in ("row", "column", "field", "value")}, expected=expected)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A file as read: its values (``None`` when a cell is wrong), every problem, and what the preview says about the file.

    ``letters`` gives the column letter of each key or heading that a later refusal may name.
    """

    content: Content | None
    problems: tuple[RowProblem, ...]
    file: Mapping[str, Any]
    letters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportDesk:
    """Who imports, when, into which book (``None``: the organisation's own figures), and where ids and salts come from.

    ``is_closer``: the person still posts into softly closed days.
    """

    session: Session
    book_id: int | None
    actor: Actor
    now: datetime
    new_id: Callable[[], UUID]
    random_bytes: RandomBytes
    is_closer: bool = False


def bring(desk: ImportDesk, found: FileImport, raw: RawFile) -> FileImport:
    """Keep a file's bytes and that it was brought; nothing of it is read or counts yet."""
    market.save_raw_file(desk.session, found.organisation_id, raw, by=desk.actor.user_id, at=desk.now)
    store.add_import(desk.session, found)
    return found


def state_of(found: FileImport) -> ImportState:
    """Return where an import stands, from its steps and the work on it."""
    if found.work is not None and found.work.phase is not Phase.DONE:
        return ImportState.READING if found.work.task is Task.PREVIEW else ImportState.IMPORTING
    if found.last is None:
        return ImportState.READING
    if found.last.kind is StepKind.PREVIEWED and found.last.content["problem_count"]:
        return ImportState.REFUSED
    return _STATES[found.last.kind]


def preview(desk: ImportDesk, import_id: UUID, prepared: Prepared) -> FileImport:
    """Return the import with what it would do now; nothing but that is written. The same preview again adds nothing."""
    found = _locked(desk, import_id)
    _refuse_ended(found)
    content = _previewed(desk, prepared)
    sha256 = store.digest_of(content)
    last = found.last
    if last is not None and last.kind is StepKind.PREVIEWED and last.sha256 == sha256:
        return found
    step = Step(kind=StepKind.PREVIEWED, sha256=sha256, content=content, by=desk.actor.user_id, at=desk.now)
    return store.add_step(desk.session, found, step)


def confirm(desk: ImportDesk, import_id: UUID, prepared: Prepared, *, sha256: str) -> FileImport:
    """Carry out exactly what the preview of digest ``sha256`` showed, in the caller's transaction, or refuse.

    ``import.world_changed`` when it would do anything else now; ``import.has_errors`` for a preview with problems. Confirmed again
    with the same digest it returns what stands.
    """
    found = _locked(desk, import_id)
    if found.last is not None and found.last.kind is StepKind.CONFIRMED and found.last.sha256 == sha256:
        return found
    check_shown(found, sha256)
    assert desk.actor.organisation_id == found.organisation_id, "an import is confirmed by its own organisation"
    with desk.session.begin_nested():
        if prepared.content is None:
            raise _changed(found)
        try:
            effect = apply(desk, prepared.content)
        except DomainError as refused:
            raise _changed(found, refused) from refused
        shown = _document(prepared, (), effect.document)
        if store.digest_of(shown) != sha256:
            raise _changed(found)
    content = {"effect": effect.document, "made": effect.made}
    step = Step(kind=StepKind.CONFIRMED, sha256=sha256, content=content, by=desk.actor.user_id, at=desk.now)
    done = store.add_step(desk.session, found, step)
    told = import_words.import_done(
        found.organisation_id,
        import_id=import_id,
        step=len(done.steps),
        file_name=found.file_name,
        rows=int(prepared.file["rows"]),
        user_id=desk.actor.user_id,
    )
    raise_notice(desk.session, told, now=desk.now)
    return done


def check_shown(found: FileImport, sha256: str) -> None:
    """Refuse to confirm anything but the newest preview, and one with problems."""
    _refuse_ended(found)
    shown = found.preview
    if shown is None or shown.sha256 != sha256:
        raise Conflict(
            "import.not_shown",
            "sha256: expected the digest of the newest preview; read the import, look at it, then confirm that",
            field="sha256",
        )
    if shown.content["problem_count"]:
        raise Conflict(
            "import.has_errors", "import: rows are wrong; correct them in the file and bring it again", field="sha256"
        )


def ask(desk: ImportDesk, import_id: UUID, task: Task, *, sha256: str = "") -> FileImport:
    """Leave a preview or a confirmation to be done beside the request; the same asked again changes nothing."""
    found = _locked(desk, import_id)
    _refuse_ended(found)
    if found.work is not None and found.work.phase is not Phase.DONE:
        if (found.work.task, found.work.asked_sha256) == (task, sha256):
            return found
        raise Conflict("import.busy", "import: it is being worked on; wait until that is done")
    if task is Task.CONFIRM:
        check_shown(found, sha256)
        step = Step(kind=StepKind.ASKED, sha256=sha256, content={}, by=desk.actor.user_id, at=desk.now)
        found = store.add_step(desk.session, found, step)
    work = Work(
        task=task,
        phase=Phase.WAITING,
        rows_total=None if found.preview is None else int(found.preview.content["rows"]),
        attempts=0,
        asked_by=desk.actor.user_id,
        asked_sha256=sha256,
        leased_until=desk.now,
        updated_at=desk.now,
    )
    return store.save_work(desk.session, found, work)


def discard(desk: ImportDesk, import_id: UUID) -> FileImport:
    """End an import without carrying it out; discarded again it is as it was."""
    found = _locked(desk, import_id)
    if found.last is not None and found.last.kind is StepKind.DISCARDED:
        return found
    _refuse_ended(found)
    if found.work is not None and found.work.phase is not Phase.DONE:
        raise Conflict("import.busy", "import: it is being worked on; wait until that is done")
    return _ended(desk, found, StepKind.DISCARDED, {})


def fail(desk: ImportDesk, import_id: UUID, refused: DomainError) -> FileImport:
    """Say that work on an import ended without effect, and why; it may be previewed again. Whoever asked for it is told."""
    found = _locked(desk, import_id)
    ended = _ended(desk, found, StepKind.FAILED, {"code": refused.code[:80], "message": refused.message[:500]})
    told = import_words.import_failed(
        found.organisation_id,
        import_id=import_id,
        step=len(ended.steps),
        file_name=found.file_name,
        message=refused.message,
        user_id=desk.actor.user_id,
    )
    raise_notice(desk.session, told, now=desk.now)
    return ended


def finish(desk: ImportDesk, found: FileImport) -> FileImport:
    """Say that nothing is done beside the request any more, and that what was read can be looked at."""
    last = found.last
    if last is not None and last.kind is StepKind.PREVIEWED:
        told = import_words.import_read(
            found.organisation_id,
            import_id=found.import_id,
            step=len(found.steps),
            file_name=found.file_name,
            rows=int(last.content["rows"]),
            problems=int(last.content["problem_count"]),
            user_id=desk.actor.user_id,
        )
        raise_notice(desk.session, told, now=desk.now)
    return store.save_work(desk.session, found, None)


def _ended(desk: ImportDesk, found: FileImport, kind: StepKind, content: Mapping[str, Any]) -> FileImport:
    step = Step(kind=kind, sha256=store.digest_of(content), content=content, by=desk.actor.user_id, at=desk.now)
    return store.add_step(desk.session, found, step)


def _locked(desk: ImportDesk, import_id: UUID) -> FileImport:
    organisation_id = desk.actor.organisation_id
    store.lock_import(desk.session, organisation_id, import_id)
    found = store.find_import(desk.session, organisation_id, import_id)
    assert found is not None, "an import that was loaded stays"
    return found


def _refuse_ended(found: FileImport) -> None:
    if found.last is not None and found.last.kind in {StepKind.CONFIRMED, StepKind.DISCARDED}:
        raise Conflict("import.ended", f"import: it was {found.last.kind.value} already; bring the file again")


def _previewed(desk: ImportDesk, prepared: Prepared) -> Mapping[str, Any]:
    if prepared.content is None or prepared.problems:
        return _document(prepared, prepared.problems, None)
    attempt = desk.session.begin_nested()
    try:
        effect = apply(desk, prepared.content)
    except ImportRefused as refused:
        rows = tuple(
            RowProblem(
                row=one.row,
                column=prepared.letters.get(one.column, ""),
                field=one.column[:80],
                value=one.value[:80],
                expected=one.expected,
            )
            for one in refused.rows
        )
        return _document(prepared, rows, None)
    except DomainError as refused:
        return _document(prepared, (_told(prepared, refused),), None)
    finally:
        attempt.rollback()
    return _document(prepared, (), effect.document)


def _told(prepared: Prepared, refused: DomainError) -> RowProblem:
    """Return a refusal of the ledger or the market as the problem of its row; of the whole file in row 0."""
    row = str(refused.data.get("origin", "")).rpartition(_ROW)[2]
    named = str(refused.data.get("field", ""))[:80]
    return RowProblem(
        row=int(row) if row.isascii() and row.isdigit() else 0,
        column=prepared.letters.get(named, ""),
        field=named,
        value="",
        expected=Expected(refused.code, refused.message[:1_000]),
    )


def _document(
    prepared: Prepared, problems: Sequence[RowProblem], effect: Mapping[str, Any] | None
) -> Mapping[str, Any]:
    ordered = sorted(problems, key=lambda one: (one.row, len(one.column), one.column))
    return {
        **prepared.file,
        "problem_count": len(ordered),
        "problems": [one.document() for one in ordered[:MOST_SHOWN]],
        "effect": effect,
    }


def _changed(found: FileImport, refused: DomainError | None = None) -> Conflict:
    why = "" if refused is None else f" ({refused.message[:200]})"
    return Conflict(
        "import.world_changed",
        f"import: it would not do what the preview showed{why}; nothing was imported, preview it again",
        import_id=str(found.import_id),
    )
