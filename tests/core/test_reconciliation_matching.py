from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from ledger.core.reconciliation import (
    RULE_TEXT,
    Matching,
    MatchLimits,
    MatchRule,
    OpenLine,
    OpenPosting,
    match_account,
    standing,
)
from ledger.core.reconciliation_breaks import (
    BreakKind,
    OpenItems,
    StatementBalance,
    Verdict,
    assertion_verdict,
    balance_break,
    item_breaks,
    open_items,
)

DAY = date(2026, 10, 8)
LIMITS = MatchLimits(window_days=3)


def line(number: int, amount: int, *, after: int = 0, reference: str = "", value_after: int | None = None) -> OpenLine:
    value_on = None if value_after is None else DAY + timedelta(days=value_after)
    return OpenLine(
        line_no=number, booked_on=DAY + timedelta(days=after), value_on=value_on, reference=reference, amount=amount
    )


def posting(seq: int, amount: int, *, after: int = 0, reference: str = "", reverses: int | None = None) -> OpenPosting:
    return OpenPosting(
        seq=seq,
        line=1,
        entry_id=UUID(int=seq),
        effective_on=DAY + timedelta(days=after),
        reference=reference,
        amount=amount,
        reverses_seq=reverses,
    )


def match(lines: Sequence[OpenLine], postings: Sequence[OpenPosting], limits: MatchLimits = LIMITS) -> Matching:
    return match_account(lines, postings, limits=limits)


def told(matching: Matching) -> list[tuple[MatchRule, tuple[int, ...], tuple[int, ...]]]:
    return [(one.rule, one.lines, tuple(seq for seq, _ in one.postings)) for one in matching.proposals]


def test_the_same_reference_amount_and_day_is_the_strongest_rule() -> None:
    found = match(
        [line(1, 500, reference="T-001"), line(2, 500, reference="T-002")],
        [posting(7, 500, reference="t002"), posting(8, 500, reference="T 001")],
    )

    assert told(found) == [
        (MatchRule.REFERENCE_AMOUNT_DAY, (1,), (8,)),
        (MatchRule.REFERENCE_AMOUNT_DAY, (2,), (7,)),
    ]


def test_days_may_differ_up_to_the_window_and_not_beyond() -> None:
    inside = match([line(1, 500, reference="A", after=3)], [posting(7, 500, reference="A")])
    outside = match([line(1, 500, reference="A", after=4)], [posting(7, 500, reference="A")])

    assert told(inside) == [(MatchRule.REFERENCE_AMOUNT_WINDOW, (1,), (7,))]
    assert inside.proposals[0].gap_days == 3
    assert outside == Matching(proposals=(), ambiguities=(), is_search_complete=True)


def test_the_value_day_may_meet_the_entry() -> None:
    found = match([line(1, 500, after=9, value_after=0)], [posting(7, 500)])

    assert told(found) == [(MatchRule.AMOUNT_DAY, (1,), (7,))]


def test_an_amount_alone_matches_when_nothing_else_has_it() -> None:
    found = match([line(1, 500), line(2, 600)], [posting(7, 600, after=2), posting(8, 500)])

    assert told(found) == [(MatchRule.AMOUNT_DAY, (1,), (8,)), (MatchRule.AMOUNT_WINDOW, (2,), (7,))]


def test_two_that_fit_equally_stay_unmatched_and_are_told_as_ambiguous() -> None:
    found = match([line(1, 500)], [posting(7, 500), posting(8, 500)])

    assert found.proposals == ()
    assert [(one.rule, one.lines, one.postings) for one in found.ambiguities] == [
        (MatchRule.AMOUNT_WINDOW, (1,), ((7, 1), (8, 1)))
    ]


def test_two_lines_for_one_entry_are_one_ambiguity() -> None:
    found = match([line(1, 500, after=1), line(2, 500, after=1)], [posting(7, 500)])

    assert found.proposals == ()
    assert [(one.lines, one.postings) for one in found.ambiguities] == [((1, 2), ((7, 1),))]


def test_the_exact_day_decides_between_equal_amounts() -> None:
    found = match([line(1, 500), line(2, 500, after=2)], [posting(7, 500), posting(8, 500, after=2)])

    assert told(found) == [(MatchRule.AMOUNT_DAY, (1,), (7,)), (MatchRule.AMOUNT_DAY, (2,), (8,))]


def test_a_reference_known_on_the_other_side_is_never_matched_by_amount_alone() -> None:
    found = match([line(1, 500, reference="A")], [posting(7, 450, reference="A"), posting(8, 500, reference="B")])

    assert found.proposals == ()


def test_several_entries_of_one_reference_are_one_line() -> None:
    found = match(
        [line(1, 500, reference="A")],
        [posting(7, 600, reference="A"), posting(8, -100, reference="A", after=1), posting(9, 500)],
    )

    assert told(found) == [(MatchRule.REFERENCE_SUM, (1,), (7, 8))]


def test_a_line_net_of_its_fee_is_the_only_sum_of_two_entries() -> None:
    found = match([line(1, 9_500)], [posting(7, 10_000), posting(8, -500), posting(9, 77)])

    assert told(found) == [(MatchRule.AMOUNT_SUM, (1,), (7, 8))]


def test_several_lines_are_one_entry() -> None:
    found = match([line(1, 300), line(2, 200, after=1), line(3, 77)], [posting(7, 500)])

    assert told(found) == [(MatchRule.AMOUNT_SUM, (1, 2), (7,))]


def test_two_sums_that_fit_are_ambiguous() -> None:
    found = match([line(1, 500)], [posting(7, 300), posting(8, 200), posting(9, 200)])

    assert found.proposals == ()
    assert [(one.rule, one.lines, one.postings) for one in found.ambiguities] == [
        (MatchRule.AMOUNT_SUM, (1,), ((7, 1), (8, 1), (9, 1)))
    ]


def test_two_lines_that_want_the_same_part_are_ambiguous() -> None:
    found = match([line(1, 500), line(2, 400)], [posting(7, 300), posting(8, 200), posting(9, 100)])

    assert found.proposals == ()
    assert [(one.lines, one.postings) for one in found.ambiguities] == [((1, 2), ((7, 1), (8, 1), (9, 1)))]


def test_the_search_for_sums_says_when_it_stopped() -> None:
    limits = MatchLimits(window_days=3, most_combinations=10)

    found = match([line(1, 10**9)], [posting(seq, seq) for seq in range(1, 9)], limits)

    assert not found.is_search_complete


def test_an_entry_and_its_reversal_cancel_and_take_no_part() -> None:
    entry, reversal = posting(7, 500), posting(9, -500, reverses=7)

    assert standing([entry, reversal, posting(8, 500)]) == (posting(8, 500),)
    assert told(match([line(1, 500)], [entry, reversal, posting(8, 500)])) == [(MatchRule.AMOUNT_DAY, (1,), (8,))]


def test_an_entry_whose_reversal_was_reversed_stands() -> None:
    entry, reversal, again = posting(7, 500), posting(8, -500, reverses=7), posting(9, 500, reverses=8)

    assert standing([entry, reversal, again]) == (entry,)


def test_every_rule_is_told_in_two_languages() -> None:
    assert set(RULE_TEXT) == set(MatchRule)
    assert all(english.isascii() and not chinese.isascii() for english, chinese in RULE_TEXT.values())


AMOUNTS = st.integers(-4, 4).filter(bool)
REFERENCES = st.sampled_from(["", "", "A", "B"])
LINES = st.lists(st.tuples(AMOUNTS, st.integers(0, 6), REFERENCES), max_size=7).map(
    lambda rows: [line(n, a, after=d, reference=r) for n, (a, d, r) in enumerate(rows, 1)]
)
POSTINGS = st.lists(st.tuples(AMOUNTS, st.integers(0, 6), REFERENCES), max_size=7).map(
    lambda rows: [posting(n, a, after=d, reference=r) for n, (a, d, r) in enumerate(rows, 1)]
)


@given(LINES, POSTINGS, st.randoms(use_true_random=False))
def test_matching_never_depends_on_the_order_it_is_given(
    lines: list[OpenLine], postings: list[OpenPosting], shuffle: object
) -> None:
    found = match(lines, postings)
    other_lines, other_postings = list(lines), list(postings)
    shuffle.shuffle(other_lines)  # type: ignore[attr-defined]
    shuffle.shuffle(other_postings)  # type: ignore[attr-defined]

    assert match(other_lines, other_postings) == found


@given(LINES, POSTINGS)
def test_every_proposal_balances_within_the_window_and_uses_nothing_twice(
    lines: list[OpenLine], postings: list[OpenPosting]
) -> None:
    found = match(lines, postings)
    line_of, posting_of = {one.line_no: one for one in lines}, {one.key: one for one in postings}
    for one in found.proposals:
        assert sum(line_of[n].amount for n in one.lines) == sum(posting_of[k].amount for k in one.postings)
        assert one.gap_days <= LIMITS.window_days
        assert min(len(one.lines), len(one.postings)) == 1

    used_lines = [n for one in found.proposals for n in one.lines]
    used_postings = [k for one in found.proposals for k in one.postings]
    assert len(set(used_lines)) == len(used_lines)
    assert len(set(used_postings)) == len(used_postings)
    unclear = {n for one in found.ambiguities for n in one.lines}
    assert not unclear & set(used_lines)


@given(LINES, POSTINGS)
def test_every_open_item_is_in_exactly_one_break(lines: list[OpenLine], postings: list[OpenPosting]) -> None:
    items = OpenItems(lines=tuple(lines), postings=tuple(postings), covered_from=DAY)

    breaks = item_breaks(items, match(lines, postings), as_of=DAY + timedelta(days=10), window_days=3)

    assert sorted(one.line.line_no for one in breaks if one.line) == [one.line_no for one in lines]
    assert sorted(one.posting.key for one in breaks if one.posting) == [one.key for one in postings]
    assert all(one.age_days >= 0 for one in breaks)


def breaks(
    lines: Sequence[OpenLine], postings: Sequence[OpenPosting], *, as_of: int = 20
) -> list[tuple[str, int, int]]:
    items = OpenItems(lines=tuple(lines), postings=tuple(postings), covered_from=DAY)
    found = item_breaks(items, match(lines, postings), as_of=DAY + timedelta(days=as_of), window_days=3)
    return [(one.kind.value, one.difference, one.age_days) for one in found]


def test_a_line_and_an_entry_alone_are_breaks_with_their_age() -> None:
    assert breaks([line(1, 500)], [posting(7, 70, after=10)]) == [
        ("line_without_entry", 500, 20),
        ("entry_without_line", -70, 10),
    ]


def test_a_shared_reference_with_another_amount_is_one_break_of_both_sides() -> None:
    assert breaks([line(1, 500, reference="A", after=1)], [posting(7, 450, reference="A")]) == [
        ("amount_differs", 50, 20)
    ]


def test_a_shared_reference_and_amount_too_far_apart_is_a_date_break() -> None:
    assert breaks([line(1, 500, reference="A", after=9)], [posting(7, 500, reference="A")]) == [
        ("date_outside_window", 0, 20)
    ]


def test_a_proposed_match_is_a_break_until_a_person_confirms_it() -> None:
    items = OpenItems(lines=(line(1, 500),), postings=(posting(7, 500),), covered_from=DAY)

    found = item_breaks(items, match(items.lines, items.postings), as_of=DAY, window_days=3)

    assert {one.proposed for one in found} == {MatchRule.AMOUNT_DAY}
    assert {one.kind for one in found} == {BreakKind.LINE_WITHOUT_ENTRY, BreakKind.ENTRY_WITHOUT_LINE}


def test_an_entry_before_the_statements_begin_is_no_break() -> None:
    assert breaks([line(1, 500)], [posting(6, 999, after=-1)]) == [("line_without_entry", 500, 20)]


def test_a_match_with_a_member_of_a_later_day_closes_nothing() -> None:
    lines, postings = (line(1, 500), line(2, 600)), (posting(7, 600),)

    found = open_items(lines, postings, [((1,), ((9, 1),)), ((2,), ((7, 1),))], DAY)

    assert [one.line_no for one in found.lines] == [1]
    assert found.postings == ()


def test_a_balance_difference_is_explained_by_what_each_side_lacks() -> None:
    items = OpenItems(lines=(line(1, 1_250),), postings=(posting(7, 300),), covered_from=DAY)

    found = balance_break(items, StatementBalance(day=DAY, statement=11_250, book=10_000), as_of=DAY)

    assert found is not None
    assert (found.difference, found.lines_without_entry, found.entries_without_line) == (1_250, 1_250, 300)
    assert found.unexplained == 300


def test_equal_balances_are_no_break() -> None:
    items = OpenItems(lines=(), postings=(), covered_from=None)

    assert balance_break(items, StatementBalance(day=DAY, statement=5, book=5), as_of=DAY) is None


def test_an_assertion_holds_to_the_last_unit_or_fails() -> None:
    assert assertion_verdict(expected=100, actual=100) == (Verdict.OK, 0)
    assert assertion_verdict(expected=100, actual=101) == (Verdict.FAILED, -1)
