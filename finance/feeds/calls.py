"""Which calls bring a feed's missing days: one pure function per source.

Owns paths, bodies and headers. Base addresses come in, so that a test or a mirror can stand in for the source. Sends
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from urllib.parse import quote, urlencode, urljoin, urlsplit

from finance.feeds import ccer_notices, cfets, cneeex_pages
from finance.feeds.feed import Calls, FeedState
from finance.feeds.requests import Content, FeedRequest, Fetched, Method
from ledger.core.errors import Invalid

_INDEX = "index"
_NOTICE = "notice"
_DAYS_LABEL = ","
_MAX_INDEX_PAGES = 30

Codes = Callable[[date], Collection[str]]
"""Which codes of allowances are asked for on a day."""


def missing_days(day: date, state: FeedState, *, window_days: int) -> tuple[date, ...]:
    """Return the business days to ask for one by one, ascending: the missing ones up to ``day``, at most ``window_days``.

    Without a list of missing days it is ``day`` alone: which days are business days is not guessed here.
    """
    days = sorted({one for one in state.days if one <= day} | {day})
    return tuple(days[-window_days:])


def span(day: date, state: FeedState, *, window_days: int) -> tuple[date, date]:
    """Return first and last day, both inclusive, to ask for at once: from the first missing or the last stored day on."""
    if state.days and min(state.days) <= day:
        return min(state.days), day
    if state.last_day is not None:
        return min(state.last_day, day), day
    return day - timedelta(days=window_days - 1), day


def nothing(base: str, day: date, state: FeedState) -> tuple[FeedRequest, ...]:
    """Return no call: people bring these figures."""
    del base, day, state
    return ()


def one_get(path: str, content: Content, *, label: str, referer: str = "") -> Calls:
    """Return calls for a source with one address."""

    def calls(base: str, day: date, state: FeedState) -> tuple[FeedRequest, ...]:
        del day, state
        headers = {"Referer": urljoin(base, referer)} if referer else {}
        return (FeedRequest(url=_at(base, path), content=content, label=label, headers=headers),)

    return calls


def ecb_series(window_days: int) -> Calls:
    """Return calls for the last fixings of CNY per EUR on or before the day."""

    def calls(base: str, day: date, state: FeedState) -> tuple[FeedRequest, ...]:
        count = max(window_days, len(state.days))
        query = urlencode(
            {
                "endPeriod": day.isoformat(),
                "lastNObservations": str(count),
                "format": "csvdata",
                "detail": "dataonly",
            }
        )
        url = _at(base, f"/service/data/EXR/D.CNY.EUR.SP00.A?{query}")
        return (FeedRequest(url=url, content=Content.CSV, label=f"CNY to {day}"),)

    return calls


def cfets_parity(pairs: Sequence[str], window_days: int) -> Calls:
    """Return the first page of every window under a year, each for all pairs."""

    def calls(base: str, day: date, state: FeedState) -> tuple[FeedRequest, ...]:
        start, end = span(day, state, window_days=window_days)
        names = ",".join(cfets.pair_name(pair) for pair in pairs)
        return tuple(
            FeedRequest(
                url=_at(base, "/ags/ms/cm-u-bk-ccpr/CcprHisNew"),
                content=Content.JSON,
                label=f"{first} to {last} page 1",
                method=Method.POST,
                headers=_chinamoney_headers(base),
                form={
                    "startDate": first.isoformat(),
                    "endDate": last.isoformat(),
                    "currency": names,
                    "pageNum": "1",
                    "pageSize": str(cfets.PAGE_SIZE),
                },
            )
            for first, last in cfets.windows(start, end)
        )

    return calls


def lpr_fallback(base: str, day: date, state: FeedState) -> tuple[FeedRequest, ...]:
    """Return the call for the newest 50 publications of the second source."""
    del day, state
    query = urlencode(
        {
            "reportName": "RPTA_WEB_RATE",
            "columns": "ALL",
            "sortColumns": "TRADE_DATE",
            "sortTypes": "-1",
            "pageNumber": "1",
            "pageSize": "50",
        }
    )
    return (FeedRequest(url=_at(base, f"/api/data/v1/get?{query}"), content=Content.JSON, label="newest 50"),)


def cfets_pages(base: str, request: FeedRequest, fetched: Fetched) -> tuple[FeedRequest, ...]:
    """Return the further pages of a window, named by its first one."""
    del base
    form = request.form or {}
    if form.get("pageNum") != "1":
        return ()
    window = request.label.removesuffix(" page 1")
    return tuple(
        replace(request, form={**form, "pageNum": str(page)}, label=f"{window} page {page}")
        for page in range(2, cfets.page_total(fetched.content) + 1)
    )


def lpr_history(window_days: int) -> Calls:
    """Return the call for the publications since the last known one, itself included."""

    def calls(base: str, day: date, state: FeedState) -> tuple[FeedRequest, ...]:
        start, end = span(day, state, window_days=window_days)
        query = urlencode({"lang": "CN", "strStartDate": start.isoformat(), "strEndDate": end.isoformat()})
        return (
            FeedRequest(
                url=_at(base, f"/ags/ms/cm-u-bk-currency/LprHis?{query}"),
                content=Content.JSON,
                label=f"{start} to {end}",
                method=Method.POST,
                headers=_chinamoney_headers(base),
            ),
        )

    return calls


def eex_report(window_days: int) -> Calls:
    """Return the yearly reports that hold the days asked for; files were ``.xls`` until 2019."""

    def calls(base: str, day: date, state: FeedState) -> tuple[FeedRequest, ...]:
        start, end = span(day, state, window_days=window_days)
        return tuple(
            FeedRequest(
                url=_at(
                    base,
                    f"/eex/eua-auction-report/emission-spot-primary-market-auction-report-{year}-data.{_ending(year)}",
                ),
                content=Content.WORKBOOK,
                label=f"report {year}",
            )
            for year in range(start.year, end.year + 1)
        )

    return calls


def cneeex_market(codes: Codes, window_days: int) -> Calls:
    """Return one call per missing day and code in force on it."""

    def calls(base: str, day: date, state: FeedState) -> tuple[FeedRequest, ...]:
        return tuple(
            _cneeex_query(base, "queryMarketByDate", each, label=f"{code} {each}", goodsCode=code)
            for each in missing_days(day, state, window_days=window_days)
            for code in sorted(codes(each))
        )

    return calls


def cneeex_statistics(window_days: int) -> Calls:
    """Return one call per missing day."""

    def calls(base: str, day: date, state: FeedState) -> tuple[FeedRequest, ...]:
        days = missing_days(day, state, window_days=window_days)
        return tuple(_cneeex_query(base, "querySubStat", each, label=f"statistics {each}") for each in days)

    return calls


def cneeex_bulletins(window_days: int) -> Calls:
    """Return the index pages of the years asked for; their links lead on."""

    def calls(base: str, day: date, state: FeedState) -> tuple[FeedRequest, ...]:
        days = missing_days(day, state, window_days=window_days)
        return tuple(
            FeedRequest(
                url=_at(base, f"/qgtpfqjy/mrgk/{year}n/index_1.shtml"),
                content=Content.HTML,
                label=_days_label(each for each in days if each.year == year),
            )
            for year in sorted({each.year for each in days})
        )

    return calls


def cneeex_bulletin_links(base: str, request: FeedRequest, fetched: Fetched) -> tuple[FeedRequest, ...]:
    """Return the bulletins that an index page links to, of the days in its label and on the same host only.

    Days that are not on it lead to the next index page, while that can still hold them.
    """
    days = _labelled_days(request.label)
    if not days:
        return ()
    links = cneeex_pages.bulletin_links(fetched.content)
    found = [(day, urljoin(request.url, link.href)) for day, link in links.items() if day in days]
    if any(urlsplit(url)[:2] != urlsplit(base)[:2] for _, url in found):
        raise Invalid("feed.address", "url: expected a bulletin on the same host", field="url")
    further = [FeedRequest(url=url, content=Content.HTML, label=_NOTICE) for _, url in found]
    older = sorted(day for day in days - set(links) if links and day < min(links))
    path, _, page = request.url.removesuffix(".shtml").rpartition("_")
    if older and int(page) < _MAX_INDEX_PAGES:
        url = f"{path}_{int(page) + 1}.shtml"
        further.append(FeedRequest(url=url, content=Content.HTML, label=_days_label(older)))
    return tuple(further)


def is_index(fetched: Fetched) -> bool:
    """Return whether an answer only lists others, and has no figure of its own."""
    return fetched.label.startswith(_INDEX)


def ccer_day(window_days: int) -> Calls:
    """Return the home page, whose cookie the source asks for, and one call per missing day."""

    def calls(base: str, day: date, state: FeedState) -> tuple[FeedRequest, ...]:
        days = missing_days(day, state, window_days=window_days)
        return (
            _ccer_home(base),
            *(_ccer_get(base, f"data/{each:%Y%m%d}-first.json", label=each.isoformat()) for each in days),
        )

    return calls


def ccer_first90(base: str, day: date, state: FeedState) -> tuple[FeedRequest, ...]:
    """Return the home page and the call for about 90 days."""
    del state
    return _ccer_home(base), _ccer_get(base, f"data/90-first.json?ts={day:%Y%m%d}", label=f"90 days to {day}")


def ccer_list(window_days: int) -> Calls:
    """Return the home page and the list of notices."""

    def calls(base: str, day: date, state: FeedState) -> tuple[FeedRequest, ...]:
        days = missing_days(day, state, window_days=window_days)
        return _ccer_home(base), _ccer_get(base, "data/2502lshq.json", label=_days_label(days))

    return calls


def ccer_notice_links(base: str, request: FeedRequest, fetched: Fetched) -> tuple[FeedRequest, ...]:
    """Return the notices published on the days in the list's label."""
    days = _labelled_days(request.label)
    if not days:
        return ()
    return tuple(
        _ccer_get(base, f"html/{quote(notice.address)}", label=_NOTICE, content=Content.HTML)
        for notice in ccer_notices.parse_list(fetched.content)
        if notice.published_on in days
    )


def _at(base: str, path: str) -> str:
    return base.rstrip("/") + path


def _ending(year: int) -> str:
    last_old_year = 2019
    return "xls" if year <= last_old_year else "xlsx"


def _chinamoney_headers(base: str) -> dict[str, str]:
    return {"Referer": _at(base, "/chinese/bkccpr/"), "Origin": base.rstrip("/")}


def _cneeex_query(base: str, name: str, day: date, *, label: str, **fields: str) -> FeedRequest:
    return FeedRequest(
        url=_at(base, f"/gateway/common/{name}"),
        content=Content.JSON,
        label=label,
        method=Method.POST,
        headers={"Referer": _at(base, "/qdata.html")},
        json={"tradeDate": f"{day:%Y%m%d}", **fields},
    )


def _ccer_home(base: str) -> FeedRequest:
    return FeedRequest(url=_at(base, "/"), content=Content.HTML, label="home page", carries_rows=False)


def _ccer_get(base: str, path: str, *, label: str, content: Content = Content.JSON) -> FeedRequest:
    headers = {"Referer": _at(base, "/")}
    return FeedRequest(url=_at(base, f"/wcm/ccer/{path}"), content=content, label=label, headers=headers)


def _days_label(days: Iterable[date]) -> str:
    return f"{_INDEX} {_DAYS_LABEL.join(day.isoformat() for day in days)}"


def _labelled_days(label: str) -> frozenset[date]:
    if not label.startswith(f"{_INDEX} "):
        return frozenset()
    return frozenset(date.fromisoformat(text) for text in label.removeprefix(f"{_INDEX} ").split(_DAYS_LABEL) if text)
