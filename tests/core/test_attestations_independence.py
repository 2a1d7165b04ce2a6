"""Who may assess a loan, which names deceive, and what each standard's words mean for which period."""

from __future__ import annotations

from datetime import date

import pytest

from finance.attestations.independence import LoanParty, LoanRole, find_dependence
from finance.attestations.spelling import check_legal_name
from finance.attestations.standards import (
    is_outcome_known,
    level_of_word,
    outcome_of_word,
    standards_in_force,
)
from finance.attestations.statements import AssuranceLevel, AssuranceStandard, Outcome
from ledger.core.errors import Invalid
from tests.core.test_attestations_examples import standards

IN_2025, IN_2027 = date(2025, 1, 1), date(2027, 1, 1)


@pytest.mark.parametrize("role", LoanRole)
def test_each_role_in_the_loan_bars_from_assessing_it(role: LoanRole) -> None:
    party = LoanParty(organisation_id="a", role=role)

    itself = find_dependence("a", (party,), sharing_a_person=frozenset())
    through_a_person = find_dependence("b", (party,), sharing_a_person=frozenset({"a"}))

    assert itself is not None
    assert through_a_person is not None
    assert (itself.reason, through_a_person.reason) == ("party", "shared_person")
    assert role.value.replace("_", " ") in str(itself)


def test_being_a_party_weighs_before_sharing_a_person() -> None:
    parties = (
        LoanParty(organisation_id="a-bank", role=LoanRole.LENDER),
        LoanParty(organisation_id="me", role=LoanRole.AGENT),
    )

    found = find_dependence("me", parties, sharing_a_person=frozenset({"a-bank"}))

    assert found is not None
    assert (found.reason, found.party.role) == ("party", LoanRole.AGENT)


def test_a_stranger_to_the_loan_is_independent() -> None:
    parties = (LoanParty(organisation_id="a", role=LoanRole.LENDER),)

    assert find_dependence("b", parties, sharing_a_person=frozenset({"c"})) is None


@pytest.mark.parametrize(
    "name",
    [
        "华信碳核查有限公司",
        "北河铝业集团有限公司 Beihe Aluminium Group (invented)",
        "中诚信（北京）绿金科技有限公司",
        "Société Générale d'Énergie & Cie. No. 7",
        "\u041e\u0410\u041e \u0420\u0423\u0421\u0410\u041b UC Rusal",
        "東京カーボン株式会社 Tokyo",
        "Đông Á 1st",
    ],
)
def test_honest_names_stand(name: str) -> None:
    check_legal_name(name, field="issuer_legal_name")


@pytest.mark.parametrize(
    "name",
    [
        "H\u0443dro ASA",  # Cyrillic u
        "Det Norske Verit\u03b1s",  # Greek alpha
        "\uff24\uff2e\uff36 AS",  # full-width DNV
        "\U0001d403NV",  # mathematical bold D
        "\u2f94信碳核查",  # radical for the character it looks like
        "\uf900和公司",  # compatibility ideograph
        "Bureau Ver\u0456tas",  # Ukrainian i
    ],
)
def test_names_that_look_like_others_are_refused(name: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_legal_name(name, field="issuer_legal_name")

    assert caught.value.code in {"attestation.lookalike_name", "canonical.normal_form"}
    assert caught.value.data["field"] == "issuer_legal_name"


def test_the_standards_own_words_are_mapped_and_never_merged() -> None:
    known = standards()

    assert (
        level_of_word(known, AssuranceStandard.AA1000AS_V3, "moderate", period_start=IN_2025) is AssuranceLevel.LIMITED
    )
    assert (
        level_of_word(known, AssuranceStandard.AA1000AS_V3, "high", period_start=IN_2025) is AssuranceLevel.REASONABLE
    )
    assert outcome_of_word(known, AssuranceStandard.ISO_14064_3, "modified", period_start=IN_2025) is Outcome.QUALIFIED
    assert (
        level_of_word(known, AssuranceStandard.CETS_VERIFICATION, "verification", period_start=IN_2025)
        is AssuranceLevel.NOT_AN_OPINION
    )


@pytest.mark.parametrize(
    ("standard", "word"),
    [
        (AssuranceStandard.ISAE_3410, "moderate"),
        (AssuranceStandard.CETS_VERIFICATION, "limited"),
        (AssuranceStandard.ISO_14064_3, "Limited"),
        (AssuranceStandard.ISO_14064_3, ""),
    ],
)
def test_another_standards_word_is_refused_by_name(standard: AssuranceStandard, word: str) -> None:
    with pytest.raises(Invalid) as caught:
        level_of_word(standards(), standard, word, period_start=IN_2025)

    assert caught.value.code == "standard.word"
    assert standard.value in caught.value.message


def test_isae_3410_is_in_force_for_2025_and_for_the_year_that_begins_on_14_december_2026_only() -> None:
    def in_force(day: date) -> set[AssuranceStandard]:
        return {found.standard for found in standards_in_force(standards(), period_start=day)}

    assert AssuranceStandard.ISAE_3410 in in_force(IN_2025)
    assert AssuranceStandard.ISAE_3410 in in_force(date(2026, 12, 14))
    assert AssuranceStandard.ISAE_3410 not in in_force(date(2026, 12, 15))
    assert AssuranceStandard.ISSA_5000 in in_force(date(2026, 12, 15))


def test_every_standard_in_force_has_words_for_every_level_that_it_gives_and_for_every_outcome() -> None:
    for day in (IN_2025, IN_2027):
        for found in standards_in_force(standards(), period_start=day):
            assert {word.means for word in found.level_words} == {level.value for level in found.levels}
            assert {word.means for word in found.outcome_words} == {outcome.value for outcome in Outcome}
            assert all(word.source and word.label_en and word.label_zh for word in found.outcome_words)


def test_an_outcome_of_a_standard_that_is_no_longer_in_force_is_unknown() -> None:
    for day, is_known in ((date(2026, 12, 14), True), (date(2026, 12, 15), False)):
        assert (
            is_outcome_known(standards(), AssuranceStandard.ISAE_3410, Outcome.UNMODIFIED, period_start=day) is is_known
        )
