"""The JSON form of the public ACTUS test files, in and out: cases are read, events are written, nothing is computed.

Owns the document's shape and the printing of numbers. Callers parse the JSON text (fractions as Decimal or text) and
write the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Context, Decimal
from fractions import Fraction

from finance.loans.actus.cases import ActusCase, ObservedEvent, ObservedType, Series
from finance.loans.actus.evaluation import ActusEvent
from finance.loans.actus.instants import Instant, parse_instant
from finance.loans.actus.term_text import parse_number, parse_terms
from ledger.core.errors import Invalid

_CASE_FIELDS = frozenset({"identifier", "terms", "to", "dataObserved", "eventsObserved", "results"})
_EVENT_FIELDS = frozenset({"time", "type", "value", "contractId", "contractID"})
_SERIES_FIELDS = frozenset({"identifier", "data"})
_PRINTED = Context(prec=30)
_SHOWN = 40


def named_cases(document: object) -> Mapping[str, object]:
    """Return the cases of a document by name: a mapping of cases, one case, or a list of cases.

    A list's names are the identifiers, else the contract ids, else ``1``, ``2``, ...; a name twice is refused with
    ``actus.case_name``, a document without cases with ``actus.document``.
    """
    if isinstance(document, Mapping):
        if "terms" in document:
            return {_name_of(document, 1): document}
        cases = {str(name): case for name, case in document.items()}
    elif isinstance(document, Sequence) and not isinstance(document, str):
        cases = {}
        for place, case in enumerate(document, start=1):
            name = _name_of(case, place)
            if name in cases:
                raise Invalid("actus.case_name", f"case {name[:_SHOWN]}: expected each name once", case=name[:_SHOWN])
            cases[name] = case
    else:
        cases = {}
    if not cases:
        raise Invalid(
            "actus.document", "expected a mapping of case names to cases, one case with terms, or a list of cases"
        )
    return cases


def parse_case(case: object) -> ActusCase:
    """Return the case that ``case`` spells; an unknown field, term or value is refused by name."""
    if not isinstance(case, Mapping):
        raise Invalid("actus.case", "expected an object with terms, to, dataObserved and eventsObserved")
    _check_fields(case, _CASE_FIELDS, "case")
    terms = case.get("terms")
    if not isinstance(terms, Mapping):
        raise Invalid("actus.case", "terms: expected an object of contract terms", term="terms")
    to = case.get("to")
    horizon = None if to is None or (isinstance(to, str) and not to.strip()) else parse_instant(to, field="to")
    return ActusCase(
        terms=parse_terms({str(term): value for term, value in terms.items()}),
        series=_series(case.get("dataObserved") or {}),
        observed=_observed(case.get("eventsObserved") or ()),
        horizon=horizon,
    )


def event_document(event: ActusEvent) -> Mapping[str, str | Decimal]:
    """Return one event in the files' form; numbers are Decimals of up to 30 significant digits, exact where shorter."""
    return {
        "eventDate": str(event.when),
        "eventType": event.event_type.value,
        "payoff": printed(event.payoff),
        "currency": event.currency,
        "notionalPrincipal": printed(event.notional),
        "nominalInterestRate": printed(event.rate),
        "accruedInterest": printed(event.accrued),
    }


def printed(value: Fraction) -> Decimal:
    """Return ``value`` as a Decimal of at most 30 significant digits, half even; 1/3 gives 0.333333333333333333333333333333."""
    return _PRINTED.divide(Decimal(value.numerator), Decimal(value.denominator))


def _name_of(case: object, place: int) -> str:
    if isinstance(case, Mapping):
        terms = case.get("terms")
        contract = terms.get("contractID") if isinstance(terms, Mapping) else None
        for name in (case.get("identifier"), contract):
            if isinstance(name, str) and name:
                return name
    return str(place)


def _series(given: object) -> Mapping[str, Series]:
    if not isinstance(given, Mapping):
        raise Invalid("actus.case", "dataObserved: expected an object of market objects", term="dataObserved")
    found: dict[str, Series] = {}
    for code, series in given.items():
        field = f"dataObserved.{str(code)[:_SHOWN]}"
        if not isinstance(series, Mapping):
            raise Invalid("actus.case", f"{field}: expected an object with data", term=field)
        _check_fields(series, _SERIES_FIELDS, field)
        points: dict[Instant, Fraction] = {}
        for row in _rows(series.get("data"), field):
            _check_fields(row, frozenset({"timestamp", "value"}), field)
            when = parse_instant(row.get("timestamp"), field=f"{field}.timestamp")
            if when in points:
                raise Invalid("actus.series", f"{field}: expected one value at {when}", term=field, when=str(when))
            points[when] = parse_number(row.get("value"), field=f"{field}.value")
        found[str(code)] = Series(points=tuple(sorted(points.items())))
    return found


def _observed(given: object) -> tuple[ObservedEvent, ...]:
    events = []
    for row in _rows(given, "eventsObserved"):
        _check_fields(row, _EVENT_FIELDS, "eventsObserved")
        kind = row.get("type")
        supported = [each.value for each in ObservedType]
        if kind not in supported:
            raise Invalid(
                "actus.observed_type",
                f"eventsObserved: type {str(kind)[:_SHOWN]} is not supported; supported are {', '.join(supported)}",
                term="eventsObserved",
                supported=", ".join(supported),
            )
        value = parse_number(row.get("value", 0), field="eventsObserved.value")
        if value < 0 or (kind == ObservedType.PREPAYMENT and value == 0):
            raise Invalid(
                "actus.observed_value", "eventsObserved: expected an amount above zero", term="eventsObserved"
            )
        when = parse_instant(row.get("time"), field="eventsObserved.time")
        events.append(ObservedEvent(when=when, event_type=ObservedType(str(kind)), value=value))
    return tuple(events)


def _rows(given: object, field: str) -> list[Mapping[str, object]]:
    if isinstance(given, str) or not isinstance(given, Sequence) or not all(isinstance(row, Mapping) for row in given):
        raise Invalid("actus.case", f"{field}: expected a list of objects", term=field)
    return list(given)


def _check_fields(given: Mapping[str, object], known: frozenset[str], place: str) -> None:
    unknown = sorted(str(field)[:_SHOWN] for field in given if field not in known)
    if unknown:
        raise Invalid(
            "actus.field_unknown",
            f"{place}: {unknown[0]} is not a field here; expected {', '.join(sorted(known))}",
            term=unknown[0],
            supported=", ".join(sorted(known)),
        )
