"""One round of a feed: its calls in order, what their answers lead to, and an end to it when the source says no.

Owns the circuit of a source and the order of a round. Stores nothing; the caller keeps the circuit between rounds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

import httpx

from finance.feeds.feed import Feed
from finance.feeds.fetch import Clocks, FetchLimits, fetch
from finance.feeds.parsed import FeedAlert
from finance.feeds.requests import FeedRequest, Fetched
from ledger.core.errors import DomainError

MAX_CALLS = 500
"""More calls than this in one round are a mistake of ours or of the source's page count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """Whether a source may be asked today: opened for the day by 403, 420 or a web page in place of figures."""

    source: str
    opened_on: date | None = None
    reason: str = ""

    def is_open(self, day: date) -> bool:
        """Return whether the source is left alone on ``day``, a day in the source's zone."""
        return self.opened_on == day

    def after(self, error: DomainError, day: date) -> Circuit:
        """Return the circuit after a failure on ``day``: opened if the source refused us, else as it was."""
        is_refusal = error.code == "feed.blocked"
        is_challenge = error.code == "feed.content" and error.data.get("reason") == "challenge"
        if not (is_refusal or is_challenge) or self.is_open(day):
            return self
        return replace(self, opened_on=day, reason=error.message)

    def alert(self) -> FeedAlert:
        """Return what a person has to know about an open circuit."""
        sentence = f"{self.source}: not asked again on {self.opened_on}: {self.reason}"
        return FeedAlert(code="feed.circuit_open", message=sentence, subject=self.source)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedCall:
    """A call without a usable answer."""

    request: FeedRequest
    error: DomainError


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRound:
    """What came of a round. ``skipped`` calls were not made because the circuit was open; ``alerts`` hold one at most."""

    answers: tuple[Fetched, ...]
    failures: tuple[FailedCall, ...]
    skipped: int
    circuit: Circuit
    alerts: tuple[FeedAlert, ...]


def fetch_round(
    client: httpx.Client,
    feed: Feed,
    requests: Iterable[FeedRequest],
    *,
    day: date,
    circuit: Circuit,
    limits: FetchLimits,
    clocks: Clocks,
) -> FetchRound:
    """Make the calls one after the other, with what they lead to, and return the answers that carry figures.

    One call's failure stops no other, except a refusal or a challenge page: it opens the circuit for ``day``, the calls that
    are left are skipped, and exactly one alert says so. A circuit that is open already skips all and alerts nobody again.
    """
    waiting = deque(requests)
    answers: list[Fetched] = []
    failures: list[FailedCall] = []
    made = 0
    alerts: tuple[FeedAlert, ...] = ()
    while waiting and not circuit.is_open(day) and made < MAX_CALLS:
        request = waiting.popleft()
        made += 1
        try:
            fetched = fetch(client, request, limits=limits, clocks=clocks)
            further = feed.follow_ups(request, fetched)
        except DomainError as error:
            failures.append(FailedCall(request=request, error=error))
            circuit = circuit.after(error, day)
            alerts = (circuit.alert(),) if circuit.is_open(day) else ()
            continue
        waiting.extendleft(reversed(further))
        if request.carries_rows:
            answers.append(fetched)
    return FetchRound(
        answers=tuple(answers), failures=tuple(failures), skipped=len(waiting), circuit=circuit, alerts=alerts
    )
