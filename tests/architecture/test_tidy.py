"""The house's habits that no other tool checks. Each message names the place and the way out."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("ledger", "finance", "api")
PURE = (
    "ledger/core",
    "finance/conventions",
    "finance/emissions",
    "finance/market",
    "finance/kpi",
    "finance/attestations",
    "finance/compliance",
    "finance/loans",
    "finance/accounting",
    "finance/decisions",
    "finance/trading",
)
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
EDGES = ("api/deps.py", "api/edge.py", "api/scheduler.py", "api/cli.py", "api/writer.py")
COMMANDS = "api/commands/"
FUNCTION_LINES = 70
MODULE_LINES = 600
BANNED_NAMES = {"models", "services", "common", "utils", "util", "helpers", "helper", "misc", "manager"}
# Spelled in pieces, so that this file is not its own finding.
HOSTS = tuple(
    "".join(pieces)
    for pieces in (
        ("py", "pi.org"),
        ("python", "hosted.org"),
        ("npm", "js.com"),
        ("npm", "js.org"),
        ("ana", "conda.org"),
        ("mirrors", ".aliyun"),
        ("tuna.", "tsinghua"),
        ("proxy.", "golang.org"),
    )
)

Finding = tuple[int, str]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def is_pure(name: str) -> bool:
    return name.startswith(tuple(f"{package}/" for package in PURE))


def long_functions(tree: ast.Module) -> Iterator[Finding]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES:
                yield (
                    node.lineno,
                    f"{node.name} has {lines} lines, {FUNCTION_LINES} are the limit: name its steps as functions",
                )


def floats(tree: ast.Module) -> Iterator[Finding]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
            yield (
                node.lineno,
                f"float literal {node.value}: write Fraction(1, 2), Decimal('0.5') or an integer of smaller units",
            )
        elif isinstance(node, ast.Call):
            asked = (
                isinstance(node.func, ast.Name) and node.func.id == "isinstance"
            )  # to refuse a float one must name it
            handed = [] if asked else [*node.args, *(keyword.value for keyword in node.keywords)]
            for part in (node.func, *handed):
                if isinstance(part, ast.Name) and part.id in {"float", "round", "complex"}:
                    yield from _float_maker(part)


def _float_maker(node: ast.Name) -> Iterator[Finding]:
    yield (
        node.lineno,
        f"{node.id}: read with amounts.parse_decimal, round once with amounts.round_exact at a named step",
    )


def commits(tree: ast.Module) -> Iterator[Finding]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "commit":
            yield (
                node.lineno,
                ".commit: one request or job is one transaction, committed in api/edge.py, deps.py, scheduler.py or cli.py",
            )


def prints(tree: ast.Module) -> Iterator[Finding]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "print":
            yield node.lineno, "print: return the text, api/cli.py and api/commands print it"


def anys(tree: ast.Module) -> Iterator[Finding]:
    at_json_edge = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in {"dict", "Mapping"}
        for part in ast.walk(node.slice)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "Any" and id(node) not in at_json_edge:
            yield node.lineno, "Any in a core: say the type; Any stands only in the Mapping[str, Any] of a JSON object"


def missing_docstring(tree: ast.Module) -> Iterator[Finding]:
    text = ast.get_docstring(tree) or ""
    if "." not in text or len(text.split()) < 3:
        yield 1, "no docstring of at least one sentence: say what the module owns and what it must not know"


def more_than_a_docstring(tree: ast.Module) -> Iterator[Finding]:
    extra = tree.body[1:] if ast.get_docstring(tree) else tree.body
    for node in extra:
        yield node.lineno, "an __init__.py is one docstring: move this into a module with a name"


def findings(path: Path, tree: ast.Module, lines: int) -> Iterator[Finding]:
    name = name_of(path)
    yield from long_functions(tree)
    yield from floats(tree)
    yield from missing_docstring(tree)
    if lines > MODULE_LINES:
        yield lines, f"{lines} lines, {MODULE_LINES} are the limit: split by what each part owns"
    if path.stem in BANNED_NAMES:
        yield 1, f"{path.name} says nothing: name the file by the field's word for what it holds"
    if name not in EDGES and not name.startswith(COMMANDS):
        yield from commits(tree)
    if name != "api/cli.py" and not name.startswith(COMMANDS):
        yield from prints(tree)
    if is_pure(name):
        yield from anys(tree)
    if path.name == "__init__.py":
        yield from more_than_a_docstring(tree)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_keeps_the_house_rules(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")

    found = [f"{name_of(path)}:{line}: {message}" for line, message in findings(path, tree_of(path), lines)]

    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("name", "source", "message"),
    [
        ("ledger/core/x.py", '"""Owns a thing."""\nRATE = 0.5\n', "float literal"),
        ("ledger/core/x.py", '"""Owns a thing."""\nx = float("1")\n', "float:"),
        ("finance/loans/x.py", '"""Owns a thing."""\ny = round(7)\n', "round:"),
        ("finance/loans/x.py", '"""Owns a thing."""\nkinds = list(map(float, "12"))\n', "float:"),
        ("finance/operations/x.py", '"""Owns a thing."""\nsession.commit()\n', ".commit:"),
        ("api/routes/x.py", '"""Owns a thing."""\ndone = session.commit\n', ".commit:"),
        ("api/routes/x.py", '"""Owns a thing."""\nprint(1)\n', "print:"),
        ("ledger/core/x.py", '"""Owns a thing."""\ndef f(x: Any) -> None: ...\n', "Any in a core"),
        ("api/x.py", "x = 1\n", "no docstring"),
        ("api/x.py", '"""Thing"""\n', "no docstring"),
        ("api/routes/__init__.py", '"""Owns a thing."""\nimport os\n', "one docstring"),
        ("api/utils.py", '"""Owns a thing."""\n', "says nothing"),
        ("api/x.py", '"""Owns a thing."""\ndef f():\n' + "    pass\n" * 70, "71 lines"),
        ("api/x.py", '"""Owns a thing."""\n' + "# why\n" * 600, "601 lines"),
    ],
)
def test_each_rule_finds_what_it_is_for(name: str, source: str, message: str) -> None:
    found = list(findings(ROOT / name, ast.parse(source), source.count("\n")))

    assert any(message in text for _, text in found), found


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("api/deps.py", '"""Owns a thing."""\nsession.commit()\n'),
        ("api/commands/demo.py", '"""Owns a thing."""\nsession.commit()\nprint(1)\n'),
        ("ledger/store/x.py", '"""Owns a thing."""\ndef f(x: Any) -> None: ...\n'),
        ("finance/loans/x.py", '"""Owns a thing."""\ndef f(x: Mapping[str, Any]) -> None: ...\n'),
        ("finance/feeds/x.py", '"""Owns a thing."""\nis_inexact = isinstance("1", int | float)\n'),
        ("api/__init__.py", '"""Owns a thing."""\n'),
        ("ledger/core/x.py", '"""Owns a thing."""\nround_exact(1)\nx = 1_000\n'),
        ("ledger/core/x.py", '"""Owns a thing."""\ndef f():\n' + "    pass\n" * 69),
    ],
)
def test_no_rule_finds_what_is_allowed(name: str, source: str) -> None:
    assert list(findings(ROOT / name, ast.parse(source), source.count("\n"))) == []


def tracked_files() -> list[Path]:
    """Return what the repository tracks, or outside a checkout every file that is not made by a tool."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - git is found on the path
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0:
        return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]
    skipped = {".venv", "__pycache__", "var", "build"}
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in skipped and not name.startswith(".")]
        found += [Path(folder) / name for name in names]
    return found


def test_no_tracked_file_names_a_package_host() -> None:
    words = re.compile("|".join(map(re.escape, HOSTS)), re.IGNORECASE)
    found = [
        f"{name_of(path)}: {match.group()}: dependencies name packages and hashes, where they come from is the machine's matter"
        for path in tracked_files()
        if (match := words.search(path.read_text(encoding="utf-8", errors="ignore")))
    ]

    assert not found, "\n".join(found)


def test_every_ignored_type_error_says_which() -> None:
    bare = re.compile(r"# type: ignore(?!\[[a-z-]+(?:, ?[a-z-]+)*\])")
    found = [
        f"{name_of(path)}:{number}: write # type: ignore[code], or better the right type"
        for path in MODULES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if bare.search(line)
    ]

    assert not found, "\n".join(found)
