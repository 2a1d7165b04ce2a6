"""``tonne deal``: a deal file in, its parts, unknowns and the margin of every outcome out; a bad file is one readable line."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from api.cli import REFUSED, main
from tests.core.deal_shapes import DEALS, FILES, deal_document


def run(*arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = main(["deal", *arguments], out, err)
    return code, out.getvalue(), err.getvalue()


def answer_for(name: str, *arguments: str) -> Any:
    code, out, err = run(str(DEALS / f"{name}.json"), "--json", *arguments)
    assert (code, err) == (0, "")
    return json.loads(out)


@pytest.mark.parametrize("name", FILES)
def test_every_example_is_answered(name: str) -> None:
    answer = answer_for(name)

    assert answer["vector_count"] == str(len(answer["vectors"]))
    assert answer["is_known"] == (answer["unknown"] == [])
    assert all(vector["moves"] for vector in answer["vectors"])


def test_an_answer_is_an_exact_number_or_names_what_it_hangs_on() -> None:
    vectors = answer_for("D11-alba")["vectors"]

    by_status = {tuple(each["status"] for each in vector["outcomes"]): vector["moves"][0] for vector in vectors}

    assert by_status["met", "met", "met"]["moved_bp"] == "-5/2"
    assert by_status["met", "met", "missed"] == {
        "item": "margin",
        "tranche_id": "conventional",
        "fee": None,
        "moved_bp": "-5/6",
        "hangs_on": [],
    }
    assert by_status["met", "met", "late"]["moved_bp"] is None
    assert by_status["met", "met", "late"]["hangs_on"] == ["ratchet.on_late"]


def test_a_person_reads_statements_parts_unknowns_and_a_table() -> None:
    code, out, _ = run(str(DEALS / "D01-weiqiao-cib-binzhou.json"))

    assert code == 0
    assert "article (conflicts with bank-release): In 2023 CIB Binzhou" in out
    assert "  parties[0]       known" in out
    assert "  tranches[0].maturity_date" in out
    assert [line.split() for line in out.splitlines() if line.split()[:1] in (["met"], ["missed"])] == [
        ["met", "-10"],
        ["missed", "0"],
    ]
    assert "hangs on ratchet.on_missing" in out


def test_a_long_table_is_cut_and_says_so() -> None:
    code, out, _ = run(str(DEALS / "D11-alba.json"), "--most", "2")

    assert code == 0
    assert "... 123 more; see --most" in out
    assert len(answer_for("D11-alba", "--most", "2")["vectors"]) == 2


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "json.empty"),
        (b"[]", "deal.form"),
        (b"{", "json.syntax"),
        (b'{"form": "tonne.deal.v1"}', "deal.provenance"),
        (b'{"form": NaN}', "json.not_finite"),
        (b'{"form": "a", "form": "b"}', "json.duplicate_key"),
        (b"\xff", "json.encoding"),
        (b"[" * 100_000, "json.depth"),
        (b" " * 1_000_001, "deal.file"),
    ],
    ids=["empty", "list", "cut", "bare", "nan", "twice", "bytes", "deep", "large"],
)
def test_a_bad_file_is_refused_in_one_line(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "deal.json"
    path.write_bytes(content)

    exit_code, out, err = run(str(path))

    assert (exit_code, out) == (REFUSED, "")
    assert err.count("\n") == 1
    assert code in err


def test_a_term_that_is_not_supported_is_refused_by_its_path(tmp_path: Path) -> None:
    document = deal_document("constructed-linear")
    document["tranches"][0]["conversion"] = {"into": "equity"}
    path = tmp_path / "deal.json"
    path.write_text(json.dumps(document), encoding="utf-8")

    exit_code, _, err = run(str(path))

    assert exit_code == REFUSED
    assert "tranches[0].conversion: no such field; it is refused, not ignored [terms.unknown]" in err


@pytest.mark.parametrize("arguments", [("no-such-file.json",), ("\0",), (str(DEALS),)])
def test_a_file_that_cannot_be_read_is_refused(arguments: tuple[str, ...]) -> None:
    exit_code, _, err = run(*arguments)

    assert exit_code == REFUSED
    assert "deal.file" in err


@pytest.mark.parametrize("most", ["-1", "x", "1000000", "\u0661"])
def test_a_bad_limit_is_refused(most: str) -> None:
    exit_code, _, err = run(str(DEALS / "D11-alba.json"), f"--most={most}")

    assert exit_code == REFUSED
    assert "deal.most" in err
