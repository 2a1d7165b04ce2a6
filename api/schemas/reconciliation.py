"""What enters and leaves about reconciliation: proposals, breaks, matches and balance assertions.

Amounts are decimal strings, positive where the account holds more. What matches is the ledger's decision.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas.amounts import AmountOut, Units
from api.schemas.base import Array, Schema
from api.schemas.books import AccountPath
from api.schemas.fields import DateString, DecimalString, InstantString, Text, UuidString
from api.schemas.statement_sources import FactOut, PostingPlace
from ledger.core.reconciliation import RULE_TEXT, MatchRule, OpenLine, OpenPosting, PostingKey
from ledger.core.reconciliation_breaks import Break
from ledger.reconciliation import (
    MAX_MATCHES,
    MAX_MEMBERS,
    AccountReconciliation,
    MatchDraft,
    Reconciliation,
    ReconciliationPoint,
)
from ledger.store.reconciliation import BalanceCheck, MatchSides, RecordedAssertion, RecordedMatch

_LARGEST = 10**15
LineNumber = Annotated[
    int, Field(ge=1, le=_LARGEST, examples=[1], description="A statement line's number in the book.")
]
Note = Annotated[str, Field(max_length=400, examples=["settled with the fee"])]


class ReconciliationPointOut(Schema):
    """What a reconciliation is of: sending all three again gives the same for ever."""

    as_of: DateString
    known: Annotated[int, Field(description="The first this many entries of the book.")]
    facts: Annotated[int, Field(description="The first this many reconciliation facts of the book.")]

    @classmethod
    def of(cls, point: ReconciliationPoint) -> ReconciliationPointOut:
        """Return the shape of ``point``."""
        return cls(as_of=point.as_of, known=point.known, facts=point.facts)


class OpenLineOut(Schema):
    """The statement's side."""

    line: int
    booked_on: DateString
    value_on: DateString | None
    reference: str
    counterparty: str
    amount: AmountOut

    @classmethod
    def from_core(cls, line: OpenLine, commodity: str, units: Units) -> OpenLineOut:
        """Return the shape of ``line``."""
        return cls(
            line=line.line_no,
            booked_on=line.booked_on,
            value_on=line.value_on,
            reference=line.reference,
            counterparty=line.counterparty,
            amount=units.amount(line.amount, commodity),
        )


class OpenPostingOut(Schema):
    """The book's side, the amount on the account's normal side."""

    seq: int
    line: int
    entry_id: UuidString
    effective_on: DateString
    reference: str
    amount: AmountOut

    @classmethod
    def from_core(cls, posting: OpenPosting, commodity: str, units: Units) -> OpenPostingOut:
        """Return the shape of ``posting``."""
        return cls(
            seq=posting.seq,
            line=posting.line,
            entry_id=posting.entry_id,
            effective_on=posting.effective_on,
            reference=posting.reference,
            amount=units.amount(posting.amount, commodity),
        )


class CandidateOut(Schema):
    """Lines and postings that belong together by a rule, or that fit in several ways."""

    rule: str
    why: Annotated[str, Field(description="The rule in English.")]
    why_zh: Annotated[str, Field(description="The rule in Chinese.")]
    lines: Array[int]
    postings: Array[PostingPlace]
    gap_days: Annotated[
        int | None, Field(description="The widest gap between a line and a posting; null when ambiguous.")
    ]

    @classmethod
    def of(
        cls, rule: MatchRule, lines: tuple[int, ...], postings: tuple[PostingKey, ...], gap_days: int | None
    ) -> CandidateOut:
        """Return the shape of a proposal, or of an ambiguity when ``gap_days`` is None."""
        english, chinese = RULE_TEXT[rule]
        return cls(
            rule=rule.value,
            why=english,
            why_zh=chinese,
            lines=lines,
            postings=tuple(PostingPlace.from_core(key) for key in postings),
            gap_days=gap_days,
        )


class AccountProposalsOut(Schema):
    """What belongs together on one account, what could in several ways, and all that is open."""

    source: str
    account: str
    commodity: str
    matched_lines: int
    proposals: Array[CandidateOut]
    ambiguous: Array[CandidateOut]
    is_search_complete: Annotated[bool, Field(description="Whether every sum within the limits was tried.")]
    open_lines: Array[OpenLineOut]
    open_postings: Array[OpenPostingOut]

    @classmethod
    def from_core(cls, account: AccountReconciliation, units: Units) -> AccountProposalsOut:
        """Return the shape of ``account``'s matching."""
        matching, code = account.matching, account.commodity
        return cls(
            source=account.source,
            account=account.account,
            commodity=code,
            matched_lines=account.matched_lines,
            proposals=tuple(
                CandidateOut.of(one.rule, one.lines, one.postings, one.gap_days) for one in matching.proposals
            ),
            ambiguous=tuple(CandidateOut.of(one.rule, one.lines, one.postings, None) for one in matching.ambiguities),
            is_search_complete=matching.is_search_complete,
            open_lines=tuple(OpenLineOut.from_core(one, code, units) for one in account.lines),
            open_postings=tuple(OpenPostingOut.from_core(one, code, units) for one in account.postings),
        )


class ProposalsOut(ReconciliationPointOut):
    """What a person may confirm; nothing is matched or posted by asking."""

    accounts: Array[AccountProposalsOut]

    @classmethod
    def from_core(cls, found: Reconciliation, units: Units) -> ProposalsOut:
        """Return the shape of ``found``."""
        point = ReconciliationPointOut.of(found.point)
        return cls(
            as_of=point.as_of,
            known=point.known,
            facts=point.facts,
            accounts=tuple(AccountProposalsOut.from_core(one, units) for one in found.accounts),
        )


class BreakOut(Schema):
    """One disagreement with both sides, as far as they exist, and its age."""

    kind: str
    line: OpenLineOut | None
    posting: OpenPostingOut | None
    difference: Annotated[AmountOut, Field(description="The statement's figure less the book's.")]
    age_days: int
    proposed: Annotated[str | None, Field(description="The rule by which a match waits for a person.")]
    is_ambiguous: bool

    @classmethod
    def from_core(cls, one: Break, commodity: str, units: Units) -> BreakOut:
        """Return the shape of a break."""
        return cls(
            kind=one.kind.value,
            line=None if one.line is None else OpenLineOut.from_core(one.line, commodity, units),
            posting=None if one.posting is None else OpenPostingOut.from_core(one.posting, commodity, units),
            difference=units.amount(one.difference, commodity),
            age_days=one.age_days,
            proposed=None if one.proposed is None else one.proposed.value,
            is_ambiguous=one.is_ambiguous,
        )


class BalanceComparedOut(Schema):
    """The statement's last balance beside the book's, and what explains their difference."""

    day: DateString
    statement: AmountOut
    book: AmountOut
    difference: AmountOut
    lines_without_entry: AmountOut
    entries_without_line: AmountOut
    unexplained: AmountOut
    age_days: int


class FailedAssertionOut(Schema):
    """A standing assertion that the book does not meet at this point."""

    assertion: int
    as_of: DateString
    source: str
    expected: AmountOut
    actual: AmountOut
    difference: AmountOut


class AccountBreaksOut(Schema):
    """What does not agree on one account."""

    source: str
    account: str
    commodity: str
    covered_from: Annotated[DateString | None, Field(description="The statements' first day; null without any line.")]
    matched_lines: int
    breaks: Array[BreakOut]
    balance_differs: BalanceComparedOut | None
    failed_assertions: Array[FailedAssertionOut]

    @classmethod
    def from_core(cls, account: AccountReconciliation, units: Units) -> AccountBreaksOut:
        """Return the shape of ``account``'s breaks."""
        code = account.commodity
        return cls(
            source=account.source,
            account=account.account,
            commodity=code,
            covered_from=account.covered_from,
            matched_lines=account.matched_lines,
            breaks=tuple(BreakOut.from_core(one, code, units) for one in account.breaks),
            balance_differs=_balance(account, units),
            failed_assertions=tuple(
                FailedAssertionOut(
                    assertion=one.fact.fact_no,
                    as_of=one.as_of,
                    source=one.source,
                    expected=units.amount(one.expected, code),
                    actual=units.amount(actual, code),
                    difference=units.amount(one.expected - actual, code),
                )
                for one, actual in account.failed
            ),
        )


class BreaksOut(ReconciliationPointOut):
    """Every break at the point, the oldest first on each account."""

    accounts: Array[AccountBreaksOut]

    @classmethod
    def from_core(cls, found: Reconciliation, units: Units) -> BreaksOut:
        """Return the shape of ``found``."""
        point = ReconciliationPointOut.of(found.point)
        return cls(
            as_of=point.as_of,
            known=point.known,
            facts=point.facts,
            accounts=tuple(AccountBreaksOut.from_core(one, units) for one in found.accounts),
        )


class MatchIn(Schema):
    """Lines and postings of one account that belong together; lines alone when they cancel each other."""

    lines: Annotated[Array[LineNumber], Field(min_length=1, max_length=MAX_MEMBERS)]
    postings: Annotated[Array[PostingPlace], Field(max_length=MAX_MEMBERS)] = ()
    note: Note = ""

    def to_core(self) -> MatchDraft:
        """Return the ledger's draft."""
        return MatchDraft(
            lines=self.lines, postings=tuple((one.seq, one.line) for one in self.postings), note=self.note
        )


class MatchesIn(Schema):
    """Matches to record, all or none, as proposed for the day."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"as_of": "2026-10-31", "matches": [{"lines": [1], "postings": [{"seq": 12, "line": 1}]}]}]
        }
    )

    as_of: DateString
    matches: Annotated[Array[MatchIn], Field(min_length=1, max_length=MAX_MATCHES)]


class MatchOut(Schema):
    """A match on record, and its undoing if it was taken back."""

    match: int
    rule: str
    why: str
    why_zh: str
    note: str
    lines: Array[int]
    postings: Array[PostingPlace]
    account: Annotated[str, Field(description="The account that lines and postings are of.")]
    statement: Annotated[Array[OpenLineOut], Field(description="The lines as the statement has them.")]
    book: Annotated[Array[OpenPostingOut], Field(description="The postings as the book has them.")]
    recorded: FactOut
    undone: FactOut | None
    undo_reason: str

    @classmethod
    def from_core(cls, match: RecordedMatch, sides: MatchSides, units: Units) -> MatchOut:
        """Return the shape of ``match`` with what it joins."""
        english, chinese = RULE_TEXT[match.rule]
        return cls(
            match=match.fact.fact_no,
            rule=match.rule.value,
            why=english,
            why_zh=chinese,
            note=match.note,
            lines=match.lines,
            postings=tuple(PostingPlace.from_core(key) for key in match.postings),
            account=sides.account,
            statement=tuple(OpenLineOut.from_core(one, sides.commodity, units) for one in sides.lines),
            book=tuple(OpenPostingOut.from_core(one, sides.commodity, units) for one in sides.postings),
            recorded=FactOut.from_core(match.fact),
            undone=None if match.undone is None else FactOut.from_core(match.undone),
            undo_reason=match.undo_reason,
        )


class MatchesOut(Schema):
    """Matches in recording order."""

    matches: Array[MatchOut]
    next_after: Annotated[int | None, Field(description="Send it as after to read on; null on the last page.")]


class UndoIn(Schema):
    """Why a match is taken back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "the fee belongs to another payment"}]})

    reason: Text


class BalanceAssertionIn(Schema):
    """What an account must hold at the close of a day, on its normal side, and who says so."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "account": "Assets:Bank:CNY",
                    "as_of": "2026-10-31",
                    "expected": "1250000.00",
                    "source": "bank statement October 2026",
                }
            ]
        }
    )

    account: AccountPath
    as_of: DateString
    expected: DecimalString
    source: Text


class BalanceCheckIn(Schema):
    """Which standing assertions to check anew: those for days up to ``until``, of one account or of all."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"until": "2026-10-31"}]})

    until: DateString
    account: AccountPath | None = None


class BalanceCheckOut(Schema):
    """One check: what the book held, by how many entries, and the verdict."""

    verdict: str
    actual: AmountOut
    difference: Annotated[AmountOut, Field(description="Expected less actual.")]
    checked_at: InstantString
    checked_by: UuidString
    known: Annotated[int, Field(description="Entries the book had.")]

    @classmethod
    def from_core(cls, check: BalanceCheck, commodity: str, units: Units) -> BalanceCheckOut:
        """Return the shape of ``check``."""
        return cls(
            verdict=check.verdict.value,
            actual=units.amount(check.actual, commodity),
            difference=units.amount(check.difference, commodity),
            checked_at=check.fact.recorded_at,
            checked_by=check.fact.actor.user_id,
            known=check.fact.known_seq,
        )


class BalanceAssertionOut(Schema):
    """An assertion with its checks, the newest last."""

    assertion: int
    account: str
    commodity: str
    as_of: DateString
    expected: AmountOut
    source: str
    recorded: FactOut
    verdict: Annotated[str, Field(description="Of the newest check: ok or failed.")]
    checks: Array[BalanceCheckOut]

    @classmethod
    def from_core(cls, one: RecordedAssertion, units: Units) -> BalanceAssertionOut:
        """Return the shape of an assertion; every recorded one has been checked at least once."""
        return cls(
            assertion=one.fact.fact_no,
            account=one.account,
            commodity=one.commodity,
            as_of=one.as_of,
            expected=units.amount(one.expected, one.commodity),
            source=one.source,
            recorded=FactOut.from_core(one.fact),
            verdict=one.checks[-1].verdict.value,
            checks=tuple(BalanceCheckOut.from_core(check, one.commodity, units) for check in one.checks),
        )


class BalanceAssertionsOut(Schema):
    """Balance assertions, oldest first."""

    assertions: Array[BalanceAssertionOut]


def _balance(account: AccountReconciliation, units: Units) -> BalanceComparedOut | None:
    found, code = account.balance_break, account.commodity
    if found is None:
        return None
    return BalanceComparedOut(
        day=found.balance.day,
        statement=units.amount(found.balance.statement, code),
        book=units.amount(found.balance.book, code),
        difference=units.amount(found.difference, code),
        lines_without_entry=units.amount(found.lines_without_entry, code),
        entries_without_line=units.amount(found.entries_without_line, code),
        unexplained=units.amount(found.unexplained, code),
        age_days=found.age_days,
    )
