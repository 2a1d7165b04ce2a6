"""Alerts on their way: a real mail server and a real web server on loopback, a dispatcher that is killed in between."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID, uuid5

import pytest
from aiosmtpd.controller import Controller
from fastapi import FastAPI
from standardwebhooks import Webhook

from api.app import create_app
from api.auth.principal import Scope
from api.deps import unit_of_work
from api.notices.dispatcher import DeliveryRules, Dispatch, Dispatched, dispatch_due, pause_after
from api.notices.mail import mail_sender
from api.notices.secrets import signed_headers
from api.notices.senders import Message, Outcome, Sender
from api.notices.settings import MailSecurity, MailSettings, NoticeSettings, notice_settings
from api.notices.webhooks import WebhookBounds, webhook_sender
from finance.conventions.notices import Channel, Subject, Words
from finance.operations.notices import raise_notice
from ledger.core.errors import Invalid
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.conftest import Member
from tests.api.ledger_calls import done
from tests.api.people import colleague_of, place, proof
from tests.store.test_notices import draft

KEY = bytes(range(32))
RULES = DeliveryRules(
    most_tries=20,
    first_pause=timedelta(seconds=30),
    longest_pause=timedelta(hours=6),
    lease=timedelta(minutes=5),
    batch=20,
)
BOUNDS = WebhookBounds(connect=3, read=5, total=10, answer_bytes=10_000, overlap=timedelta(hours=24))


@dataclass
class Receiver:
    """A web server that refuses every third request, and remembers what came."""

    port: int = 0
    refuses: bool = True
    seen: list[tuple[dict[str, str], str, int]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    state = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            status = 503 if state.refuses and len(state.seen) % 10 in {1, 4, 8} else 204
            state.seen.append(({name.lower(): text for name, text in self.headers.items()}, body, status))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def app(database: Database, clock: Clock, randomness: Randomness) -> FastAPI:
    settings = NoticeSettings(webhook_key=KEY, loopback_webhooks=True)
    return create_app(database, clock=clock, random_source=randomness, notices=settings)


@pytest.fixture
def world(database: Database, clock: Clock) -> Dispatch:
    ids = iter(range(10_000))
    return Dispatch(
        database=database,
        senders={Channel.WEBHOOK: webhook_sender(KEY, BOUNDS, clock=clock, is_loopback_allowed=True)},
        rules=RULES,
        clock=clock,
        random_bytes=lambda count: b"\x80" * count,
        new_id=lambda: uuid5(UUID(int=5), str(next(ids))),
    )


@pytest.fixture
def colleague(database: Database, clock: Clock, randomness: Randomness, borrower: Member) -> Member:
    return colleague_of(
        database, clock, randomness, borrower, "second@borrower.example", {Scope.ADMIN, Scope.ACCESS_APPROVE}
    )


def with_senders(world: Dispatch, senders: dict[Channel, Sender]) -> Dispatch:
    return Dispatch(
        database=world.database,
        senders=senders,
        rules=world.rules,
        clock=world.clock,
        random_bytes=world.random_bytes,
        new_id=world.new_id,
    )


def live_webhook(client: Client, receiver: Receiver, colleague: Member) -> tuple[dict[str, Any], str]:
    body = {
        "url": f"http://127.0.0.1:{receiver.port}/hook",
        "description": "tickets",
        "kinds": ["compliance_gap", "test"],
    }
    made = done(client.post("/v1/webhooks", json.dumps(body)))
    path = f"/v1/webhooks/{made['webhook']['webhook_id']}/approve"
    live = done(client.post(path, json.dumps({"sha256": made["webhook"]["sha256"]}), key=colleague.key))
    return live, made["secret"]


def raise_gaps(database: Database, organisation_id: UUID, count: int, now: datetime) -> None:
    with unit_of_work(database) as session:
        for number in range(count):
            subject = Subject(kind="book", ref=f"book {number % 3}")
            raise_notice(session, draft(f"case {number}", organisation_id=organisation_id, subject=subject), now=now)


class Killed(BaseException):
    """The process ends here: nothing catches it."""


def test_no_alert_is_lost_when_the_receiver_fails_and_the_dispatcher_is_killed(
    client: Client,
    database: Database,
    borrower: Member,
    colleague: Member,
    world: Dispatch,
    receiver: Receiver,
    clock: Clock,
) -> None:
    _, secret = live_webhook(client, receiver, colleague)
    raise_gaps(database, borrower.organisation_id, 30, clock())
    real, calls = world.senders[Channel.WEBHOOK], 0

    def dying(message: Message) -> Outcome:
        nonlocal calls
        calls += 1
        if calls % 11 == 5:
            raise Killed  # before it was sent
        outcome = real(message)
        if calls % 11 == 9:
            raise Killed  # sent, and not recorded
        return outcome

    killed = 0
    for _ in range(60):
        try:
            dispatch_due(with_senders(world, {Channel.WEBHOOK: dying}))
        except Killed:
            killed += 1
        clock.advance(minutes=6)

    assert killed >= 4
    taken = [(headers, json.loads(body)) for headers, body, status in receiver.seen if status == 204]
    by_subject: dict[str, list[int]] = {}
    for _, document in taken:
        by_subject.setdefault(document["data"]["subject_ref"], []).append(document["data"]["number"])
    assert sorted({number for numbers in by_subject.values() for number in numbers}) == list(range(2, 32)), (
        "1 is the wait for confirmation"
    )
    for numbers in by_subject.values():
        assert numbers == sorted(numbers), "what is about one thing arrives in order, repeated or not"
    ids: dict[int, set[str]] = {}
    for headers, document in taken:
        ids.setdefault(document["data"]["number"], set()).add(headers["webhook-id"])
    assert all(len(found) == 1 for found in ids.values()), "what comes twice comes under one id"
    assert len(taken) > 30, "the deaths made duplicates"
    assert len({next(iter(found)) for found in ids.values()}) == 30
    log = client.get("/v1/notice-deliveries?limit=200").json()
    assert {one["state"] for one in log["deliveries"]} == {"sent"}
    assert secret.startswith("whsec_")


def test_a_message_is_signed_by_both_secrets_while_they_overlap(
    client: Client, colleague: Member, world: Dispatch, receiver: Receiver, clock: Clock
) -> None:
    receiver.refuses = False
    clock.now = datetime.now(UTC).replace(microsecond=0)  # the library judges the time by the real clock
    live, first = live_webhook(client, receiver, colleague)
    path = f"/v1/webhooks/{live['webhook_id']}"
    rotated = done(client.post(f"{path}/rotate"))

    done(client.post(f"{path}/test"))
    dispatch_due(world)
    clock.advance(hours=25)
    done(client.post(f"{path}/test"))
    dispatch_due(world)

    (headers, body, _), (later, later_body, _) = receiver.seen
    assert rotated["webhook"]["secret_number"] == 2
    assert rotated["secret"] != first
    for secret in (first, rotated["secret"]):
        assert Webhook(secret).verify(body, headers)["type"] == "notice.test"
    assert len(headers["webhook-signature"].split()) == 2
    assert len(later["webhook-signature"].split()) == 1
    again = signed_headers([rotated["secret"]], message_id=UUID(later["webhook-id"]), body=later_body, at=clock())
    assert again["webhook-signature"] == later["webhook-signature"]


def test_a_webhook_gets_nothing_until_another_person_confirms_it(
    client: Client,
    database: Database,
    borrower: Member,
    colleague: Member,
    world: Dispatch,
    receiver: Receiver,
    clock: Clock,
    randomness: Randomness,
) -> None:
    body = {"url": f"http://127.0.0.1:{receiver.port}/", "description": "x"}
    made = done(client.post("/v1/webhooks", json.dumps(body)))["webhook"]
    path = f"/v1/webhooks/{made['webhook_id']}/approve"

    by_key = client.post(path, json.dumps({"sha256": made["sha256"]}))
    maker = proof(database, clock, randomness, place(database, borrower), {Scope.ADMIN, Scope.ACCESS_APPROVE})
    own = client.post(path, json.dumps({"sha256": made["sha256"]}), key=maker.key)
    other = client.post(path, json.dumps({"sha256": "0" * 64}), key=colleague.key)
    raise_gaps(database, borrower.organisation_id, 2, clock())
    dispatch_due(world)

    assert (by_key.status_code, by_key.json()["code"]) == (403, "auth.scope_missing")
    assert (own.status_code, own.json()["code"]) == (403, "webhook.same_person")
    assert (other.status_code, other.json()["code"]) == (409, "webhook.digest")
    assert receiver.seen == []
    waiting = client.get("/v1/notices?kind=approval_waits", key=colleague.key).json()["notices"]
    assert [one["subject_ref"] for one in waiting] == [made["webhook_id"]]
    assert client.get("/v1/notices?kind=approval_waits").json()["notices"] == []


def test_a_delivery_dies_after_twenty_tries_and_a_person_revives_it(
    client: Client,
    database: Database,
    borrower: Member,
    colleague: Member,
    world: Dispatch,
    receiver: Receiver,
    clock: Clock,
) -> None:
    live_webhook(client, receiver, colleague)
    raise_gaps(database, borrower.organisation_id, 1, clock())
    failing = with_senders(world, {Channel.WEBHOOK: lambda _: Outcome(is_sent=False, status=500, detail="no")})

    for _ in range(25):
        dispatch_due(failing)
        clock.advance(hours=7)

    (dead,) = client.get("/v1/notice-deliveries?state=dead").json()["deliveries"]
    assert (dead["tries"], len(dead["events"]), dead["events"][-1]["what"]) == (20, 20, "dead")
    receiver.refuses = False
    revived = done(client.post(f"/v1/notice-deliveries/{dead['delivery_id']}/retry"))
    assert (revived["state"], revived["events"][-1]["what"]) == ("pending", "retried")
    assert dispatch_due(world) == Dispatched(expanded=0, sent=1, failed=0, dead=0)
    assert client.post(f"/v1/notice-deliveries/{dead['delivery_id']}/retry").status_code == 409


@pytest.mark.parametrize(
    "url",
    ["https://169.254.169.254/", "https://metadata.internal/", "http://example.com/", "https://user@example.com/"],
)
def test_an_inner_address_is_no_webhook(client: Client, url: str) -> None:
    answer = client.post("/v1/webhooks", json.dumps({"url": url, "description": "x"}))

    assert answer.status_code in {403, 422}
    assert "169.254" not in answer.text


def test_pauses_double_up_to_the_longest() -> None:
    assert pause_after(1, RULES, random_byte=255) == timedelta(seconds=30)
    assert pause_after(1, RULES, random_byte=0) == timedelta(seconds=15)
    assert pause_after(4, RULES, random_byte=255) == timedelta(seconds=240)
    assert pause_after(500, RULES, random_byte=255) == timedelta(hours=6)


@dataclass
class Mailbox:
    """Keeps what the server takes."""

    mails: list[tuple[list[str], bytes]] = field(default_factory=list)
    refuses: bool = False

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802 - the server's name for it
        if self.refuses:
            return "451 later"
        self.mails.append((list(envelope.rcpt_tos), bytes(envelope.content)))
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


def mailing(world: Dispatch, port: int, clock: Clock) -> Dispatch:
    settings = MailSettings(
        host="127.0.0.1", port=port, security=MailSecurity.NONE, user="", password="", sender="tonne@tonne.example"
    )
    return with_senders(world, {Channel.EMAIL: mail_sender(settings, public_url="https://tonne.example", clock=clock)})


def test_mail_comes_in_the_reader_s_language_with_the_other_below(
    client: Client, database: Database, borrower: Member, world: Dispatch, mailbox: tuple[Mailbox, int], clock: Clock
) -> None:
    box, port = mailbox
    done(client.post("/v1/notice-settings", json.dumps({"language": "zh"})))
    words = Words(en='<script>alert("x")</script> & more', zh="缺口12吨")
    with unit_of_work(database) as session:
        raise_notice(session, draft(organisation_id=borrower.organisation_id, text=words), now=clock())

    assert dispatch_due(mailing(world, port, clock)).sent == 1

    ((to, content),) = box.mails
    mail = message_from_bytes(content, policy=policy.default)
    assert to == ["first@borrower.example"]
    assert mail["Subject"] == "缺口"
    plain, html = (part.get_content() for part in mail.iter_parts())
    assert plain.index("缺口12吨") < plain.index("& more")
    assert "https://tonne.example/compliance" in plain
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_a_server_that_says_later_is_asked_again_with_the_same_message_id(
    client: Client, database: Database, borrower: Member, world: Dispatch, mailbox: tuple[Mailbox, int], clock: Clock
) -> None:
    box, port = mailbox
    box.refuses = True
    with unit_of_work(database) as session:
        raise_notice(session, draft(organisation_id=borrower.organisation_id), now=clock())

    assert dispatch_due(mailing(world, port, clock)).failed == 1
    box.refuses = False
    assert dispatch_due(mailing(world, port, clock)).sent == 0, "not before its pause is over"
    clock.advance(minutes=1)
    assert dispatch_due(mailing(world, port, clock)).sent == 1

    (one,) = client.get("/v1/notice-deliveries").json()["deliveries"]
    assert [(event["what"], event["status"]) for event in one["events"]] == [("failed", 451), ("sent", 250)]
    assert one["delivery_id"].encode() in box.mails[0][1]


def test_mail_waits_while_its_reader_wants_quiet_and_muted_kinds_send_none(
    client: Client, database: Database, borrower: Member, world: Dispatch, mailbox: tuple[Mailbox, int], clock: Clock
) -> None:
    _, port = mailbox
    body = {
        "language": "en",
        "quiet_until": "2026-11-21T20:00:00Z",
        "kinds": [{"kind": "price_stale", "channels": ["app"]}],
    }
    done(client.post("/v1/notice-settings", json.dumps(body)))
    with unit_of_work(database) as session:
        raise_notice(session, draft(organisation_id=borrower.organisation_id), now=clock())

    assert dispatch_due(mailing(world, port, clock)).sent == 0
    clock.advance(hours=12)
    assert dispatch_due(mailing(world, port, clock)).sent == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TONNE_SMTP_PORT", "99999"),
        ("TONNE_SMTP_SECURITY", "ssl"),
        ("TONNE_MAIL_FROM", "a@b\r\nBcc: c@d"),
        ("TONNE_SMTP_HOST", "mail example"),
        ("TONNE_SMTP_PASSWORD", "alone"),
        ("TONNE_WEBHOOK_KEY", "c2hvcnQ="),
        ("TONNE_PUBLIC_URL", "ftp://nowhere"),
        ("TONNE_LOOPBACK_WEBHOOKS", "yes"),
    ],
)
def test_settings_that_cannot_work_stop_the_start(name: str, value: str) -> None:
    given = {"TONNE_SMTP_HOST": "mail.example", "TONNE_MAIL_FROM": "tonne@example.com", name: value}

    with pytest.raises(Invalid) as refused:
        notice_settings(given)

    assert value not in refused.value.message
