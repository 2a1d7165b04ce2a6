"""The import contracts hold, and would notice if they did not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("ledger", "finance", "api", "tonne_client")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the contracts over the packages in ``folder``."""
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    return subprocess.run(  # noqa: S603 - our own interpreter and a fixed text
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the packages and their contracts."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_import_contract_holds() -> None:
    done = lint(ROOT)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("ledger/core/lots.py", "import ledger.store.database", "inside ledger"),
        ("ledger/operations.py", "import finance.loans.clauses", "api > finance > ledger"),
        ("finance/kpi/outcomes.py", "import finance.loans.clauses", "inside finance"),
        ("finance/conventions/rates.py", "import os", "cores do no I/O and read no clock"),
        ("api/app.py", "import ledger.store.tables", "ledger tables are private to its store"),
    ],
)
def test_an_import_that_points_the_wrong_way_breaks_its_contract(
    copy: Path, module: str, line: str, contract: str
) -> None:
    path = copy / module
    path.write_text(path.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")

    done = lint(copy)

    assert done.returncode == 1, done.stdout + done.stderr
    assert any(text.startswith(contract) and text.endswith("BROKEN") for text in done.stdout.splitlines()), done.stdout


def test_a_package_that_says_not_where_it_sits_breaks_a_contract(copy: Path) -> None:
    (copy / "finance" / "helpers").mkdir()
    (copy / "finance" / "helpers" / "__init__.py").write_text('"""Owns nothing in particular."""\n', encoding="utf-8")

    done = lint(copy)

    assert done.returncode == 1, done.stdout + done.stderr
    assert "helpers" in done.stdout
