from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given

from ledger.core.accounts import AccountOpening, AccountType, LotMethod, is_path, type_of
from ledger.core.amounts import MAX_UNITS
from ledger.core.errors import Conflict, Invalid
from ledger.core.journal import MAX_LEGS, CostLegs, EntryKind, JournalDraft, Posting
from ledger.core.periods import is_closed, next_lock
from tests.strategies import ACTOR, CASH, COST_LEGS, FIFO, GAIN, LOSS, REGISTRY, entry_id, histories

DAY = date(2025, 3, 1)
LEGS = (
    Posting(FIFO, "CEA25", 5, lot_cost=50),
    Posting(FIFO, "CEA25", -5, lots=((1025, 5),)),
    Posting(CASH, "CNY", 7),
    Posting(GAIN, "CNY", -7),
)
BASE = JournalDraft(
    entry_id=entry_id(1),
    kind=EntryKind.TRADE,
    effective_on=DAY,
    actor=ACTOR,
    postings=LEGS,
    cost_legs=COST_LEGS,
    document_on=DAY,
    doc_ref="D-1",
    attrs={"desk": "A"},
)


def _with_leg(place: int, leg: Posting) -> JournalDraft:
    return replace(BASE, postings=(*LEGS[:place], leg, *LEGS[place + 1 :]))


CHANGES = {
    "kind": replace(BASE, kind=EntryKind.TRANSFER),
    "day": replace(BASE, effective_on=date(2025, 3, 2)),
    "account": _with_leg(2, Posting(LOSS, "CNY", 7)),
    "commodity": _with_leg(2, Posting(CASH, "EUR", 7)),
    "amount": _with_leg(2, Posting(CASH, "CNY", 8)),
    "lot cost": _with_leg(0, Posting(FIFO, "CEA25", 5, lot_cost=51)),
    "lot cost missing": _with_leg(0, Posting(FIFO, "CEA25", 5)),
    "lot cost zero": _with_leg(0, Posting(FIFO, "CEA25", 5, lot_cost=0)),
    "picked lot": _with_leg(1, Posting(FIFO, "CEA25", -5, lots=((1026, 5),))),
    "picked parts": _with_leg(1, Posting(FIFO, "CEA25", -5, lots=((1025, 4), (1026, 1)))),
    "no picks": _with_leg(1, Posting(FIFO, "CEA25", -5)),
    "order of legs": replace(BASE, postings=tuple(reversed(LEGS))),
    "one leg less": replace(BASE, postings=LEGS[:3]),
    "cost account": replace(BASE, cost_legs=CostLegs(CASH, GAIN, LOSS)),
    "gain account": replace(BASE, cost_legs=CostLegs(COST_LEGS.cost_account, LOSS, LOSS)),
    "loss account": replace(BASE, cost_legs=CostLegs(COST_LEGS.cost_account, GAIN, GAIN)),
    "no cost legs": replace(BASE, cost_legs=None),
    "document day": replace(BASE, document_on=date(2025, 3, 2)),
    "no document day": replace(BASE, document_on=None),
    "reference": replace(BASE, doc_ref="D-2"),
    "no reference": replace(BASE, doc_ref=None),
    "attribute": replace(BASE, attrs={"desk": "B"}),
    "attribute name": replace(BASE, attrs={"desks": "A"}),
    "no attributes": replace(BASE, attrs=None),
}


def test_every_field_that_the_client_chooses_is_in_the_content_hash() -> None:
    hashes = {name: changed.content_hash() for name, changed in CHANGES.items()}

    assert BASE.content_hash() not in hashes.values()
    assert len(set(hashes.values())) == len(CHANGES)


def test_the_entry_a_reversal_names_is_in_the_content_hash() -> None:
    first = JournalDraft(
        entry_id=entry_id(9), kind=EntryKind.REVERSAL, effective_on=DAY, actor=ACTOR, reverses=entry_id(1)
    )

    assert first.content_hash() != replace(first, reverses=entry_id(2)).content_hash()


def test_who_asks_and_the_order_of_attributes_are_not_in_the_content_hash() -> None:
    other = replace(ACTOR, user_id=UUID(int=1), organisation_id=UUID(int=2))
    two = replace(BASE, attrs={"a": "1", "b": "2"})

    assert replace(BASE, actor=other).content_hash() == BASE.content_hash()
    assert replace(BASE, attrs={"b": "2", "a": "1"}).content_hash() == two.content_hash()


@given(histories(max_size=8))
def test_drafts_that_differ_hash_differently(history: tuple[JournalDraft, ...]) -> None:
    contents = {replace(wish, entry_id=entry_id(0)).content_hash(): wish for wish in history}

    for wish in history:
        assert replace(contents[wish.content_hash()], entry_id=wish.entry_id) == wish


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"postings": ()}, "ledger.entry_legs"),
        ({"postings": LEGS[:1], "cost_legs": None}, "ledger.entry_legs"),
        ({"postings": LEGS * 250}, "ledger.entry_legs"),
        ({"postings": (Posting(CASH, "CNY", 0), Posting(GAIN, "CNY", 0))}, "ledger.leg_amount"),
        (
            {"postings": (Posting(CASH, "CNY", MAX_UNITS + 1), Posting(GAIN, "CNY", -MAX_UNITS - 1))},
            "ledger.leg_amount",
        ),
        ({"postings": (Posting(FIFO, "CEA25", 1, lot_cost=-1), Posting(REGISTRY, "CEA25", -1))}, "ledger.leg_lot_cost"),
        (
            {"postings": (Posting(FIFO, "CEA25", 1, lot_cost=MAX_UNITS + 1), Posting(REGISTRY, "CEA25", -1))},
            "ledger.leg_lot_cost",
        ),
        ({"postings": (Posting(FIFO, "CEA25", -1, lot_cost=1), Posting(REGISTRY, "CEA25", 1))}, "ledger.leg_lot_cost"),
        (
            {"postings": (Posting(FIFO, "CEA25", 1, lots=((1025, 1),)), Posting(REGISTRY, "CEA25", -1))},
            "ledger.leg_lots",
        ),
        (
            {"postings": (Posting(FIFO, "CEA25", -2, lots=((1025, 1),)), Posting(REGISTRY, "CEA25", 2))},
            "ledger.leg_lots",
        ),
        (
            {"postings": (Posting(FIFO, "CEA25", -2, lots=((1, 3), (2, -1))), Posting(REGISTRY, "CEA25", 2))},
            "ledger.leg_lots",
        ),
        ({"postings": (Posting("Assets:Bank\x00", "CNY", 1), Posting(GAIN, "CNY", -1))}, "ledger.leg_account"),
        ({"postings": (Posting("Assets:\ud800", "CNY", 1), Posting(GAIN, "CNY", -1))}, "ledger.leg_account"),
        ({"postings": (Posting("", "CNY", 1), Posting(GAIN, "CNY", -1))}, "ledger.leg_account"),
        ({"postings": (Posting(CASH, "CNY\x00", 1), Posting(GAIN, "CNY", -1))}, "ledger.leg_commodity"),
        ({"postings": (Posting(CASH, "\ud800", 1), Posting(GAIN, "CNY", -1))}, "ledger.leg_commodity"),
        ({"cost_legs": CostLegs("Assets:Bank\x00", GAIN, LOSS)}, "ledger.cost_legs"),
        ({"cost_legs": CostLegs(CASH, "Income", LOSS)}, "ledger.cost_legs"),
        ({"cost_legs": CostLegs(CASH, GAIN, "")}, "ledger.cost_legs"),
        ({"reverses": entry_id(2)}, "ledger.entry_malformed"),
        ({"kind": EntryKind.REVERSAL}, "ledger.entry_malformed"),
        ({"kind": EntryKind.REVERSAL, "reverses": entry_id(2)}, "ledger.entry_malformed"),
        ({"doc_ref": ""}, "ledger.entry_doc_ref"),
        ({"doc_ref": "x" * 201}, "ledger.entry_doc_ref"),
        ({"doc_ref": "a\nb"}, "ledger.entry_doc_ref"),
        ({"doc_ref": "a\x00"}, "ledger.entry_doc_ref"),
        ({"doc_ref": "\ud800"}, "ledger.entry_doc_ref"),
        ({"doc_ref": "\u202eabc"}, "ledger.entry_doc_ref"),
        ({"attrs": {"Desk": "A"}}, "ledger.entry_attrs"),
        ({"attrs": {"": "A"}}, "ledger.entry_attrs"),
        ({"attrs": {"desk": ""}}, "ledger.entry_attrs"),
        ({"attrs": {"desk": "a\tb"}}, "ledger.entry_attrs"),
        ({"attrs": {"desk": "x" * 2001}}, "ledger.entry_attrs"),
        ({"attrs": {f"a{number}": "x" * 1900 for number in range(9)}}, "ledger.entry_attrs"),
    ],
    ids=str,
)
def test_what_no_state_could_accept_does_not_construct(change: dict[str, object], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        replace(BASE, **change)  # type: ignore[arg-type]  # one broken field a case

    assert refused.value.code == code


def alternating(count: int) -> tuple[Posting, ...]:
    return tuple(Posting(CASH, "CNY", 1 if n % 2 else -1) for n in range(count))


def test_the_longest_entry_has_a_thousand_legs_and_one_more_is_refused() -> None:
    assert len(replace(BASE, postings=alternating(MAX_LEGS), cost_legs=None).postings) == 1000

    with pytest.raises(Invalid, match="2 to 1000 legs"):
        replace(BASE, postings=alternating(MAX_LEGS + 1), cost_legs=None)


def test_an_entry_that_asks_for_cost_legs_leaves_room_for_its_two() -> None:
    costs = CostLegs("Assets:Inventory", "Income:Gain", "Expenses:Loss")

    assert len(replace(BASE, postings=alternating(998), cost_legs=costs).postings) == 998
    with pytest.raises(Invalid, match="1 to 998 legs and its cost legs"):
        replace(BASE, postings=alternating(999), cost_legs=costs)


@pytest.mark.parametrize(
    ("path", "account_type", "side"),
    [
        ("Assets:Carbon:CEA25", AccountType.ASSET, 1),
        ("Liabilities:Bank", AccountType.LIABILITY, -1),
        ("Equity:Registry:1", AccountType.EQUITY, -1),
        ("Income:Gain-Realised", AccountType.INCOME, -1),
        ("Expenses:A:B:C:D:E:F:G:H", AccountType.EXPENSE, 1),
    ],
)
def test_the_root_of_a_path_decides_type_and_normal_side(path: str, account_type: AccountType, side: int) -> None:
    assert type_of(path) is account_type
    assert account_type.normal_side == side


@pytest.mark.parametrize(
    "path",
    [
        "",
        "Assets",
        "Assets:",
        "assets:A",
        "Assets:a",
        "Assets:A:",
        "Assets::A",
        "Assets:A B",
        "Assets:A\n",
        "Assets:-A",
        "Assets:\u00c4",
        "Assets:\uff11",
        "Assets:A\x00",
        "Cash:A",
        "Assets:A:B:C:D:E:F:G:H:I",
        f"Assets:{'A' * 41}",
        f"Assets:{':'.join(['A' * 40] * 5)}",
    ],
)
def test_a_path_outside_the_grammar_is_refused(path: str) -> None:
    assert not is_path(path)
    with pytest.raises(Invalid) as refused:
        type_of(path)

    assert refused.value.code == "account.path"


@pytest.mark.parametrize(
    ("path", "commodity", "floor", "ceiling", "lot_method", "code"),
    [
        (CASH, "CNY", 1, 0, None, "account.limits_crossed"),
        (CASH, "CNY", -(10**16), None, None, "account.limits"),
        (CASH, "CNY", None, 10**30, None, "account.limits"),
        (CASH, "cny", None, None, None, "commodity.code"),
        (CASH, "CNY\x00", None, None, None, "commodity.code"),
        (GAIN, "CEA25", None, None, LotMethod.FIFO, "account.lot_method"),
        ("Assets:a", "CNY", None, None, None, "account.path"),
    ],
)
def test_an_account_that_could_not_be_kept_does_not_construct(
    path: str, commodity: str, floor: int | None, ceiling: int | None, lot_method: LotMethod | None, code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        AccountOpening(
            path=path, commodity=commodity, opened_on=DAY, floor=floor, ceiling=ceiling, lot_method=lot_method
        )

    assert refused.value.code == code


def test_a_book_closed_through_a_day_is_closed_on_that_day_and_open_on_the_next() -> None:
    through = date(2025, 12, 31)

    assert is_closed(through, through)
    assert not is_closed(date(2026, 1, 1), through)
    assert not is_closed(date(1, 1, 1), None)


def test_a_lock_only_moves_forward() -> None:
    assert next_lock(None, DAY) == DAY
    assert next_lock(DAY, DAY) == DAY
    with pytest.raises(Conflict) as refused:
        next_lock(DAY, date(2025, 2, 28))

    assert refused.value.code == "ledger.period_reopened"
