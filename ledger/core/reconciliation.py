"""Matches statement lines with the postings of one account: pure, the same for the same input, each match says its rule.

Owns the rules, their order and what is ambiguous. Posts nothing and confirms nothing: a proposal is for a person to judge.
Amounts are in the commodity's smallest unit, positive where the account holds more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import combinations
from math import comb
from types import MappingProxyType
from typing import Generic, NamedTuple, TypeVar
from uuid import UUID

from ledger.core.errors import Invalid
from ledger.core.statement_reading import normal_reference

PostingKey = tuple[int, int]
"""A posting's place in its book: the entry's seq and the leg's line."""


class MatchRule(StrEnum):
    """Why a line and an entry belong together, the strongest first; ``by_hand`` is a person's own judgement."""

    REFERENCE_AMOUNT_DAY = "reference_amount_day"
    REFERENCE_AMOUNT_WINDOW = "reference_amount_window"
    AMOUNT_DAY = "amount_day"
    AMOUNT_WINDOW = "amount_window"
    REFERENCE_SUM = "reference_sum"
    AMOUNT_SUM = "amount_sum"
    BY_HAND = "by_hand"


RULE_TEXT: Mapping[MatchRule, tuple[str, str]] = MappingProxyType(
    {
        MatchRule.REFERENCE_AMOUNT_DAY: ("same reference, amount and day", "编号、金额、日期均相同"),
        MatchRule.REFERENCE_AMOUNT_WINDOW: ("same reference and amount, days within the window", "编号、金额相同且日期在窗口内"),
        MatchRule.AMOUNT_DAY: ("same amount and day, and no other of that amount", "金额、日期相同且唯一"),
        MatchRule.AMOUNT_WINDOW: ("same amount, days within the window, and no other of that amount", "金额相同且唯一、日期在窗口内"),
        MatchRule.REFERENCE_SUM: ("several of one reference sum to the other side's amount", "同一编号的多笔合计等于对方金额"),
        MatchRule.AMOUNT_SUM: ("the only combination within the window that sums to the amount", "窗口内唯一合计相符的组合"),
        MatchRule.BY_HAND: ("matched by a person", "人工勾对"),
    }
)  # fmt: skip
"""Each rule in English and Chinese, for whoever asks why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLine:
    """A statement line without a confirmed match."""

    line_no: int
    booked_on: date
    value_on: date | None
    reference: str
    amount: int
    counterparty: str = ""

    @property
    def days(self) -> tuple[date, ...]:
        """Return the days that may meet an entry's: booked, and value when given."""
        return (self.booked_on,) if self.value_on is None else (self.booked_on, self.value_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPosting:
    """A posting of the account without a confirmed match; ``amount`` on the account's normal side."""

    seq: int
    line: int
    entry_id: UUID
    effective_on: date
    reference: str
    amount: int
    reverses_seq: int | None = None

    @property
    def key(self) -> PostingKey:
        """Return the posting's place in its book."""
        return self.seq, self.line


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchLimits:
    """How far apart days may lie, and how hard sums are searched: parts of a sum, and combinations for one and for all."""

    window_days: int
    most_parts: int = 4
    most_combinations: int = 50_000
    most_combinations_in_all: int = 2_000_000

    def __post_init__(self) -> None:
        """Refuse a window below zero."""
        if self.window_days < 0:
            raise Invalid("reconciliation.window_days", "window_days: expected 0 days or more", field="window_days")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Lines and postings that belong together by ``rule``; their amounts sum to the same. ``gap_days`` is the widest gap."""

    rule: MatchRule
    lines: tuple[int, ...]
    postings: tuple[PostingKey, ...]
    gap_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambiguity:
    """Lines and postings that fit in more than one way by ``rule``: nobody but a person can say which."""

    rule: MatchRule
    lines: tuple[int, ...]
    postings: tuple[PostingKey, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """What belongs together, what could in several ways, and whether the search for sums reached its end."""

    proposals: tuple[Proposal, ...]
    ambiguities: tuple[Ambiguity, ...]
    is_search_complete: bool


Key = TypeVar("Key", bound=Hashable)
_WholeKey = TypeVar("_WholeKey", int, PostingKey)
_PartKey = TypeVar("_PartKey", int, PostingKey)


class _Item(NamedTuple, Generic[Key]):
    """A line or a posting as the search sees it."""

    key: Key
    amount: int
    days: tuple[date, ...]
    reference: str


_Line = _Item[int]
_Posting = _Item[PostingKey]


def match_account(lines: Iterable[OpenLine], postings: Iterable[OpenPosting], *, limits: MatchLimits) -> Matching:
    """Return how the open lines and postings of one account belong together, the strongest rule first.

    One to one: same reference and amount on the same day, then within the window; then same amount alone, on the same day, then
    within the window. An item whose reference stands on the other side is never matched by amount alone. A pair counts only when
    neither side fits another; what fits several ways is ambiguous and stays unmatched. Then sums: all of one reference, and the
    only combination of at most ``most_parts`` within the window. Days compare to the nearer of booked and value day. A line of 95
    with entries of 100 and -5 on its day is one ``amount_sum``. An entry and its reversal, both open, cancel and take no part.
    """
    search = _Search(
        [_Item(one.line_no, one.amount, one.days, normal_reference(one.reference)) for one in lines],
        [
            _Item(one.key, one.amount, (one.effective_on,), normal_reference(one.reference))
            for one in standing(postings)
        ],
        limits,
    )
    for rule, days in (
        (MatchRule.REFERENCE_AMOUNT_DAY, 0),
        (MatchRule.REFERENCE_AMOUNT_WINDOW, limits.window_days),
        (MatchRule.AMOUNT_DAY, 0),
        (MatchRule.AMOUNT_WINDOW, limits.window_days),
    ):
        search.pair(rule, days)
    search.sum_references()
    search.sum_amounts()
    return search.result()


def standing(postings: Iterable[OpenPosting]) -> tuple[OpenPosting, ...]:
    """Return the postings without those of an entry and its reversal that are both open: together they moved nothing.

    The latest reversal counts first: an entry whose reversal was itself reversed stands.
    """
    given = tuple(postings)
    reverses = {one.seq: one.reverses_seq for one in given}
    cancelled: set[int] = set()
    for seq in sorted(reverses, reverse=True):
        target = reverses[seq]
        if target in reverses and not {seq, target} & cancelled:
            cancelled |= {seq, target}
    return tuple(one for one in given if one.seq not in cancelled)


def gap_days(some: Iterable[date], others: Iterable[date]) -> int:
    """Return the days between the nearest of ``some`` and ``others``, never negative."""
    known = tuple(others)
    return min(abs((one - other).days) for one in some for other in known)


@dataclass(slots=True)
class _Search:
    """The search's state: what is still open, and what was found."""

    lines: list[_Line]
    postings: list[_Posting]
    limits: MatchLimits
    proposals: list[Proposal] = field(default_factory=list)
    ambiguities: list[Ambiguity] = field(default_factory=list)
    combinations_left: int = 0
    is_complete: bool = True

    def __post_init__(self) -> None:
        self.lines.sort(key=lambda one: (one.days, one.key))
        self.postings.sort(key=lambda one: (one.days, one.key))
        self.combinations_left = self.limits.most_combinations_in_all

    def pair(self, rule: MatchRule, days: int) -> None:
        """Match lines and postings that fit each other and nothing else; the last rule of each kind notes what fits several."""
        by_reference = rule in {MatchRule.REFERENCE_AMOUNT_DAY, MatchRule.REFERENCE_AMOUNT_WINDOW}
        is_last = rule in {MatchRule.REFERENCE_AMOUNT_WINDOW, MatchRule.AMOUNT_WINDOW}
        lines, postings = (self.lines, self.postings) if by_reference else self._unbound()
        found: dict[object, list[_Posting]] = defaultdict(list)
        for posting in postings:
            if posting.reference or not by_reference:
                found[_sort(posting.reference, posting.amount, by_reference=by_reference)].append(posting)
        fitting: dict[int, list[_Posting]] = {}
        for line in lines:
            alike = found.get(_sort(line.reference, line.amount, by_reference=by_reference), ())
            fits = [each for each in alike if gap_days(line.days, each.days) <= days]
            if fits:
                fitting[line.key] = fits
        claims: dict[PostingKey, list[int]] = defaultdict(list)
        for key, fits in fitting.items():
            for each in fits:
                claims[each.key].append(key)
        by_key = {line.key: line for line in lines}
        for key, fits in fitting.items():
            if len(fits) == 1 and len(claims[fits[0].key]) == 1:
                self._propose(rule, [by_key[key]], fits)
            elif is_last:
                self._ambiguous(rule, [key], [each.key for each in fits])
        self._close()

    def sum_references(self) -> None:
        """Match one item with all of its reference on the other side when these are several and sum to its amount."""
        groups: dict[str, tuple[list[_Line], list[_Posting]]] = defaultdict(lambda: ([], []))
        for line in self.lines:
            groups[line.reference][0].append(line)
        for posting in self.postings:
            groups[posting.reference][1].append(posting)
        for reference, (lines, postings) in sorted(groups.items()):
            is_one_sided = min(len(lines), len(postings)) == 1 and max(len(lines), len(postings)) > 1
            if not reference or not is_one_sided:
                continue
            if sum(one.amount for one in lines) == sum(one.amount for one in postings) and (
                _widest_gap(lines, postings) <= self.limits.window_days
            ):
                self._propose(MatchRule.REFERENCE_SUM, lines, postings)
        self._close()

    def sum_amounts(self) -> None:
        """Match one line with its only combination of postings, then one posting with its only combination of lines."""
        lines, postings = self._unbound()
        of_lines, unclear_lines = self._only_sums(lines, postings)
        for line, parts in of_lines:
            self._propose(MatchRule.AMOUNT_SUM, [line], parts)
        for line_no, keys in unclear_lines:
            self._ambiguous(MatchRule.AMOUNT_SUM, [line_no], keys)
        self._close()
        lines, postings = self._unbound()
        of_postings, unclear_postings = self._only_sums(postings, lines)
        for posting, sums in of_postings:
            self._propose(MatchRule.AMOUNT_SUM, sums, [posting])
        for key, line_nos in unclear_postings:
            self._ambiguous(MatchRule.AMOUNT_SUM, line_nos, [key])
        self._close()

    def result(self) -> Matching:
        """Return what was found, in the order of the rules, then of the first line."""
        order = {rule: place for place, rule in enumerate(MatchRule)}
        return Matching(
            proposals=tuple(sorted(self.proposals, key=lambda one: (order[one.rule], one.lines, one.postings))),
            ambiguities=tuple(sorted(self.ambiguities, key=lambda one: (order[one.rule], one.lines, one.postings))),
            is_search_complete=self.is_complete,
        )

    def _only_sums(
        self, wholes: Sequence[_Item[_WholeKey]], parts: Sequence[_Item[_PartKey]]
    ) -> tuple[
        list[tuple[_Item[_WholeKey], tuple[_Item[_PartKey], ...]]],
        list[tuple[_WholeKey, list[_PartKey]]],
    ]:
        """Return each whole with its only sum, none of whose parts is in another whole's sums, and the wholes with several."""
        sums = {whole.key: self._sums(whole, parts) for whole in wholes}
        uses: dict[_PartKey, set[_WholeKey]] = defaultdict(set)
        for key, found in sums.items():
            for part in (part for chosen in found for part in chosen):
                uses[part.key].add(key)
        only, unclear = [], []
        for whole in wholes:
            found = sums[whole.key]
            if len(found) == 1 and all(len(uses[part.key]) == 1 for part in found[0]):
                only.append((whole, found[0]))
            elif found:
                unclear.append((whole.key, sorted({part.key for chosen in found for part in chosen})))
        return only, unclear

    def _sums(self, whole: _Item[_WholeKey], parts: Sequence[_Item[_PartKey]]) -> list[tuple[_Item[_PartKey], ...]]:
        """Return the combinations of 2 to ``most_parts`` near parts that sum to ``whole``, as far as the limits reach."""
        near = [part for part in parts if gap_days(whole.days, part.days) <= self.limits.window_days]
        found: list[tuple[_Item[_PartKey], ...]] = []
        spent = 0
        for size in range(2, min(self.limits.most_parts, len(near)) + 1):
            spent += comb(len(near), size)
            if spent > self.limits.most_combinations or comb(len(near), size) > self.combinations_left:
                self.is_complete = False
                break
            self.combinations_left -= comb(len(near), size)
            found += [
                chosen for chosen in combinations(near, size) if sum(part.amount for part in chosen) == whole.amount
            ]
        return found

    def _unbound(self) -> tuple[list[_Line], list[_Posting]]:
        """Return what may be matched by amount alone: not what shares its reference with the other side, nor the ambiguous."""
        on_lines = {one.reference for one in self.lines if one.reference}
        on_postings = {one.reference for one in self.postings if one.reference}
        unclear_lines = {key for one in self.ambiguities for key in one.lines}
        unclear_postings = {key for one in self.ambiguities for key in one.postings}
        return (
            [one for one in self.lines if one.reference not in on_postings and one.key not in unclear_lines],
            [one for one in self.postings if one.reference not in on_lines and one.key not in unclear_postings],
        )

    def _propose(self, rule: MatchRule, lines: Sequence[_Line], postings: Sequence[_Posting]) -> None:
        assert sum(one.amount for one in lines) == sum(one.amount for one in postings), (
            "both sides of a match are equal"
        )
        self.proposals.append(
            Proposal(
                rule=rule,
                lines=tuple(sorted(one.key for one in lines)),
                postings=tuple(sorted(one.key for one in postings)),
                gap_days=_widest_gap(lines, postings),
            )
        )

    def _ambiguous(self, rule: MatchRule, lines: Sequence[int], postings: Sequence[PostingKey]) -> None:
        """Note an ambiguity; one that shares a line or posting with an earlier one of the rule grows that one."""
        mine_lines, mine_postings = set(lines), set(postings)
        others = []
        for one in self.ambiguities:
            if one.rule is rule and (mine_lines & set(one.lines) or mine_postings & set(one.postings)):
                mine_lines |= set(one.lines)
                mine_postings |= set(one.postings)
            else:
                others.append(one)
        merged = Ambiguity(rule=rule, lines=tuple(sorted(mine_lines)), postings=tuple(sorted(mine_postings)))
        self.ambiguities = [*others, merged]

    def _close(self) -> None:
        """Take what was matched out of what is open."""
        lines = {key for one in self.proposals for key in one.lines}
        postings = {key for one in self.proposals for key in one.postings}
        self.lines = [one for one in self.lines if one.key not in lines]
        self.postings = [one for one in self.postings if one.key not in postings]


def _widest_gap(lines: Sequence[_Line], postings: Sequence[_Posting]) -> int:
    return max(gap_days(line.days, posting.days) for line in lines for posting in postings)


def _sort(reference: str, amount: int, *, by_reference: bool) -> tuple[str, int]:
    return (reference if by_reference else ""), amount
