"""A book as a Beancount 3 file: every entry, its lots at cost, and a balance assertion for each account and month.

Beancount weighs a leg held at cost in money, while this ledger balances tonnes against tonnes. So in an entry that moves lots the
other legs of that commodity are priced at zero and one leg on a memorandum account takes the lots' cost: every figure of the book
stays as it is, and Beancount works out cost by its own division. Accounts whose lots cannot be matched in the order of days, and
average pools, which Beancount does not book, are opened with the booking method NONE and spell the cost of every move.

Source: Beancount Language Syntax and How Inventories Work (beancount.github.io/docs), version 3.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal

from ledger.core.amounts import format_units
from ledger.core.export_formats.exported import (
    ExportedAccount,
    ExportedBook,
    ExportedEntry,
    ExportedLeg,
    ExportedMove,
    MonthEnd,
)

_DIVIDES = Context(prec=28, rounding=ROUND_HALF_EVEN)
"""The arithmetic Beancount divides a total cost with: Python's default context."""

_SYMBOL = re.compile(r"[A-Z][A-Z0-9._-]{0,22}[A-Z0-9]", re.ASCII)
_RESERVED = frozenset({"TRUE", "FALSE", "NULL"})
_MEMORANDUM = "Equity:Lot-Cost"


def journal(book: ExportedBook, entries: Iterable[ExportedEntry], closings: Iterable[MonthEnd]) -> Iterator[str]:
    """Yield the file piece by piece, each ending in a line end: head, declarations, entries in recording order, balances.

    3 t of CEA25 bought for 10.00 CNY are ``3 CEA25 {{10.00 CNY, 2025-01-01, "1025"}}``; one of them sold is
    ``-1 CEA25 {2025-01-01, "1025"}``, whose cost Beancount makes 3.333333333333333333333333333.
    """
    spelling = _Spelling(book)
    yield from _head(book, spelling)
    for entry in entries:
        yield _entry(spelling, entry)
    for closing in closings:
        if spelling.can_assert(closing.account):
            yield _balance(spelling, closing)


class _Spelling:
    """How this book's names and amounts are written, and which accounts are matched lot by lot."""

    def __init__(self, book: ExportedBook) -> None:
        self.book = book
        self.symbols = _symbols(book.commodities)
        self.currency = self.symbols[book.functional_currency]
        self.accounts: Mapping[str, ExportedAccount] = {account.path: account for account in book.accounts}
        self.memorandum = _free_path(_MEMORANDUM, self.accounts)
        # Beancount's assertion counts what is below an account too; ours is the account's own.
        self._parents = {
            (":".join(parts[:depth]), account.commodity)
            for account in book.accounts
            for parts in (account.path.split(":"),)
            for depth in range(1, len(parts))
        }

    def amount(self, units: int, commodity: str) -> str:
        """Return smallest units at full scale with their symbol."""
        return f"{format_units(units, self.book.commodities[commodity].scale)} {self.symbols[commodity]}"

    def quantity(self, units: int, commodity: str) -> Decimal:
        """Return smallest units as the exact decimal that stands in the file."""
        return Decimal(format_units(units, self.book.commodities[commodity].scale))

    def can_assert(self, path: str) -> bool:
        """Return whether what is below the account cannot disturb its assertion."""
        return (path, self.accounts[path].commodity) not in self._parents


def _head(book: ExportedBook, spelling: _Spelling) -> Iterator[str]:
    since = min((account.opened_on for account in book.accounts), default=book.as_of)
    yield (
        f"; Book {book.code}, as of {book.as_of}, entries 1 to {book.known}\n"
        f"; Tree root {book.tree_root.hex()}\n"
        f"; Source: {book.source}\n"
        f"; {spelling.memorandum} is not an account of the book: it takes the cost that Beancount weighs lots with.\n"
        f'option "title" "Tonne book {book.code}"\n'
        f'option "operating_currency" "{spelling.currency}"\n'
        f'option "booking_method" "STRICT"\n'
        f'option "inferred_tolerance_default" "{spelling.currency}:0.000001"\n\n'
    )
    for code, commodity in sorted(book.commodities.items()):
        lines = [f"{since} commodity {spelling.symbols[code]}", f"  kind: {_text(commodity.kind.value)}"]
        if spelling.symbols[code] != code:
            lines.append(f"  code: {_text(code)}")
        yield "\n".join(lines) + "\n"
    yield f"\n{since} open {spelling.memorandum} {spelling.currency}\n"
    for account in book.accounts:
        booking = ""
        if account.lot_method is not None:
            booking = ' "STRICT"' if account.is_dated else ' "NONE"'
        yield f"{account.opened_on} open {account.path} {spelling.symbols[account.commodity]}{booking}\n"
        if account.closed_on is not None and account.closed_on <= book.as_of:
            yield f"{account.closed_on} close {account.path}\n"
    yield "\n"


def _entry(spelling: _Spelling, entry: ExportedEntry) -> str:
    if not entry.legs:
        return f"; {entry.effective_on} {entry.kind}, seq {entry.seq}, moves nothing\n\n"
    lines = [f"{entry.effective_on} * {_text(entry.kind)} {_text(entry.doc_ref or '')}"]
    lines.append(f'  entry_id: "{entry.entry_id}"')
    lines.append(f"  seq: {entry.seq}")
    lines.append(f'  recorded_at: "{entry.recorded_at.isoformat(timespec="microseconds")}"')
    if entry.document_on is not None:
        lines.append(f"  document_on: {entry.document_on}")
    if entry.reverses_seq is not None:
        lines.append(f"  reverses_seq: {entry.reverses_seq}")
    lines += [f"  attr_{name}: {_text(value)}" for name, value in sorted(entry.attrs.items())]
    lines += _legs(spelling, entry.legs)
    return "\n".join(lines) + "\n\n"


def _legs(spelling: _Spelling, legs: Iterable[ExportedLeg]) -> Iterator[str]:
    legs = tuple(legs)
    at_cost = {leg.commodity for leg in legs if leg.moves}
    weight = Decimal(0)
    for leg in legs:
        if leg.moves:
            for move in leg.moves:
                cost, part = _cost(spelling, leg, move)
                weight = _DIVIDES.add(weight, part)
                yield f"  {leg.account}  {spelling.amount(move.quantity, leg.commodity)} {cost}"
        else:
            price = f" @ 0 {spelling.currency}" if leg.commodity in at_cost else ""
            yield f"  {leg.account}  {spelling.amount(leg.amount, leg.commodity)}{price}"
    if weight:
        yield f"  {spelling.memorandum}  {-weight:f} {spelling.currency}"


def _cost(spelling: _Spelling, leg: ExportedLeg, move: ExportedMove) -> tuple[str, Decimal]:
    """Return the cost between braces and the money that Beancount weighs the move with, of the move's sign."""
    moved = spelling.quantity(move.quantity, leg.commodity)
    begins = f'{move.acquired_on}, "{move.lot_id}"'
    if not spelling.accounts[leg.account].is_dated:
        total = _money(spelling, abs(move.cost))
        unit = _DIVIDES.divide(total, abs(moved))
        return f"{{{{{total:f} {spelling.currency}, {begins}}}}}", _DIVIDES.multiply(moved, unit)
    total = _money(spelling, move.lot_cost)
    unit = _DIVIDES.divide(total, spelling.quantity(move.lot_quantity, leg.commodity))
    weight = _DIVIDES.multiply(moved, unit)
    if move.quantity < 0:
        return f"{{{begins}}}", weight
    if move.quantity == move.lot_quantity:
        return f"{{{{{total:f} {spelling.currency}, {begins}}}}}", weight
    return f"{{{unit:f} {spelling.currency}, {begins}}}", weight


def _money(spelling: _Spelling, units: int) -> Decimal:
    return Decimal(format_units(units, spelling.book.cost_scale))


def _balance(spelling: _Spelling, closing: MonthEnd) -> str:
    """Return an assertion without tolerance; Beancount asserts at the beginning of a day, so it names the day after."""
    account = spelling.accounts[closing.account]
    day = closing.last_day + timedelta(days=1)
    if account.closed_on is not None and day > account.closed_on:
        day = max(account.closed_on, account.opened_on)
    scale = spelling.book.commodities[account.commodity].scale
    amount = format_units(closing.balance, scale)
    return f"{day} balance {account.path}  {amount} ~ 0 {spelling.symbols[account.commodity]}\n"


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _symbols(commodities: Mapping[str, object]) -> dict[str, str]:
    """Return a name that Beancount's grammar takes for each code, the code itself wherever it does; no two are the same."""
    fitting = {code for code in commodities if _SYMBOL.fullmatch(code) and code not in _RESERVED}
    symbols = {code: code for code in fitting}
    for number, code in enumerate(sorted(set(commodities) - fitting), start=1):
        stem = re.sub(r"[^A-Z0-9]", "", code)[:12]
        symbol = f"{stem}-X{number}"
        while symbol in symbols.values():
            symbol += "X"
        symbols[code] = symbol
    return symbols


def _free_path(path: str, taken: Mapping[str, object]) -> str:
    number = 0
    free = path
    while free in taken or any(name.startswith(f"{free}:") for name in taken):
        number += 1
        free = f"{path}-{number}"
    return free
