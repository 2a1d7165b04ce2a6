"""Carbon-finance contracts: worded by one person, agreed by another, amended by both; and as they stand.

Joins the caller's transaction and commits nothing. The steps of an agreed contract are ``carbon_contract_steps``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from finance.conventions.approvals import WaitingKind
from finance.operations import carbon_contract_checks as checks
from finance.operations import trading_desk
from finance.operations.approval_notices import Asked, ask_second_person, end_asking, of_book
from finance.operations.carbon_contract_entries import encumbrances
from finance.operations.trading_desk import Desk
from finance.store import carbon_contracts as store
from finance.store.carbon_contracts import NewVersion
from finance.trading.contracts import kinds, life
from finance.trading.contracts.kinds import ContractTerms
from finance.trading.contracts.life import ContractRecord, ContractState, Decision
from finance.trading.contracts.pledge_loan import PledgeLoanTerms
from finance.trading.orders import digest_of
from ledger import operations as ledger
from ledger.core.errors import Conflict, Forbidden, NotFound
from ledger.core.journal import EntryKind, JournalDraft
from ledger.store.holds_report import HoldView


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A contract as it stands today, with what the ledger sets aside for it."""

    record: ContractRecord
    state: ContractState
    today: date
    holds: tuple[HoldView, ...]

    @property
    def encumbered_t(self) -> int:
        """Return the tonnes that are still set aside."""
        return sum(hold.remaining for hold in self.holds)


def propose_contract(desk: Desk, contract_id: UUID, terms: ContractTerms) -> Shown:
    """Word a contract; nothing moves before another person agrees and it is opened. The same again changes nothing."""
    desk.lock()
    content, sha256 = digest_of(terms.document(contract_id, desk.book.book_uuid, 1))
    if store.is_id_taken(desk.session, contract_id):
        standing = store.find(desk.session, desk.book.book_id, contract_id, desk.book.book_uuid)
        first = None if standing is None else standing.versions[0]
        if standing is None or first is None or (first.sha256, first.maker_id) != (sha256, desk.actor.user_id):
            raise Conflict("contract.id_taken", "contract_id: something else stands under it; propose under a new id")
        return show(desk, standing)
    checks.check_terms(desk, terms)
    store.save_contract(
        desk.session,
        desk.book.book_id,
        contract_id,
        organisation_id=desk.book.tenant_id,
        kind=terms.KIND,
        number=store.next_number(desk.session, desk.book.book_id),
        lender_organisation_id=_lender(terms),
    )
    _save_version(desk, contract_id, 1, content, sha256)
    return show_contract(desk, contract_id)


def amend_contract(desk: Desk, contract_id: UUID, terms: ContractTerms) -> Shown:
    """Word a further version; the one in force holds until another person agrees to it.

    Kind, counterparty and lender never change; once opened only what has not moved yet (``contract.amendment`` names it).
    """
    shown = load_contract(desk, contract_id)
    record, latest = shown.record, shown.record.latest
    if latest.decision is None:
        raise Conflict("contract.pending", "contract: a version waits for its approval; decide that one first")
    if shown.state not in _AMENDABLE:
        raise state_refused(shown, "before its end")
    _check_amendment(record, terms)
    checks.check_terms(desk, terms)
    version = latest.version + 1
    content, sha256 = digest_of(terms.document(contract_id, desk.book.book_uuid, version))
    _save_version(desk, contract_id, version, content, sha256)
    return show_contract(desk, contract_id)


def decide_contract(desk: Desk, contract_id: UUID, *, is_approved: bool, sha256: str, reason: str = "") -> Shown:
    """Agree to or reject the version that waits, as another person than its maker, bound to the digest that was read."""
    shown = load_contract(desk, contract_id)
    version = shown.record.latest
    if version.decision is not None or shown.state in _OVER:
        raise Conflict("contract.decided", "contract: no version waits for a decision; amend it to word another")
    if sha256 != version.sha256:
        raise Conflict("contract.digest", "sha256: expected the digest of the version that waits; read it again")
    if desk.actor.user_id == version.maker_id:
        raise Forbidden("contract.same_person", "expected another person than the maker; ask a colleague")
    if not is_approved:
        trading_desk.check_reason(reason)
    elif version.version > 1:
        _check_amendment(shown.record, version.terms)  # again: steps may have been taken since it was worded
    decision = Decision(is_approved=is_approved, actor_id=desk.actor.user_id, reason=reason, recorded_at=desk.now)
    proof = _leaf(desk, contract_id, version.sha256, "approved" if is_approved else "rejected")
    store.save_decision(desk.session, shown.record, version, decision, proof)
    end_asking(desk.session, _asked(desk, contract_id), now=desk.now)
    return show_contract(desk, contract_id)


def load_contract(desk: Desk, contract_id: UUID) -> Shown:
    """Return the book's contract under the book's lock."""
    desk.lock()
    return show_contract(desk, contract_id)


def show_contract(desk: Desk, contract_id: UUID) -> Shown:
    """Return the book's contract as it stands; without one it is ``carbon_contract.not_found``."""
    found = store.find(desk.session, desk.book.book_id, contract_id, desk.book.book_uuid)
    if found is None:
        raise NotFound("carbon_contract.not_found", "the carbon_contract does not exist, or not for you")
    return show(desk, found)


def show(desk: Desk, record: ContractRecord) -> Shown:
    """Return a record with its state today and its holds."""
    return show_all(desk, (record,))[0]


def show_all(desk: Desk, records: tuple[ContractRecord, ...]) -> tuple[Shown, ...]:
    """Return records with their states today and their holds."""
    today, holds = checks.today(desk), encumbrances(desk, records)
    return tuple(
        Shown(
            record=record,
            state=life.state_of(
                record, on=today, encumbered_t=sum(hold.remaining for hold in holds[record.contract_id])
            ),
            today=today,
            holds=holds[record.contract_id],
        )
        for record in records
    )


_AMENDABLE = life.RUNNING | {ContractState.PROPOSED, ContractState.REJECTED, ContractState.AGREED}
_OVER = frozenset(
    {
        ContractState.REPAID,
        ContractState.SETTLED,
        ContractState.CLOSED_EARLY,
        ContractState.DEFAULTED,
        ContractState.CANCELLED,
    }
)


def _check_amendment(record: ContractRecord, terms: ContractTerms) -> None:
    """Refuse another kind, the same terms, another party, and once opened a change of what has moved."""
    in_force, standing = record.in_force, record.standing()
    changed = kinds.changed_terms(in_force.terms, terms) if terms.KIND is record.kind else ()
    if not changed:
        raise Conflict("contract.unchanged", "terms: expected the same kind and at least one term that differs")
    fixed = {"counterparty_id", "lender_organisation_id"} & set(changed)
    if standing is not None:
        fixed = set(changed) - in_force.terms.FREE_WHEN_OPEN
    if fixed:
        names = ", ".join(sorted(fixed))
        raise Conflict("contract.amendment", f"{names}: cannot change any more; end the contract and agree a new one")
    last = kinds.last_day(terms)
    if standing is not None and last != kinds.last_day(in_force.terms) and last < standing.latest_on:
        raise Conflict(
            "contract.ends_before_step", f"ends_on: expected {standing.latest_on} or later, its latest step's day"
        )


def _save_version(desk: Desk, contract_id: UUID, version: int, content: str, sha256: str) -> None:
    new = NewVersion(
        version=version,
        content=content,
        sha256=sha256,
        maker_id=desk.actor.user_id,
        made_at=desk.now,
        entry_id=_leaf(desk, contract_id, sha256, "proposed"),
    )
    store.save_version(desk.session, desk.book.book_id, contract_id, new)
    said = f"{desk.book.code} v{version}"
    ask_second_person(desk.session, _asked(desk, contract_id), said=said, maker_id=desk.actor.user_id, now=desk.now)


def _asked(desk: Desk, contract_id: UUID) -> Asked:
    return of_book(desk.session, WaitingKind.CARBON_CONTRACT, desk.book.book_id, contract_id)


def _leaf(desk: Desk, contract_id: UUID, sha256: str, event: str) -> UUID:
    """Put a word about a version on record in the book's tree; return the entry's id."""
    entry_id = desk.new_id()
    attrs = {"event": event, "subject": "carbon_contract", "subject_id": str(contract_id), "digest": sha256}
    draft = JournalDraft(
        entry_id=entry_id,
        kind=EntryKind.RECORD,
        effective_on=checks.today(desk),
        actor=desk.actor,
        attrs=attrs,
    )
    ledger.post_entry(desk.session, desk.book.book_id, draft, now=desk.now, random_bytes=desk.random_bytes)
    return entry_id


def _lender(terms: ContractTerms) -> UUID | None:
    return terms.lender_organisation_id if isinstance(terms, PledgeLoanTerms) else None


def state_refused(shown: Shown, expected: str) -> Conflict:
    """Return the refusal of a step that this state does not allow."""
    return Conflict(
        "contract.state", f"contract: expected one {expected}, this one is {shown.state}", state=shown.state.value
    )
