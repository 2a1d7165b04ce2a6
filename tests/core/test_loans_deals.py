"""Deal files: every published shape loads, every outcome has one answer, unknowns stay unknown and nothing wrong passes."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finance.conventions.day_counts import DayCount, year_fraction
from finance.conventions.documents import from_document, to_document
from finance.conventions.rates import basis_points
from finance.kpi.targets import ReductionVsBase
from finance.loans.deal_reading import UNKNOWN, Unknown
from finance.loans.deals import Deal, margins, read_deal
from finance.loans.facility_terms import FacilityTerms, KpiTerms, RecalculationKind
from finance.loans.price_effects import PricedItem
from finance.loans.tranche_terms import TrancheTerms
from ledger.core.amounts import RoundingMode, round_money
from ledger.core.errors import DomainError, Invalid
from tests.core.deal_shapes import CONSTRUCTED, FILES, deal_document, nodes, path_of, put, ratchets

ROWS = ("D01-", "D01b-", "D03-", "D07-", "D10-", "D11-", "D12-", "D15-", "D16-", "D21-", "D22-", "D24-", "D26-", "D29-")
HOSTILE: list[Any] = [
    10**5000, -(10**30), 2**63,
    10**12, True, False, 0.1, float("nan"), float("inf"), "NaN", "1e5", "\uff19", "5/0", "\ud800",
    "a\u0301", "x" * 2_000, "\x00", "", " ", "UNKNOWN ", "unknown", None, [], {}, [[]], [[[[[[]]]]]], {"kind": []},
    {"kind": "bullet", "x": 1}, {1: 2}, b"bytes", object(),
]  # fmt: skip


def margin_at(deal: Deal, statuses: tuple[str, ...], *, price: int = 0) -> Fraction | Unknown:
    for vector in margins(deal):
        if tuple(outcome.point or str(outcome.status) for outcome in vector.outcomes) == statuses:
            return vector.moves[price].moved_bp
    raise AssertionError(f"no vector {statuses}")


def saving(moved_bp: Fraction | Unknown, *, principal: str, start: date, days: int, day_count: DayCount) -> str:
    assert isinstance(moved_bp, Fraction)
    part = year_fraction(start, start + timedelta(days=days), day_count)
    return f"{round_money(Fraction(principal) * basis_points(-moved_bp) * part, 'CNY', RoundingMode.HALF_UP).amount:f}"


def deep(levels: int) -> object:
    found: object = UNKNOWN
    for _ in range(levels):
        found = {"then": [found]}
    return found


@pytest.mark.parametrize("row", ROWS)
def test_every_published_row_has_a_file(row: str) -> None:
    assert any(name.startswith(row) for name in FILES)


@pytest.mark.parametrize("name", FILES)
def test_a_file_loads_and_every_outcome_gives_exactly_one_answer_for_each_price(name: str) -> None:
    deal = read_deal(deal_document(name))

    vectors = list(margins(deal))

    assert len(vectors) == deal.grid.vector_count
    assert len({vector.outcomes for vector in vectors}) == len(vectors)
    for vector in vectors:
        assert tuple(move.price for move in vector.moves) == deal.grid.prices
        for move in vector.moves:
            assert isinstance(move.moved_bp, Fraction) or (
                move.moved_bp.paths and set(move.moved_bp.paths) <= set(deal.unknown)
            )


@pytest.mark.parametrize("name", CONSTRUCTED)
def test_a_constructed_deal_is_known_whole(name: str) -> None:
    deal = read_deal(deal_document(name))

    assert deal.unknown == ()
    assert all(not isinstance(move.moved_bp, Unknown) for vector in margins(deal) for move in vector.moves)
    assert from_document(FacilityTerms, to_document(deal.terms()), area="terms") == deal.terms()


@pytest.mark.parametrize("name", [name for name in FILES if name not in CONSTRUCTED])
def test_a_published_deal_has_unknowns_and_no_whole_terms(name: str) -> None:
    deal = read_deal(deal_document(name))

    with pytest.raises(Invalid) as refusal:
        deal.terms()

    assert refusal.value.code == "deal.unknown"
    assert all(path in refusal.value.message for path in deal.unknown)


def test_known_parts_are_typed_values_beside_unknown_ones() -> None:
    deal = read_deal(deal_document("D11-alba"))

    assert isinstance(deal.parties, tuple)
    assert not isinstance(deal.parties[0], Unknown)
    assert deal.parties[0].legal_name == "Aluminium Bahrain"
    assert isinstance(deal.tranches, tuple)
    assert isinstance(deal.tranches[0], Unknown)
    assert "tranches[0].base_rate.credit_adjustment_bp" in deal.tranches[0].paths
    assert deal.version == 1


def test_conflicting_sources_stand_side_by_side() -> None:
    deal = read_deal(deal_document("D01-weiqiao-cib-binzhou"))

    against = {each.statement_id: each.conflicts_with for each in deal.provenance}

    assert against["article"] == ("bank-release",)
    assert against["bank-release"] == ("article",)


@pytest.mark.parametrize(
    ("days", "day_count", "expected"),
    [
        (365, DayCount.ACT_360, "202777.78"),
        (366, DayCount.ACT_360, "203333.33"),
        (365, DayCount.ACT_365F, "200000.00"),
        (366, DayCount.ACT_365F, "200547.95"),
    ],
)
def test_the_first_deal_saves_what_the_forms_say(days: int, day_count: DayCount, expected: str) -> None:
    deal = read_deal(deal_document("D01-weiqiao-cib-binzhou"))

    moved_bp = margin_at(deal, ("met",))

    assert moved_bp == -10
    assert saving(moved_bp, principal="200000000", start=date(2024, 1, 1), days=days, day_count=day_count) == expected


def test_a_missed_target_of_the_first_deal_costs_nothing_though_a_missing_report_is_unknown() -> None:
    deal = read_deal(deal_document("D01-weiqiao-cib-binzhou"))

    assert margin_at(deal, ("missed",)) == 0
    assert margin_at(deal, ("late",)) == Unknown(("ratchet.on_late",))


def test_two_of_three_at_a_shared_two_and_a_half_points_is_five_thirds() -> None:
    document = put(deal_document("D11-alba"), ("ratchet", "on_missing"), "base_rate")

    moved_bp = margin_at(read_deal(document), ("met", "met", "missing"))

    assert moved_bp == Fraction(-5, 3)
    assert (
        saving(moved_bp, principal="1247475000", start=date(2024, 1, 1), days=181, day_count=DayCount.ACT_360)
        == "104533.78"
    )


def test_two_met_and_one_missed_of_three_offset_each_other_by_one_step() -> None:
    assert margin_at(read_deal(deal_document("D11-alba")), ("met", "met", "missed")) == Fraction(-5, 6)


def test_a_certificate_saves_its_eighty_nine_points_while_it_is_held() -> None:
    moved_bp = margin_at(read_deal(deal_document("D24-ccb-hulunbuir")), ("met",))

    assert moved_bp == -89
    assert (
        saving(moved_bp, principal="150000000", start=date(2025, 1, 1), days=365, day_count=DayCount.ACT_365F)
        == "1335000.00"
    )


def test_missed_targets_add_to_the_redemption_price_and_not_to_the_margin() -> None:
    deal = read_deal(deal_document("D16-granges"))

    items = [price.item for price in deal.grid.prices]

    assert items == [PricedItem.MARGIN, PricedItem.REDEMPTION_PRICE]
    assert margin_at(deal, ("missed", "missed", "met"), price=0) == 0
    assert margin_at(deal, ("missed", "missed", "met"), price=1) == 80


def test_a_sleeping_deal_has_the_one_empty_outcome_and_its_base_margin() -> None:
    deal = read_deal(deal_document("D10-rusal"))

    vectors = list(margins(deal))

    assert [vector.outcomes for vector in vectors] == [()]
    assert vectors[0].moves[0].moved_bp == 0


def test_one_base_year_follows_in_one_instrument_and_stays_in_the_other() -> None:
    kinds = []
    for which in ("follows", "stays"):
        document = deal_document(f"D29-holcim-{which}")
        kinds.append(RecalculationKind(document["kpis"][0]["baseline"]["on_restatement"]))
        read_deal(document)

    assert kinds == [RecalculationKind.FOLLOWS, RecalculationKind.STAYS]


def test_the_template_is_priced_whole_though_borrower_and_target_are_open() -> None:
    deal = read_deal(deal_document("cn-step-down"))

    assert margin_at(deal, ("met",)) == -10
    assert {margin_at(deal, (status,)) for status in ("missed", "missing", "late", "qualified")} == {Fraction(0)}


def test_a_swap_leg_moves_the_other_way_round_with_its_loan() -> None:
    deal = read_deal(deal_document("constructed-loan-and-swap"))

    moved = {
        (price.item, price.tranche_id): margin_at(deal, ("met",), price=n) for n, price in enumerate(deal.grid.prices)
    }

    assert moved == {
        (PricedItem.MARGIN, "loan"): -6,
        (PricedItem.MARGIN, "swap"): 0,
        (PricedItem.SWAP_LEG, "swap"): 6,
    }


def test_an_unknown_step_under_a_one_way_clause_is_known_to_do_nothing_when_missed() -> None:
    document = deal_document("D01-weiqiao-cib-binzhou")
    document["ratchet"]["effects"][0]["rule"]["steps"][0] = {
        "kpi_id": "carbon-per-t-al",
        "down_bp": UNKNOWN,
        "up_bp": UNKNOWN,
    }

    deal = read_deal(document)

    assert margin_at(deal, ("met",)) == Unknown(("ratchet.effects[0].rule.steps[0].down_bp",))
    assert margin_at(deal, ("missed",)) == 0


def test_an_unknown_bound_matters_only_where_it_may_cut() -> None:
    document = put(deal_document("constructed-per-kpi-2-total-4"), ("ratchet", "total_cap_up_bp"), UNKNOWN)

    deal = read_deal(document)

    assert margin_at(deal, ("met", "met", "met")) == -4
    assert margin_at(deal, ("missed", "missed", "missed")) == Unknown(("ratchet.total_cap_up_bp",))


def test_an_unknown_entry_of_a_table_lies_between_its_neighbours() -> None:
    document = put(deal_document("constructed-count-table"), ("ratchet", "effects", 0, "rule", "bp_by_met", 1), UNKNOWN)

    deal = read_deal(document)

    assert margin_at(deal, ("met", "met", "missed")) == Fraction(-5, 2)
    assert margin_at(deal, ("met", "missed", "missed")) == Unknown(("ratchet.effects[0].rule.bp_by_met[1]",))


def test_an_unknown_entry_between_equal_neighbours_is_known() -> None:
    document = put(
        deal_document("constructed-count-table"),
        ("ratchet", "effects", 0, "rule", "bp_by_met"),
        ["5", "0", UNKNOWN, "0"],
    )

    assert margin_at(read_deal(document), ("met", "met", "missed")) == 0


@pytest.mark.parametrize("field", ["direction", "rule", "is_cumulative"])
def test_an_unknown_that_is_no_number_makes_the_margin_unknown(field: str) -> None:
    document = put(deal_document("D01-weiqiao-cib-binzhou"), ("ratchet", "effects", 0, field), UNKNOWN)

    assert margin_at(read_deal(document), ("met",)) == Unknown((f"ratchet.effects[0].{field}",))


def test_points_of_a_scale_are_known_by_name_where_its_numbers_are_not() -> None:
    document = put(deal_document("constructed-linear"), ("ratchet", "effects", 0, "rule", "base"), UNKNOWN)

    deal = read_deal(document)

    assert margin_at(deal, ("between floor and base",)) == -5
    assert all(outcome.observed is None for vector in margins(deal) for outcome in vector.outcomes)


def test_a_kpi_on_a_scale_and_with_a_step_is_met_or_missed_at_every_point() -> None:
    document = deal_document("constructed-linear")
    step = deal_document("constructed-last-period-reset")["ratchet"]["effects"][0]
    document["ratchet"]["effects"].append({**step, "effect_id": "step"})

    deal = read_deal(document)

    assert deal.grid.vector_count == 2 * 7 + 3
    moved = {
        str(outcome.status): vector.moves[0].moved_bp
        for vector in margins(deal)
        for outcome in vector.outcomes
        if outcome.point == "cap"
    }
    assert moved == {"met": 15 - 4, "missed": 15 + 4}


def test_an_unknown_fee_may_be_any_fee_but_no_margin() -> None:
    document = put(
        deal_document("constructed-margin-5-fee-1"), ("ratchet", "effects", 1, "applies_to", 0, "fee"), UNKNOWN
    )

    deal = read_deal(document)

    assert margin_at(deal, ("met",), price=0) == -5
    assert margin_at(deal, ("met",), price=1) == Unknown(("ratchet.effects[1].applies_to[0].fee",))


@pytest.mark.parametrize(
    ("steps", "value", "code"),
    [
        (("tranches", 0, "commitment_minor"), -5, "terms.commitment_minor"),
        (("tranches", 0, "currency"), "XXY", "terms.currency"),
        (("tranches", 0, "paired_with"), "loan", "terms.paired_with"),
        (("tranches", 0, "commitment_minor"), "2e10", "terms.commitment_minor"),
        (("tranches", 0, "spread"), "1", "terms.unknown"),
        (("ratchet", "effects", 0, "direction"), "up_only", "ratchet.direction"),
        (("ratchet", "effects", 0, "rule", "steps", 0, "down_bp"), "10001", "ratchet.down_bp"),
        (("ratchet", "effects", 0, "rule", "steps", 0, "kpi_id"), "other", "terms.ratchet"),
        (("ratchet", "effects", 0, "applies_to", 0, "tranche_id"), "none", "terms.tranche_id"),
        (("label", "is_sleeping"), True, "terms.sleeping_until"),
        (("effect", "business_days"), 5, "terms.business_days"),
        (("kpis", 0, "targets", 0, "rule", "kind"), "guess", "terms.kind"),
        (("parties", 1, "share"), None, "terms.share"),
        (("form",), "tonne.deal.v2", "deal.form"),
        (("provenance",), [], "deal.provenance"),
        (("provenance", 0, "conflicts_with"), ["nobody"], "deal.provenance"),
        (("provenance", 0, "says"), "", "deal.says"),
    ],
)
def test_what_is_wrong_is_refused_by_name_whatever_is_unknown(
    steps: tuple[str | int, ...], value: Any, code: str
) -> None:
    document = deal_document("D01-weiqiao-cib-binzhou")
    target: Any = document
    for step in steps[:-1]:
        target = target[step]
    target[steps[-1]] = value

    with pytest.raises(DomainError) as refusal:
        read_deal(document)

    assert refusal.value.code in {
        code,
        code.replace("terms.tranche_id", "terms.ratchet.effects[0].applies_to[0].tranche_id"),
    }


def test_a_known_text_or_list_may_belong_to_a_list_that_is_unknown() -> None:
    document = deal_document("constructed-weighted")
    document = put(document, ("kpis", 2, "targets", 0, "rule", "scale"), UNKNOWN)
    document = put(
        document,
        ("tranches", 0, "rating_grid"),
        {"agency": "example rating", "grades": UNKNOWN, "grade_at_signing": "BB"},
    )

    deal = read_deal(document)

    assert deal.unknown == ("tranches[0].rating_grid.grades", "kpis[2].targets[0].rule.scale")


@pytest.mark.parametrize("field", ["ratchet", "parties", "label", "facility_number"])
def test_a_field_that_is_not_there_is_missing_not_unknown(field: str) -> None:
    document = deal_document("D01-weiqiao-cib-binzhou")
    del document[field]

    with pytest.raises(Invalid) as refusal:
        read_deal(document)

    assert refusal.value.code == "terms.missing"
    assert refusal.value.data["field"] == field


def test_a_document_nested_without_end_is_refused() -> None:
    document = put(deal_document("D01-weiqiao-cib-binzhou"), ("tranches", 0, "repayment"), deep(400))

    with pytest.raises(DomainError):
        read_deal(document)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_hostile_values_are_refused_by_name_and_never_crash(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(FILES))
    document = deal_document(name)
    steps = data.draw(st.sampled_from(list(nodes(document))))
    hostile = put(document, steps, data.draw(st.sampled_from(HOSTILE)))

    try:
        read = read_deal(hostile)
    except DomainError as refusal:
        code, message = refusal.code, refusal.message
    else:
        code, message = "none.needed", f"{len(list(zip(range(20), margins(read), strict=False)))} outcomes"

    assert "." in code
    assert message


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_is_known_of_a_price_is_true_of_the_whole_deal(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(CONSTRUCTED))
    whole = deal_document(name)
    hidden: Any = whole
    places = [steps for steps in nodes(whole) if steps[0] not in {"form", "provenance"} and steps[-1] != "kind"]
    ratchet_places = [steps for steps in places if steps[0] == "ratchet"]
    for _ in range(data.draw(st.integers(min_value=1, max_value=5))):
        steps = data.draw(st.sampled_from(ratchet_places) | st.sampled_from(places))
        try:
            hidden = put(hidden, steps, UNKNOWN)
        except (KeyError, TypeError, IndexError):
            continue  # inside what is unknown already
    expected = {vector.outcomes: vector.moves for vector in margins(read_deal(whole))}

    deal = read_deal(hidden)

    assert set(deal.unknown) == {path_of(steps) for steps in nodes(hidden) if _at(hidden, steps) == UNKNOWN}
    for vector in margins(deal):
        known = {move.price: move.moved_bp for move in expected.get(vector.outcomes, ())}
        for move in vector.moves:
            if not isinstance(move.moved_bp, Unknown) and move.price in known:
                assert move.moved_bp == known[move.price]


def _at(document: Any, steps: tuple[str | int, ...]) -> Any:
    for step in steps:
        document = document[step]
    return document


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_unknown_numbers_give_the_same_answer_as_any_legal_number_wherever_they_give_one(data: st.DataObject) -> None:
    ratchet = to_document(data.draw(ratchets()))
    numbers = [steps for steps in nodes(ratchet) if isinstance(steps[-1], str) and steps[-1].endswith("_bp")]
    hidden = ratchet
    for steps in data.draw(st.lists(st.sampled_from(numbers), min_size=1, max_size=4, unique=True)):
        if _at(ratchet, steps) is not None:
            hidden = put(hidden, steps, UNKNOWN)
    document = {**deal_document("D03-china-hongqiao"), "kpis": UNKNOWN, "tranches": UNKNOWN}

    whole = list(zip(range(200), margins(read_deal({**document, "ratchet": ratchet})), strict=False))
    partial = list(zip(range(200), margins(read_deal({**document, "ratchet": hidden})), strict=False))

    for (_, known), (_, unknown) in zip(whole, partial, strict=True):
        assert known.outcomes == unknown.outcomes
        for one, other in zip(known.moves, unknown.moves, strict=True):
            assert isinstance(other.moved_bp, Unknown) or one.moved_bp == other.moved_bp


def test_a_reduction_kpi_stays_a_reduction_though_its_amount_is_unknown() -> None:
    document = put(deal_document("D01-weiqiao-cib-binzhou"), ("kpis", 0, "targets", 0, "rule", "reduction"), "0.05")

    deal = read_deal(document)

    assert isinstance(deal.kpis, tuple)
    assert "kpis[0].targets[0].rule.reduction" not in deal.unknown
    assert ReductionVsBase(reduction=Fraction(1, 20)).reduction == Fraction(1, 20)


def test_kpis_and_tranches_of_a_known_deal_are_the_terms_own() -> None:
    deal = read_deal(deal_document("constructed-linear"))

    assert isinstance(deal.kpis, tuple)
    assert isinstance(deal.tranches, tuple)
    assert isinstance(deal.kpis[0], KpiTerms)
    assert isinstance(deal.tranches[0], TrancheTerms)
    assert (deal.tranches, deal.kpis) == (deal.terms().tranches, deal.terms().kpis)
