"""Every code of a refusal that a person can meet on a page, found in the source.

A code stands in the constructor of a refusal, in a value that carries one (``code=``), or in the composed forms listed here because their
last part is an enum's. Codes that only the command line or the set-up of an installation gives are left out.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache

from api import errors
from api.app import declared_routes
from api.auth.scope import registered
from finance.attestations.statements import Outcome
from finance.loans.evidence_rules import AttestationStanding
from finance.trading.limits import LimitScope
from tests.source_values import OPEN, Sources, called, product_sources

CODE = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*", re.ASCII)
_KINDS = frozenset(
    {
        "DomainError",
        "Invalid",
        "NotFound",
        "Conflict",
        "Forbidden",
        "Unauthenticated",
        "Unavailable",
        "Refusal",
        "Expected",
        "PriceReason",
        "PydanticCustomError",
    }
)
_CARRIERS = frozenset({"FeedAlert", "JobRemark", "KeyDecision", "Rejected", "Remark"})
"""Values with a code that a page shows as it shows a refusal: what is remarked on a statement, a price file or a rate."""
OFF_PAGES = (
    "api/commands/",
    "api/cli.py",
    "api/settings.py",
    "api/notices/settings.py",
    "api/example/",
    "api/client_source.py",
    "ledger/backup.py",
    "ledger/core/export_formats/backup_lines.py",
)
"""Where only an operator at the command line, or an installation's start, meets a refusal."""
_OWN_CODES = ("api/errors.py", "api/imports/child.py", "api/imports/child_archive.py", "api/imports/child_workbook.py")
"""Modules that keep codes in tables or send them from a child process: each text of theirs in these areas is one."""
_OWN_AREAS = ("field.", "path.", "method.", "request.", "server.", "import.")

Places = Mapping[str, tuple[str, ...]]


@cache
def met_codes() -> Places:
    """Return every code by the places that give it, with its whole text in the source or resolved from it."""
    found: dict[str, set[str]] = defaultdict(set)
    for code, place in (*raised(product_sources()), *_kept(product_sources()), *_of_enums()):
        if OPEN not in code:
            found[code].add(place)
    return {code: tuple(sorted(places)) for code, places in sorted(found.items())}


@cache
def literal_codes() -> frozenset[str]:
    """Return the codes whose whole text stands in the source: each has a meaning of its own, and a sentence of its own."""
    sources = product_sources()
    spelled = {_code_of(node) for module in sources.modules.values() for node in ast.walk(module)}
    return frozenset(code for code in met_codes() if code in spelled)


@cache
def open_areas() -> Places:
    """Return the areas whose codes end in a field's name that the source does not list: a document's fields, by the places."""
    found: dict[str, set[str]] = defaultdict(set)
    for code, place in raised(product_sources()):
        area, _, rest = code.partition(".")
        if OPEN in rest and OPEN not in area:
            found[area].add(place)
    return {area: tuple(sorted(places)) for area, places in found.items()}


def raised(sources: Sources) -> Iterator[tuple[str, str]]:
    """Yield each code that a constructor of a refusal or a carrier is given, with its place; ``OPEN`` where a part is not resolved."""
    for path, module in sources.modules.items():
        if path.startswith(OFF_PAGES):
            continue
        for node in ast.walk(module):
            given = code_given(node)
            for code in sources.texts(given) if given is not None else ():
                if CODE.fullmatch(code) or OPEN in code:
                    yield code, f"{path}:{given.lineno if given else 0}"


def code_given(node: ast.AST) -> ast.expr | None:
    """Return the expression of the code where ``node`` makes a refusal or a value that carries one."""
    if not isinstance(node, ast.Call):
        return None
    is_kind = called(node) in _KINDS or _is_super(node.func) or _is_type_of(node.func)
    if is_kind and node.args:
        return node.args[0]
    return next((each.value for each in node.keywords if each.arg == "code" and called(node) in _CARRIERS), None)


def _is_super(function: ast.expr) -> bool:
    match function:
        case ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr="__init__"):
            return True
        case _:
            return False


def _is_type_of(function: ast.expr) -> bool:
    return isinstance(function, ast.Call) and called(function) == "type"


def _kept(sources: Sources) -> Iterator[tuple[str, str]]:
    for path in _OWN_CODES:
        for node in ast.walk(sources.modules[path]):
            if (code := _code_of(node)).startswith(_OWN_AREAS):
                yield code, path
    for code in errors._STATUS_BY_CODE:
        yield code, "api/errors.py"


def _of_enums() -> Iterator[tuple[str, str]]:
    assert declared_routes(), "the kinds of ids register themselves where the routes stand"
    for kind in registered():
        yield f"{kind}.not_found", "api/auth/scope.py"
    for scope in LimitScope:
        yield f"contract.limit_{scope}", "finance/operations/carbon_contract_checks.py"
    for standing in AttestationStanding:
        if standing is not AttestationStanding.ACCEPTED:
            yield f"determination.attestation_{standing}", "finance/loans/evidence_rules.py"
    for outcome in Outcome:
        if outcome is not Outcome.UNMODIFIED:
            yield f"attestation.outcome_{outcome}", "finance/attestations/acceptance.py"
    for reason in ("party", "shared_person"):
        yield f"engagement.{reason}", "finance/operations/engagements.py"
    yield "attestation.shared_person", "finance/attestations/acceptance.py"
    for end in ("unknown", "missing"):
        yield f"terms.{end}", "finance/conventions/documents.py"


def _code_of(node: ast.AST) -> str:
    """Return the code that a constant spells, empty where it is none."""
    match node:
        case ast.Constant(value=str(text)) if CODE.fullmatch(text):
            return text
        case _:
            return ""
