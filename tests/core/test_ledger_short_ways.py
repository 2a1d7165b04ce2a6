"""The short ways of posting give what the whole ways give: the fold's, the content hash's, an instant's text."""

from __future__ import annotations

import copy
import hashlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.fold import _fold_one, fold
from ledger.core.fold_plain import plain_entry
from ledger.core.instants import instant_text
from ledger.core.journal import EntryKind, JournalDraft, JournalEntry, Posting
from ledger.core.state import BookState
from tests.strategies import (
    CASH,
    CREDIT_LINE,
    FIRST_DAY,
    GAIN,
    LOSS,
    NOW,
    draft,
    empty_state,
    histories,
    purchase,
    transfer,
)


def _state(**changes: object) -> BookState:
    """Return the example book as a batch without reversals finds it, with money to spend."""
    state = empty_state()
    state.wanted = frozenset()
    state.accounts = {**state.accounts, CASH: state.accounts[CASH]._replace(floor=0)}
    state.posted[state.accounts[CASH].account_id] = 100
    for name, value in changes.items():
        setattr(state, name, value)
    return state


def _with_account(state: BookState, path: str, **facts: Any) -> BookState:
    state.accounts = {**state.accounts, path: state.accounts[path]._replace(**facts)}
    return state


@given(
    histories(),
    st.none() | st.integers(min_value=0, max_value=40),
    st.none() | st.integers(min_value=0, max_value=40),
    st.booleans(),
)
def test_the_short_way_accepts_only_what_the_whole_way_accepts_and_leaves_the_same_state(
    history: tuple[JournalDraft, ...],
    locked: int | None,
    softly: int | None,
    is_closer: bool,  # noqa: FBT001 - drawn by Hypothesis
) -> None:
    state = _state(
        locked_through=None if locked is None else FIRST_DAY + timedelta(days=locked),
        soft_locked_through=None if softly is None else FIRST_DAY + timedelta(days=softly),
        is_closer=is_closer,
    )

    for number, each in enumerate(history):
        at = NOW + timedelta(microseconds=number)
        before, whole = copy.deepcopy(state), copy.deepcopy(state)
        taken = plain_entry(state, each, at)
        if taken is None:
            assert state == before
            fold(state, [each], at)
        else:
            assert taken == _fold_one(whole, each, at, None)
            assert state == whole


def test_a_payment_between_open_accounts_goes_the_short_way() -> None:
    state = _state()

    taken = plain_entry(state, transfer(1, CASH, LOSS, 40), NOW)

    assert taken is not None
    assert (taken.seq, state.next_seq, state.last_recorded_at) == (1, 2, NOW)
    assert state.posted[state.accounts[CASH].account_id] == 60


def _closed_on(day: date) -> BookState:
    return _with_account(_state(), CASH, closed_on=day)


@pytest.mark.parametrize(
    ("state", "asked"),
    [
        (_state(locked_through=FIRST_DAY), transfer(1, CASH, LOSS, 40)),
        (_state(soft_locked_through=FIRST_DAY), transfer(1, CASH, LOSS, 40)),
        (_state(), transfer(1, CASH, LOSS, 101)),
        (_state(), draft(1, Posting("Assets:Unknown", "CNY", 1), Posting(LOSS, "CNY", -1))),
        (_state(), transfer(1, CASH, LOSS, 1, day=date(1990, 1, 1))),
        (_closed_on(FIRST_DAY), transfer(1, CASH, LOSS, 1)),
        (_with_account(_state(), LOSS, ceiling=5), transfer(1, CASH, LOSS, 6)),
        (_with_account(_state(), CASH, step=7), transfer(1, CASH, LOSS, 6)),
        (_with_account(_state(), CASH, commodity="EUR"), transfer(1, CASH, LOSS, 6)),
        (_state(), draft(1, Posting(CASH, "CNY", 5), Posting(LOSS, "CNY", -6))),
        (_state(), draft(1, Posting(CASH, "CNY", 5, lot_cost=5), Posting(LOSS, "CNY", -5))),
        (_state(wanted=frozenset([transfer(1, CASH, LOSS, 1).entry_id])), transfer(1, CASH, LOSS, 1)),
        (_state(), purchase(1, 5, 5)),
        (_state(), draft(1, kind=EntryKind.RECORD)),
    ],
)
def test_whatever_is_refused_or_has_more_to_decide_goes_the_whole_way(state: BookState, asked: JournalDraft) -> None:
    assert plain_entry(state, asked, NOW) is None


def test_an_account_with_an_amount_set_aside_goes_the_whole_way_when_it_falls() -> None:
    state = _state()
    state.held[state.accounts[CASH].account_id] = 1

    assert plain_entry(state, transfer(1, CASH, LOSS, 1), NOW) is None
    assert plain_entry(state, transfer(2, GAIN, CASH, 1), NOW) is not None


def test_a_limit_holds_for_an_account_that_an_entry_names_twice() -> None:
    legs = (Posting(CASH, "CNY", -60), Posting(CASH, "CNY", -60), Posting(CREDIT_LINE, "CNY", 120))

    assert plain_entry(_state(), draft(1, *legs), NOW) is None


def test_a_refused_draft_between_payments_is_refused_with_its_code() -> None:
    drafts = [transfer(1, CASH, LOSS, 40), transfer(2, CASH, LOSS, 61), transfer(3, CASH, LOSS, 60)]

    first, second, third = fold(_state(), drafts, NOW)

    assert isinstance(first, JournalEntry)
    assert not isinstance(second, JournalEntry)
    assert second.refusal.code == "ledger.insufficient_available"
    assert isinstance(third, JournalEntry)
    assert third.seq == 2


def _content_hash_spelled_out(asked: JournalDraft) -> bytes:
    """Return the hash as every book that stands has it, each piece spelled whether it says something or not."""
    legs = "\n".join(
        f"{leg.account}|{leg.commodity}|{leg.amount}|{leg.lot_cost}|{leg.lots or leg.is_carried or None}"
        for leg in asked.postings
    )
    costs, words, more = asked.cost_legs, "", ""
    if any(leg.serials for leg in asked.postings):
        more = f"\n{[tuple(map(tuple, leg.serials)) for leg in asked.postings]}"
    if asked.doc_ref is not None or asked.attrs:
        words = json.dumps([asked.doc_ref, dict(asked.attrs) if asked.attrs else None], sort_keys=True)
    if asked.hold is not None or asked.link or asked.transfer_id or asked.pii_commitment:
        more += f"\n{asked.hold!r}|{asked.link}|{asked.transfer_id}|{asked.pii_commitment!r}"
    content = (
        f"{asked.kind}|{asked.effective_on.isoformat()}|{asked.reverses}|{asked.document_on}|{words}\n"
        f"{costs and f'{costs.cost_account}|{costs.gain_account}|{costs.loss_account}'}\n{legs}{more}"
    )
    return hashlib.sha256(content.encode()).digest()


@given(histories(), st.booleans(), st.none() | st.just("INV-7"), st.none() | st.just({"note": "a"}))
def test_the_content_hash_stays_what_books_already_keep(
    history: tuple[JournalDraft, ...],
    is_dated: bool,  # noqa: FBT001 - drawn by Hypothesis
    doc_ref: str | None,
    attrs: dict[str, str] | None,
) -> None:
    for each in history:
        asked = replace(each, document_on=FIRST_DAY if is_dated else None, doc_ref=doc_ref, attrs=attrs)
        assert asked.content_hash() == _content_hash_spelled_out(asked)


def test_the_content_hash_of_a_payment_is_the_one_recorded_in_2026() -> None:
    asked = transfer(1, CASH, LOSS, 40)

    assert asked.content_hash().hex() == "da3a1f5664116aae5247ffe6ce8392d03eae5867c54804479b7ba25c70346e77"


_ZONES = st.integers(min_value=-14 * 60, max_value=14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


_FROM, _TO = datetime(1, 1, 3), datetime(9999, 12, 29)  # noqa: DTZ001 - Hypothesis adds the zone


@given(st.lists(st.datetimes(_FROM, _TO, timezones=_ZONES), min_size=1, max_size=4))
def test_an_instant_is_spelled_in_utc_with_microseconds(instants: list[datetime]) -> None:
    for each in instants:
        for near in (each, each + timedelta(microseconds=1), each + timedelta(seconds=1)):
            assert instant_text(near) == near.astimezone(UTC).isoformat(timespec="microseconds")


def test_the_last_instant_there_is_can_be_spelled() -> None:
    assert instant_text(datetime.max.replace(tzinfo=UTC)) == "9999-12-31T23:59:59.999999+00:00"


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(TypeError):
        instant_text(datetime(2026, 1, 1))  # noqa: DTZ001 - the point
