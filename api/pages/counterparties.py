"""Whom a book deals with and how far: counterparties and trading limits, proposed by one person and approved by another."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.responses import Response

from api.auth.policy import asks
from api.auth.principal import Scope
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import ThisPage
from api.routes.counterparties import approve_counterparty, list_counterparties, propose_counterparty
from api.routes.instruments import list_instruments
from api.routes.trading_limits import approve_limit, list_limits, propose_limit
from api.schemas.counterparties import CounterpartyOut
from api.schemas.fields import UuidString
from api.schemas.trades import InstrumentOut
from finance.trading.limits import LimitScope

routes = Pages(area="counterparties")

_READS = asks(Scope.LEDGER_READ)


@routes.get(
    "/books/{book_id}/counterparties",
    policy=_READS,
    nav=Nav(label=mark("Counterparties"), group=Group.TRADING, order=20, icon="people"),
)
def show_counterparties(book_id: UuidString, page: ThisPage) -> Response:
    """Show a book's counterparties, each with its state now, and the form to propose one."""
    return page.show(
        "counterparties/counterparties.html",
        found=page.use(list_counterparties, book_id=book_id).counterparties,
        names=page.names(),
        may_propose=page.may(propose_counterparty),
        may_decide=page.may(approve_counterparty),
        counterparty_id=page.call.new_id(),
    )


@routes.get(
    "/books/{book_id}/trading-limits",
    policy=_READS,
    nav=Nav(label=mark("Trading limits"), group=Group.TRADING, order=30, icon="scales"),
)
def show_limits(book_id: UuidString, page: ThisPage) -> Response:
    """Show every version of a book's limits, and the form to propose one."""
    counterparties = page.use(list_counterparties, book_id=book_id).counterparties
    instruments = page.use(list_instruments, book_id=book_id).instruments
    return page.show(
        "counterparties/limits.html",
        found=page.use(list_limits, book_id=book_id).limits,
        counterparties=counterparties,
        names=page.names(),
        scopes=tuple(LimitScope),
        may_propose=page.may(propose_limit),
        may_decide=page.may(approve_limit),
        keys=_keys(counterparties, instruments),
        limit_id=page.call.new_id(),
    )


def _keys(counterparties: Iterable[CounterpartyOut], instruments: Iterable[InstrumentOut]) -> dict[str, str]:
    """Return what a limit may be for: the key that the API takes, and its words."""
    by_code = {each.code: each for each in instruments}
    vintages = {f"{each.kind}:{each.vintage_year}" for each in by_code.values() if each.vintage_year is not None}
    return {
        **{str(each.counterparty_id): each.legal_name for each in counterparties},
        **{key: key.replace(":", " ") for key in sorted(vintages)},
        **{code: code for code in by_code},
    }
