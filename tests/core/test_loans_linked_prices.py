"""Redemption premiums, swap legs and fees as decisions move them, with reasons that end in sourced facts."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from finance.conventions.explain import Explanation
from finance.loans.charge_explanation import explain_fee, explain_redemption, explain_swap_leg
from finance.loans.fee_schedule import fee_schedule
from finance.loans.fees import FeeBasis, FeeRule
from finance.loans.period_dates import DayRule
from finance.loans.prepayment import Prepayment
from finance.loans.price_effects import PricedItem, Ratchet
from finance.loans.price_moves import MovedPrice, PriceMove, is_moved, move_on, moves_between, price_moves, unmoved
from finance.loans.rate_determinations import KnownFacility
from finance.loans.redemption_price import RedemptionDue, redemption_dues
from finance.loans.repayment import EqualPrincipal
from finance.loans.swap_leg import SwapLegDue, swap_leg_dues
from finance.loans.tranche import RoundingUnit
from finance.loans.tranche_terms import TrancheKind, TrancheTerms
from ledger.core.errors import Invalid
from tests.core.loan_examples import (
    INTENSITY,
    MATURITY,
    MET,
    MISSED,
    RECYCLED,
    START,
    TRANCHE,
    clause,
    decide,
    facility,
    finding,
    knowing,
    on,
    ratchet,
    schedule,
    steps,
    terms,
)
from tests.core.loan_tranches import INTERBANK, QUARTERLY

F = Fraction
ABOVE_PAR = on(PricedItem.REDEMPTION_PRICE, tranche_id="A")
PREMIUM = ratchet(clause(steps(0, 40, "intensity", "recycled"), ABOVE_PAR))
NOTE = replace(TRANCHE, what=TrancheKind.NOTE, currency="SEK", commitment_minor=60_000_000_000)
SWAP = replace(TRANCHE, tranche_id="S", what=TrancheKind.SWAP, paired_with="A")
PAIR = ratchet(
    clause(steps(10, 10), on(PricedItem.MARGIN, tranche_id="A"), on(PricedItem.SWAP_LEG, tranche_id="S", factor=-1))
)
COMMITMENT_FEE = FeeRule(
    name="commitment", basis=FeeBasis.UNDRAWN, rate_bp=F(40), day_count=TRANCHE.day_count, periods=QUARTERLY
)


def moves(
    known: KnownFacility, item: PricedItem, tranche_id: str = "A", fee: str | None = None
) -> tuple[PriceMove, ...]:
    price = MovedPrice(item=item, tranche_id=tranche_id, fee=fee)
    return price_moves(known.timeline(tranche_id), known.terms.ratchet, price)


def note(*values: str) -> KnownFacility:
    """SEK 600 m of notes whose redemption price moves by 40 bp for each target missed; decided where values are given."""
    drawn = replace(NOTE, drawdowns=(replace(TRANCHE.drawdowns[0], amount_minor=60_000_000_000),))
    known = facility(terms(drawn, kpis=(INTENSITY, RECYCLED), prices=PREMIUM))
    if not values:
        return known
    intensity, recycled = values
    return knowing(known, decide(known, finding(intensity), finding(recycled, RECYCLED)))


def premiums(known: KnownFacility, *prepayments: Prepayment) -> tuple[RedemptionDue, ...]:
    return redemption_dues(
        known.terms.tranche("A"),
        principal=schedule(known, prepayments=prepayments).principal,
        moves=moves(known, PricedItem.REDEMPTION_PRICE),
    )


def pair(value: str | None = MET, prices: Ratchet = PAIR) -> KnownFacility:
    known = facility(terms(TRANCHE, SWAP, prices=prices))
    return known if value is None else knowing(known, decide(known, finding(value)))


def legs(known: KnownFacility, swap: TrancheTerms | None = None, *prepayments: Prepayment) -> tuple[SwapLegDue, ...]:
    return swap_leg_dues(
        swap or known.terms.tranche("S"),
        loan=schedule(known, prepayments=prepayments),
        moves=moves(known, PricedItem.SWAP_LEG, "S"),
    )


@pytest.mark.parametrize(
    ("recycled", "intensity", "expected"), [("0.3", MET, 0), ("0.2", MET, 2_400_000_00), ("0.2", MISSED, 4_800_000_00)]
)
def test_each_missed_target_costs_forty_basis_points_once_at_maturity(
    recycled: str, intensity: str, expected: int
) -> None:
    (due,) = premiums(note(intensity, recycled))

    assert (due.on, due.principal_minor, due.payment_minor) == (MATURITY, 60_000_000_000, expected)


def test_without_a_decision_notes_are_redeemed_at_par() -> None:
    (due,) = premiums(note())

    assert (due.premium_bp, due.payment_minor) == (F(0), 0)


def test_each_instalment_is_redeemed_at_the_price_of_its_day() -> None:
    yearly = EqualPrincipal(first_on=date(2025, 6, 20), every_months=12)
    agreed = terms(replace(TRANCHE, repayment=yearly), prices=ratchet(clause(steps(0, 40), ABOVE_PAR)))
    known = knowing(facility(agreed), decide(facility(agreed), finding(MISSED)))  # counts from 20 June 2026

    dues = premiums(known)

    # CNY 200 m in five parts of 40 m: 40 bp of each is 160,000.00.
    assert [(due.on.year, due.payment_minor) for due in dues] == [
        (2025, 0),
        (2026, 160_000_00),
        (2027, 160_000_00),
        (2028, 160_000_00),
        (2029, 160_000_00),
    ]


def test_an_early_repayment_bears_no_premium() -> None:
    early = Prepayment(on=date(2027, 1, 11), amount_minor=20_000_000_000)

    (due,) = premiums(note(MISSED, "0.2"), early)

    # 80 bp of the 400 m that are left.
    assert (due.on, due.payment_minor) == (MATURITY, 3_200_000_00)


def test_a_price_below_par_is_a_negative_premium() -> None:
    agreed = terms(prices=ratchet(clause(steps(10, 0), ABOVE_PAR)))
    known = knowing(facility(agreed), decide(facility(agreed), finding(MET)))

    (due,) = premiums(known)

    assert due.payment_minor == -200_000_00


def test_a_swap_redeems_nothing() -> None:
    anywhere = ratchet(clause(steps(0, 40), on(PricedItem.REDEMPTION_PRICE)))
    known = pair(MISSED, anywhere)
    priced = moves(known, PricedItem.REDEMPTION_PRICE, "S")

    dues = redemption_dues(SWAP, principal=schedule(known, tranche_id="S").principal, moves=priced)

    assert dues == ()


def test_one_decision_moves_the_loan_and_the_other_way_round_its_swap() -> None:
    known = pair()

    dues = {due.period.start: due for due in legs(known)}

    # 200,000,000 x 10 bp x 92/360.
    due = dues[date(2026, 6, 20)]
    saved = schedule(pair(None)).interest[9].payment_minor - schedule(known).interest[9].payment_minor
    assert due.payment_minor == 51_111_11 == saved
    assert [(each.moved_bp, each.margin_bp) for each in due.segments] == [(F(10), F(-10))]
    assert dues[date(2026, 3, 20)].payment_minor == 0


def test_a_swap_follows_what_the_loan_repays_early() -> None:
    dues = legs(pair(), None, Prepayment(on=date(2026, 8, 5), amount_minor=10_000_000_000))

    # 200 m for 46 days and 100 m for 46 days: 25,555.555... and 12,777.777..., rounded once.
    due = next(each for each in dues if each.period.start == date(2026, 6, 20))
    assert [(each.notional_minor, each.end) for each in due.segments] == [
        (20_000_000_000, date(2026, 8, 5)),
        (10_000_000_000, date(2026, 9, 20)),
    ]
    assert due.payment_minor == 38_333_33


def test_a_swap_rounds_each_segment_where_its_contract_says_so() -> None:
    by_segment = replace(SWAP, rounding_unit=RoundingUnit.PER_SEGMENT)

    dues = legs(pair(), by_segment, Prepayment(on=date(2026, 8, 5), amount_minor=10_000_000_000))

    # 25,555.56 and 12,777.78.
    assert next(each for each in dues if each.period.start == date(2026, 6, 20)).payment_minor == 38_333_34


def test_days_after_the_swap_s_end_count_for_nothing() -> None:
    short = replace(SWAP, maturity_date=date(2026, 8, 5))
    known = facility(terms(TRANCHE, short, prices=PAIR))
    known = knowing(known, decide(known, finding(MET)))

    dues = legs(known)

    assert dues[-1].segments[-1].end == date(2026, 8, 5)
    # 46 of the period's 92 days.
    assert dues[-1].payment_minor == 25_555_56


def test_a_swap_in_another_currency_has_no_notional_to_compute_on() -> None:
    with pytest.raises(Invalid) as refusal:
        legs(pair(), replace(SWAP, currency="USD"))

    assert (refusal.value.code, refusal.value.data["field"]) == ("swap_leg.currency", "currency")


def test_only_a_clause_about_a_price_moves_it() -> None:
    assert is_moved(PAIR, MovedPrice(item=PricedItem.SWAP_LEG, tranche_id="S"))
    assert not is_moved(PAIR, MovedPrice(item=PricedItem.SWAP_LEG, tranche_id="A"))
    assert not is_moved(PAIR, MovedPrice(item=PricedItem.REDEMPTION_PRICE, tranche_id="A"))
    assert not is_moved(None, MovedPrice(item=PricedItem.SWAP_LEG, tranche_id="S"))


def test_moves_are_cut_to_the_days_asked_for() -> None:
    found = moves_between(moves(pair(), PricedItem.SWAP_LEG, "S"), date(2026, 6, 1), date(2026, 7, 1))

    assert [(each.start, each.end, each.moved_bp) for each in found] == [
        (date(2026, 6, 1), date(2026, 6, 20), F(0)),
        (date(2026, 6, 20), date(2026, 7, 1), F(10)),
    ]


@pytest.mark.parametrize("day", [date(2024, 3, 19), date(2029, 3, 21)])
def test_a_day_outside_the_life_has_no_price(day: date) -> None:
    with pytest.raises(Invalid, match=r"expected a day of the tranche's life") as refusal:
        move_on(unmoved(START, MATURITY), day)

    assert refusal.value.code == "price.outside_life"


def trees() -> list[Explanation]:
    """One tree of each kind, and of a decision's price and the contract's own."""
    paired, noted = pair(), note(MISSED, "0.2")
    tranche = replace(TRANCHE, commitment_minor=30_000_000_000, fees=(COMMITMENT_FEE,))
    prices = ratchet(clause(steps(1, 0), on(PricedItem.FEE, tranche_id="A", fee="commitment")))
    fee_known = facility(terms(tranche, prices=prices))
    fee_known = knowing(fee_known, decide(fee_known, finding(MET)))
    fee_moves = moves(fee_known, PricedItem.FEE, fee="commitment")
    days = DayRule(calendar=INTERBANK, convention=tranche.payment_convention, is_accrual_adjusted=False)
    fees = fee_schedule(tranche, COMMITMENT_FEE, days=days, principal=schedule(fee_known).principal, moves=fee_moves)
    leg_moves = moves(paired, PricedItem.SWAP_LEG, "S")
    return [
        *(explain_fee(due, COMMITMENT_FEE, tranche=tranche, terms=fee_known.terms, moves=fee_moves) for due in fees),
        *(explain_redemption(due, tranche=noted.terms.tranche("A"), terms=noted.terms) for due in premiums(noted)),
        *(explain_swap_leg(due, swap=SWAP, terms=paired.terms, moves=leg_moves) for due in legs(paired)),
    ]


def test_no_number_is_an_orphan_and_every_label_is_told_twice() -> None:
    def nodes(tree: Explanation) -> list[Explanation]:
        return [tree, *(node for child in tree.children for node in nodes(child))]

    for tree in trees():
        for leaf in tree.leaves():
            assert leaf.source.startswith("facility SLL-1 terms version 1")
        for node in nodes(tree):
            assert re.search(r"[\u4e00-\u9fff]", node.label_zh)
            assert node.label_en.isascii()


def test_a_moved_fee_names_its_clause_and_its_decision() -> None:
    tree = next(each for each in trees() if each.label_en == "fee commitment for 2026-06-20 to 2026-09-20 (exclusive)")

    # 100 m undrawn at 39 bp for 92 days of 360: 99,666.67.
    (segment,) = tree.children
    base, rate, _ = segment.children
    assert (tree.value, tree.unit) == ("99666.67", "CNY")
    assert (base.value, rate.value) == ("100000000.00", "39")
    assert [(leaf.value, leaf.source) for leaf in rate.leaves()] == [
        ("40", "facility SLL-1 terms version 1"),
        ("-1", "facility SLL-1 terms version 1: determination first"),
    ]
