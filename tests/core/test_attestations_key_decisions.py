"""The decision table of key events: every cell with its code, its bounds, and the laws between cells."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.attestations.key_decisions import KeyHistory, KeyRuling, SignatureTimes, decide, history_of
from ledger.core.errors import Invalid
from tests.core.test_attestations_examples import registered_key

ACCEPTED, NEEDS_REVIEW, REFUSED = KeyRuling.ACCEPTED, KeyRuling.NEEDS_REVIEW, KeyRuling.REFUSED
RANKS = {ACCEPTED: 0, NEEDS_REVIEW: 1, REFUSED: 2}


def may(day: int) -> datetime:
    return datetime(2026, 5, day, tzinfo=UTC)


def history(
    valid_from: int | None = 2, not_after: int | None = None, revoked: int | None = None, since: int | None = None
) -> KeyHistory:
    days = (None if day is None else may(day) for day in (valid_from, not_after, revoked, since))
    return KeyHistory(**dict(zip(("valid_from", "not_after", "revoked_at", "compromised_since"), days, strict=True)))


def times(signed: int, lodged: int, logged: int | None) -> SignatureTimes:
    return SignatureTimes(
        signed_at=may(signed), lodged_at=may(lodged), logged_at=None if logged is None else may(logged)
    )


CELLS: dict[str, tuple[KeyHistory, SignatureTimes, KeyRuling, str]] = {
    "never approved": (history(None), times(5, 5, 5), REFUSED, "key.unapproved"),
    "lodged the day before it counts": (history(2), times(1, 1, 1), REFUSED, "key.not_registered"),
    "lodged before, logged after it counts": (history(2), times(1, 1, 3), REFUSED, "key.not_registered"),
    "signed before, lodged as it counts": (history(2), times(1, 2, 2), ACCEPTED, ""),
    "lodged as it counts": (history(2), times(2, 2, 2), ACCEPTED, ""),
    "no event at all": (history(2), times(28, 28, 28), ACCEPTED, ""),
    "lodged the day before its end": (history(not_after=10), times(9, 9, 9), ACCEPTED, ""),
    "lodged at its end": (history(not_after=10), times(10, 10, 10), REFUSED, "key.expired"),
    "signed before, lodged after its end": (history(not_after=10), times(9, 11, 11), REFUSED, "key.expired"),
    "its end between lodging and log": (history(not_after=10), times(9, 9, 10), NEEDS_REVIEW, "key.expired_before_log"),
    "lodged the day before its revocation": (history(revoked=10), times(9, 9, 9), ACCEPTED, ""),
    "lodged at its revocation": (history(revoked=10), times(10, 10, 10), REFUSED, "key.revoked"),
    "claims to be older than its revocation": (history(revoked=10), times(3, 11, 11), REFUSED, "key.revoked"),
    "its revocation between lodging and log": (
        history(revoked=10),
        times(9, 9, 10),
        NEEDS_REVIEW,
        "key.revoked_before_log",
    ),
    "logged the day before the compromise": (history(revoked=10, since=5), times(4, 4, 4), ACCEPTED, ""),
    "logged at the compromise": (history(revoked=10, since=5), times(5, 5, 5), NEEDS_REVIEW, "key.suspended"),
    "lodged before, logged after the compromise": (
        history(revoked=10, since=5),
        times(4, 4, 6),
        NEEDS_REVIEW,
        "key.suspended",
    ),
    "signed before, lodged after the compromise": (
        history(revoked=10, since=5),
        times(4, 6, 6),
        NEEDS_REVIEW,
        "key.suspended",
    ),
    "lodged as the compromise is reported": (
        history(revoked=10, since=5),
        times(4, 10, 10),
        REFUSED,
        "key.compromised",
    ),
    "compromised since the day it was reported": (history(revoked=10, since=10), times(9, 9, 9), ACCEPTED, ""),
    "compromised before it counted": (history(revoked=10, since=1), times(3, 3, 3), NEEDS_REVIEW, "key.suspended"),
    "revoked and expired": (history(not_after=8, revoked=10), times(11, 11, 11), REFUSED, "key.revoked"),
    "expired, then revoked": (history(not_after=8, revoked=10), times(9, 9, 9), REFUSED, "key.expired"),
    "signed tomorrow": (history(2), times(6, 5, 5), NEEDS_REVIEW, "key.signed_in_future"),
    "no receipt": (history(2), times(5, 5, None), NEEDS_REVIEW, "key.unlogged"),
    "no receipt, revoked later": (history(revoked=10), times(5, 5, None), NEEDS_REVIEW, "key.unlogged"),
    "no receipt, after the revocation": (history(revoked=10), times(5, 11, None), REFUSED, "key.revoked"),
    "no receipt, after the compromise": (
        history(revoked=10, since=5),
        times(6, 6, None),
        NEEDS_REVIEW,
        "key.suspended",
    ),
}


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_of_the_table_has_its_ruling_and_code(cell: str) -> None:
    known, when, ruling, code = CELLS[cell]

    decision = decide(known, when)

    assert (decision.ruling, decision.code) == (ruling, code)
    assert bool(decision.reason) is (ruling is not ACCEPTED)


def test_the_signers_clock_may_run_five_minutes_ahead() -> None:
    lodged = may(5)

    for ahead, ruling in ((timedelta(minutes=5), ACCEPTED), (timedelta(minutes=5, seconds=1), NEEDS_REVIEW)):
        when = SignatureTimes(signed_at=lodged + ahead, lodged_at=lodged, logged_at=lodged)
        assert decide(history(), when).ruling is ruling


days = st.integers(min_value=1, max_value=20)


@given(days, days, days, days)
def test_learning_of_a_compromise_never_makes_a_signature_better(
    since: int, revoked: int, lodged: int, wait: int
) -> None:
    since, revoked = sorted((since, revoked))
    when = times(lodged, lodged, min(lodged + wait, 28))

    before = decide(history(1, revoked=revoked), when).ruling
    after = decide(history(1, revoked=revoked, since=since), when).ruling

    assert RANKS[after] >= RANKS[before]


@given(days, days, days, st.none() | days)
def test_the_signers_own_clock_never_helps(signed: int, lodged: int, revoked: int, not_after: int | None) -> None:
    known = history(1, not_after=not_after, revoked=revoked)

    claimed = decide(known, times(signed, lodged, lodged)).ruling
    honest = decide(known, times(lodged, lodged, lodged)).ruling

    assert RANKS[claimed] >= RANKS[honest]


@given(days, days, days)
def test_a_later_log_entry_never_helps(lodged: int, wait: int, revoked: int) -> None:
    at_once = decide(history(1, revoked=revoked), times(lodged, lodged, lodged)).ruling
    late = decide(history(1, revoked=revoked), times(lodged, lodged, min(lodged + wait, 28))).ruling

    assert RANKS[late] >= RANKS[at_once]


def test_the_history_of_a_registered_key_begins_with_its_approval() -> None:
    key = replace(registered_key(), approved_at=may(3), revoked_at=may(9), compromised_since=may(5))

    assert history_of(key) == history(3, revoked=9, since=5)


@pytest.mark.parametrize(
    ("bend", "code"),
    [
        (lambda: history(since=5), "key.history"),
        (lambda: history(revoked=4, since=5), "key.history"),
        (lambda: times(5, 5, 4), "key.times"),
        (lambda: replace(times(5, 5, 5), signed_at=datetime(2026, 5, 5)), "instant.zone"),  # noqa: DTZ001
        (lambda: replace(history(), valid_from=datetime(2026, 5, 5)), "instant.zone"),  # noqa: DTZ001
    ],
    ids=["compromised, not revoked", "compromised after revoked", "logged before lodged", "local", "local history"],
)
def test_times_that_contradict_each_other_do_not_construct(bend: object, code: str) -> None:
    assert callable(bend)

    with pytest.raises(Invalid) as caught:
        bend()

    assert caught.value.code == code
