"""The example's document as tables that a treasurer can read in a terminal. Lays out only; every figure is the document's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

Part = dict[str, Any]
_RIGHT = frozenset("0123456789-+")


def as_text(document: Part) -> str:
    """Return the whole document, one titled block a part."""
    blocks = (
        _emissions(document["emissions"]),
        _positions(document["positions"]),
        _valuation(document["valuation"]),
        _loan(document),
        _interest(document["interest"]),
        _compliance(document["compliance"]),
        _next_steps(document["next_steps"]),
    )
    return f"{document['example']}\n\n" + "\n\n".join(blocks) + "\n"


def _emissions(part: Part) -> str:
    rows = [
        [
            year["year"],
            year["methodology"],
            year["measure"],
            _of(year["production"]),
            _of(year["emissions"]),
            _of(year["intensity"]),
        ]
        for year in part["years"]
    ]
    head = ["year", "methodology", "measure", "production t", "emissions tCO2e", "tCO2e/t"]
    return _titled("1  Emissions and intensity", f"source: {part['source']}", _table(head, rows))


def _positions(part: Part) -> str:
    held = [
        [each["account"].removeprefix("Assets:Carbon:"), _of(each["balance"])]
        for each in part["accounts"]
        if each["account"].startswith("Assets:Carbon:")
    ]
    realised = {(each["instrument"], each["method"]): _of(each["realised"]) for each in part["realised_by_method"]}
    kept = {each["instrument"]: each["method"] for each in part["realised_by_method"] if each["is_book_method"]}
    rows = [
        [code, tonnes, realised.get((code, "fifo"), ""), realised.get((code, "average"), ""), kept.get(code, "")]
        for code, tonnes in held
    ]
    point = part["record_point"]
    note = f"as of {part['as_of']}, record point {point['seq']}, tree root {point['tree_root'][:16]}..."
    head = ["instrument", "held t", "realised CNY (FIFO)", "realised CNY (average)", "the book keeps"]
    return _titled("2  Positions", note, _table(head, rows))


def _valuation(part: Part) -> str:
    rows = []
    for lot in part["lots"]:
        mark = lot["mark"]
        price = "" if mark is None or mark["price"] is None else _of(mark["price"])
        age = "" if mark is None or mark["age"] is None else f"{mark['age']['value']} d"
        rows.append(
            [
                lot["instrument"],
                lot["acquired_on"],
                _of(lot["quantity"]),
                _of(lot["cost"]),
                price,
                "missing" if mark is None else mark["state"],
                "" if mark is None else str(mark["last_trade_date"]),
                age,
                "unvalued" if lot["market_value"] is None else _of(lot["market_value"]),
                "" if lot["unrealised"] is None else _of(lot["unrealised"]),
            ]
        )
    head = [
        "lot",
        "acquired",
        "t",
        "cost CNY",
        "mark CNY/t",
        "state",
        "last trade",
        "age",
        "worth CNY",
        "unrealised CNY",
    ]
    total = part["total"]
    state = "complete" if part["is_complete"] else "INCOMPLETE"
    lines = [
        (
            f"total ({state}): cost {_of(total['cost'])}, worth {_of(total['market_value'])}, "
            f"unrealised {_of(total['unrealised'])} CNY"
        ),
        (
            f"unvalued: {_of(total['unvalued_quantity'])} t at cost {_of(total['unvalued_cost'])} CNY "
            "(no listed trade within the limit; an approved mark would value them)"
        ),
        f"realised to date: {_of(part['realised_net'])} CNY",
        "marks: " + "; ".join(_mark(mark) for mark in part["marks"]),
    ]
    note = (
        f"as of {part['as_of']}, snapshot {part['snapshot']['sha256'][:16]}..., prices from the exchanges named below"
    )
    return _titled("3  Valuation", note, _table(head, rows), *lines)


def _mark(mark: Part) -> str:
    venue = str(mark["source"]).partition(":")[0]
    last = "none" if mark["last_price"] is None else f"{mark['last_price']['value']} {mark['last_price']['unit']}"
    return f"{mark['instrument']} {mark['state']} {last} ({venue})"


def _loan(document: Part) -> str:
    kpi, determination = document["kpi"], document["determination"]
    lines = [
        f"KPI {kpi['kpi_id']} by {kpi['methodology']}, {kpi['period'][0]} to {kpi['period'][1]} (exclusive)",
        (
            f"  verified baseline {_of(kpi['baseline'])}, observed {_of(kpi['observed'])} tCO2e/t: "
            f"down {_of(kpi['reduction'])} %, target {_of(kpi['target'])} % -> {'met' if kpi['is_met'] else 'missed'}"
        ),
    ]
    lines += [
        f"attestation of {each['period'][0][:4]}: {each['state']}, {each['value']['value']} {each['value']['unit']}, "
        f"{each['level']} assurance ({each['standard']}), {each['outcome']}, signed by {each['issuer']}"
        for each in document["attestation"]
    ]
    lines += [
        (
            f"determination: {_of(determination['rate_before'])} % -> {_of(determination['rate_after'])} % "
            f"({_of(determination['adjustment'])} bp) from {determination['effective_from']}"
        ),
        f"  proposed {determination['proposed_on']} by {determination['proposed_by']}",
        f"  {determination['decision']} {determination['decided_on']} by {determination['decided_by']}",
        f"  cause: attestation {determination['cause']['attestation_id']}",
    ]
    return _titled("4  KPI, attestation and rate", f"facility {determination['facility']}", *lines)


def _interest(part: Part) -> str:
    rows = [
        [
            row["start"],
            row["end"],
            _of(row["days"]),
            " / ".join(_of(rate) for rate in row["rates"]),
            row["payment_date"] or "calendar unknown",
            _of(row["before"]),
            _of(row["after"]),
            _of(row["saving"]),
        ]
        for row in part["schedule"]
    ]
    head = ["from", "to (exclusive)", "days", "rate %", "paid on", "before CNY", "after CNY", "saving CNY"]
    note = f"principal {_of(part['principal'])} CNY, {part['day_count']}, rounded once per payment"
    total = (
        f"total before {_of(part['total_before'])}, after {_of(part['total_after'])}, saving {_of(part['saving'])} CNY"
    )
    return _titled("5  Interest", note, _table(head, rows), total, "why this rate:", *_why(part["why"], "  "))


def _compliance(part: Part) -> str:
    lines = [
        (
            f"emissions {_of(part['emissions'])} tCO2e, intensity {_of(part['intensity'])}, "
            f"BP {_of(part['balance_value'])} tCO2e/t ({part['balance_value']['source']})"
        ),
        (
            f"due {_of(part['due'])} t, allocation {_of(part['allocation'])} t (alpha {_of(part['alpha'])}), "
            f"of which not yet issued {_of(part['not_yet_issued'])} t"
        ),
        (
            f"eligible allowances held {_of(part['eligible_allowances_held'])} t, "
            f"not eligible for this year {_of(part['ineligible_allowances_held'])} t"
        ),
        f"CCER usable {_of(part['ccer_usable'])} t (cap {_of(part['ccer_cap'])} t, held {_of(part['ccer_eligible_held'])} t)",
        f"gap {_of(part['gap'])} t, cost at the mark "
        + (
            "unvalued" if part["gap_cost"] is None else f"{_of(part['gap_cost'])} CNY ({_of(part['mark'] or {})} CNY/t)"
        ),
    ]
    return _titled(f"6  Compliance {part['year']} ({part['measure']})", f"as of {part['as_of']}", *lines)


def _next_steps(part: Part) -> str:
    plan = part["surrender_plan"]
    head = ["lot", "acquired", "surrender t", "a tonne costs CNY"]
    rows = [
        [each["instrument"], each["acquired_on"], _of(each["taken"]), _of(each["unit_cost"])] for each in plan["lines"]
    ]
    short = (
        f"covers {_of(plan['covered'])} t, short of {_of(plan['shortfall'])} t; at the marks {_of(plan['cost'])} CNY"
    )
    return _titled(
        "7  What to do next",
        f"cheapest surrender by {plan['surrender_by']}, proven by its shadow price of {_of(plan['shadow_price'])} CNY/t",
        _table(head, rows),
        short,
        *_worths("one tonne less", part["next_tonne"]),
        *_worths("one MWh of green power", part["next_mwh"]),
    )


def _worths(what: str, part: Part) -> Iterable[str]:
    yield f"{what} is worth {_of(part['total'])} CNY through what is known:"
    for each in part["channels"]:
        worth = "not given" if each["worth"] is None else f"{_of(each['worth'])} CNY"
        yield f"  {each['channel']}: {worth}, {each['words_en']}"


def _why(node: Part, indent: str) -> Iterable[str]:
    tail = f" = {node['formula']}" if "formula" in node else f"  [{node['source']}]"
    unit = "" if node["unit"] == "1" else f" {node['unit']}"
    yield f"{indent}{node['label_en']} / {node['label_zh']}: {node['value']}{unit}{tail}"
    for child in node.get("children", ()):
        yield from _why(child, indent + "  ")


def _of(figure: Part) -> str:
    """Return an amount's decimal with thousands separators; its unit stands in the heading or beside it."""
    text = str(figure.get("value", ""))
    whole, dot, fraction = text.partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    return f"{sign}{int(digits):,}{dot}{fraction}" if digits.isdigit() else text


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = ["  ".join(name.ljust(width) for name, width in zip(head, widths, strict=True)).rstrip()]
    lines.append("  ".join("-" * width for width in widths))
    lines += ["  ".join(_cell(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines)


def _cell(text: str, width: int) -> str:
    is_figure = bool(text) and set(text.replace(",", "").replace(".", "")) <= _RIGHT and text.count("-") <= 1
    return text.rjust(width) if is_figure else text.ljust(width)


def _titled(title: str, note: str, *body: str) -> str:
    return "\n".join((title, "=" * len(title), note, *body))
