"""Writes and reads carbon-finance contracts: versions, decisions and dated facts.

Takes a session first and never commits. Knows no rule of a contract; a stored wording that no longer gives its digest is
refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Exists, and_, exists, func, insert, or_, select
from sqlalchemy.orm import Session

from finance.store.tables.carbon_contracts import (
    CarbonContractDecisionRow,
    CarbonContractEventRow,
    CarbonContractRow,
    CarbonContractVersionRow,
)
from finance.trading.contracts.kinds import ContractTerms, terms_of
from finance.trading.contracts.life import ContractRecord, Decision, Event, EventKind, Version
from finance.trading.contracts.terms import ContractKind
from ledger.core.errors import Conflict

_ENDS = frozenset({EventKind.SETTLED, EventKind.CLOSED_EARLY, EventKind.DEFAULTED, EventKind.CANCELLED})
_IDS_A_QUERY = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVersion:
    """A wording to be stored, with its canonical text and digest, its maker and the entry that proves it."""

    version: int
    content: str
    sha256: str
    maker_id: UUID
    made_at: datetime
    entry_id: UUID


def next_number(session: Session, book_id: int) -> int:
    """Return the number of the book's next contract; the caller holds the book's lock."""
    wanted = select(func.max(CarbonContractRow.number)).where(CarbonContractRow.book_id == book_id)
    return (session.scalar(wanted) or 0) + 1


def is_id_taken(session: Session, contract_id: UUID) -> bool:
    """Return whether any contract has that id: ids are unique, so that a lender asks by id alone."""
    wanted = select(CarbonContractRow.number).where(CarbonContractRow.contract_id == contract_id)
    return session.execute(wanted).first() is not None


def save_contract(
    session: Session,
    book_id: int,
    contract_id: UUID,
    *,
    organisation_id: UUID,
    kind: ContractKind,
    number: int,
    lender_organisation_id: UUID | None,
) -> None:
    """Insert a contract; its first version follows."""
    session.execute(
        insert(CarbonContractRow).values(
            book_id=book_id,
            contract_id=contract_id,
            organisation_id=organisation_id,
            kind=kind.value,
            number=number,
            lender_organisation_id=lender_organisation_id,
        )
    )


def save_version(session: Session, book_id: int, contract_id: UUID, new: NewVersion) -> None:
    """Insert a wording."""
    session.execute(
        insert(CarbonContractVersionRow).values(
            book_id=book_id,
            contract_id=contract_id,
            version=new.version,
            content=new.content,
            sha256=new.sha256,
            maker_id=new.maker_id,
            made_at=new.made_at,
            entry_id=new.entry_id,
        )
    )


def save_decision(session: Session, record: ContractRecord, version: Version, said: Decision, entry_id: UUID) -> None:
    """Insert another person's word on a version; the database refuses the maker's own."""
    session.execute(
        insert(CarbonContractDecisionRow).values(
            book_id=record.book_id,
            contract_id=record.contract_id,
            version=version.version,
            what="approved" if said.is_approved else "rejected",
            maker_id=version.maker_id,
            sha256=version.sha256,
            actor_id=said.actor_id,
            reason=said.reason,
            entry_id=entry_id,
            recorded_at=said.recorded_at,
        )
    )


def save_event(session: Session, record: ContractRecord, event: Event, entry_id: UUID) -> None:
    """Insert a fact under the version in force; the database refuses a second opening or end."""
    key = "opened" if event.what is EventKind.OPENED else "end" if event.what in _ENDS else str(event.number)
    version = record.in_force
    session.execute(
        insert(CarbonContractEventRow).values(
            book_id=record.book_id,
            contract_id=record.contract_id,
            number=event.number,
            what=event.what.value,
            event_key=key,
            version=version.version,
            maker_id=version.maker_id,
            sha256=version.sha256,
            agreed="approved",
            happened_on=event.happened_on,
            actor_id=event.actor_id,
            doc_ref=event.doc_ref,
            link=event.link,
            figures={name: str(change) for name, change in event.figures.items()},
            refs=dict(event.refs),
            entry_id=entry_id,
            recorded_at=event.recorded_at,
        )
    )


def find_book(session: Session, organisation_id: UUID, contract_id: UUID) -> int | None:
    """Return the number of the book in which the organisation's own contract stands, None without one."""
    wanted = select(CarbonContractRow.book_id).where(
        CarbonContractRow.organisation_id == organisation_id, CarbonContractRow.contract_id == contract_id
    )
    return session.scalar(wanted)


def find_visible(session: Session, organisation_id: UUID, contract_id: UUID) -> tuple[int, UUID] | None:
    """Return (book number, its organisation) of a contract that the organisation owns or lends on, None without one.

    A wording that its house has not agreed to is no contract yet for a lender.
    """
    contract = CarbonContractRow
    wanted = select(contract.book_id, contract.organisation_id).where(
        contract.contract_id == contract_id,
        or_(
            contract.organisation_id == organisation_id,
            and_(contract.lender_organisation_id == organisation_id, _is_agreed()),
        ),
    )
    row = session.execute(wanted).first()
    return None if row is None else (row.book_id, row.organisation_id)


def find(session: Session, book_id: int, contract_id: UUID, book_uuid: UUID) -> ContractRecord | None:
    """Return the book's contract with every fact about it, None without one."""
    wanted = select(CarbonContractRow).where(
        CarbonContractRow.book_id == book_id, CarbonContractRow.contract_id == contract_id
    )
    found = _load(session, book_id, book_uuid, tuple(session.scalars(wanted)))
    return found[0] if found else None


def list_lent_on(
    session: Session, lender_id: UUID, *, after: UUID | None = None, limit: int
) -> tuple[tuple[int, UUID], ...]:
    """Return (book number, contract id) of the contracts on which an organisation lends, by id, from ``after`` (exclusive) on.

    A wording that its house has not agreed to is no contract yet: it is left out.
    """
    contract = CarbonContractRow
    wanted = select(contract.book_id, contract.contract_id).where(
        contract.lender_organisation_id == lender_id, _is_agreed()
    )
    if after is not None:
        wanted = wanted.where(contract.contract_id > after)
    found = session.execute(wanted.order_by(contract.contract_id).limit(limit))
    return tuple((row.book_id, row.contract_id) for row in found)


def _is_agreed() -> Exists:
    contract, decision = CarbonContractRow, CarbonContractDecisionRow
    return exists().where(
        decision.book_id == contract.book_id,
        decision.contract_id == contract.contract_id,
        decision.what == "approved",
    )


def find_some(
    session: Session, book_id: int, contract_ids: Sequence[UUID], book_uuid: UUID
) -> tuple[ContractRecord, ...]:
    """Return those of a book's contracts that are there, with every fact about them."""
    return _load(session, book_id, book_uuid, tuple(_of(session, CarbonContractRow, book_id, contract_ids)))


def entries_of(session: Session, record: ContractRecord) -> dict[int, UUID]:
    """Return the id of the entry that proves each of the contract's facts, by the fact's number."""
    wanted = select(CarbonContractEventRow.number, CarbonContractEventRow.entry_id).where(
        CarbonContractEventRow.book_id == record.book_id, CarbonContractEventRow.contract_id == record.contract_id
    )
    return {row.number: row.entry_id for row in session.execute(wanted)}


def list_contracts(
    session: Session, book_id: int, book_uuid: UUID, *, after: int = 0, limit: int | None = None
) -> tuple[ContractRecord, ...]:
    """Return the book's contracts by number, from ``after`` (exclusive) on, at most ``limit``."""
    wanted = (
        select(CarbonContractRow)
        .where(CarbonContractRow.book_id == book_id, CarbonContractRow.number > after)
        .order_by(CarbonContractRow.number)
    )
    if limit is not None:
        wanted = wanted.limit(limit)
    return _load(session, book_id, book_uuid, tuple(session.scalars(wanted)))


def _load(
    session: Session, book_id: int, book_uuid: UUID, rows: Sequence[CarbonContractRow]
) -> tuple[ContractRecord, ...]:
    ids = [row.contract_id for row in rows]
    kinds = {row.contract_id: ContractKind(row.kind) for row in rows}
    decisions = {
        (row.contract_id, row.version): Decision(
            is_approved=row.what == "approved", actor_id=row.actor_id, reason=row.reason, recorded_at=row.recorded_at
        )
        for row in _of(session, CarbonContractDecisionRow, book_id, ids)
    }
    versions: dict[UUID, list[Version]] = {}
    for row in _of(session, CarbonContractVersionRow, book_id, ids):
        versions.setdefault(row.contract_id, []).append(
            Version(
                version=row.version,
                terms=_terms(row, kinds[row.contract_id]),
                sha256=row.sha256,
                maker_id=row.maker_id,
                made_at=row.made_at,
                decision=decisions.get((row.contract_id, row.version)),
            )
        )
    events: dict[UUID, list[Event]] = {}
    for row in _of(session, CarbonContractEventRow, book_id, ids):
        events.setdefault(row.contract_id, []).append(_event(row))
    return tuple(
        ContractRecord(
            contract_id=row.contract_id,
            book_id=book_id,
            book_uuid=book_uuid,
            number=row.number,
            versions=tuple(sorted(versions[row.contract_id], key=lambda one: one.version)),
            events=tuple(sorted(events.get(row.contract_id, ()), key=lambda one: one.number)),
        )
        for row in rows
    )


def _of(session: Session, table: Any, book_id: int, ids: Sequence[UUID]) -> Iterable[Any]:
    for start in range(0, len(ids), _IDS_A_QUERY):
        some = ids[start : start + _IDS_A_QUERY]
        yield from session.scalars(select(table).where(table.book_id == book_id, table.contract_id.in_(some)))


def _terms(row: CarbonContractVersionRow, kind: ContractKind) -> ContractTerms:
    if hashlib.sha256(row.content.encode()).hexdigest() != row.sha256:
        raise Conflict(
            "contract.altered",
            "contract: its stored bytes do not give its digest; restore it from a backup and find out who changed it",
            contract_id=str(row.contract_id),
        )
    return terms_of(kind, json.loads(row.content))


def _event(row: CarbonContractEventRow) -> Event:
    return Event(
        number=row.number,
        what=EventKind(row.what),
        version=row.version,
        happened_on=row.happened_on,
        actor_id=row.actor_id,
        doc_ref=row.doc_ref,
        link=row.link,
        recorded_at=row.recorded_at,
        figures={name: int(change) for name, change in row.figures.items()},
        refs=dict(row.refs),
    )
