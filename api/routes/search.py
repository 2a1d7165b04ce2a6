"""One search over everything the caller may see: kinds of record, each under the policy of the route that answers it whole.

Nothing foreign is ever found: books are the caller's own, and a loan's record is asked of its scoped loader before it is shown.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, TypeVar
from urllib.parse import quote
from uuid import UUID

from fastapi import Query

from api.auth.loan_kinds import DETERMINATION, ENGAGEMENT, FACILITY, KPI_PERIOD
from api.auth.policy import Policy, Routes, asks
from api.auth.principal import Scope
from api.auth.scope import ScopedKind
from api.deps import Call, ThisCall
from api.schemas.base import Choice
from api.schemas.cursors import read_cursor, read_id, read_whole, write_cursor
from api.schemas.fields import PageCursor
from api.schemas.search import SearchGroupOut, SearchHitOut, SearchKind, SearchOut
from api.store import access
from api.store import search as people_search
from finance.store import search as finance_search
from finance.store.search import FoundRecord
from ledger.core.errors import DomainError, Invalid
from ledger.store import books as ledger_books
from ledger.store import search as ledger_search
from ledger.store.books import Book

routes = Routes(tag="search")

Loaded = TypeVar("Loaded")
Place = tuple[int, int]
_FEWEST, _MOST_TYPED = 1, 100
_PAGE, _MOST = 5, 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one source is asked: what was typed, where its page begins, and how many to return at most."""

    call: Call
    typed: str
    books: tuple[Book, ...]
    after: str | None
    limit: int

    @property
    def book_ids(self) -> Sequence[int]:
        """Return the numbers of the caller's books."""
        return [book.book_id for book in self.books]

    def book_uuid(self, place: Place) -> UUID:
        """Return the public id of the book in which ``place`` is."""
        return next(book.book_uuid for book in self.books if book.book_id == place[0])

    def place(self, belongs: str) -> Place | None:
        """Return the place after which the page begins."""
        if self.after is None:
            return None
        book, number = read_cursor(self.after, count=2, belongs=belongs)
        return read_whole(book), read_whole(number)

    def record(self, belongs: str) -> UUID | None:
        """Return the id after which the page begins."""
        return None if self.after is None else read_id(read_cursor(self.after, count=1, belongs=belongs)[0])


Hit = tuple[tuple[int, int] | tuple[UUID], SearchHitOut]
"""A hit and the key by which the next page goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One kind of record: its words, who may read it, and how it is found."""

    label_en: str
    label_zh: str
    policy: Policy
    find: Callable[[Asked, str], list[Hit]]


def _hit(key: object, title: str, detail: str, api_path: str, *, book_id: UUID | None = None) -> SearchHitOut:
    return SearchHitOut(key=str(key), title=title, detail=detail, on=None, book_id=book_id, api_path=api_path)


def _entries(asked: Asked, belongs: str) -> list[Hit]:
    found = ledger_search.entries(
        asked.call.session,
        asked.books,
        asked.typed,
        entry_id=access.uuid_or_none(asked.typed),
        after=asked.place(belongs),
        limit=asked.limit,
    )
    return [
        (
            each.place,
            _of_book(asked, each.place, each.place[1], f"{each.doc_ref or each.kind}", each.kind, "entries/{}"),
        )
        for each in found
    ]


def _accounts(asked: Asked, belongs: str) -> list[Hit]:
    after = asked.place(belongs)
    found = ledger_search.accounts(asked.call.session, asked.book_ids, asked.typed, after=after, limit=asked.limit)
    return [
        (each.place, _of_book(asked, each.place, each.path, each.path, each.commodity, "accounts/{}/balance"))
        for each in found
    ]


def _instruments(asked: Asked, belongs: str) -> list[Hit]:
    after = asked.place(belongs)
    found = ledger_search.commodities(asked.call.session, asked.book_ids, asked.typed, after=after, limit=asked.limit)
    return [(each.place, _of_book(asked, each.place, each.code, each.code, each.kind, "commodities")) for each in found]


def _lots(asked: Asked, belongs: str) -> list[Hit]:
    after = asked.place(belongs)
    found = ledger_search.lots(asked.call.session, asked.book_ids, asked.typed, after=after, limit=asked.limit)
    return [
        (
            each.place,
            _of_book(asked, each.place, each.place[1], str(each.place[1]), each.account, "lots").model_copy(
                update={"on": each.acquired_on}
            ),
        )
        for each in found
    ]


def _trades(asked: Asked, belongs: str) -> list[Hit]:
    after = asked.place(belongs)
    found = finance_search.trades(asked.call.session, asked.book_ids, asked.typed, after=after, limit=asked.limit)
    return [
        (
            each.place,
            _of_book(
                asked, each.place, each.place[1], each.trade_ref, f"{each.kind} {each.instrument}", "entries/{}"
            ).model_copy(update={"on": each.traded_on}),
        )
        for each in found
    ]


def _proposals(kind: str, path: str) -> Callable[[Asked, str], list[Hit]]:
    def find(asked: Asked, belongs: str) -> list[Hit]:
        found = finance_search.proposals(
            asked.call.session,
            asked.book_ids,
            kind,
            asked.typed,
            after=asked.place(belongs),
            limit=asked.limit,
        )
        return [
            (
                each.place,
                _hit(
                    each.proposal_id,
                    each.subject,
                    f"#{each.place[1]}",
                    path.format(id=each.proposal_id, book=asked.book_uuid(each.place)),
                    book_id=asked.book_uuid(each.place),
                ),
            )
            for each in found
        ]

    return find


def _vouchers(asked: Asked, belongs: str) -> list[Hit]:
    after = asked.place(belongs)
    found = finance_search.vouchers(asked.call.session, asked.book_ids, asked.typed, after=after, limit=asked.limit)
    return [
        (
            each.place,
            _hit(
                f"{each.month}/{each.number}",
                f"{each.month} {each.word}-{each.number}",
                each.summary_zh,
                f"/v1/books/{asked.book_uuid(each.place)}/voucher-months/{each.month}/vouchers/{each.number}",
                book_id=asked.book_uuid(each.place),
            ).model_copy(update={"on": each.voucher_on}),
        )
        for each in found
    ]


def _of_book(asked: Asked, place: Place, key: object, title: str, detail: str, path: str) -> SearchHitOut:
    book_id = asked.book_uuid(place)
    return _hit(
        key,
        title,
        detail,
        f"/v1/books/{book_id}/{path.format(quote(str(key), safe=':'))}",
        book_id=book_id,
    )


def _loan_records(
    find: Callable[..., tuple[FoundRecord, ...]], kind: ScopedKind[Loaded], path: str
) -> Callable[[Asked, str], list[Hit]]:
    """Return the way to find records of loans: candidates of the caller's loans, each asked of its scoped loader."""

    def seen(asked: Asked, belongs: str) -> list[Hit]:
        call, hits, after = asked.call, list[Hit](), asked.record(belongs)
        while len(hits) < asked.limit:
            page = find(call.session, call.principal.organisation_id, asked.typed, after=after, limit=asked.limit)
            for each in page:
                if kind.load(call.session, call.principal, each.record_id) is not None:
                    title = each.facility_number if not each.words else f"{each.facility_number} · {each.words}"
                    shown = _hit(each.record_id, title, "", path.format(each.record_id))
                    hits.append(((each.record_id,), shown.model_copy(update={"on": each.on})))
            if len(page) < asked.limit:
                break
            after = page[-1].record_id
        return hits[: asked.limit]

    return seen


def _people(asked: Asked, belongs: str) -> list[Hit]:
    organisation_id = asked.call.principal.organisation_id
    found = people_search.people(
        asked.call.session, organisation_id, asked.typed, after=asked.record(belongs), limit=asked.limit
    )
    return [((user_id,), _hit(user_id, name, email, "/v1/people")) for user_id, name, email in found]


_READS = asks(Scope.LEDGER_READ)
_SEES = asks()

SOURCES: Mapping[SearchKind, Source] = MappingProxyType(
    {
        SearchKind.INSTRUMENT: Source(label_en="Instruments", label_zh="品种", policy=_READS, find=_instruments),
        SearchKind.ACCOUNT: Source(label_en="Accounts", label_zh="科目", policy=_READS, find=_accounts),
        SearchKind.ORDER: Source(
            label_en="Orders", label_zh="订单", policy=_READS, find=_proposals("order", "/v1/orders/{id}")
        ),
        SearchKind.TRADE: Source(label_en="Trades", label_zh="交易", policy=_READS, find=_trades),
        SearchKind.COUNTERPARTY: Source(
            label_en="Counterparties",
            label_zh="交易对手",
            policy=_READS,
            find=_proposals("counterparty", "/v1/books/{book}/counterparties"),
        ),
        SearchKind.ENTRY: Source(label_en="Entries", label_zh="分录", policy=_READS, find=_entries),
        SearchKind.LOT: Source(label_en="Lots", label_zh="批次", policy=_READS, find=_lots),
        SearchKind.VOUCHER: Source(label_en="Vouchers", label_zh="凭证", policy=_READS, find=_vouchers),
        SearchKind.FACILITY: Source(
            label_en="Loans",
            label_zh="贷款",
            policy=_SEES,
            find=_loan_records(finance_search.facilities, FACILITY, "/v1/facilities/{}"),
        ),
        SearchKind.KPI_PERIOD: Source(
            label_en="KPI periods",
            label_zh="KPI 期间",
            policy=_SEES,
            find=_loan_records(finance_search.periods, KPI_PERIOD, "/v1/kpi-periods/{}"),
        ),
        SearchKind.ENGAGEMENT: Source(
            label_en="Engagements",
            label_zh="鉴证委托",
            policy=_SEES,
            find=_loan_records(finance_search.engagements, ENGAGEMENT, "/v1/engagements/{}"),
        ),
        SearchKind.DETERMINATION: Source(
            label_en="Determinations",
            label_zh="利率决定",
            policy=_SEES,
            find=_loan_records(finance_search.determinations, DETERMINATION, "/v1/determinations/{}"),
        ),
        SearchKind.PERSON: Source(label_en="People", label_zh="人员", policy=asks(Scope.ACCESS_READ), find=_people),
    }
)
"""Every kind, each under the policy of the route that reads it; the records of loans are asked of their loaders besides."""


@routes.get("/search", policy=asks())
def search(
    call: ThisCall,
    q: Annotated[
        str,
        Query(
            max_length=400, description="1 to 100 characters: the beginning of a reference, a name, a number, an id."
        ),
    ],
    kind: Annotated[Choice[SearchKind] | None, Query(description="Only this kind.")] = None,
    after: Annotated[PageCursor | None, Query(description="next_cursor of the kind's page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=_MOST, description="Hits of each kind.")] = _PAGE,
) -> SearchOut:
    """Return what the caller may see and what begins with, holds, or is ``q``: in groups by kind, each in the order of its key.

    References of entries are looked for among a book's newest 20,000; ids and numbers in all of them.
    """
    typed = _typed(q)
    if after is not None and kind is None:
        raise Invalid("search.kind", "kind: expected with after, as one kind has pages", field="kind")
    own = tuple(ledger_books.list_books(call.session, call.principal.organisation_id))
    groups = []
    for each in SearchKind if kind is None else (kind,):
        source = SOURCES[each]
        if _may(call, source):
            belongs = f"search {each} {typed}"
            hits = source.find(Asked(call=call, typed=typed, books=own, after=after, limit=limit + 1), belongs)
            if hits:
                groups.append(_group(each, source, hits, limit, belongs))
    return SearchOut(q=typed, groups=tuple(groups))


def _group(kind: SearchKind, source: Source, hits: list[Hit], limit: int, belongs: str) -> SearchGroupOut:
    shown = hits[:limit]
    return SearchGroupOut(
        kind=kind.value,
        label_en=source.label_en,
        label_zh=source.label_zh,
        hits=tuple(hit for _, hit in shown),
        next_cursor=write_cursor(shown[-1][0], belongs=belongs) if len(hits) > limit else None,
    )


def _may(call: Call, source: Source) -> bool:
    try:
        source.policy.permit(call.principal)
    except DomainError:
        return False
    return True


def _typed(q: str) -> str:
    """Return ``q`` in NFC without spaces around it; what cannot be a name or a number is ``search.q``."""
    typed = unicodedata.normalize("NFC", q).strip()
    if not _FEWEST <= len(typed) <= _MOST_TYPED or not typed.isprintable():
        raise Invalid("search.q", f"q: expected {_FEWEST} to {_MOST_TYPED} printable characters", field="q")
    return typed
