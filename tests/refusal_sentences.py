"""The English sentences of every code of a refusal that the source spells out, with the values in them left open.

Reads the syntax as ``tests.refusal_codes`` does. A code that is put together from an area and a field's name is left to its field.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache

from tests.refusal_codes import CODE, OFF_PAGES, code_given, literal_codes, met_codes
from tests.source_values import Sources, product_sources

_VALUE = "{}"
_FIELD = re.compile(r"(?:\{\}|[A-Za-z_][\w.\[\]]*)(?:(?:, |\.)(?:\{\}|[A-Za-z_][\w.\[\]]*))*: ")
"""What stands before a sentence: the field or thing that is wrong, which is a value too."""
_PARTS = frozenset({"expected", "message", "reason", "sentence", "text", "why", "problem", "says", "told"})
"""Parameters of helpers that are parts of the sentence; any other is a value in it."""
_DEEPEST = 4

Sentences = Mapping[str, Mapping[str, tuple[str, ...]]]

SEVERAL: Mapping[str, frozenset[str]] = {
    "one reason and one thing to do, told at each place in words of that place": frozenset(
        [
            "allocation.emissions_t",
            "body.too_large",
            "book.not_found",
            "close.closed",
            "commodity.unknown",
            "contract.day_closed",
            "contract.same_person",
            "contract.state",
            "correction.not_found",
            "database.schema_old",
            "deadline.year_none",
            "decision.window",
            "determination.evidence_changed",
            "emissions.no_activity",
            "entry.not_found",
            "fixings.unknown",
            "forecast.gap",
            "forecast.no_target",
            "import.archive",
            "import.too_large",
            "import.workbook",
            "import.world_changed",
            "industry.output_t",
            "key.revoked",
            "ledger.account_unknown",
            "ledger.acquired_used",
            "ledger.insufficient_available",
            "ledger.linked_refused",
            "market.digest",
            "market.same_person",
            "market.validity",
            "methodology.no_power",
            "notice.threshold",
            "oidc.provider_fails",
            "order.overfilled",
            "organisation.not_found",
            "parity.factor_kg_per_kwh",
            "plan.price",
            "plan.solver_digits",
            "policy.closed",
            "premium.source",
            "query.exclusive",
            "query.together",
            "rate.limited",
            "risk.correlation_impossible",
            "risk.correlation_uneven",
            "risk.no_volume",
            "risk.not_marked",
            "server.busy",
            "trade.book_currency",
            "user.disabled",
            "user.not_found",
            "voucher.not_found",
            "webhook.state",
        ]
    ),
    "the form of one thing typed or made elsewhere: each sentence is a part of that one form": frozenset(
        [
            "amount.format",
            "amount.range",
            "attest.key",
            "attestation.evidence_size",
            "attestation.field_spelling",
            "attestation.member_type",
            "attestation.sm2_form",
            "calc.field_type",
            "commodity.code",
            "date.format",
            "instant.format",
            "jws.member_type",
            "ledger.entry_attrs",
            "ledger.entry_legs",
            "ledger.entry_malformed",
            "ledger.hold_amount",
            "log.key_malformed",
            "log.note_malformed",
            "log.note_signature",
            "market.format",
            "market.price",
            "month.format",
            "oidc.discovery",
            "order.fee_doc_ref",
            "order.instrument",
            "order.price",
            "person.content",
            "query.year",
            "reconciliation.match",
            "reconciliation.window_days",
            "risk.columns",
            "risk.confidence",
            "risk.correlation",
            "risk.horizon",
            "risk.price",
            "risk.series",
            "risk.shape",
            "risk.window",
            "valuation.columns",
            "webhook.url",
        ]
    ),
    "rows of reference data and of agreed documents: whoever keeps the rows mends the one that is named": frozenset(
        [
            "allocation.method",
            "allocation.rule",
            "backup.unsound",
            "calendar.last_day",
            "calendar.market",
            "calendar.status",
            "cbam.no_rule",
            "chart.row",
            "checklist.evidence",
            "checklist.principles_id",
            "checklist.value",
            "erp.column",
            "fixing.index",
            "fixings.index",
            "forecast.quantiles",
            "label.not_sll",
            "market.bound",
            "market.close",
            "market.rule",
            "methodology.measure",
            "published_rates.index",
            "ratchet.effects",
            "reference.kind",
            "reference.missing",
            "reference.value",
            "report.rounding",
            "template.evidence",
            "template.repeated",
            "timeline.determination_id",
            "vintage.rule",
        ]
    ),
}
"""Codes that have several sentences, by the reason why they stay one; ``test_pages_refusals`` lets none stand that has one again."""
SEVERAL_AREAS = ("actus.", "feed.", "row.")
"""Areas that are left out: contracts in the words of ACTUS, which programs send; what a source of prices answered, where nobody at a
page has anything to mend; and the rules of cells, whose sentences name their values (decision 37)."""


@cache
def spelled_sentences() -> Sentences:
    """Return every sentence of each code that is spelled out in the source, by the places that give it."""
    literal, met = literal_codes(), met_codes()
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for code, sentence, place in given(product_sources()):
        if code in literal and code in met and sentence.strip("{}. :"):
            found[code][sentence].add(place)
    return {
        code: {sentence: tuple(sorted(places)) for sentence, places in sorted(sentences.items())}
        for code, sentences in sorted(found.items())
    }


def given(sources: Sources) -> Iterator[tuple[str, str, str]]:
    """Yield (code, sentence, place) of each constructor of a refusal, for each of its callers where they give code or sentence."""
    for path, module in sources.modules.items():
        if path.startswith(OFF_PAGES):
            continue
        for node in ast.walk(module):
            code = code_given(node)
            if code is not None and isinstance(node, ast.Call):
                for told, sentence, place in _told(sources, code, _sentence_given(node), f"{path}:{node.lineno}"):
                    yield told, _FIELD.sub("", sentence, count=1), place


def _sentence_given(call: ast.Call) -> ast.expr | None:
    if len(call.args) > 1:
        return call.args[1]
    return next((each.value for each in call.keywords if each.arg in {"message", "reason"}), None)


def _told(
    sources: Sources, code: ast.expr, sentence: ast.expr | None, place: str, depth: int = 0
) -> Iterator[tuple[str, str, str]]:
    function = sources.parameter_of(code)
    if function is None and isinstance(sentence, ast.Name | ast.JoinedStr):
        function = sources.parameter_of(sentence, named=_PARTS)
    calls = list(sources.callers(function)) if function is not None and depth < _DEEPEST else []
    if function is not None and calls:
        for call in calls:
            bound, said = (each and sources.at_call(each, function, call) for each in (code, sentence))
            if bound is not None:
                yield from _told(sources, bound, said, f"{sources.path_of(call)}:{call.lineno}", depth + 1)
        return
    texts = {text for text in sources.texts(code) if CODE.fullmatch(text)}
    for text, said_text in itertools.product(sorted(texts), sorted(_templates(sources, sentence))):
        yield text, said_text, place


def _templates(sources: Sources, sentence: ast.expr | None, depth: int = 0) -> set[str]:
    """Return the sentences that an expression can be, each value of it as ``{}``."""
    found = {_VALUE}
    match sentence:
        case ast.Constant(value=str(text)):
            found = {text}
        case ast.JoinedStr(values=parts):
            found = _joined([_templates(sources, each, depth) for each in parts])
        case ast.FormattedValue(value=value):
            found = {text if " " in text else _VALUE for text in _templates(sources, value, depth)}
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            found = _joined([_templates(sources, each, depth) for each in (left, right)])
        case ast.IfExp(body=one, orelse=other):
            found = _templates(sources, one, depth) | _templates(sources, other, depth)
        case ast.Name() if depth < _DEEPEST and (last := sources.last_value(sentence)) is not None:
            found = _templates(sources, last, depth + 1)
    return found


def _joined(parts: list[set[str]]) -> set[str]:
    return {"".join(texts) for texts in itertools.product(*parts)}
