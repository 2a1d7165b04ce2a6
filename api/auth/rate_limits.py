"""How often a caller may ask: a bucket of tokens for each key or session, each organisation and each network address.

Owns the counting, in the memory of one process: with several workers each counts its own requests, so that together they admit up to
so many times the rate. Knows no HTTP; is told the time. Tries to sign in are counted in the database instead (``api.auth.sign_in``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Final

from api.auth.principal import Principal
from ledger.core.errors import Forbidden

CODE: Final = "rate.limited"
_MOST_SUBJECTS: Final = 20_000
_MICROSECOND: Final = timedelta(microseconds=1)
_SECOND: Final = 1_000_000
_START: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What is admitted, in whole requests; 0 lets everything through.

    A key or session writes ``writes_per_second``, its organisation ``organisation_writes_per_second``; an address asks
    ``address_requests_per_second`` of anything. Each bucket holds two seconds' worth. ``exports_at_once`` are files being made for
    one key or session.
    """

    writes_per_second: int = 20
    organisation_writes_per_second: int = 100
    address_requests_per_second: int = 200
    exports_at_once: int = 2

    def __post_init__(self) -> None:
        """A rate is not negative and finer than a microsecond."""
        rates = (self.writes_per_second, self.organisation_writes_per_second, self.address_requests_per_second)
        assert all(0 <= rate <= _SECOND for rate in rates), "a rate is 0 to 1,000,000 a second"
        assert self.exports_at_once >= 0, "a number of exports is not negative"


UNLIMITED: Final = Rates(
    writes_per_second=0, organisation_writes_per_second=0, address_requests_per_second=0, exports_at_once=0
)
"""What an application in tests and benchmarks admits."""


class RateLimits:
    """The buckets of one process; may be asked from any number of threads."""

    def __init__(self, rates: Rates) -> None:
        """Begin with full buckets."""
        self._rates = rates
        self._guard = Lock()
        self._empty_until: dict[str, int] = {}
        self._exports: dict[str, int] = {}

    def admit_address(self, address: str, *, now: datetime) -> None:
        """Take a token from an address's bucket, or raise ``rate.limited`` with ``retry_after_s``, whole seconds rounded up."""
        if address:
            self._take(now, (f"address {address}", self._rates.address_requests_per_second))

    def admit_write(self, caller: Principal, *, now: datetime) -> None:
        """Take a token from the caller's bucket and its organisation's, both or neither, or raise ``rate.limited``.

        At 20 a second the bucket holds 40: the forty-first write of one instant waits a second.
        """
        self._take(
            now,
            (_proof(caller), self._rates.writes_per_second),
            (f"organisation {caller.organisation_id}", self._rates.organisation_writes_per_second),
        )

    @contextmanager
    def exporting(self, caller: Principal) -> Iterator[None]:
        """Count a file that is being made for the caller; one more than ``exports_at_once`` is ``rate.limited``."""
        if not self._rates.exports_at_once:
            yield
            return
        proof = _proof(caller)
        with self._guard:
            if self._exports.get(proof, 0) >= self._rates.exports_at_once:
                raise _limited("so many files are being made for you already; wait for one of them", seconds=1)
            self._exports[proof] = self._exports.get(proof, 0) + 1
        try:
            yield
        finally:
            with self._guard:
                self._exports[proof] -= 1
                if not self._exports[proof]:
                    del self._exports[proof]

    def _take(self, now: datetime, *asked: tuple[str, int]) -> None:
        """Move each bucket's instant of being full again by one token's time; beyond two seconds from now it is empty.

        The generic cell rate algorithm (ITU-T I.371, annex A): one number for a bucket, nothing that fills it in between.
        """
        instant = (now - _START) // _MICROSECOND
        with self._guard:
            self._forget(instant)
            moved: dict[str, int] = {}
            for subject, rate in asked:
                if not rate:
                    continue
                full_at = max(self._empty_until.get(subject, instant), instant) + _SECOND // rate
                too_long = full_at - instant - 2 * _SECOND
                if too_long > 0:
                    raise _limited("too many requests; send it again later", seconds=-(-too_long // _SECOND))
                moved[subject] = full_at
            self._empty_until.update(moved)

    def _forget(self, instant: int) -> None:
        """Drop the full buckets once there are many, so that strangers' addresses cannot fill the memory."""
        if len(self._empty_until) < _MOST_SUBJECTS:
            return
        self._empty_until = {subject: full_at for subject, full_at in self._empty_until.items() if full_at > instant}


def _proof(caller: Principal) -> str:
    return f"key {caller.key_id}" if caller.key_id is not None else f"session {caller.session_id}"


def _limited(sentence: str, *, seconds: int) -> Forbidden:
    return Forbidden(CODE, sentence, retry_after_s=str(seconds))
