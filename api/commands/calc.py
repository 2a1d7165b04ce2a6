"""``tonne calc NAME``: answers one question, as a table for people or as JSON.

Options are the calculators' own fields with dashes; the answer is the document that HTTP sends too. Opens no database.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from finance.feeds.limits import MAX_FILE_BYTES
from finance.feeds.tabular import read_table
from finance.operations.calculators.answers import Answer, Figure
from finance.operations.calculators.catalogue import CALCULATORS, Calculator, calculate, calculator_of
from finance.operations.calculators.inputs import Kind, Parameter
from finance.operations.calculators.lots import lot_rows
from finance.operations.calculators.table_rows import table_rows
from ledger.core.errors import Invalid


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and one sub-command for each calculator."""
    parser = subparsers.add_parser("calc", help="answer one question with its formula and sources")
    names = parser.add_subparsers(title="calculators", metavar="NAME", required=True)
    for calculator in CALCULATORS:
        dashed = calculator.name.replace("_", "-")
        aliases = () if dashed == calculator.name else (calculator.name,)
        own = names.add_parser(
            dashed, aliases=aliases, help=calculator.question, description=calculator.question, allow_abbrev=False
        )
        for parameter in calculator.parameters:
            own.add_argument(
                _option(parameter),
                dest=parameter.name,
                action="append",
                metavar=_metavar(parameter),
                help=_help(parameter),
            )
        own.add_argument("--json", action="store_true", dest="as_json", help="print the answer as one JSON document")
        own.set_defaults(run=_run, calculator=calculator.name)


def _run(arguments: argparse.Namespace, out: TextIO) -> int:
    calculator = calculator_of(arguments.calculator)
    answer = calculate(calculator.name, _given(calculator, arguments))
    if arguments.as_json:
        out.write(json.dumps(answer.document(), ensure_ascii=False, indent=2) + "\n")
    else:
        out.write(_readable(calculator, answer))
    return 0


def _given(calculator: Calculator, arguments: argparse.Namespace) -> Mapping[str, object]:
    given: dict[str, object] = {}
    for parameter in calculator.parameters:
        texts: list[str] | None = getattr(arguments, parameter.name)
        if texts is None:
            continue
        if parameter.kind is Kind.TEXTS:
            given[parameter.name] = texts
        elif len(texts) > 1:
            raise Invalid(
                "calc.field_repeated", f"{_option(parameter)}: expected this option once", field=parameter.name
            )
        else:
            given[parameter.name] = _rows(parameter, texts[0]) if parameter.kind is Kind.ROWS else texts[0]
    return given


def _rows(parameter: Parameter, path: str) -> tuple[Mapping[str, str], ...]:
    try:
        with Path(path).open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a path"
        raise Invalid(
            "calc.lots_file", f"{parameter.name}: cannot read {path[:200]}: {reason}; give a CSV or XLSX file"
        ) from error
    sheets = read_table(Path(path).name, raw)
    return lot_rows(sheets) if parameter.name == "lots" else table_rows(sheets, field=parameter.name)


def _option(parameter: Parameter) -> str:
    return f"--{parameter.name.replace('_', '-')}"


def _metavar(parameter: Parameter) -> str:
    if parameter.kind is Kind.ROWS:
        return "FILE"
    if parameter.kind is Kind.TEXTS:
        return "DATE=RATE"
    return "NUMBER" if parameter.unit else "TEXT"


def _help(parameter: Parameter) -> str:
    needed = "" if parameter.is_required else " (optional)"
    unit = f", in {parameter.unit}" if parameter.unit and parameter.unit != "1" else ""
    return f"{parameter.meaning}{unit}{needed}".replace("%", "%%")


def _readable(calculator: Calculator, answer: Answer) -> str:
    units = {parameter.name: parameter.unit for parameter in calculator.parameters}
    inputs = [
        Figure(name=name, value=value, unit=units[name])
        for name, value in answer.inputs.items()
        if isinstance(value, str)
    ]
    inputs += [
        Figure(name=name, value=", ".join(map(str, value)) if isinstance(value[0], str) else f"{len(value)} rows")
        for name, value in answer.inputs.items()
        if value and not isinstance(value, str)
    ]
    lines = [calculator.question, "", "inputs", *_figures(inputs), "", "result", *_figures(answer.worked.figures)]
    for figure in answer.worked.figures:
        if isinstance(figure.value, tuple):
            lines += ["", figure.name, *_table(figure.value)]
    lines += ["", "formula", f"  {answer.worked.formula}"]
    if answer.worked.sources:
        lines += ["", "sources"]
        lines += [
            f"  {row.row_id} = {row.value} {row.unit} [{row.status}, from {row.effective_from}] {row.source}"
            if row.source != "input"
            else f"  {row.row_id} = {row.value} {row.unit} [given as input]"
            for row in answer.worked.sources
        ]
    return "\n".join(lines) + "\n"


def _figures(figures: list[Figure] | tuple[Figure, ...]) -> list[str]:
    plain = [figure for figure in figures if not isinstance(figure.value, tuple)]
    name_width = max((len(figure.name) for figure in plain), default=0)
    shown = ["-" if figure.value is None else str(figure.value) for figure in plain]
    width = max((len(text) for text in shown), default=0)
    return [
        f"  {figure.name:<{name_width}}  {text:>{width}}  {figure.unit if figure.unit != '1' else ''}".rstrip()
        for figure, text in zip(plain, shown, strict=True)
    ]


def _table(rows: tuple[Mapping[str, str | None], ...]) -> list[str]:
    if not rows:
        return ["  none"]
    columns = list(rows[0])
    cells = [columns, *[[row[column] or "-" for column in columns] for row in rows]]
    widths = [max(len(line[index]) for line in cells) for index in range(len(columns))]
    return ["  " + "  ".join(f"{cell:>{width}}" for cell, width in zip(line, widths, strict=True)) for line in cells]
