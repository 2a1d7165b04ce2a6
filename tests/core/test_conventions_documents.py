"""Documents of values: one spelling each, read back to the same value, and every wrong form refused by its path."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance.conventions.documents import from_document, kind_of, to_document
from finance.conventions.fields import refused
from finance.loans.facility_terms import FacilityTerms
from finance.loans.price_effects import Ratchet
from ledger.core.errors import DomainError, Invalid
from tests.core.deal_shapes import CONSTRUCTED, nodes, put, ratchets, terms_document, terms_of


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    radius: Fraction

    def __post_init__(self) -> None:
        if self.radius < 0:
            raise refused(area="shape", field="radius", expected="a length", value=self.radius)


@dataclass(frozen=True, slots=True, kw_only=True)
class RightAngle:
    sides: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    name: str
    shapes: tuple[Circle | RightAngle, ...]
    frame: Circle | None
    drawn_on: date
    colour: Colour
    is_done: bool
    copies: int = 1


DRAWING = Drawing(
    name="北河",
    shapes=(Circle(radius=Fraction(5, 6)), RightAngle(sides=(3, 4))),
    frame=None,
    drawn_on=date(2026, 11, 21),
    colour=Colour.RED,
    is_done=False,
)
DOCUMENT: dict[str, Any] = {
    "name": "北河",
    "shapes": [{"kind": "circle", "radius": "5/6"}, {"kind": "right_angle", "sides": ["3", "4"]}],
    "frame": None,
    "drawn_on": "2026-11-21",
    "colour": "red",
    "is_done": False,
    "copies": "1",
}


def test_a_value_is_spelled_field_by_field_with_a_kind_only_where_there_is_a_choice() -> None:
    assert to_document(DRAWING) == DOCUMENT


def test_a_document_reads_back_to_the_same_value() -> None:
    assert from_document(Drawing, DOCUMENT, area="drawing") == DRAWING


def test_a_kind_is_the_class_in_snake_case() -> None:
    assert kind_of(RightAngle) == "right_angle"


def test_a_fraction_may_come_as_a_decimal_and_is_written_in_lowest_terms() -> None:
    found = from_document(Circle, {"radius": "0.50"}, area="shape")

    assert to_document(found) == {"radius": "1/2"}


def test_a_whole_number_may_come_as_a_json_number_and_is_written_as_text() -> None:
    found = from_document(RightAngle, {"sides": [3, "4"]}, area="shape")

    assert to_document(found) == {"sides": ["3", "4"]}


def test_a_field_with_a_default_may_be_left_out_but_is_written() -> None:
    document = {name: each for name, each in DOCUMENT.items() if name != "copies"}

    assert to_document(from_document(Drawing, document, area="drawing"))["copies"] == "1"


@pytest.mark.parametrize(
    ("steps", "value", "code", "field"),
    [
        (("shapes", 0, "radius"), "5,6", "drawing.radius", "shapes[0].radius"),
        (("shapes", 0, "radius"), 0.5, "drawing.radius", "shapes[0].radius"),
        (("shapes", 0, "radius"), "1/0", "drawing.radius", "shapes[0].radius"),
        (("shapes", 0, "radius"), "-1", "shape.radius", "shapes[0].radius"),
        (("shapes", 0, "kind"), "oval", "drawing.kind", "shapes[0].kind"),
        (("shapes", 0, "kind"), None, "drawing.kind", "shapes[0].kind"),
        (("shapes", 1, "sides"), "34", "drawing.sides", "shapes[1].sides"),
        (("shapes", 1, "sides", 0), True, "drawing.sides", "shapes[1].sides[0]"),
        (("shapes", 1, "sides", 0), 10**16, "drawing.sides", "shapes[1].sides[0]"),
        (("shapes",), [[]], "drawing.shapes", "shapes[0]"),
        (("shapes",), None, "drawing.shapes", "shapes"),
        (("frame",), {"radius": "1", "extra": 1}, "drawing.unknown", "frame.extra"),
        (("frame",), {}, "drawing.missing", "frame.radius"),
        (("drawn_on",), "2026-02-30", "drawing.drawn_on", "drawn_on"),
        (("drawn_on",), "20261121", "drawing.drawn_on", "drawn_on"),
        (("colour",), "RED", "drawing.colour", "colour"),
        (("is_done",), 0, "drawing.is_done", "is_done"),
        (("copies",), False, "drawing.copies", "copies"),
        pytest.param(("copies",), 10**5000, "drawing.copies", "copies", id="an integer too long to print"),
        (("copies",), float("nan"), "drawing.copies", "copies"),
        (("name",), "a\nb", "drawing.name", "name"),
        (("name",), "e\u0301", "drawing.name", "name"),
        (("name",), "\ud800", "drawing.name", "name"),
        (("name",), "x" * 1_001, "drawing.name", "name"),
    ],
)
def test_a_wrong_value_is_refused_by_the_path_of_its_field(
    steps: tuple[str | int, ...], value: Any, code: str, field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        from_document(Drawing, put(DOCUMENT, steps, value), area="drawing")

    assert (refusal.value.code, refusal.value.data["field"]) == (code, field)
    assert field.rpartition(".")[2] in refusal.value.message


@pytest.mark.parametrize("document", [None, [], "drawing", 1, {}, {1: 2}])
def test_what_is_no_such_mapping_is_refused(document: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        from_document(Drawing, document, area="drawing")

    assert refusal.value.code in {"drawing.document", "drawing.missing", "drawing.unknown"}


def test_a_list_beyond_ten_thousand_is_refused_before_it_is_read() -> None:
    with pytest.raises(Invalid, match="at most 10000"):
        from_document(RightAngle, {"sides": [1] * 10_001}, area="shape")


def test_lists_in_lists_end_at_a_level_and_do_not_exhaust_the_reader() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]

    with pytest.raises(Invalid):
        from_document(RightAngle, {"sides": deep}, area="shape")


@settings(max_examples=40)
@given(ratchet=ratchets())
def test_any_ratchet_comes_back_and_its_bytes_are_the_same(ratchet: Ratchet) -> None:
    document = to_document(ratchet)

    read = from_document(Ratchet, json.loads(json.dumps(document)), area="terms")

    assert read == ratchet
    assert json.dumps(to_document(read), sort_keys=True) == json.dumps(document, sort_keys=True)


@pytest.mark.parametrize("name", CONSTRUCTED)
def test_whole_terms_come_back_from_their_canonical_form(name: str) -> None:
    terms = terms_of(name)
    document = to_document(terms)

    assert from_document(FacilityTerms, document, area="terms") == terms
    assert to_document(from_document(FacilityTerms, document, area="terms")) == document


_leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.fractions().map(str)
    | st.dates().map(date.isoformat)
)
_anything = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=100)
@given(data=st.data())
def test_terms_with_any_value_anywhere_are_read_or_refused_and_never_crash(data: st.DataObject) -> None:
    document = terms_document(data.draw(st.sampled_from(CONSTRUCTED)))
    steps = data.draw(st.sampled_from(list(nodes(document))))
    changed = put(document, steps, data.draw(_anything))

    try:
        read = from_document(FacilityTerms, changed, area="terms")
    except DomainError as refusal:
        code, text = refusal.code, refusal.message
    else:
        again = from_document(FacilityTerms, to_document(read), area="terms")
        code, text = "terms.read", "the same" if again == read else ""

    assert "." in code
    assert text
