"""``tonne deal FILE``: reads a deal file and prints its parts, what is unknown in it, and the margin of every outcome.

Opens no database. The file is a document of the form ``tonne.deal.v1``; what the figures mean is ``finance.loans.deals``.
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TextIO

from api.schemas import strict_json
from finance.conventions.exact_text import decimal_text, fraction_text
from finance.loans.deal_reading import Unknown
from finance.loans.deals import Deal, margins, read_deal
from finance.loans.outcome_vectors import Outcome, Price, VectorMargins
from ledger.core.errors import Invalid

_MOST_BYTES = 1_000_000
_MOST_VECTORS = 1_000
_UNKNOWN = "UNKNOWN"

Json = Mapping[str, object]


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "deal", help="read a deal file: its parts, its unknowns, and the margin of every outcome", allow_abbrev=False
    )
    parser.add_argument("file", metavar="FILE", help="a deal as JSON, such as examples/deals/D11-alba.json")
    parser.add_argument(
        "--most", default=str(_MOST_VECTORS), metavar="NUMBER", help="at most this many outcomes (default 1000)"
    )
    parser.add_argument("--json", action="store_true", dest="as_json", help="print the answer as one JSON document")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace, out: TextIO) -> int:
    most = _most(arguments.most)
    deal = read_deal(strict_json.parse(_read(arguments.file)))
    shown = tuple(itertools.islice(margins(deal), most))
    if arguments.as_json:
        out.write(json.dumps(_document(deal, shown), ensure_ascii=False, indent=2) + "\n")
    else:
        out.write("\n".join(_readable(deal, shown)) + "\n")
    return 0


def _most(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 6:  # noqa: PLR2004 - a million lines are no answer
        raise Invalid("deal.most", "--most: expected a whole number below a million", field="most")
    return int(text)


def _read(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            raw = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a path"
        raise Invalid(
            "deal.file", f"FILE: cannot read {path[:200]}: {reason}; give a JSON file", field="file"
        ) from error
    if len(raw) > _MOST_BYTES:
        raise Invalid("deal.file", f"FILE: expected at most {_MOST_BYTES} bytes", field="file")
    return raw


def _document(deal: Deal, shown: Sequence[VectorMargins]) -> Json:
    return {
        "form": "tonne.deal.v1",
        "is_known": not deal.unknown,
        "parts": [{"part": path, "unknown": list(unknown)} for path, unknown in deal.parts()],
        "unknown": list(deal.unknown),
        "provenance": [
            {
                "statement_id": each.statement_id,
                "source": each.source,
                "says": each.says,
                "conflicts_with": list(each.conflicts_with),
            }
            for each in deal.provenance
        ],
        "vector_count": str(deal.grid.vector_count),  # text: with many KPIs it outgrows what JSON readers keep exact
        "vectors": [_vector(each) for each in shown],
    }


def _vector(vector: VectorMargins) -> Json:
    return {
        "outcomes": [
            {
                "kpi_id": each.kpi_id,
                "status": str(each.status),
                "point": each.point,
                "observed": None if each.observed is None else fraction_text(each.observed),
            }
            for each in vector.outcomes
        ],
        "moves": [
            {
                "item": str(move.price.item),
                "tranche_id": move.price.tranche_id,
                "fee": move.price.fee,
                "moved_bp": None if isinstance(move.moved_bp, Unknown) else fraction_text(move.moved_bp),
                "hangs_on": list(move.moved_bp.paths) if isinstance(move.moved_bp, Unknown) else [],
            }
            for move in vector.moves
        ],
    }


def _readable(deal: Deal, shown: Sequence[VectorMargins]) -> list[str]:
    lines = ["statements"]
    for each in deal.provenance:
        against = f" (conflicts with {', '.join(each.conflicts_with)})" if each.conflicts_with else ""
        lines.append(f"  {each.statement_id}{against}: {each.says} [{each.source}]")
    parts = deal.parts()
    width = max(len(path) for path, _ in parts)
    lines += ["", "parts"]
    lines += [f"  {path:<{width}}  {f'{len(unknown)} unknown' if unknown else 'known'}" for path, unknown in parts]
    if deal.unknown:
        lines += ["", f"unknown ({len(deal.unknown)})", *(f"  {path}" for path in deal.unknown)]
    lines += ["", f"outcomes ({deal.grid.vector_count}): by how many basis points each price moves, minus lowers"]
    return lines + _table(deal, shown)


def _table(deal: Deal, shown: Sequence[VectorMargins]) -> list[str]:
    """Return the outcomes as a table; each set of unknowns that an answer hangs on is a numbered line below it."""
    notes: dict[tuple[str, ...], int] = {}
    names = [results[0][0].kpi_id for results in deal.grid.results]
    rows = [names + [_price(price) for price in deal.grid.prices]]
    for vector in shown:
        moves = [_moved(move.moved_bp, notes) for move in vector.moves]
        rows.append([_result(each) for each in vector.outcomes] + moves)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows]
    if len(shown) < deal.grid.vector_count:
        lines.append(f"  ... {deal.grid.vector_count - len(shown)} more; see --most")
    lines += [f"  [{number}] hangs on {', '.join(paths)}" for paths, number in notes.items()]
    return [line.rstrip() for line in lines]


def _price(price: Price) -> str:
    return " ".join(part for part in (price.item.replace("_", " "), price.fee, f"({price.tranche_id})") if part)


def _result(outcome: Outcome) -> str:
    return f"{outcome.status} {outcome.point}" if outcome.point else str(outcome.status)


def _moved(moved_bp: Fraction | Unknown, notes: dict[tuple[str, ...], int]) -> str:
    if isinstance(moved_bp, Unknown):
        return f"{_UNKNOWN} [{notes.setdefault(moved_bp.paths, len(notes) + 1)}]"
    shown = decimal_text(moved_bp)
    return shown if Fraction(shown) == moved_bp else fraction_text(moved_bp)
