"""The README shows real output: its lines are the demo's, and its questions get answers."""

from __future__ import annotations

import io
import re
import shlex
from pathlib import Path

import pytest

from api.cli import main
from api.example.tables import as_text
from tests.stories.smelter import Smelter

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
QUESTIONS = [line.strip() for line in README.splitlines() if line.startswith("    tonne calc ")]


def test_what_the_readme_shows_is_what_the_demo_prints(smelter: Smelter) -> None:
    shown = re.search(r"```text\n(1  Emissions.*?)```", README, re.DOTALL)
    printed = set(as_text(smelter.document).splitlines())

    assert shown is not None
    assert [line for line in shown.group(1).splitlines() if line not in printed] == ["..."]


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_of_the_readme_is_answered(question: str) -> None:
    out, err = io.StringIO(), io.StringIO()

    code = main(shlex.split(question)[1:], out=out, err=err)

    assert (code, err.getvalue()) == (0, "")
    assert "result" in out.getvalue()
