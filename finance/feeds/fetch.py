"""One polite fetch: bytes of one address within a deadline and a size, or a typed error.

Owns the limits of a single call. Retries, timetables and where addresses come from belong to the caller. The clock is
passed in.
"""

from __future__ import annotations

from collections.abc import Callable

import httpx

from ledger.core.errors import Conflict, Invalid


def fetch_bytes(
    client: httpx.Client, url: str, *, deadline_seconds: int, max_bytes: int, monotonic: Callable[[], float]
) -> bytes:
    """Return the body of a GET answered with 200, decompressed.

    ``max_bytes`` bounds the body as sent and as decompressed; ``deadline_seconds`` bounds the whole call, slow bodies
    included, as ``monotonic`` (seconds, such as ``time.monotonic``) counts. Failing is a normal state: ``Conflict``
    with ``feed.unreachable``, ``feed.deadline`` or ``feed.status`` (the status in ``data``); ``Invalid`` with
    ``feed.too_large`` or ``feed.encoding``.
    """
    started = monotonic()

    def check_deadline() -> None:
        if monotonic() - started > deadline_seconds:
            raise Conflict(
                "feed.deadline", f"the source took longer than {deadline_seconds} seconds; fetched again later"
            )

    try:
        with client.stream("GET", url, timeout=deadline_seconds) as response:
            if response.status_code != httpx.codes.OK:
                status = str(response.status_code)
                raise Conflict("feed.status", f"the source answered {status}, not 200", status=status)
            body = bytearray()
            for chunk in response.iter_bytes(_CHUNK_BYTES):
                check_deadline()
                body += chunk
                if len(body) > max_bytes or response.num_bytes_downloaded > max_bytes:
                    raise Invalid("feed.too_large", f"the answer is larger than {max_bytes} bytes")
    except httpx.DecodingError as error:
        raise Invalid("feed.encoding", "the answer's compression is broken") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Conflict("feed.unreachable", "the source could not be reached; it is tried again later") from error
    check_deadline()
    return bytes(body)


_CHUNK_BYTES = 64 * 1024
