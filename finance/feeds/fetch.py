"""One polite fetch: the bytes of one address within a deadline and a size, or a typed error.

Owns the limits of a call, when it is tried again, and how often a host is asked. Knows no source and no timetable. Clocks,
sleep and the random source are passed in.
"""

from __future__ import annotations

import hashlib
import json
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import NoReturn
from urllib.parse import urljoin, urlsplit

import httpx

from finance.feeds.answers import check_answer
from finance.feeds.limits import MAX_FILE_BYTES
from finance.feeds.requests import FeedRequest, Fetched, Method, check_address, is_loopback, shown_address
from finance.feeds.watch import Watch
from ledger.core.errors import Conflict, DomainError, Invalid

_CHUNK_BYTES = 64 * 1024
_GZIP_OR_ZLIB = 47  # zlib's window bits: 32 tells gzip from zlib by itself, 15 is the largest window
_RAW_DEFLATE = -15
_KEPT_HEADERS = ("content-type", "content-length", "content-encoding", "date", "etag", "last-modified", "age")
_BLOCKED = frozenset({403, 420})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS = 3
_TOO_MANY_REQUESTS = 429
_SERVER_ERRORS = range(500, 600)
_USER_AGENT = "Tonne market feed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    """How long, how large and how often: limits of this program, not rules of the field. Seconds and bytes.

    ``deadline_seconds`` bounds everything, tries, waits and slow bodies together. ``max_bytes`` bounds the body as sent
    and as unpacked. ``allows_private_peer`` is for a company's own proxy; without it a public name that leads to a private
    address is refused.
    """

    deadline_seconds: int = 60
    connect_seconds: int = 10
    read_seconds: int = 30
    max_bytes: int = MAX_FILE_BYTES
    max_tries: int = 3
    backoff_seconds: int = 1
    seconds_between_requests: int = 1
    allows_private_peer: bool = False

    def __post_init__(self) -> None:
        """Refuse a limit under which nothing could ever be fetched."""
        numbers = (self.deadline_seconds, self.connect_seconds, self.read_seconds, self.max_bytes, self.max_tries)
        if min(numbers) < 1 or min(self.backoff_seconds, self.seconds_between_requests) < 0:
            raise Invalid("feed.limits", "limits: expected seconds, bytes and tries of 1 and more", field="limits")


class HostPace:
    """When each host may be asked next; shared by the threads of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next_at: dict[str, float] = {}

    def reserve(self, host: str, *, now: float, interval: int) -> float:
        """Return how many seconds to wait for this call's turn, and keep the turn."""
        with self._lock:
            turn = max(now, self._next_at.get(host, now))
            self._next_at[host] = turn + interval
        return turn - now


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """The outside world of time: ``now`` (aware UTC), ``monotonic`` and ``sleep`` in seconds, ``jitter`` in [0, 1).

    ``pace`` remembers when which host was asked: keep one ``Clocks`` per process.
    """

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    jitter: Callable[[], float]
    pace: HostPace = field(default_factory=HostPace, repr=False)


def feed_client(*, proxy: str | None = None) -> httpx.Client:
    """Return a client that verifies TLS, follows no redirect by itself and takes no setting from the environment."""
    return httpx.Client(verify=True, follow_redirects=False, trust_env=False, proxy=proxy)


def fetch(client: httpx.Client, request: FeedRequest, *, limits: FetchLimits, clocks: Clocks) -> Fetched:
    """Return the answer to ``request`` if it has status 200 and is what the request expects.

    Tried again, up to ``limits.max_tries`` in all, with doubling waits plus jitter: 429 and 5xx (``Retry-After`` in seconds or as a
    date is kept when the deadline allows), timeouts, resets, truncated bodies. Never tried again: 403 and 420, other
    4xx, a web page in place of the format, too large, broken compression. Failing is a normal state: ``Conflict`` with
    ``feed.deadline``, ``feed.unreachable``, ``feed.status`` (``data["status"]``), ``feed.blocked`` (403, 420) or
    ``feed.content`` (``data["reason"]``: challenge, empty, incomplete, media_type, format); ``Invalid`` with
    ``feed.too_large`` or ``feed.encoding``.
    """
    call = _Call(client=client, request=request, limits=limits, clocks=clocks)
    for attempt in range(1, limits.max_tries + 1):
        try:
            return call.attempt()
        except _TryAgain as failed:
            wait = failed.retry_after
            if wait is None:
                wait = limits.backoff_seconds * (2 ** (attempt - 1) + clocks.jitter())
            # Waiting past the deadline helps nobody: say now what is wrong.
            if attempt == limits.max_tries or clocks.monotonic() + wait >= call.ends_at:
                raise failed.error from failed
            call.wait(wait)
    raise AssertionError("the last try returns or raises")


class _TryAgain(Exception):  # noqa: N818 - it says what to do, and never leaves this module
    """A failure that may pass; ``retry_after`` is how many seconds the source asked to wait, if it did."""

    def __init__(self, error: DomainError, *, retry_after: float | None = None) -> None:
        super().__init__(error.message)
        self.error = error
        self.retry_after = retry_after


class _Call:
    """One request under one deadline."""

    def __init__(self, *, client: httpx.Client, request: FeedRequest, limits: FetchLimits, clocks: Clocks) -> None:
        self._client = client
        self._request = request
        self._limits = limits
        self._clocks = clocks
        self.ends_at = clocks.monotonic() + limits.deadline_seconds

    def wait(self, seconds: float) -> None:
        """Sleep, but never past the deadline."""
        if seconds <= 0:
            return
        if self._clocks.monotonic() + seconds >= self.ends_at:
            raise self._late()
        self._clocks.sleep(seconds)

    def attempt(self) -> Fetched:
        """Send once, following redirects on the same host; raise ``_TryAgain`` for what may pass."""
        url = self._request.url
        for _ in range(_MAX_REDIRECTS + 1):
            self._take_turn()
            answered = self._send(url)
            if isinstance(answered, Fetched):
                return answered
            url = answered
        raise _refused_redirect("too many of them")

    def _take_turn(self) -> None:
        """Wait until the host may be asked again: tries and redirects count as calls."""
        interval = self._limits.seconds_between_requests
        self.wait(self._clocks.pace.reserve(self._request.host, now=self._clocks.monotonic(), interval=interval))

    def _send(self, url: str) -> Fetched | str:
        """Return the answer, or the address that the source redirects to."""
        left = self.ends_at - self._clocks.monotonic()
        if left <= 0:
            raise self._late()
        host = urlsplit(url).hostname or ""
        is_any_peer_fine = self._limits.allows_private_peer or is_loopback(host)
        with Watch(seconds=left, refuses_private=not is_any_peer_fine) as watch:
            try:
                with self._client.stream(
                    self._request.method.value,
                    url,
                    headers=self._headers(),
                    content=_body(self._request),
                    # A second more than is left: the watch ends a late call, and says that it was late.
                    timeout=httpx.Timeout(
                        min(self._limits.read_seconds, left + 1), connect=min(self._limits.connect_seconds, left + 1)
                    ),
                    follow_redirects=False,
                    extensions={"trace": watch.trace},
                ) as response:
                    return self._read(response, url)
            except (httpx.HTTPError, httpx.StreamError) as error:
                self._fail(error, is_late=watch.is_over)
            except (httpx.InvalidURL, UnicodeError) as error:
                raise Invalid("feed.address", "url: expected an address that can be read", field="url") from error

    def _fail(self, error: Exception, *, is_late: bool) -> NoReturn:
        if is_late or self._clocks.monotonic() >= self.ends_at:
            raise self._late() from error
        if isinstance(error, httpx.UnsupportedProtocol):
            raise Invalid("feed.address", "url: expected https", field="url") from error
        sentence = "the source could not be reached or broke off; it is tried again later"
        raise _TryAgain(Conflict("feed.unreachable", sentence)) from error

    def _headers(self) -> dict[str, str]:
        # A connection per call keeps the deadline's hand on it, and at one call a second costs nothing.
        own = {"User-Agent": _USER_AGENT, "Accept-Encoding": "gzip, deflate", "Connection": "close"}
        if self._request.json is not None:
            own["Content-Type"] = "application/json"
        elif self._request.form is not None:
            own["Content-Type"] = "application/x-www-form-urlencoded"
        return own | dict(self._request.headers)

    def _read(self, response: httpx.Response, url: str) -> Fetched | str:
        status = response.status_code
        if status in _REDIRECTS:
            return self._redirected(response, url)
        if status != httpx.codes.OK:
            self._refuse_status(response)
        content = self._unpacked(response)
        media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        try:
            check_answer(content, expected=self._request.content, media_type=media_type)
        except Conflict as refused:
            if refused.data.get("reason") in {"empty", "incomplete"}:
                raise _TryAgain(refused) from refused
            raise
        return Fetched(
            content=content,
            sha256=hashlib.sha256(content).hexdigest(),
            url=shown_address(url),
            status=status,
            media_type=media_type[:100],
            headers={name: response.headers[name][:200] for name in _KEPT_HEADERS if name in response.headers},
            fetched_at=self._clocks.now(),
            label=self._request.label,
        )

    def _redirected(self, response: httpx.Response, url: str) -> str:
        target = urljoin(url, str(response.headers.get("location", "")))
        here, there = urlsplit(url), urlsplit(target)
        if (here.scheme, here.netloc) != (there.scheme, there.netloc):
            raise _refused_redirect("to another host or scheme")
        if self._request.method is not Method.GET:
            raise _refused_redirect("of a POST")
        check_address(target)
        return target

    def _refuse_status(self, response: httpx.Response) -> NoReturn:
        status = response.status_code
        if status in _BLOCKED:
            sentence = f"the source refuses us with {status}; it is not asked again today, a person has to look"
            raise Conflict("feed.blocked", sentence, status=str(status))
        refused = Conflict("feed.status", f"the source answered {status}, not 200", status=str(status))
        if status != _TOO_MANY_REQUESTS and status not in _SERVER_ERRORS:
            raise refused
        raise _TryAgain(refused, retry_after=_retry_after(response.headers, now=self._clocks.now()))

    def _unpacked(self, response: httpx.Response) -> bytes:
        """Return the whole body, unpacked piece by piece: a bomb is stopped at the limit, not after it."""
        encoding = response.headers.get("content-encoding", "").strip().lower()
        chunks = self._limited(response.iter_raw(_CHUNK_BYTES))
        if encoding in {"", "identity"}:
            return b"".join(chunks)
        if encoding not in {"gzip", "x-gzip", "deflate"}:
            raise Invalid("feed.encoding", "the answer's compression is not one that was asked for")
        return self._inflated(b"".join(chunks), is_deflate=encoding == "deflate")

    def _limited(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        size = 0
        for chunk in chunks:
            size += len(chunk)
            if size > self._limits.max_bytes:
                raise self._too_large()
            if self._clocks.monotonic() >= self.ends_at:
                raise self._late()
            yield chunk
        if self._clocks.monotonic() >= self.ends_at:
            raise self._late()

    def _inflated(self, packed: bytes, *, is_deflate: bool) -> bytes:
        try:
            return self._members(packed, _GZIP_OR_ZLIB)
        except zlib.error as error:
            if not is_deflate:
                raise Invalid("feed.encoding", "the answer's compression is broken") from error
        try:
            return self._members(packed, _RAW_DEFLATE)  # some servers say deflate and leave the zlib frame out
        except zlib.error as error:
            raise Invalid("feed.encoding", "the answer's compression is broken") from error

    def _members(self, packed: bytes, window_bits: int) -> bytes:
        unpacked = bytearray()
        rest = packed
        while rest:
            member = zlib.decompressobj(window_bits)
            room = self._limits.max_bytes - len(unpacked)
            unpacked += member.decompress(rest, room + 1)
            if len(unpacked) > self._limits.max_bytes:
                raise self._too_large()
            if not member.eof:
                raise _TryAgain(Invalid("feed.encoding", "the compressed answer breaks off before its end"))
            rest = member.unused_data.lstrip(b"\0")
        return bytes(unpacked)

    def _too_large(self) -> Invalid:
        return Invalid("feed.too_large", f"the answer is larger than {self._limits.max_bytes} bytes")

    def _late(self) -> Conflict:
        seconds = self._limits.deadline_seconds
        return Conflict("feed.deadline", f"the source took longer than {seconds} seconds; fetched again later")


def _body(request: FeedRequest) -> bytes | None:
    if request.json is not None:
        return json.dumps(dict(request.json), ensure_ascii=True, separators=(",", ":")).encode()
    if request.form is not None:
        return str(httpx.QueryParams(dict(request.form))).encode()
    return None


def _retry_after(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Return the seconds to wait that ``Retry-After`` names (RFC 9110, section 10.2.3); ``None`` when it says nothing."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return int(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        return None
    return max((moment - now).total_seconds(), 0)


def _refused_redirect(why: str) -> Conflict:
    return Conflict("feed.status", f"the source redirects, {why}; its address may have moved", status="redirect")
