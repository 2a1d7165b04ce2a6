"""What does not agree between an account and its statement, with both sides and its age; and balance assertions.

Owns which kind of break an open item is. Pure: the day is an argument. Amounts are in the commodity's smallest unit, positive
where the account holds more; a difference is the statement's figure less the book's.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from ledger.core.reconciliation import Matching, MatchRule, OpenLine, OpenPosting, PostingKey, gap_days, standing
from ledger.core.statement_reading import normal_reference


class BreakKind(StrEnum):
    """In what a statement and a book disagree."""

    LINE_WITHOUT_ENTRY = "line_without_entry"
    ENTRY_WITHOUT_LINE = "entry_without_line"
    AMOUNT_DIFFERS = "amount_differs"
    DATE_OUTSIDE_WINDOW = "date_outside_window"
    BALANCE_DIFFERS = "balance_differs"


class Verdict(StrEnum):
    """Whether a balance is what it was asserted to be."""

    OK = "ok"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """One disagreement: the statement's line, the book's posting or both; ``age_days`` counts from the older side to the day asked.

    ``proposed`` names the rule by which a match waits for a person, ``is_ambiguous`` that several fit.
    """

    kind: BreakKind
    line: OpenLine | None
    posting: OpenPosting | None
    difference: int
    age_days: int
    proposed: MatchRule | None = None
    is_ambiguous: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementBalance:
    """The last balance a statement gave by the day asked, and the book's balance at the close of that day."""

    day: date
    statement: int
    book: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceBreak:
    """A statement's balance that is not the book's (余额调节表).

    ``statement - book = lines_without_entry - entries_without_line + unexplained``: what one side has and the other lacks, as of the
    statement's day, and what no open item accounts for. 112.50 against 100.00 with one open line of 12.50 leaves 0 unexplained.
    """

    balance: StatementBalance
    difference: int
    lines_without_entry: int
    entries_without_line: int
    unexplained: int
    age_days: int


class OpenItems(NamedTuple):
    """An account's open lines and postings, and since when its statements cover it."""

    lines: tuple[OpenLine, ...]
    postings: tuple[OpenPosting, ...]
    covered_from: date | None


def item_breaks(items: OpenItems, matching: Matching, *, as_of: date, window_days: int) -> tuple[Break, ...]:
    """Return a break for each open line and posting, or one for the two that plainly belong together but disagree.

    Two that share a reference nothing else has, with other amounts, are ``amount_differs``; with equal amounts too far apart,
    ``date_outside_window``. Postings before the statements begin are no breaks, nor an entry and its reversal, which cancel.
    """
    postings = tuple(
        one
        for one in standing(items.postings)
        if items.covered_from is not None and one.effective_on >= items.covered_from
    )
    told = _Told(matching)
    pairs = _disagreeing_pairs(
        [one for one in items.lines if one.line_no not in told.rule_of_line],
        [one for one in postings if one.key not in told.rule_of_posting],
        window_days,
    )
    paired_lines = {line.line_no for line, _ in pairs}
    paired_postings = {posting.key for _, posting in pairs}
    found = [_pair_break(line, posting, as_of) for line, posting in pairs]
    found += [
        Break(
            kind=BreakKind.LINE_WITHOUT_ENTRY,
            line=line,
            posting=None,
            difference=line.amount,
            age_days=(as_of - line.booked_on).days,
            proposed=told.rule_of_line.get(line.line_no),
            is_ambiguous=line.line_no in told.unclear_lines,
        )
        for line in items.lines
        if line.line_no not in paired_lines
    ]
    found += [
        Break(
            kind=BreakKind.ENTRY_WITHOUT_LINE,
            line=None,
            posting=posting,
            difference=-posting.amount,
            age_days=(as_of - posting.effective_on).days,
            proposed=told.rule_of_posting.get(posting.key),
            is_ambiguous=posting.key in told.unclear_postings,
        )
        for posting in postings
        if posting.key not in paired_postings
    ]
    return tuple(sorted(found, key=_order))


def open_items(
    lines: Sequence[OpenLine],
    postings: Sequence[OpenPosting],
    closed: Iterable[tuple[tuple[int, ...], tuple[PostingKey, ...]]],
    covered_from: date | None,
) -> OpenItems:
    """Return what no match closes. ``closed`` gives each standing match's members.

    A match with a member that is not among ``lines`` and ``postings`` (of a later day, or not yet known) closes nothing.
    """
    numbers, keys = {one.line_no for one in lines}, {one.key for one in postings}
    closing = [(some, others) for some, others in closed if numbers.issuperset(some) and keys.issuperset(others)]
    closed_lines = {number for some, _ in closing for number in some}
    closed_postings = {key for _, others in closing for key in others}
    return OpenItems(
        lines=tuple(one for one in lines if one.line_no not in closed_lines),
        postings=tuple(one for one in postings if one.key not in closed_postings),
        covered_from=covered_from,
    )


def balance_break(items: OpenItems, balance: StatementBalance, *, as_of: date) -> BalanceBreak | None:
    """Return how a statement's balance differs from the book's and what explains it, or None when they are equal.

    ``items`` are those open at the close of the balance's day, from the beginning of the statements.
    """
    difference = balance.statement - balance.book
    if difference == 0:
        return None
    lines = sum(one.amount for one in items.lines)
    entries = sum(
        one.amount
        for one in items.postings
        if items.covered_from is not None and one.effective_on >= items.covered_from
    )
    return BalanceBreak(
        balance=balance,
        difference=difference,
        lines_without_entry=lines,
        entries_without_line=entries,
        unexplained=difference - lines + entries,
        age_days=(as_of - balance.day).days,
    )


def assertion_verdict(*, expected: int, actual: int) -> tuple[Verdict, int]:
    """Return the verdict on a balance and the difference expected - actual; equal to the last unit or failed, no tolerance."""
    difference = expected - actual
    return (Verdict.OK if difference == 0 else Verdict.FAILED), difference


class _Told:
    """What the matching says of each item."""

    def __init__(self, matching: Matching) -> None:
        self.rule_of_line: Mapping[int, MatchRule] = {
            key: proposal.rule for proposal in matching.proposals for key in proposal.lines
        }
        self.rule_of_posting: Mapping[PostingKey, MatchRule] = {
            key: proposal.rule for proposal in matching.proposals for key in proposal.postings
        }
        self.unclear_lines = {key for one in matching.ambiguities for key in one.lines}
        self.unclear_postings = {key for one in matching.ambiguities for key in one.postings}


def _disagreeing_pairs(
    lines: Sequence[OpenLine], postings: Sequence[OpenPosting], window_days: int
) -> list[tuple[OpenLine, OpenPosting]]:
    """Return the pairs whose reference stands once on each side and whose amounts or days disagree."""
    line_uses = Counter(normal_reference(one.reference) for one in lines)
    by_reference: dict[str, list[OpenPosting]] = defaultdict(list)
    for posting in postings:
        by_reference[normal_reference(posting.reference)].append(posting)
    pairs = []
    for line in lines:
        reference = normal_reference(line.reference)
        others = by_reference.get(reference, [])
        if reference and line_uses[reference] == 1 and len(others) == 1:
            other = others[0]
            if line.amount != other.amount or gap_days(line.days, (other.effective_on,)) > window_days:
                pairs.append((line, other))
    return pairs


def _pair_break(line: OpenLine, posting: OpenPosting, as_of: date) -> Break:
    difference = line.amount - posting.amount
    return Break(
        kind=BreakKind.AMOUNT_DIFFERS if difference else BreakKind.DATE_OUTSIDE_WINDOW,
        line=line,
        posting=posting,
        difference=difference,
        age_days=(as_of - min(line.booked_on, posting.effective_on)).days,
    )


def _order(one: Break) -> tuple[int, int, PostingKey]:
    """Return the place of a break: the oldest first, then by line and posting."""
    return -one.age_days, one.line.line_no if one.line else 0, one.posting.key if one.posting else (0, 0)


def without_later(
    lines: Iterable[OpenLine], postings: Iterable[OpenPosting], *, day: date
) -> tuple[tuple[OpenLine, ...], tuple[OpenPosting, ...]]:
    """Return the lines booked and postings effective by ``day``, inclusive."""
    return (
        tuple(one for one in lines if one.booked_on <= day),
        tuple(one for one in postings if one.effective_on <= day),
    )
