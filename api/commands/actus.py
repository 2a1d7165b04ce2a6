"""``tonne actus run FILE``: evaluates contracts in the JSON form of the public ACTUS test files.

Reads the file, asks the evaluator case by case and prints the events. One bad case never hides the others: good cases are
printed, bad ones carry their refusal, and the exit code is 2. Opens no database.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TextIO

from finance.feeds.limits import MAX_FILE_BYTES
from finance.loans.actus.case_text import event_document, named_cases, parse_case
from finance.loans.actus.evaluation import evaluate
from finance.loans.actus.terms import Mode
from ledger.core.errors import DomainError, Invalid

_MAX_NAMED = 20
_COLUMNS = ("eventDate", "eventType", "payoff", "notionalPrincipal", "nominalInterestRate", "accruedInterest")

Events = tuple[Mapping[str, str | Decimal], ...]


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its one action."""
    parser = subparsers.add_parser("actus", help="evaluate loans written in the ACTUS standard's terms")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    run = actions.add_parser(
        "run",
        help="print every event of the contracts in a file",
        description="Evaluate PAM, LAM, NAM, ANN and CLM contracts given in the JSON form of the public ACTUS test files.",
        allow_abbrev=False,
    )
    run.add_argument("file", metavar="FILE", help="JSON: a mapping of cases, one case, or a list of cases")
    run.add_argument(
        "--mode",
        choices=[mode.value for mode in Mode],
        default=Mode.LITERAL.value,
        help="literal: as the published vectors; economic: the sane side of their quirks (default literal)",
    )
    run.add_argument("--json", action="store_true", dest="as_json", help="print one JSON document")
    run.set_defaults(run=_run)


def _run(arguments: argparse.Namespace, out: TextIO) -> int:
    mode = Mode(arguments.mode)
    evaluated: dict[str, Events] = {}
    refused: dict[str, DomainError] = {}
    names: list[str] = []
    for name, case in named_cases(_document(arguments.file)).items():
        names.append(name)
        try:
            evaluated[name] = tuple(event_document(event) for event in evaluate(parse_case(case), mode))
        except DomainError as error:
            refused[name] = error
    write = _write_json if arguments.as_json else _write_tables
    write(names, evaluated, refused, out)
    if refused:
        raise _refusal(refused, len(names))
    return 0


def _document(path: str) -> object:
    """Return the parsed file; numbers stay decimal, and what JSON leaves open (NaN, a key twice) is refused."""
    try:
        with Path(path).open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a path"
        raise Invalid("actus.file", f"FILE: cannot read {path[:200]}: {reason}", file=path[:200]) from error
    if len(raw) > MAX_FILE_BYTES:
        raise Invalid("actus.file", f"FILE: expected at most {MAX_FILE_BYTES} bytes", file=path[:200])
    try:
        return json.loads(
            raw.decode("utf-8-sig"),
            parse_float=_decimal,
            parse_int=_decimal,
            parse_constant=_no_constant,
            object_pairs_hook=_unique,
        )
    except UnicodeDecodeError as error:
        raise Invalid("actus.file", "FILE: expected UTF-8 text", file=path[:200]) from error
    except json.JSONDecodeError as error:
        raise Invalid("actus.file", f"FILE: not JSON at line {error.lineno}: {error.msg}", file=path[:200]) from error
    except RecursionError as error:
        raise Invalid("actus.file", "FILE: expected less deeply nested JSON", file=path[:200]) from error


def _decimal(text: str) -> Decimal | str:
    """Return a short number as a Decimal, a monstrous one as its text: the field that holds it refuses it by name."""
    return Decimal(text) if len(text) <= 60 else text  # noqa: PLR2004 - the evaluator's own limit on a number's length


def _no_constant(text: str) -> object:
    raise Invalid("actus.number", f"FILE: {text} is no number in JSON; expected a decimal number")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise Invalid("actus.file", f"FILE: {key[:40]} stands twice in one object; expected each name once")
        found[key] = value
    return found


def _refusal(refused: Mapping[str, DomainError], total: int) -> Invalid:
    shown = "; ".join(f"{name[:40]}: {error.message}" for name, error in list(refused.items())[:_MAX_NAMED])
    more = f"; and {len(refused) - _MAX_NAMED} more" if len(refused) > _MAX_NAMED else ""
    return Invalid("actus.cases_refused", f"{len(refused)} of {total} cases refused: {shown}{more}")


def _write_json(
    names: list[str], evaluated: Mapping[str, Events], refused: Mapping[str, DomainError], out: TextIO
) -> None:
    """Write one object, a list of events or an ``error`` for each case; numbers as their decimal digits."""
    lines = []
    for name in names:
        key = json.dumps(name, ensure_ascii=False)
        if name in refused:
            error = refused[name]
            told = {"error": {"code": error.code, "message": error.message, "data": dict(error.data)}}
            lines.append(f"  {key}: {json.dumps(told, ensure_ascii=False)}")
        elif evaluated[name]:
            events = ",\n".join(f"    {_json_event(event)}" for event in evaluated[name])
            lines.append(f"  {key}: [\n{events}\n  ]")
        else:
            lines.append(f"  {key}: []")
    out.write("{\n" + ",\n".join(lines) + "\n}\n")


def _json_event(event: Mapping[str, str | Decimal]) -> str:
    parts = (f"{json.dumps(field)}: {_json_value(value)}" for field, value in event.items())
    return "{" + ", ".join(parts) + "}"


def _json_value(value: str | Decimal) -> str:
    return _digits(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


def _digits(value: Decimal) -> str:
    """Return the digits of a number without exponent and without trailing zeros; zero is ``0``."""
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) if value else "0"


def _write_tables(
    names: list[str], evaluated: Mapping[str, Events], refused: Mapping[str, DomainError], out: TextIO
) -> None:
    for name in names:
        out.write(f"{name}\n")
        if name in refused:
            out.write(f"  refused: {refused[name].message} [{refused[name].code}]\n\n")
            continue
        rows = [_COLUMNS, *(tuple(_shown(event[column]) for column in _COLUMNS) for event in evaluated[name])]
        widths = [max(len(row[place]) for row in rows) for place in range(len(_COLUMNS))]
        for row in rows:
            cells = (f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
            out.write(f"  {'  '.join(cells).rstrip()}\n")
        out.write("\n")


def _shown(value: str | Decimal) -> str:
    return f"{value:.6f}" if isinstance(value, Decimal) else value
