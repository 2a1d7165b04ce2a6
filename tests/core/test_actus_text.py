from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.loans.actus.case_text import event_document, named_cases, parse_case, printed
from finance.loans.actus.evaluation import evaluate
from finance.loans.actus.term_text import parse_number, parse_terms
from finance.loans.actus.terms import Mode
from ledger.core.errors import DomainError, Invalid
from tests.core.actus_cases import ANN, CLM, LAM, PAM, events


@pytest.mark.parametrize(
    ("terms", "code", "told"),
    [
        (
            {**PAM, "contractType": "SWAPS"},
            "actus.contract_type",
            "contractType: SWAPS is not supported; supported are PAM",
        ),
        ({**PAM, "contractType": ["PAM"]}, "actus.contract_type", "contractType"),
        ({**PAM, "contractType": ""}, "actus.term_missing", "contractType"),
        ({**PAM, "coverageOfCreditEnhancement": "1"}, "actus.term_unsupported", "coverageOfCreditEnhancement"),
        ({**PAM, "nextPrincipalRedemptionPayment": "5"}, "actus.term_unsupported", "does not apply to a PAM"),
        ({**LAM, "amortizationDate": "2026-07-01"}, "actus.term_unsupported", "does not apply to a LAM"),
        ({**CLM, "purchaseDate": "2026-03-01"}, "actus.term_unsupported", "does not apply to a CLM"),
        ({**PAM, "currency": None}, "actus.term_missing", "currency"),
        ({**PAM, "currency": "yuan"}, "actus.term_value", "currency: yuan is not supported"),
        ({**PAM, "contractRole": "BUY"}, "actus.term_value", "contractRole: BUY is not supported; supported: RPA, RPL"),
        ({**PAM, "dayCountConvention": "ACT/360"}, "actus.term_value", "supported: AA, A360, A365"),
        ({**PAM, "calendar": "TARGET"}, "actus.term_value", "calendar: TARGET is not supported; supported: NC, MF"),
        ({**PAM, "businessDayConvention": "F"}, "actus.term_value", "supported: NOS, SCF"),
        ({**PAM, "scalingEffect": "IOM"}, "actus.term_value", "scalingEffect: IOM is not supported"),
        ({**PAM, "settlementCurrency": "USD"}, "actus.term_value", "settlementCurrency"),
        ({**PAM, "contractPerformance": "DF"}, "actus.term_value", "contractPerformance"),
        ({**PAM, "notionalPrincipal": "0"}, "actus.term_value", "notionalPrincipal: expected an amount above zero"),
        ({**PAM, "notionalPrincipal": "-5"}, "actus.term_value", "notionalPrincipal"),
        ({**PAM, "notionalPrincipal": True}, "actus.number", "notionalPrincipal"),
        ({**PAM, "nominalInterestRate": "six"}, "actus.number", "nominalInterestRate"),
        ({**PAM, "nominalInterestRate": "NaN"}, "actus.number", "nominalInterestRate"),
        ({**PAM, "nominalInterestRate": {}}, "actus.number", "nominalInterestRate"),
        ({**PAM, "maturityDate": None}, "actus.term_value", "maturityDate"),
        (
            {**PAM, "maturityDate": "2026-01-01"},
            "actus.term_value",
            "maturityDate: expected a date after initialExchange",
        ),
        ({**PAM, "purchaseDate": "2026-03-01"}, "actus.term_value", "priceAtPurchaseDate: expected a value, because"),
        (
            {**PAM, "terminationDate": "2025-03-01", "priceAtTerminationDate": "1"},
            "actus.term_value",
            "terminationDate",
        ),
        ({**PAM, "feeRate": "1"}, "actus.term_value", "feeBasis: expected a value, because feeRate is given"),
        ({**PAM, "scalingEffect": "IOO"}, "actus.term_value", "marketObjectCodeOfScalingIndex"),
        ({**PAM, "marginAdjustments": "0.01"}, "actus.term_value", "marginAdjustments"),
        ({**PAM, "marginAdjustments": [{"date": "2026-03-01"}]}, "actus.term_value", "marginAdjustments"),
        ({**PAM, "cycleOfRateReset": "P1ML1"}, "actus.term_missing", "marketObjectCodeOfRateReset"),
        (
            {**LAM, "cycleOfPrincipalRedemption": "", "cycleAnchorDateOfPrincipalRedemption": ""},
            "actus.term_value",
            "cycleOfP",
        ),
        ({**LAM, "contractType": "NAM", "nextPrincipalRedemptionPayment": ""}, "actus.term_missing", "nextPrincipal"),
        ({**ANN, "maturityDate": ""}, "actus.term_missing", "maturityDate"),
        ({**ANN, "maturityDate": "", "nextPrincipalRedemptionPayment": "600"}, "actus.never_repaid", "nextPrincipal"),
        ({**LAM, "maturityDate": "", "nextPrincipalRedemptionPayment": "1"}, "actus.schedule_length", "nextPrincipal"),
        ({**CLM, "maturityDate": ""}, "actus.term_missing", "to: expected a time"),
        ({**CLM, "maturityDate": "", "xDayNotice": "10 days"}, "actus.cycle", "xDayNotice"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_by_name(terms: dict[str, object], code: str, told: str) -> None:
    with pytest.raises(Invalid) as refused:
        events(terms)

    assert refused.value.code == code
    assert told in refused.value.message


def test_a_refused_value_tells_what_is_supported() -> None:
    with pytest.raises(Invalid) as refused:
        parse_terms({**PAM, "endOfMonthConvention": "LAST"})

    assert refused.value.data == {"term": "endOfMonthConvention", "value": "LAST", "supported": "SD, EOM"}


@pytest.mark.parametrize(
    ("case", "told"),
    [
        ([], "expected an object with terms"),
        ({"terms": []}, "terms: expected an object"),
        ({"terms": PAM, "from": "2026-01-01"}, "from is not a field here"),
        ({"terms": PAM, "to": "soon"}, "to: expected a local time"),
        ({"terms": PAM, "dataObserved": []}, ""),
        ({"terms": PAM, "dataObserved": ["x"]}, "dataObserved: expected an object"),
        ({"terms": PAM, "dataObserved": {"LPR": 5}}, "dataObserved.LPR: expected an object"),
        ({"terms": PAM, "dataObserved": {"LPR": {"data": {}}}}, "dataObserved.LPR: expected a list"),
        ({"terms": PAM, "dataObserved": {"LPR": {"data": [{"timestamp": "2026-01-01"}]}}}, "dataObserved.LPR.value"),
        ({"terms": PAM, "eventsObserved": "XD"}, "eventsObserved: expected a list"),
        ({"terms": PAM, "eventsObserved": [{"type": "EX", "time": "2026-03-01"}]}, "type EX is not supported"),
        ({"terms": PAM, "eventsObserved": [{"type": "XD", "time": "2026-03-01"}]}, "XD is supported for CLM only"),
        ({"terms": PAM, "eventsObserved": [{"type": "PP", "time": "2026-03-01", "value": 0}]}, "an amount above zero"),
        ({"terms": PAM, "eventsObserved": [{"type": "PP", "time": "2026-03-01", "value": -5}]}, "an amount above zero"),
    ],
)
def test_a_case_in_another_shape_is_refused_with_its_place(case: object, told: str) -> None:
    if not told:
        assert evaluate(parse_case(case), Mode.LITERAL)
        return

    with pytest.raises(Invalid) as refused:
        evaluate(parse_case(case), Mode.LITERAL)

    assert told in refused.value.message


def test_two_values_at_one_time_are_refused() -> None:
    rows = [{"timestamp": "2026-01-01", "value": "1"}, {"timestamp": "2026-01-01T00:00", "value": "2"}]

    with pytest.raises(Invalid, match="expected one value at 2026-01-01"):
        parse_case({"terms": PAM, "dataObserved": {"LPR": {"identifier": "LPR", "data": rows}}})


def test_terms_that_move_no_flow_are_accepted() -> None:
    assert events({**PAM, "fixingDays": "P2D", "counterpartyID": "bank", "gracePeriod": "P5D"}) == events(PAM)


@pytest.mark.parametrize(
    ("given", "exact"),
    [
        (" 0.10", Fraction(1, 10)),
        ("-5.", Fraction(-5)),
        (".5", Fraction(1, 2)),
        ("1E-3", Fraction(1, 1000)),
        (7, Fraction(7)),
    ],
)
def test_a_number_is_read_exactly_in_each_form_of_the_files(given: object, exact: Fraction) -> None:
    assert parse_number(given, field="test") == exact
    assert parse_number(Decimal("0.1"), field="test") == Fraction(1, 10)


@pytest.mark.parametrize(
    "given", ["1e99", "1e999999", "1,5", "\uff11", "0x10", "1_000", "", None, "9" * 61, Decimal("Infinity")]
)
def test_a_number_in_another_form_is_refused(given: object) -> None:
    with pytest.raises(Invalid) as refused:
        parse_number(given, field="rateSpread")

    assert refused.value.code == "actus.number"


def test_a_file_is_a_mapping_a_list_or_one_case() -> None:
    case = {"identifier": "a1", "terms": PAM}

    assert list(named_cases({"first": case, "second": case})) == ["first", "second"]
    assert list(named_cases(case)) == ["a1"]
    assert list(named_cases([case, {"terms": PAM}, {"terms": {}}])) == ["a1", "bullet", "3"]


@pytest.mark.parametrize("document", [{}, [], "terms", 5, None])
def test_a_file_without_cases_is_refused(document: object) -> None:
    with pytest.raises(Invalid) as refused:
        named_cases(document)

    assert refused.value.code == "actus.document"


def test_a_name_twice_is_refused() -> None:
    with pytest.raises(Invalid, match="case a1: expected each name once"):
        named_cases([{"identifier": "a1", "terms": PAM}, {"identifier": "a1", "terms": PAM}])


def test_an_event_is_written_with_the_files_fields_and_thirty_digits() -> None:
    event = events({**PAM, "nominalInterestRate": "0.05"})[1]

    assert event_document(event) == {
        "eventDate": "2026-02-01T00:00:00",
        "eventType": "IP",
        "payoff": Decimal(500),
        "currency": "CNY",
        "notionalPrincipal": Decimal(120000),
        "nominalInterestRate": Decimal("0.05"),
        "accruedInterest": Decimal(0),
    }
    assert printed(Fraction(1, 3)) == Decimal("0." + "3" * 30)


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=12)
    | st.sampled_from(["PAM", "P1ML0", "2026-05-05", "1"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*ANN, "data", "value"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(junk=st.dictionaries(st.sampled_from([*ANN, "xDayNotice", "lifeCap", "marginAdjustments"]), JUNK, max_size=5))
def test_hostile_terms_end_in_events_or_in_a_typed_refusal(junk: dict[str, object]) -> None:
    for contract in (PAM, LAM, ANN, CLM):
        try:
            evaluate(parse_case({"terms": {**contract, **junk}}), Mode.LITERAL)
            code = "actus.evaluated"
        except DomainError as refused:
            code = refused.code
        assert code.startswith("actus.")
