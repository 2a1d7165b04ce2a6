from __future__ import annotations

from collections import defaultdict

from api.pages.base.messages import found_messages
from api.translations import TRANSLATIONS, Language, catalog, read_texts


def test_every_text_of_every_page_has_its_chinese() -> None:
    texts = catalog(Language.ZH).texts
    missing = {message.key: message for message in found_messages() if message.key not in texts}

    told = "\n".join(
        f"# {message.place}, for api/pages/translations/zh/{message.area}.po\n{message.as_entry()}"
        for message in missing.values()
    )
    assert not missing, f"{len(missing)} texts without Chinese:\n{told}"


def test_no_text_is_translated_in_two_ways() -> None:
    ways: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for path in sorted((TRANSLATIONS / "zh").glob("*.po")):
        for key, text in read_texts(path).items():
            ways[key][text].append(path.name)

    differing = {key: dict(texts) for key, texts in ways.items() if len(texts) > 1}
    assert not differing, "say it in one way, or give the special one a context with pgettext"


def test_a_translation_keeps_the_placeholders_of_its_text() -> None:
    texts = catalog(Language.ZH).texts

    broken = [key for key, text in texts.items() if sorted(_placeholders(key)) != sorted(_placeholders(text))]

    assert not broken


def _placeholders(text: str) -> list[str]:
    return [part.partition(")")[0] for part in text.split("%(")[1:]]
