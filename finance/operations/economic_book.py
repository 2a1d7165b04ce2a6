"""The economic book of a statutory one: opened once, brought to a snapshot's marks, and under IFRS to its emissions provision.

Each revaluation reverses the one before, so the memo always says what the last snapshot says and the statutory book never moves.
Joins the caller's transaction and commits nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import rfc8785
from sqlalchemy.orm import Session

from finance.accounting.chart import BOOK_CURRENCY, ChartAccount
from finance.accounting.economic_book import (
    Revaluation,
    grant_drafts,
    provision_accounts,
    provision_draft,
    revaluation_accounts,
    revaluation_draft,
    total_unrealised,
)
from finance.accounting.ifrs import (
    DEFERRED_ACCOUNT,
    GRANTED_ASSET,
    PROVISION_ACCOUNT,
    ObligationFacts,
    Provision,
    ProvisionMovement,
    movement_of,
    provision_of,
)
from finance.accounting.policies import Standard
from finance.market.snapshots import Snapshot
from finance.market.valuation import ValuedLot
from finance.operations.valuations import value_book
from finance.store import economic_books
from finance.store.accounting_policies import policy_in_force
from finance.store.economic_books import EconomicRun, RunKind
from ledger import operations as ledger
from ledger.core.errors import Conflict, NotFound
from ledger.core.journal import EntryKind, JournalDraft
from ledger.core.parties import Actor
from ledger.operations import RandomBytes
from ledger.store import books, journal, reports
from ledger.store.books import Book

NewId = Callable[[], UUID]
_LONGEST_CODE = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class RevaluationOutcome:
    """What the economic book was brought to; ``is_replay`` when the same basis was booked before."""

    run: EconomicRun
    found: tuple[Revaluation, ...]
    is_replay: bool

    @property
    def unrealised_fen(self) -> int:
        """Return worth less cost of everything valued."""
        return total_unrealised(self.found)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionOutcome:
    """The provision at a day, how it moved since the last run, and the run."""

    provision: Provision
    movement: ProvisionMovement
    run: EconomicRun
    is_replay: bool


def open_economic_book(session: Session, book: Book, economic_uuid: UUID, *, actor: Actor, now: datetime) -> int:
    """Open the book's economic memo under the id given and return its number; the same again changes nothing.

    Its code is the book's with ``-economic``. A second memo is ``economic.exists``, one of a memo ``economic.of_economic``.
    """
    journal.lock_book(session, book.book_id)
    if economic_books.is_economic(session, book.book_id):
        raise Conflict("economic.of_economic", "book: expected a statutory book, this one is an economic memo itself")
    standing = economic_books.economic_book_of(session, book.book_id)
    if standing is not None:
        head = journal.load_head(session, standing)
        if head.book_uuid != economic_uuid:
            raise Conflict("economic.exists", "book: it has its economic book already; read it by its own id")
        return standing
    if book.functional_currency != BOOK_CURRENCY:
        raise Conflict("economic.book_currency", f"book: expected a book kept in {BOOK_CURRENCY}", book=book.code)
    opened = ledger.open_book(
        session,
        book_uuid=economic_uuid,
        tenant_id=book.tenant_id,
        code=f"{book.code[: _LONGEST_CODE - len('-economic')]}-economic",
        functional_currency=BOOK_CURRENCY,
        now=now,
    )
    economic_books.save_economic_book(session, book.book_id, opened, by=actor.user_id, at=now)
    return opened


def revalue(
    session: Session,
    book: Book,
    snapshot: Snapshot,
    *,
    actor: Actor,
    now: datetime,
    new_id: NewId,
    random_bytes: RandomBytes,
) -> RevaluationOutcome:
    """Bring the economic book to the worth of the statutory book's lots by ``snapshot``; return what was found and posted.

    The entries of the revaluation before are reversed on the snapshot's day, then each instrument's difference is posted. The same
    snapshot and holdings again change nothing; a snapshot of an earlier day than the last is ``economic.backdated``. Lots without
    a usable price are told, not booked.
    """
    economic_id = _need_economic(session, book.book_id)
    for locked in sorted((book.book_id, economic_id)):
        journal.lock_book(session, locked)
    valued = value_book(session, book.book_id, snapshot, as_of=snapshot.as_of)
    found = _revaluations(valued.valuation.lots)
    basis = _sha256({"snapshot": snapshot.sha256, "found": [_found(each) for each in found]})
    runs = economic_books.list_runs(session, book.book_id, RunKind.REVALUATION)
    last = runs[-1] if runs else None
    if last is not None and last.basis_sha256 == basis and last.as_of == snapshot.as_of:
        return RevaluationOutcome(run=last, found=found, is_replay=True)
    _check_forward(last, snapshot.as_of)
    attrs = {
        "snapshot_id": snapshot.id,
        "snapshot_sha256": snapshot.sha256,
        "statutory_root_sha256": valued.record.root.hex(),
    }
    reversals = _reversals(last, on=snapshot.as_of, new_id=new_id, actor=actor)
    drafts = []
    for each in found:
        _open(session, economic_id, revaluation_accounts(each.instrument), snapshot.as_of)
        draft = revaluation_draft(each, on=snapshot.as_of, entry_id=new_id(), actor=actor, attrs=attrs)
        drafts += [] if draft is None else [draft]
    _post(session, economic_id, [*reversals, *drafts], now=now, random_bytes=random_bytes)
    run = EconomicRun(
        what=RunKind.REVALUATION,
        run_no=len(runs) + 1,
        as_of=snapshot.as_of,
        snapshot_id=UUID(snapshot.id),
        known_seq=valued.record.seq,
        basis_sha256=basis,
        document={"found": [_found(each) for each in found], "entries": [str(draft.entry_id) for draft in drafts]},
        recorded_by=actor.user_id,
        recorded_at=now,
    )
    economic_books.save_run(session, book.book_id, run)
    return RevaluationOutcome(run=run, found=found, is_replay=False)


def provide(
    session: Session,
    book: Book,
    facts: ObligationFacts,
    *,
    as_of: date,
    snapshot_id: UUID | None,
    actor: Actor,
    now: datetime,
    new_id: NewId,
    random_bytes: RandomBytes,
) -> ProvisionOutcome:
    """Bring the economic book to the emissions provision of a day under the book's policy; return it with its movement.

    The same facts again change nothing. A policy without a provision
    is ``provision.standard``.
    """
    economic_id = _need_economic(session, book.book_id)
    for locked in sorted((book.book_id, economic_id)):
        journal.lock_book(session, locked)
    standard = policy_in_force(session, book.book_id, as_of).standard
    provision = provision_of(facts, standard)
    runs = economic_books.list_runs(session, book.book_id, RunKind.PROVISION)
    last = runs[-1] if runs else None
    basis = _sha256({"as_of": as_of.isoformat(), "standard": standard.value, "facts": _facts(facts)})
    if last is not None and last.basis_sha256 == basis:
        document = last.document
        movement = ProvisionMovement(**{name: int(document["movement"][name]) for name in _MOVEMENT})
        return ProvisionOutcome(provision=provision, movement=movement, run=last, is_replay=True)
    _check_forward(last, as_of)
    _open(session, economic_id, provision_accounts(), as_of)
    held = {
        path: _balance(session, economic_id, path, as_of)
        for path in (PROVISION_ACCOUNT, GRANTED_ASSET, DEFERRED_ACCOUNT)
    }
    movement = movement_of(
        opening_fen=held[PROVISION_ACCOUNT], used_fen=facts.used_fen, closing_fen=provision.provision_fen
    )
    drafts = _provision_drafts(provision, facts, held, on=as_of, new_id=new_id, actor=actor, basis=basis)
    _post(session, economic_id, drafts, now=now, random_bytes=random_bytes)
    run = EconomicRun(
        what=RunKind.PROVISION,
        run_no=len(runs) + 1,
        as_of=as_of,
        snapshot_id=snapshot_id,
        known_seq=journal.load_head(session, book.book_id).tree_size,
        basis_sha256=basis,
        document={
            "standard": standard.value,
            "facts": _facts(facts),
            "movement": {name: str(getattr(movement, name)) for name in _MOVEMENT},
            "entries": [str(draft.entry_id) for draft in drafts],
        },
        recorded_by=actor.user_id,
        recorded_at=now,
    )
    economic_books.save_run(session, book.book_id, run)
    return ProvisionOutcome(provision=provision, movement=movement, run=run, is_replay=False)


_MOVEMENT = ("opening_fen", "recognised_fen", "used_fen", "released_fen")


def _provision_drafts(
    provision: Provision,
    facts: ObligationFacts,
    held: Mapping[str, int],
    *,
    on: date,
    new_id: NewId,
    actor: Actor,
    basis: str,
) -> list[JournalDraft]:
    attrs = {"standard": provision.standard.value, "basis_sha256": basis}
    change = provision.provision_fen - held[PROVISION_ACCOUNT]
    draft = provision_draft(change, on=on, entry_id=new_id(), actor=actor, attrs=attrs)
    drafts = [] if draft is None else [draft]
    if provision.standard is Standard.IFRS_IAS20:
        drafts += grant_drafts(
            asset_change_fen=facts.grant_fair_value_fen - held[GRANTED_ASSET],
            deferred_change_fen=provision.deferred_fen - held[DEFERRED_ACCOUNT],
            on=on,
            ids=(new_id(), new_id()),
            actor=actor,
            attrs=attrs,
        )
    return drafts


def _revaluations(lots: tuple[ValuedLot, ...]) -> tuple[Revaluation, ...]:
    found: dict[str, list[int]] = {}
    for valued in lots:
        sums = found.setdefault(valued.lot.instrument, [0, 0, 0, 0])
        if valued.market_value_units is None:
            sums[3] += valued.lot.quantity_t
            continue
        sums[0] += valued.lot.quantity_t
        sums[1] += valued.lot.cost_units
        sums[2] += valued.market_value_units
    return tuple(
        Revaluation(instrument=code, quantity_t=tonnes, cost_fen=cost, market_value_fen=worth, unvalued_t=unvalued)
        for code, (tonnes, cost, worth, unvalued) in sorted(found.items())
    )


def _reversals(last: EconomicRun | None, *, on: date, new_id: NewId, actor: Actor) -> list[JournalDraft]:
    entries = () if last is None else last.entries
    return [
        JournalDraft(entry_id=new_id(), kind=EntryKind.REVERSAL, effective_on=on, actor=actor, reverses=entry_id)
        for entry_id in entries
    ]


def _post(
    session: Session, book_id: int, drafts: list[JournalDraft], *, now: datetime, random_bytes: RandomBytes
) -> None:
    for draft in drafts:
        ledger.post_entry(session, book_id, draft, now=now, random_bytes=random_bytes)


def _open(session: Session, book_id: int, lines: tuple[ChartAccount, ...], on: date) -> None:
    standing = books.accounts(session, book_id)
    for line in lines:
        if line.path not in standing:
            ledger.open_account(session, book_id, line.opening(on))


def _balance(session: Session, book_id: int, path: str, on: date) -> int:
    return reports.balance_as_of(session, book_id, path, as_of=on).balance


def _need_economic(session: Session, book_id: int) -> int:
    found = economic_books.economic_book_of(session, book_id)
    if found is None:
        raise NotFound("economic.not_found", "book: it has no economic book yet; open one first")
    return found


def _check_forward(last: EconomicRun | None, as_of: date) -> None:
    if last is not None and as_of < last.as_of:
        raise Conflict(
            "economic.backdated",
            f"as_of: expected {last.as_of} or later, the economic book stands there already",
            field="as_of",
        )


def _found(each: Revaluation) -> dict[str, str]:
    return {
        "instrument": each.instrument,
        "quantity_t": str(each.quantity_t),
        "cost_fen": str(each.cost_fen),
        "market_value_fen": str(each.market_value_fen),
        "unvalued_t": str(each.unvalued_t),
    }


def _facts(facts: ObligationFacts) -> dict[str, str]:
    return {name: str(getattr(facts, name)) for name in ObligationFacts.__slots__}


def _sha256(content: dict[str, Any]) -> str:
    return hashlib.sha256(rfc8785.dumps(content)).hexdigest()
