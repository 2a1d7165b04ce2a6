"""What a refusal says to a Chinese reader: one sentence for each code, and the API's own below it."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from api.pages.base import static_files
from api.pages.base.rendering import environment
from api.translations import TRANSLATIONS, Language, catalog
from tests.refusal_codes import literal_codes, met_codes, open_areas, raised
from tests.refusal_sentences import SEVERAL, SEVERAL_AREAS, given, spelled_sentences
from tests.source_values import OPEN, Sources, called, product_sources

_CHINESE = re.compile("[\u4e00-\u9fff]")
_LONGEST = 60
_MOST_ENTRIES = 400


def _sentences() -> dict[str, str]:
    return catalog(Language.ZH).refusals()


def test_every_code_of_a_refusal_has_a_chinese_sentence() -> None:
    sentences, literal = _sentences(), literal_codes()

    missing = {
        code: places
        for code, places in met_codes().items()
        if code not in sentences and (code in literal or f"{code.partition('.')[0]}.*" not in sentences)
    }

    told = "\n".join(
        f'# {places[0]}\nmsgctxt "problem"\nmsgid "{code}"\nmsgstr ""\n' for code, places in missing.items()
    )
    assert not missing, (
        f"{len(missing)} codes without Chinese, for api/pages/translations/zh/problems_<area>.po:\n{told}"
    )


def test_an_area_whose_codes_end_in_the_name_of_any_field_has_a_sentence_for_them_all() -> None:
    sentences = _sentences()

    assert not {area: places for area, places in open_areas().items() if f"{area}.*" not in sentences}


def test_no_chinese_sentence_stands_for_a_code_that_the_source_does_not_give() -> None:
    met, literal, open_ended = met_codes(), literal_codes(), open_areas()
    composed = {code.partition(".")[0] for code in met if code not in literal} | set(open_ended)

    dead = [
        key
        for key in _sentences()
        if (key.removesuffix(".*") not in composed if key.endswith(".*") else key not in met)
    ]

    assert not dead, "no code of the product is spelled so: take the entry out, or correct the code"


def test_a_sentence_is_one_short_chinese_sentence_that_says_more_than_that_it_failed() -> None:
    poor = {
        code: text
        for code, text in _sentences().items()
        if not (
            text.endswith("。")
            and text.count("。") <= 2
            and len(text) <= _LONGEST
            and len(_CHINESE.findall(text)) >= 5
            and "操作失败" not in text
        )
    }

    assert not poor


def test_no_file_of_sentences_outgrows_a_reader() -> None:
    sizes = {
        path.name: path.read_text(encoding="utf-8").count('msgctxt "problem"')
        for path in (TRANSLATIONS / "zh").glob("*.po")
    }

    assert max(sizes.values()) <= _MOST_ENTRIES, sizes


def test_the_walk_finds_a_code_however_it_is_put_together(tmp_path: Path) -> None:
    (tmp_path / "lots").mkdir()
    (tmp_path / "lots" / "rules.py").write_text(
        """
_BOUNDS = {"vintage": 1, "volume": 2}

def check(terms):
    raise Invalid("lots.literal", "no")

def check_all(terms):
    for field, bound in _BOUNDS.items():
        raise refused(area="lots", field=field)
    raise _refuse("passed", "no")

def refused(*, area, field):
    return Invalid(f"{area}.{field}", "no")

def _refuse(code, text):
    raise Conflict(f"lots.{code}" if text else "lots.other", text)

def remark(kind):
    return Remark(code=f"lots.{kind.value}", reason="computed")
"""
    )

    found = {code for code, _ in raised(Sources(tmp_path, ["lots"]))}

    assert found == {"lots.literal", "lots.vintage", "lots.volume", "lots.passed", "lots.other", f"lots.{OPEN}"}


def test_a_code_that_is_spelled_out_has_one_reason() -> None:
    """One code has one Chinese sentence: where the English ones say different things, its reader does not learn which it was."""
    known = frozenset().union(*SEVERAL.values())

    several = {
        code: told for code, told in spelled_sentences().items() if len(told) > 1 and not code.startswith(SEVERAL_AREAS)
    }

    told = "\n".join(
        f"{code}\n" + "\n".join(f"    {sentence}  ({places[0]})" for sentence, places in sentences.items())
        for code, sentences in several.items()
        if code not in known
    )
    assert not told, f"give each reason a code of its own, with its own Chinese sentence:\n{told}"
    assert known <= several.keys(), f"one sentence each by now, take them out: {sorted(known - several.keys())}"


def test_the_walk_of_sentences_tells_reasons_apart_and_leaves_values_open(tmp_path: Path) -> None:
    (tmp_path / "lots").mkdir()
    (tmp_path / "lots" / "rules.py").write_text(
        """
_MOST = "at most ten"

def check(name, count):
    if count:
        raise Invalid("lots.many", f"{name}: expected {_MOST}, found {count}")
    told = "expected one"
    raise Invalid("lots.none", told)

def check_all(code):
    raise _refused("lots.first", "first", "a day after the last")
    raise _refused("lots.first", "second", "a day before today")

def _refused(code, field, expected):
    return Invalid(code, f"{field}: expected {expected}")
"""
    )

    found = {(code, sentence) for code, sentence, _ in given(Sources(tmp_path, ["lots"]))}

    assert found == {
        ("lots.many", "expected at most ten, found {}"),
        ("lots.none", "expected one"),
        ("lots.first", "expected a day after the last"),
        ("lots.first", "expected a day before today"),
    }


def test_a_rule_s_sentence_names_only_values_that_the_rule_has_wherever_it_is_given() -> None:
    """The facts of ``Expected("row.…", text, fact=…)`` are the places of its sentence."""
    given = [
        (call.args[0].value, {each.arg for each in call.keywords}, f"{path}:{call.lineno}")
        for path, module in product_sources().modules.items()
        for call in ast.walk(module)
        if isinstance(call, ast.Call)
        and called(call) == "Expected"
        and call.args
        and isinstance(call.args[0], ast.Constant)
    ]

    lacking = [
        (code, place)
        for code, facts, place in given
        if (sentence := _sentences().get(str(code))) and not set(re.findall(r"\{(\w+)\}", sentence)) <= facts
    ]

    assert len(given) > 50
    assert not lacking


def test_every_cell_s_rule_has_a_code_of_its_own_and_takes_no_finished_sentence() -> None:
    """A refusal's own code is passed on as it is; any other is spelled out, so that its sentence can be asked for."""
    spelled = {code for code in met_codes() if code.startswith("row.")}

    assert len(spelled) >= 65
    assert {"row.template_day", "row.formula", "row.running_balance", "row.reference_booked", "row.choice"} <= spelled


@pytest.mark.parametrize(
    "code",
    [
        "ledger.entry_unbalanced",
        "order.limit_price",
        "key.unapproved",
        "field.rule",
        "webhook.not_found",
        "import.locked",
        "trade.ref_reused",
    ],
)
def test_the_walk_finds_codes_of_every_kind_in_the_product(code: str) -> None:
    assert code in met_codes()


def test_a_field_s_code_without_a_sentence_of_its_own_gets_that_of_its_area() -> None:
    texts = catalog(Language.ZH)

    assert texts.refusal("terms.agency") == texts.refusals()["terms.*"]
    assert texts.refusal("terms.digest") == texts.refusals()["terms.digest"]
    assert texts.refusal("nowhere.heard") == ""
    assert catalog(Language.EN).refusal("terms.digest") == ""


def test_the_script_that_sends_forms_gets_the_sentences_as_one_lasting_file() -> None:
    address = static_files.address(static_files.REFUSALS)

    found = static_files.find(address.removeprefix("/static/"))

    assert found is not None
    assert found.is_lasting
    assert found.media_type == "application/json"
    assert json.loads(found.content) == _sentences()


def _refused(language: Language, code: str, message: str) -> str:
    page = environment(language).from_string(
        '{% import "macros.html" as ui with context %}{{ ui.refusal_text(code, message) }}'
    )
    return page.render(code=code, message=message).strip()


def test_a_chinese_page_says_the_sentence_and_below_it_the_english_with_the_values() -> None:
    shown = _refused(Language.ZH, "terms.digest", "sha256: expected that of <version> 2")

    assert shown.startswith(_sentences()["terms.digest"])
    assert '<span class="original" lang="en">sha256: expected that of &lt;version&gt; 2</span>' in shown


def test_a_refusal_without_a_sentence_is_marked_as_english_on_a_chinese_page() -> None:
    assert _refused(Language.ZH, "nowhere.heard", "no such thing") == '<span lang="en">no such thing</span>'


def test_an_english_page_says_the_api_s_own_sentence_alone() -> None:
    assert _refused(Language.EN, "terms.digest", "sha256: expected") == "sha256: expected"
