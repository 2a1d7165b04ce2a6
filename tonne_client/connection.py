"""One server and how a request reaches it: the same request under the same key again, until an answer comes or the attempts are used up.

Owns attempts, pauses and keys. Knows no operation and no shape; what comes back is the status, the headers and the bytes.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Self
from uuid import UUID

import httpx

from tonne_client.refusals import ConnectionLostError

_AGAIN = frozenset({429, 502, 503, 504})
_KEY = "Idempotency-Key"


def new_key() -> str:
    """Return a UUID version 7 (RFC 9562 section 5.7): the key of one write, in the order of the clock."""
    milliseconds = time.time_ns() // 1_000_000
    drawn = secrets.randbits(74)
    value = (milliseconds & (2**48 - 1)) << 80 | 0x7 << 76 | (drawn >> 62) << 64 | 0b10 << 62 | drawn & (2**62 - 1)
    return str(UUID(int=value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often one request is sent, and how long it waits between: doubling from ``first_ms``, never above ``most_ms``.

    A server's Retry-After counts instead, up to ``longest_wait_ms``; one that asks for longer is told to the caller at once.
    """

    attempts: int = 5
    first_ms: int = 200
    most_ms: int = 5_000
    longest_wait_ms: int = 30_000

    def __post_init__(self) -> None:
        """At least one attempt, and no negative wait."""
        if self.attempts < 1 or min(self.first_ms, self.most_ms, self.longest_wait_ms) < 0:
            raise ValueError("patience: expected at least one attempt and no negative wait")

    def pause_ms(self, attempt: int, jitter: int) -> int:
        """Return the wait after attempt 1, 2, ...: between half and all of the doubled time; ``jitter`` is 0 to 255."""
        whole = min(self.most_ms, self.first_ms << min(attempt - 1, 20))
        return whole // 2 + whole * jitter // 510


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    content: bytes


def _sleep_ms(milliseconds: int) -> None:
    time.sleep(milliseconds / 1000)


@dataclass(slots=True, kw_only=True)
class Connection:
    """A server at ``url``, with ``token`` (an API key or a session) for those operations that ask for one."""

    url: str
    token: str | None = field(default=None, repr=False)
    patience: Patience = field(default_factory=Patience)
    timeout_seconds: int = 60
    pause: Callable[[int], None] = _sleep_ms
    make_key: Callable[[], str] = new_key
    _client: httpx.Client = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Open a pool of connections; redirects are never followed, so that the token goes to this server alone."""
        if not self.url.startswith(("http://", "https://")):
            raise ValueError("url: expected http:// or https:// and the server's name")
        self._client = httpx.Client(base_url=self.url.rstrip("/"), timeout=self.timeout_seconds, follow_redirects=False)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the pool."""
        self.close()

    def close(self) -> None:
        """Close the pool."""
        self._client.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        query: tuple[tuple[str, str], ...] = (),
        content: bytes | None = None,
        content_type: str = "application/json",
        key: str | None = None,
        is_repeatable: bool = True,
    ) -> Reply:
        """Return the server's last reply, or raise ``ConnectionLostError``.

        The same bytes go under the same ``key`` at every attempt. ``is_repeatable=False`` sends once: what has no key and does something.
        """
        headers = {"Accept": "*/*"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if key is not None:
            headers[_KEY] = key
        if content is not None:
            headers["Content-Type"] = content_type
        attempts = self.patience.attempts if is_repeatable else 1
        for attempt in range(1, attempts + 1):
            try:
                answer = self._client.request(method, path, params=list(query), content=content, headers=headers)
            except httpx.TransportError as error:
                if attempt == attempts:
                    raise ConnectionLostError(
                        f"{self.url} gave no answer in {attempts} attempts: {type(error).__name__}", idempotency_key=key
                    ) from error
                self.pause(self.patience.pause_ms(attempt, secrets.randbits(8)))
                continue
            wait = self._wait_ms(answer, attempt)
            if answer.status_code not in _AGAIN or attempt == attempts or wait is None:
                break
            self.pause(wait)
        return Reply(status=answer.status_code, headers=dict(answer.headers), content=answer.content)

    def _wait_ms(self, answer: httpx.Response, attempt: int) -> int | None:
        """Return how long to wait before the next attempt, or None when the server asks for more than we wait."""
        asked = answer.headers.get("Retry-After", "")
        if not (asked.isascii() and asked.isdigit() and len(asked) < 10):  # noqa: PLR2004 - a date, or nothing: our own pace
            return self.patience.pause_ms(attempt, secrets.randbits(8))
        wait = int(asked) * 1000
        return wait if wait <= self.patience.longest_wait_ms else None
