"""Two orders race for the last tonnes, the last cash and the last of a limit: on both databases one wins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from threading import Barrier
from typing import TypeVar
from uuid import UUID

import pytest

from finance.accounting.trades import Trade, TradeKind
from finance.market.observations import Observation, PriceBasis
from finance.operations import market, orders, trading_limits
from finance.operations.trading_desk import Desk
from finance.store import reference
from finance.store.market import RawFile
from finance.trading.limits import LimitScope, LimitTerms
from finance.trading.orders import OrderTerms, Side, StepKind
from finance.trading.rules import TradeMethod
from ledger import operations as ledger
from ledger.core.errors import DomainError
from ledger.core.journal import EntryKind, JournalDraft, Posting
from ledger.core.parties import Actor
from ledger.store import balances, books
from ledger.store.database import Database
from tests.store.carbon_books import ACTOR, COLLEAGUE, ORGANISATION, CarbonBook, new_id, open_carbon_book

Answer = TypeVar("Answer")
NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
DAY = date(2026, 11, 20)


@dataclass(frozen=True)
class Room:
    """A book that trades, and what several threads do in it."""

    carbon: CarbonBook

    def do(self, actor: Actor, work: Callable[[Desk], Answer]) -> Answer:
        with self.carbon.database.writer() as session:
            book = next(one for one in books.list_books(session, ORGANISATION) if one.book_id == self.carbon.book_id)
            desk = Desk(
                session=session, book=book, actor=actor, now=NOW, new_id=new_id, random_bytes=self.carbon.random_bytes
            )
            answer = work(desk)
            session.commit()
            return answer

    def limit(self, scope: LimitScope, amount_fen: int, key: str = "") -> None:
        terms = LimitTerms(
            scope=scope, key=key, max_amount_fen=amount_fen, max_quantity=None, unit="t", valid_from=date(2026, 1, 1),
            valid_to=None, reason="board",
        )  # fmt: skip
        limit_id = new_id()
        made = self.do(ACTOR, lambda desk: trading_limits.propose_limit(desk, limit_id, terms))
        self.do(
            COLLEAGUE,
            lambda desk: trading_limits.decide_limit(desk, limit_id, StepKind.APPROVED, sha256=made.sha256),
        )

    def approved(self, terms: OrderTerms) -> UUID:
        order_id = new_id()
        made = self.do(ACTOR, lambda desk: orders.propose_order(desk, order_id, terms))
        self.do(COLLEAGUE, lambda desk: orders.approve_order(desk, order_id, sha256=made.sha256))
        return order_id

    def place(self, order_id: UUID) -> str:
        try:
            self.do(ACTOR, lambda desk: orders.place_order(desk, order_id, in_office={COLLEAGUE.user_id}))
        except DomainError as refusal:
            return refusal.code
        return "placed"


@pytest.fixture
def room(database: Database) -> Room:
    carbon = open_carbon_book(database)
    carbon.book(
        [
            Trade(
                trade_ref="A-1", kind=TradeKind.FREE_ALLOCATION, traded_on=date(2026, 9, 30), instrument="CEA25",
                quantity_t=100, compliance_year=2025,
            )
        ],
        now=NOW,
    )  # fmt: skip
    raw = RawFile(file_name="close.csv", content=b"close of yesterday")
    close = Observation(
        source="the exchange", instrument="CEA25", price_basis=PriceBasis.LISTED_CLOSE, trade_date=date(2026, 11, 19),
        last_trade_date=date(2026, 11, 19), value=Decimal("80.00"), currency="CNY", unit="t", known_at=NOW,
        raw_sha256=raw.sha256,
    )  # fmt: skip
    with carbon.writing() as session:
        market.import_observations(
            session, ORGANISATION, [close], raw, reference.shipped_instrument_bounds(), actor=ACTOR, now=NOW
        )
        money = (Posting("Assets:Bank:CNY", "CNY", 1_000_000), Posting("Equity:Opening:CNY", "CNY", -1_000_000))
        draft = JournalDraft(
            entry_id=new_id(), kind=EntryKind.GENERAL, effective_on=date(2026, 11, 2), actor=ACTOR, postings=money
        )
        ledger.post_entry(session, carbon.book_id, draft, now=NOW, random_bytes=carbon.random_bytes)
    made = Room(carbon)
    made.limit(LimitScope.TRADE, 100_000_000)
    made.limit(LimitScope.DAY, 1_000_000_000)
    return made


def terms(side: Side, quantity: int) -> OrderTerms:
    return OrderTerms(
        side=side, instrument="CEA25", method=TradeMethod.LISTED, quantity=quantity, limit_price=Decimal("80.00"),
        currency="CNY", trading_day=DAY,
    )  # fmt: skip


def at_once(work: Callable[[int], str], threads: int = 4) -> Counter[str]:
    start = Barrier(threads)

    def begin(number: int) -> str:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(threads) as pool:
        return Counter(pool.map(begin, range(threads)))


@pytest.mark.parametrize(
    ("side", "quantity", "account", "left"),
    [
        (Side.SELL, 60, "Assets:Carbon:CEA25", 40),  # 100 t are there
        (Side.BUY, 100, "Assets:Bank:CNY", 1_000_000 - 802_400),  # 10,000.00 CNY are there, 8,024.00 are needed
    ],
)
def test_of_orders_placed_at_once_one_gets_the_last_tonnes_or_cash(
    room: Room, side: Side, quantity: int, account: str, left: int
) -> None:
    ids = [room.approved(terms(side, quantity)) for _ in range(4)]

    answers = at_once(lambda number: room.place(ids[number]))

    assert answers == {"placed": 1, "order.refused": 3}
    with room.carbon.database.reader() as session:
        assert balances.balance_now(session, room.carbon.book_id, account, now=NOW).available == left


def test_of_orders_proposed_at_once_one_gets_the_last_of_a_limit(room: Room) -> None:
    room.limit(LimitScope.INSTRUMENT, 500_000, key="CEA25")  # 5,000.00 CNY, each order 4,000.00

    def propose(_: int) -> str:
        try:
            room.do(ACTOR, lambda desk: orders.propose_order(desk, new_id(), terms(Side.SELL, 50)))
        except DomainError as refusal:
            return refusal.code
        return "proposed"

    assert at_once(propose) == {"proposed": 1, "order.refused": 3}
