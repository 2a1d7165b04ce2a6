"""Hypothesis strategies for whole lives of the wide book: holds, captures, releases, carried lots, linked groups.

Drafts follow the book's ``founding``; a draft may name any earlier number and any lot that could exist by then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import takewhile
from uuid import UUID

from hypothesis import strategies as st

from ledger.core.holds import HoldKind, HoldPlacement
from ledger.core.journal import EntryKind, JournalDraft, Posting
from tests.strategies import (
    ACTOR,
    BENEFICIARY,
    CASH,
    COMMODITY_OF,
    COST_LEGS,
    CREDIT_LINE,
    FIFO,
    GAIN,
    LIFO,
    LOT_ACCOUNTS,
    NOW,
    OLD,
    PICKED,
    POOL,
    STEPS,
    STEPS_REGISTRY,
    capture,
    days,
    draft,
    drafts,
    fen,
    hold,
    purchase,
    registry_of,
    release,
    sale,
    small,
    transfer,
)


def founding() -> tuple[JournalDraft, ...]:
    """Return drafts 1 to 9, which fill the wide book: two lots in most accounts, and money for more."""
    return (
        transfer(1, GAIN, CASH, 20_000),
        purchase(2, 30, 1_000),
        purchase(3, 7, 503),
        purchase(4, 40, 3_001, into=POOL),
        purchase(5, 20, 700, into=LIFO),
        purchase(6, 25, 0, into=PICKED),
        purchase(7, 12, 997, into=PICKED),
        purchase(8, 30, 1_234, into=OLD),
        transfer(9, STEPS_REGISTRY, STEPS, 100),
    )


FOUNDED = len(founding())


def carried_legs(
    source: str, targets: Sequence[tuple[str, int]], *, picks: tuple[tuple[int, int], ...] = ()
) -> tuple[Posting, ...]:
    """Return the legs that carry lots from ``source`` into each target (path, tonnes); between vintages over the registry."""
    tonnes = sum(amount for _, amount in targets)
    vintage = COMMODITY_OF[source]
    legs = [Posting(source, vintage, -tonnes, lots=picks)]
    legs += [Posting(path, COMMODITY_OF[path], amount, is_carried=True) for path, amount in targets]
    for path, amount in targets:
        if COMMODITY_OF[path] != vintage:
            legs += [
                Posting(registry_of(source), vintage, amount),
                Posting(registry_of(path), COMMODITY_OF[path], -amount),
            ]
    return tuple(legs)


_KINDS = (
    "hold",
    "hold",
    "free",
    "free",
    "capture",
    "capture",
    "carry",
    "carry",
    "lots",
    "lots",
    "plain",
    "plain",
    "undo",
)


@st.composite
def wide_drafts(  # noqa: PLR0911 - one return a kind of entry
    draw: st.DrawFn, number: int, placed: Mapping[int, str] | None = None, now: datetime = NOW
) -> JournalDraft:
    """Return a draft of the wide book with the id of ``number``.

    ``placed`` names the account of each earlier number that may have placed a hold. ``now`` is when the draft is to be
    posted, so that some holds run out soon after.
    """
    day = draw(days)
    before = placed or {}
    match draw(st.sampled_from(_KINDS)):
        case "hold":
            return draw(_holds(number, day, now))
        case "free" if before:
            actor = draw(st.sampled_from([ACTOR, BENEFICIARY]))
            amount = draw(st.integers(min_value=0, max_value=15)) or None
            which = draw(st.sampled_from(sorted(before)))
            return release(number, which, amount, actor=actor, is_enforced=draw(st.booleans()), day=day)
        case "capture" if before:
            return draw(_captures(number, before, day))
        case "carry":
            source, into = draw(st.sampled_from(LOT_ACCOUNTS)), draw(st.sampled_from(LOT_ACCOUNTS))
            parts = draw(st.lists(st.integers(min_value=1, max_value=15), min_size=1, max_size=2))
            picks = draw(_picks(number, sum(parts))) if source == PICKED else ()
            legs = carried_legs(source, [(into, part) for part in parts], picks=picks)
            kind = EntryKind.CARRY_OVER if source == OLD else EntryKind.TRANSFER
            return draft(number, *legs, kind=kind, day=day)
        case "lots":
            return draw(_lot_trades(number, day))
        case "undo" if number > 1:
            return draft(number, day=day, reverses=draw(st.integers(min_value=1, max_value=number - 1)))
        case _:
            return draw(drafts(number))


@st.composite
def _picks(draw: st.DrawFn, number: int, tonnes: int) -> tuple[tuple[int, int], ...]:
    """Return lots to draw ``tonnes`` from, most of them lots that could be there."""
    lot = 1024 * draw(st.integers(min_value=1, max_value=max(1, number + 1))) + draw(st.sampled_from([1, 1, 1, 2, 3]))
    if tonnes > 1 and draw(st.booleans()):
        return ((lot, tonnes - 1), (lot + 1024, 1))
    return ((lot, tonnes),)


@st.composite
def _lot_trades(draw: st.DrawFn, number: int, day: date) -> JournalDraft:
    path = draw(st.sampled_from(LOT_ACCOUNTS))
    tonnes = draw(small)
    if draw(st.integers(min_value=0, max_value=2)):
        return purchase(number, tonnes, draw(fen), into=path, day=day)
    is_picked = path == PICKED or (path != POOL and draw(st.booleans()))
    part = min(tonnes, 20)
    return sale(number, part, draw(fen), out_of=path, day=day, picks=draw(_picks(number, part)) if is_picked else ())


@st.composite
def _holds(draw: st.DrawFn, number: int, day: date, now: datetime) -> JournalDraft:
    path = draw(st.sampled_from([*LOT_ACCOUNTS, CASH, CREDIT_LINE, STEPS]))
    amount = draw(st.integers(min_value=0, max_value=20)) or None
    kind = draw(st.sampled_from(HoldKind))
    until = now + timedelta(seconds=draw(st.sampled_from([0, 1, 3, 9, 1_000, 1_000, 1_000])))
    if path == STEPS and amount is not None:
        amount = 10 * (amount // 10) or 5
    lots: tuple[tuple[int, int], ...] = ()
    if amount is not None and path in LOT_ACCOUNTS and draw(st.booleans()):
        lots = draw(_picks(number, amount))
    return hold(number, path, amount, kind=kind, lots=lots, until=until, day=day)


@st.composite
def _captures(draw: st.DrawFn, number: int, before: Mapping[int, str], day: date) -> JournalDraft:
    which = draw(st.sampled_from(sorted(before)))
    path, amount = before[which], draw(st.integers(min_value=1, max_value=12))
    actor = draw(st.sampled_from([ACTOR, BENEFICIARY]))
    costs = None
    if path in LOT_ACCOUNTS and draw(st.booleans()):
        into = draw(st.sampled_from([FIFO, POOL, LIFO]))
        legs = carried_legs(path, [(into, amount)])
    elif path in LOT_ACCOUNTS:
        legs = sale(number, amount, 7, out_of=path).postings
        costs = COST_LEGS
    elif path == STEPS:
        legs = transfer(number, STEPS, STEPS_REGISTRY, 10).postings
        amount = 10
    else:
        legs = transfer(number, path, GAIN, amount).postings
    return replace(capture(number, which, amount, *legs, actor=actor, cost_legs=costs), effective_on=day)


@st.composite
def wide_histories(draw: st.DrawFn, *, min_size: int = 1, max_size: int = 30) -> tuple[JournalDraft, ...]:
    """Return drafts of the wide book that follow its ``founding``; some neighbours are linked groups."""
    size = draw(st.integers(min_value=min_size, max_value=max_size))
    found: list[JournalDraft] = []
    placed: dict[int, str] = {}
    for number in range(FOUNDED + 1, FOUNDED + size + 1):
        wish = draw(wide_drafts(number, placed))
        if isinstance(wish.hold, HoldPlacement):
            placed[number] = wish.hold.account
        found.append(wish)
    for start in draw(st.lists(st.integers(min_value=0, max_value=size - 1), max_size=3, unique=True)):
        end = min(size, start + draw(st.integers(min_value=1, max_value=4)))
        link = UUID(int=7_000 + start)
        alone = takewhile(lambda each: each.link is None, found[start:end])  # the drafts of a link stand side by side
        linked = [replace(each, link=link) for each in alone]
        found[start : start + len(linked)] = linked
    return tuple(found)
