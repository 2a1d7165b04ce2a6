"""The six kinds as one: how stored terms are read back, and which kind's rule a step follows.

Owns the union and its dispatch. Knows no rule of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeAlias, assert_never, get_args, get_type_hints
from uuid import UUID

from finance.attestations.canonical import JsonValue
from finance.conventions.tables import parse_day
from finance.trading.contracts import custody, forward, lending, pledge_loan, repo, swap
from finance.trading.contracts.custody import CustodyTerms
from finance.trading.contracts.effects import Plan
from finance.trading.contracts.forward import ForwardTerms
from finance.trading.contracts.lending import LendingTerms
from finance.trading.contracts.pledge_loan import PledgeLoanTerms
from finance.trading.contracts.repo import RepoTerms
from finance.trading.contracts.standing import Said, Standing
from finance.trading.contracts.swap import SwapTerms
from finance.trading.contracts.terms import ContractKind, Lots, refused_as, spelled
from ledger.core.errors import Conflict

ContractTerms: TypeAlias = ForwardTerms | RepoTerms | PledgeLoanTerms | LendingTerms | SwapTerms | CustodyTerms
InterestTerms: TypeAlias = RepoTerms | PledgeLoanTerms | LendingTerms

TERMS_OF: Mapping[ContractKind, type[ContractTerms]] = {
    ContractKind.FORWARD: ForwardTerms,
    ContractKind.REPO: RepoTerms,
    ContractKind.PLEDGE_LOAN: PledgeLoanTerms,
    ContractKind.LENDING: LendingTerms,
    ContractKind.SWAP: SwapTerms,
    ContractKind.CUSTODY: CustodyTerms,
}


def terms_of(kind: ContractKind, document: Mapping[str, JsonValue]) -> ContractTerms:
    """Return the terms that a stored version spells: the inverse of ``Agreement.document``."""
    spelled_terms = document["terms"]
    assert isinstance(spelled_terms, Mapping), "terms are stored as an object"
    wanted = TERMS_OF[kind]
    hints = get_type_hints(wanted)
    facts: dict[str, Any] = {each.name: _read(hints[each.name], spelled_terms[each.name]) for each in fields(wanted)}
    return wanted(**facts)


def changed_terms(before: ContractTerms, after: ContractTerms) -> tuple[str, ...]:
    """Return the names of the terms that differ."""
    names = [each.name for each in fields(before)]
    return tuple(name for name in names if spelled(getattr(before, name)) != spelled(getattr(after, name)))


def instruments_of(terms: ContractTerms) -> tuple[str, ...]:
    """Return the codes that the contract moves, encumbers or settles on."""
    return (terms.gives, terms.takes) if isinstance(terms, SwapTerms) else (terms.instrument,)


def first_day(terms: ContractTerms) -> date:
    """Return the first day on which it may be opened: the day on which value moves first."""
    match terms:
        case ForwardTerms():
            return terms.agreed_on
        case SwapTerms():
            return terms.settles_on
        case RepoTerms() | PledgeLoanTerms() | LendingTerms() | CustodyTerms():
            return terms.starts_on
        case _:
            assert_never(terms)


def last_day(terms: ContractTerms) -> date:
    """Return the day on which it is to be settled."""
    match terms:
        case ForwardTerms():
            return terms.delivery_on
        case SwapTerms():
            return terms.settles_on
        case RepoTerms() | PledgeLoanTerms() | LendingTerms() | CustodyTerms():
            return terms.ends_on
        case _:
            assert_never(terms)


def value_fen(terms: ContractTerms) -> int:
    """Return what the contract counts with towards limits, in fen: its amount of money, or the tonnes' agreed value.

    A swap counts its cash, custody its minimum yield and fee; their tonnes count in the limits' quantities.
    """
    match terms:
        case ForwardTerms():
            return terms.amount_fen()
        case RepoTerms():
            return terms.sale_amount_fen
        case PledgeLoanTerms():
            return terms.principal_fen
        case LendingTerms():
            return terms.value_fen()
        case SwapTerms():
            return abs(terms.cash_fen)
        case CustodyTerms():
            return terms.minimum_yield_fen + terms.fee_fen
        case _:
            assert_never(terms)


def quantity_of(terms: ContractTerms) -> int:
    """Return the tonnes that it counts with, of its first instrument."""
    return terms.gives_t if isinstance(terms, SwapTerms) else terms.quantity_t


def open_plan(terms: ContractTerms, *, hold_days: int) -> Plan:
    """Return what opening does."""
    match terms:
        case ForwardTerms():
            return forward.opened(terms, hold_days=hold_days)
        case RepoTerms():
            return repo.opened(terms)
        case PledgeLoanTerms():
            return pledge_loan.opened(terms)
        case LendingTerms():
            return lending.opened(terms)
        case SwapTerms():
            return swap.opened(terms)
        case CustodyTerms():
            return custody.opened(terms)
        case _:
            assert_never(terms)


def accrue_plan(terms: ContractTerms, standing: Standing, *, until: date) -> Plan:
    """Return the interest or fee not booked yet; a kind that carries none is refused (``contract.no_interest``)."""
    match terms:
        case RepoTerms():
            return repo.accrue(terms, standing, until=until)
        case PledgeLoanTerms():
            return pledge_loan.accrue(terms, standing, until=until)
        case LendingTerms():
            return lending.accrue(terms, standing, until=until)
        case ForwardTerms() | SwapTerms() | CustodyTerms():
            raise Conflict("contract.no_interest", f"contract: a {terms.KIND} carries no interest to accrue")
        case _:
            assert_never(terms)


def settle_plan(terms: ContractTerms, standing: Standing, said: Said) -> Plan:
    """Return what settling on or after the last day does; before it, what closing early by the terms does."""
    if said.yield_fen and not isinstance(terms, CustodyTerms):
        raise refused_as("yield_not_custody", "yield", "nothing but for custody")
    match terms:
        case ForwardTerms():
            is_early = said.on < terms.delivery_on
            return (forward.closed if is_early else forward.settled)(terms, standing, said)
        case RepoTerms():
            return repo.settled(terms, standing, said)
        case PledgeLoanTerms():
            return pledge_loan.settled(terms, standing, said)
        case LendingTerms():
            return lending.settled(terms, standing, said)
        case CustodyTerms():
            return custody.settled(terms, standing, said)
        case SwapTerms():
            raise _no_later_step()
        case _:
            assert_never(terms)


def default_plan(terms: ContractTerms, standing: Standing, said: Said, *, pledged_t: int) -> Plan:
    """Return what enforcement at the stated price does."""
    match terms:
        case ForwardTerms():
            return forward.defaulted(terms, standing, said)
        case RepoTerms():
            return repo.defaulted(terms, standing, said)
        case PledgeLoanTerms():
            return pledge_loan.defaulted(terms, standing, said, pledged_t=pledged_t)
        case LendingTerms():
            return lending.defaulted(terms, standing, said)
        case CustodyTerms():
            return custody.defaulted(terms, standing, said)
        case SwapTerms():
            raise _no_later_step()
        case _:
            assert_never(terms)


def _no_later_step() -> Conflict:
    return Conflict(
        "contract.swap_moved", "contract: both legs of a swap moved when it was opened; nothing is left to do"
    )


def _read(hint: object, text: JsonValue) -> object:
    if text is None or isinstance(text, bool):
        return text
    if hint == Lots:
        return tuple(_pair(pair) for pair in _items(text))
    assert isinstance(text, str), "a term is stored as text"
    wanted = next((one for one in get_args(hint) if one is not type(None)), hint)
    if isinstance(wanted, type) and issubclass(wanted, StrEnum):
        return wanted(text)
    assert isinstance(wanted, type), "a term has a plain type"
    return _READERS[wanted](text)


def _pair(pair: JsonValue) -> tuple[int, int]:
    lot_id, tonnes = _items(pair)
    return int(str(lot_id)), int(str(tonnes))


def _items(value: JsonValue) -> Sequence[JsonValue]:
    assert isinstance(value, Sequence), "lots are stored as pairs"
    assert not isinstance(value, str), "lots are stored as pairs"
    return value


_READERS: Mapping[type, Callable[[str], object]] = {
    str: str,
    int: int,
    Decimal: Decimal,
    UUID: UUID,
    date: lambda text: parse_day(text, field="day"),
}
