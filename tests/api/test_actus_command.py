from __future__ import annotations

import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from api import cli
from tests.core.actus_cases import LAM, PAM


def run(path: Path, document: object, *options: str) -> tuple[int, str, str]:
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    out, err = io.StringIO(), io.StringIO()
    code = cli.main(("actus", "run", str(path), *options), out, err)
    return code, out.getvalue(), err.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cases.json"


def exact(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)


def test_cases_come_back_under_their_names_as_lists_of_events(file: Path) -> None:
    code, out, err = run(file, {"a": {"terms": PAM, "to": ""}, "b": {"terms": LAM}}, "--json")

    found = exact(out)
    assert (code, err) == (0, "")
    assert list(found) == ["a", "b"]
    assert found["a"][1] == {
        "eventDate": "2026-02-01T00:00:00",
        "eventType": "IP",
        "payoff": 600,
        "currency": "CNY",
        "notionalPrincipal": 120000,
        "nominalInterestRate": Decimal("0.06"),
        "accruedInterest": 0,
    }


def test_numbers_carry_thirty_digits(file: Path) -> None:
    _, out, _ = run(file, {"terms": {**PAM, "nominalInterestRate": "0.07", "dayCountConvention": "A365"}}, "--json")

    assert exact(out)["bullet"][1]["payoff"] == Decimal("713.424657534246575342465753425")


def test_a_number_in_the_file_stays_decimal(file: Path) -> None:
    text = json.dumps({"terms": {**PAM, "nominalInterestRate": "RATE"}}).replace('"RATE"', "0.0600000000000000000001")

    _, out, _ = run(file, text, "--json")

    assert exact(out)["bullet"][0]["nominalInterestRate"] == Decimal("0.0600000000000000000001")


def test_one_bad_case_is_named_and_hides_no_other(file: Path) -> None:
    bad = {**PAM, "contractType": "SWAPS"}

    code, out, err = run(file, {"good": {"terms": PAM}, "bad": {"terms": bad}, "last": {"terms": PAM}}, "--json")

    found = exact(out)
    assert code == 2
    assert len(found["good"]) == len(found["last"]) == 8
    assert found["bad"]["error"]["code"] == "actus.contract_type"
    assert found["bad"]["error"]["data"]["supported"] == "PAM, LAM, NAM, ANN, CLM"
    assert "1 of 3 cases refused: bad: contractType: SWAPS is not supported" in err
    assert "[actus.cases_refused]" in err


def test_the_economic_mode_is_chosen_by_name(file: Path) -> None:
    terms = {
        **PAM,
        "contractRole": "RPL",
        "terminationDate": "2026-03-16T00:00:00",
        "priceAtTerminationDate": "119000",
    }

    literal = exact(run(file, {"terms": terms}, "--json")[1])["bullet"][-1]["payoff"]
    economic = exact(run(file, {"terms": terms}, "--json", "--mode", "economic")[1])["bullet"][-1]["payoff"]

    assert (literal, economic) == (-118700, -119300)


def test_without_json_people_get_tables(file: Path) -> None:
    code, out, _ = run(file, {"good": {"terms": PAM}, "bad": {"terms": {}}})

    assert code == 2
    assert "good\n" in out
    assert "2026-02-01T00:00:00" in out
    assert "refused: contractType: expected a value" in out


def test_a_contract_that_has_ended_gives_an_empty_list(file: Path) -> None:
    _, out, _ = run(file, {"terms": {**PAM, "statusDate": "2027-01-01"}}, "--json")

    assert exact(out) == {"bullet": []}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "not JSON at line 1"),
        ('{"terms": {"notionalPrincipal": NaN}}', "NaN is no number"),
        ('{"a": 1, "a": 2}', "a stands twice"),
        ("[" * 100_000, "less deeply nested"),
        ("{}", "expected a mapping of case names"),
        ('{"a": 1e999999999}', "expected an object with terms"),
        ('{"a": ' + "9" * 5000 + "}", "expected an object with terms"),
    ],
)
def test_an_unreadable_file_is_refused_in_one_line(file: Path, text: str, told: str) -> None:
    code, _, err = run(file, text, "--json")

    assert code == 2
    assert told in err
    assert err.count("\n") == 1


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    err = io.StringIO()

    code = cli.main(("actus", "run", str(tmp_path / "none.json")), io.StringIO(), err)

    assert code == 2
    assert "none.json" in err.getvalue()
