"""The statements under ``examples/statements`` are bytes that could be signed as they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from finance.attestations.canonical import canonical_bytes, parse_canonical
from finance.attestations.documents import statement_from_mapping, statement_to_mapping
from finance.attestations.standards import is_level_given, is_outcome_known
from tests.core.test_attestations_examples import standards

FOLDER = Path(__file__).parents[2] / "examples" / "statements"
FILES = sorted(FOLDER.glob("*.json"))


def test_there_are_examples() -> None:
    assert len(FILES) == 5


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_an_example_is_canonical_and_its_standard_is_in_force_for_its_period(path: Path) -> None:
    stated = statement_from_mapping(parse_canonical(path.read_bytes()))

    assert canonical_bytes(statement_to_mapping(stated)) == path.read_bytes()
    day = stated.period_start
    assert is_level_given(standards(), stated.standard, stated.level, period_start=day)
    assert is_outcome_known(standards(), stated.standard, stated.outcome, period_start=day)
