"""One fetch against a real server on the loopback: what is taken, what is tried again, and what ends a call."""

from __future__ import annotations

import gzip
import hashlib
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler

import httpx
import pytest

from finance.feeds.fetch import Clocks, FetchLimits, HostPace, feed_client, fetch
from finance.feeds.requests import Content, FeedRequest, Fetched, Method
from finance.feeds.watch import is_public
from ledger.core.errors import Conflict, DomainError, Invalid
from tests.contract.source_server import HTML, JSON, NOW, Reply, SourceServer, VirtualTime

GOOD = Reply(body=b'{"a": "1"}')


def ask(
    source: SourceServer,
    *,
    limits: FetchLimits | None = None,
    clocks: Clocks | None = None,
    content: Content = Content.JSON,
    **fields: object,
) -> Fetched:
    request = FeedRequest(url=f"{source.url}/x", content=content, label="x", **fields)  # type: ignore[arg-type]
    with feed_client() as client:
        return fetch(client, request, limits=limits or FetchLimits(), clocks=clocks or VirtualTime().clocks())


def refusal(
    source: SourceServer,
    *,
    limits: FetchLimits | None = None,
    clocks: Clocks | None = None,
    content: Content = Content.JSON,
) -> DomainError:
    with pytest.raises(DomainError) as refused:
        ask(source, limits=limits, clocks=clocks, content=content)
    return refused.value


def test_an_answer_comes_with_its_hash_status_type_and_instant_and_without_cookies(source: SourceServer) -> None:
    source.reply("/x", Reply(body=GOOD.body, headers=(("ETag", '"7"'), ("Set-Cookie", "session=secret"))))

    fetched = ask(source, headers={"Authorization": "Token secret"})

    assert fetched.content == GOOD.body
    assert fetched.sha256 == hashlib.sha256(GOOD.body).hexdigest()
    assert (fetched.status, fetched.media_type, fetched.fetched_at, fetched.label) == (200, JSON, NOW, "x")
    assert fetched.headers["etag"] == '"7"'
    assert "secret" not in repr(fetched)


def test_a_json_body_and_a_form_are_sent_as_what_they_are(source: SourceServer) -> None:
    source.reply("/x", GOOD)

    ask(source, method=Method.POST, json={"tradeDate": "20260814"})
    ask(source, method=Method.POST, form={"currency": "EUR/CNY,100JPY/CNY"})

    assert [(one.method, one.body) for one in source.asked] == [
        ("POST", b'{"tradeDate":"20260814"}'),
        ("POST", b"currency=EUR%2FCNY%2C100JPY%2FCNY"),
    ]
    assert [one.headers["Content-Type"] for one in source.asked] == [JSON, "application/x-www-form-urlencoded"]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/x",
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "https://me:pw@example.org/x",
        "https://example.org/x?api_key=1",
        "https://example.org/x?access_token=",
        "https:///x",
        "https://exa mple.org/",
        "https://[::1",
        "https://example.org:99999/",
        "https://example.org/\n",
        "http://127.0.0.1.example.org/",
        "http://0x7f000001/",
        "http://[::ffff:10.0.0.1]/",
        "//example.org/x",
        "https://ex\u00e4mple.org/",
        "",
        "https://example.org/" + "a" * 2000,
    ],
)
def test_an_address_that_may_not_be_asked_is_refused_and_not_echoed(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        FeedRequest(url=url, content=Content.JSON, label="x")

    assert refused.value.code == "feed.address"
    assert "pw" not in refused.value.message


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        (("93.184.216.34", 443), True),
        (("10.0.0.1", 443), False),
        (("127.0.0.1", 443), False),
        (("169.254.169.254", 443), False),
        (("100.64.0.1", 443), False),
        (("224.0.0.1", 443), False),
        (("0.0.0.0", 443), False),  # noqa: S104 - an address that must be refused
        (("::1", 443, 0, 0), False),
        (("::ffff:192.168.0.1", 443, 0, 0), False),
        (("fe80::1%eth0", 443, 0, 2), False),
        (("fd00::1", 443, 0, 0), False),
        (("2606:2800:220:1:248:1893:25c8:1946", 443, 0, 0), True),
        (None, False),
        (("not an address",), False),
    ],
)
def test_only_addresses_open_to_all_count_as_public(peer: object, *, expected: bool) -> None:
    assert is_public(peer) is expected


def test_a_public_name_that_leads_to_this_machine_is_refused_before_anything_is_sent(
    source: SourceServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(source.url.rpartition(":")[2])
    request = FeedRequest(url=f"https://source.example:{port}/x", content=Content.JSON, label="x")
    resolve = socket.create_connection

    def to_loopback(address: tuple[str, int], *args: object, **kwargs: object) -> socket.socket:
        return resolve(("127.0.0.1", address[1]), timeout=5)

    monkeypatch.setattr(socket, "create_connection", to_loopback)
    with feed_client() as client, pytest.raises(Conflict) as refused:
        fetch(client, request, limits=FetchLimits(), clocks=VirtualTime().clocks())

    assert (refused.value.code, refused.value.data["reason"]) == ("feed.unreachable", "private")
    assert source.asked == []


@pytest.mark.parametrize("status", [403, 420])
def test_replay_12_a_refusal_is_never_tried_again(source: SourceServer, status: int) -> None:
    source.reply("/x", Reply(status=status, body=b"no", media_type="text/plain"))

    error = refusal(source)

    assert (error.code, error.data["status"]) == ("feed.blocked", str(status))
    assert len(source.asked) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 410, 451])
def test_other_client_errors_are_never_tried_again(source: SourceServer, status: int) -> None:
    source.reply("/x", Reply(status=status))

    error = refusal(source)

    assert (error.code, error.data["status"]) == ("feed.status", str(status))
    assert len(source.asked) == 1


def test_replay_13_a_busy_source_is_asked_again_after_the_seconds_it_names(source: SourceServer) -> None:
    source.reply("/x", Reply(status=429, headers=(("Retry-After", "7"),)), GOOD)
    passing = VirtualTime()

    fetched = ask(source, clocks=passing.clocks())

    assert fetched.content == GOOD.body
    assert passing.slept == [7]


def test_replay_13_a_busy_source_may_name_a_date(source: SourceServer) -> None:
    later = format_datetime(NOW + timedelta(seconds=9), usegmt=True)
    source.reply("/x", Reply(status=503, headers=(("Retry-After", later),)), GOOD)
    passing = VirtualTime()

    ask(source, clocks=passing.clocks())

    assert passing.slept == [9]


@pytest.mark.parametrize("named", ["3600", "99999999999999999999", "Wed, 21 Nov 2096 10:00:00 GMT"])
def test_replay_13_a_wait_beyond_the_deadline_is_not_waited(source: SourceServer, named: str) -> None:
    source.reply("/x", Reply(status=429, headers=(("Retry-After", named),)), GOOD)
    passing = VirtualTime()

    error = refusal(source, clocks=passing.clocks())

    assert (error.code, error.data["status"]) == ("feed.status", "429")
    assert passing.slept == []


@pytest.mark.parametrize("named", ["soon", "-5", "1.5", "", "Wed, 99 Nov 2026"])
def test_replay_13_a_wait_that_cannot_be_read_is_the_usual_one(source: SourceServer, named: str) -> None:
    source.reply("/x", Reply(status=429, headers=(("Retry-After", named),)), GOOD)
    passing = VirtualTime()

    ask(source, clocks=passing.clocks())

    assert passing.slept == [1]


def test_replay_13_a_failing_source_is_tried_three_times_with_doubling_waits(source: SourceServer) -> None:
    source.reply("/x", Reply(status=503))
    passing = VirtualTime()

    error = refusal(source, clocks=passing.clocks())

    assert (error.code, error.data["status"]) == ("feed.status", "503")
    assert len(source.asked) == 3
    assert passing.slept == [1, 2]


def test_the_jitter_lengthens_each_wait(source: SourceServer) -> None:
    source.reply("/x", Reply(status=500), Reply(status=500), GOOD)
    passing = VirtualTime()
    clocks = Clocks(now=lambda: NOW, monotonic=lambda: passing.seconds, sleep=passing.sleep, jitter=lambda: 0.5)

    ask(source, clocks=clocks)

    assert passing.slept == [1.5, 2.5]


def reset(handler: BaseHTTPRequestHandler) -> None:
    """Hang up as a machine that lost the connection: no answer, no goodbye."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def truncate(handler: BaseHTTPRequestHandler) -> None:
    """Promise more than is sent."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n" + b'{"a"')


@pytest.mark.parametrize("behave", [reset, truncate])
def test_replay_13_a_reset_or_truncated_answer_is_tried_again(
    source: SourceServer, behave: Callable[[BaseHTTPRequestHandler], None]
) -> None:
    source.reply("/x", Reply(behave=behave), GOOD)

    assert ask(source).content == GOOD.body
    assert len(source.asked) == 2


def test_replay_13_a_source_that_always_breaks_off_is_unreachable(source: SourceServer) -> None:
    source.reply("/x", Reply(behave=reset))

    assert refusal(source).code == "feed.unreachable"
    assert len(source.asked) == 3


def test_a_source_that_is_not_there_is_unreachable() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        request = FeedRequest(url=f"http://127.0.0.1:{closed.getsockname()[1]}/x", content=Content.JSON, label="x")

        with feed_client() as client, pytest.raises(Conflict) as refused:
            fetch(client, request, limits=FetchLimits(), clocks=VirtualTime().clocks())

    assert refused.value.code == "feed.unreachable"


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"])
def test_replay_13_a_source_that_drips_bytes_is_cut_off_at_the_deadline(source: SourceServer, start: bytes) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(start)
        for _ in range(200):
            handler.wfile.write(b"X-Drip: a\r\n" if start.count(b"\r\n") == 1 else b"")
            handler.wfile.flush()
            if source.released.wait(0.05):
                return

    source.reply("/x", Reply(behave=drip))
    clocks = Clocks(now=lambda: NOW, monotonic=time.monotonic, sleep=time.sleep, jitter=lambda: 0)
    started = time.monotonic()

    error = refusal(source, limits=FetchLimits(deadline_seconds=1), clocks=clocks)

    assert error.code == "feed.deadline"
    assert time.monotonic() - started < 3


def test_a_body_that_keeps_coming_past_the_deadline_is_dropped(source: SourceServer) -> None:
    source.reply("/x", Reply(body=b'{"a": "' + b"x" * 300_000 + b'"}'))
    passing = VirtualTime()

    def ticking() -> float:
        passing.seconds += 20
        return passing.seconds

    clocks = Clocks(now=lambda: NOW, monotonic=ticking, sleep=passing.sleep, jitter=lambda: 0)

    assert refusal(source, clocks=clocks).code == "feed.deadline"


def packed(body: bytes, *, encoding: str = "gzip", raw: bytes | None = None) -> Reply:
    return Reply(body=gzip.compress(body) if raw is None else raw, headers=(("Content-Encoding", encoding),))


RAW_DEFLATE = zlib.compressobj(wbits=-15)


@pytest.mark.parametrize(
    "reply",
    [
        packed(GOOD.body),
        packed(b"", raw=zlib.compress(GOOD.body), encoding="deflate"),
        packed(b"", raw=RAW_DEFLATE.compress(GOOD.body) + RAW_DEFLATE.flush(), encoding="deflate"),
        packed(b"", raw=gzip.compress(b'{"a"') + gzip.compress(b': "1"}')),
        packed(GOOD.body, encoding="X-GZIP"),
    ],
    ids=["gzip", "deflate", "raw_deflate", "two_members", "x_gzip"],
)
def test_a_compressed_answer_is_unpacked(source: SourceServer, reply: Reply) -> None:
    source.reply("/x", reply)

    assert ask(source).content == GOOD.body


@pytest.mark.parametrize(
    ("reply", "code", "calls"),
    [
        (Reply(body=b"[" + b"1," * 600 + b"1]"), "feed.too_large", 1),
        (packed(b" " * 50_000_000), "feed.too_large", 1),
        (packed(b"", raw=zlib.compress(b" " * 50_000_000), encoding="deflate"), "feed.too_large", 1),
        (packed(b"", raw=gzip.compress(b" " * 900) + gzip.compress(b" " * 900)), "feed.too_large", 1),
        (packed(b"", raw=b"not gzip"), "feed.encoding", 1),
        (packed(b"", raw=b"\xff" * 40, encoding="deflate"), "feed.encoding", 1),
        (packed(b"", raw=gzip.compress(GOOD.body)[:-9]), "feed.encoding", 3),
        (packed(GOOD.body, encoding="br"), "feed.encoding", 1),
        (packed(GOOD.body, encoding="gzip, gzip"), "feed.encoding", 1),
    ],
    ids=["large", "bomb", "deflate_bomb", "many_members", "garbage", "deflate_garbage", "cut", "unknown", "twice"],
)
def test_replay_13_what_is_too_large_or_badly_packed_is_typed(
    source: SourceServer, reply: Reply, code: str, calls: int
) -> None:
    source.reply("/x", reply)

    assert refusal(source, limits=FetchLimits(max_bytes=1000 if len(reply.body) < 2000 else 60_000)).code == code
    assert len(source.asked) == calls


def test_an_answer_larger_than_the_limit_as_sent_is_refused_whatever_it_unpacks_to(source: SourceServer) -> None:
    source.reply("/x", packed(b"", raw=gzip.compress(GOOD.body) + b"\0" * 5000))

    assert refusal(source, limits=FetchLimits(max_bytes=1000)).code == "feed.too_large"


@pytest.mark.parametrize(
    ("reply", "reason", "calls"),
    [
        (Reply(body=b"<!DOCTYPE html><html>check</html>", media_type=HTML), "challenge", 1),
        (Reply(body=b"  <HTML><script>1</script>"), "challenge", 1),
        (Reply(body=b"\xef\xbb\xbf<html>"), "challenge", 1),
        (Reply(body=b""), "empty", 3),
        (Reply(body=b" \r\n "), "empty", 3),
        (Reply(body=b'{"a": [1, 2'), "incomplete", 3),
        (Reply(body=b"Too Many Requests", media_type="text/plain"), "format", 1),
        (Reply(body=b'{"a": 1}', media_type="image/png"), "media_type", 1),
        (Reply(body=b'{"a": 1, "a": 2}'), "format", 1),
        (Reply(body=b'{"a": NaN}'), "format", 1),
        (Reply(body=b"[" * 100_000), "incomplete", 3),
    ],
)
def test_replay_11_status_200_with_something_else_is_a_content_error(
    source: SourceServer, reply: Reply, reason: str, calls: int
) -> None:
    source.reply("/x", reply)

    error = refusal(source)

    assert (error.code, error.data["reason"]) == ("feed.content", reason)
    assert len(source.asked) == calls


@pytest.mark.parametrize(
    ("content", "body", "media_type"),
    [
        (Content.XML, b"<html>", "text/xml"),
        (Content.XML, b"{}", "text/xml"),
        (Content.CSV, b"<html>", "text/csv"),
        (Content.CSV, b"a\0b", "text/csv"),
        (Content.WORKBOOK, b"<html>", "application/vnd.ms-excel"),
        (Content.WORKBOOK, b"a,b", "application/vnd.ms-excel"),
        (Content.ZIP, b"<html>", "application/zip"),
        (Content.HTML, b"{}", "text/html"),
    ],
)
def test_every_kind_of_content_refuses_what_it_is_not(
    source: SourceServer, content: Content, body: bytes, media_type: str
) -> None:
    source.reply("/x", Reply(body=body, media_type=media_type))

    assert refusal(source, content=content).code == "feed.content"


def test_incomplete_json_is_tried_again_and_may_come_whole(source: SourceServer) -> None:
    source.reply("/x", Reply(body=b'{"a": '), GOOD)

    assert ask(source).content == GOOD.body


def test_a_redirect_on_the_same_host_is_followed(source: SourceServer) -> None:
    source.reply("/x", Reply(status=302, headers=(("Location", "/moved"),)))
    source.reply("/moved", GOOD)

    assert ask(source).url == f"{source.url}/moved"


@pytest.mark.parametrize(
    "target", ["https://other.example/x", "http://localhost:1/x", "//other.example/", "file:///etc/passwd", "\\\\x"]
)
def test_a_redirect_to_another_host_or_scheme_is_not_followed(source: SourceServer, target: str) -> None:
    source.reply("/x", Reply(status=302, headers=(("Location", target),)))

    error = refusal(source)

    assert error.code in {"feed.status", "feed.address"}
    assert len(source.asked) == 1


def test_a_redirect_that_adds_a_key_to_the_address_is_not_followed(source: SourceServer) -> None:
    source.reply("/x", Reply(status=302, headers=(("Location", "/moved?token=1"),)))

    assert refusal(source).code == "feed.address"


def test_a_redirect_in_a_circle_ends(source: SourceServer) -> None:
    source.reply("/x", Reply(status=301, headers=(("Location", "/x"),)))

    assert refusal(source).data["status"] == "redirect"
    assert len(source.asked) == 4


def test_one_host_is_asked_once_a_second_by_all_threads_together() -> None:
    pace = HostPace()
    waits: list[float] = []

    threads = [
        threading.Thread(target=lambda: waits.append(pace.reserve("a.example", now=100, interval=1))) for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(waits) == [0, 1, 2, 3, 4]
    assert pace.reserve("b.example", now=100, interval=1) == 0
    assert pace.reserve("a.example", now=200, interval=1) == 0


def test_two_calls_in_a_row_wait_for_their_turn(source: SourceServer) -> None:
    source.reply("/x", GOOD)
    passing = VirtualTime()
    clocks = passing.clocks()

    ask(source, clocks=clocks)
    ask(source, clocks=clocks)

    assert passing.slept == [1]


def test_the_shipped_client_verifies_certificates_and_follows_nothing_by_itself() -> None:
    with feed_client() as client:
        transport = client._transport
        assert isinstance(transport, httpx.HTTPTransport)
        context = transport._pool._ssl_context

        assert context is not None
        assert context.check_hostname
        assert context.verify_mode.name == "CERT_REQUIRED"
        assert client.follow_redirects is False
        assert client.trust_env is False


@pytest.mark.parametrize(
    "build",
    [
        lambda: FetchLimits(deadline_seconds=0),
        lambda: FetchLimits(connect_seconds=0),
        lambda: FetchLimits(read_seconds=-1),
        lambda: FetchLimits(max_bytes=0),
        lambda: FetchLimits(max_tries=0),
        lambda: FetchLimits(backoff_seconds=-1),
    ],
    ids=["deadline", "connect", "read", "bytes", "tries", "backoff"],
)
def test_limits_under_which_nothing_could_be_fetched_are_refused(build: Callable[[], FetchLimits]) -> None:
    with pytest.raises(Invalid):
        build()


def test_a_request_has_one_body_at_most_and_only_with_post() -> None:
    with pytest.raises(Invalid):
        FeedRequest(url="https://a.example/", content=Content.JSON, label="x", json={"a": "b"})
    with pytest.raises(Invalid):
        FeedRequest(url="https://a.example/", content=Content.JSON, label="x", method=Method.POST, json={}, form={})
