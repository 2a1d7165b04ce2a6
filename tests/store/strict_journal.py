"""Reads the part of hledger's journal format that we write, by the rules that ``hledger check --strict`` documents.

Ours, so that the rules are held on a machine without hledger: declared accounts and commodities, balanced entries, assertions in
order of date, then of the file.
"""

from __future__ import annotations

import re
from collections import defaultdict
from decimal import Decimal

_COMMODITY = re.compile(r'commodity 1000\.(0*) ("[^"]+"|[A-Z]+)')
_ACCOUNT = re.compile(r"account (\S+)  ; type: [ALERX]")
_HEAD = re.compile(r"(\d{4}-\d{2}-\d{2}) \* .+")
_LEG = re.compile(r'    (\S+)  (-?\d+(?:\.\d+)?) ("[^"]+"|[A-Z]+)(?: = (-?\d+(?:\.\d+)?) ("[^"]+"|[A-Z]+))?(?:  ;.*)?')

Leg = tuple[str, Decimal, str, Decimal | None]


class JournalError(ValueError):
    """The journal breaks a rule; the message names it."""


def read_strictly(text: str) -> dict[str, Decimal]:
    """Return what each ``account commodity`` holds in the end, nothing left out but zeros; raise ``JournalError``."""
    scales: dict[str, int] = {}
    accounts: set[str] = set()
    entries: list[tuple[str, list[Leg]]] = []
    for line in text.splitlines():
        if not line or line.startswith((";", "    ;")) or line == "decimal-mark .":
            continue
        if commodity := _COMMODITY.fullmatch(line):
            scales[commodity[2].strip('"')] = len(commodity[1])
        elif account := _ACCOUNT.fullmatch(line):
            accounts.add(account[1])
        elif head := _HEAD.fullmatch(line):
            entries.append((head[1], []))
        elif leg := _LEG.fullmatch(line):
            entries[-1][1].append(_leg(leg, accounts, scales))
        else:
            raise JournalError(f"not a line of a journal: {line!r}")
    return _held(entries)


def _leg(leg: re.Match[str], accounts: set[str], scales: dict[str, int]) -> Leg:
    path, amount, symbol, expected, expected_symbol = leg.groups()
    code = symbol.strip('"')
    if path not in accounts or code not in scales:
        raise JournalError(f"undeclared: {path} {code}")
    if len(amount.partition(".")[2]) != scales[code]:
        raise JournalError(f"{amount} {code} is not at full scale")
    if expected_symbol not in {None, symbol}:
        raise JournalError("an assertion is of its own commodity")
    return path, Decimal(amount), code, None if expected is None else Decimal(expected)


def _held(entries: list[tuple[str, list[Leg]]]) -> dict[str, Decimal]:
    held: dict[str, Decimal] = defaultdict(Decimal)
    for day, legs in sorted(entries, key=lambda entry: entry[0]):
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for path, amount, code, expected in legs:
            sums[code] += amount
            held[f"{path} {code}"] += amount
            if expected is not None and held[f"{path} {code}"] != expected:
                raise JournalError(f"{day}: {path} holds {held[f'{path} {code}']} {code}, asserted {expected}")
        if any(sums.values()):
            raise JournalError(f"{day}: does not balance: {dict(sums)}")
    return {key: amount for key, amount in held.items() if amount}
