"""What contracts handed over stands on the page of positions with the contract, and the inbox words a contract as its own page does."""

from __future__ import annotations

from html import unescape

from tests.api.contract_world import END, END_MORNING, START, ContractHouse, desk
from tests.api.ledger_calls import BOOK, SQLITE, done

__all__ = ["desk"]


def shown(desk: ContractHouse, path: str, *, key: str | None = None, language: str = "en") -> str:
    headers = {"Accept": "text/html", "Accept-Language": language}
    answer = desk.house.client.get(path, key=key or desk.house.maker.key, headers=headers)
    assert answer.status_code == 200, answer.text[:500]
    return unescape(answer.text)


@SQLITE
def test_tonnes_lent_out_have_a_line_of_their_own_with_the_contract_until_they_are_back(desk: ContractHouse) -> None:
    path = f"/books/{BOOK}/positions?as_of="
    before = shown(desk, f"{path}{START}")
    lent = desk.opened("lending")
    while_out = shown(desk, f"{path}{START}")
    chinese = shown(desk, f"{path}{START}", language="zh-CN")

    desk.at(END_MORNING)
    done(desk.step(lent, "settle", END))

    assert 'id="handed-over"' not in before
    part = while_out.partition('id="handed-over"')[2].partition("</section>")[0]
    assert "Assets:CarbonOut:CEA25" in part
    assert "12,000" in part
    assert f'href="/carbon-contracts/{lent["contract_id"]}"' in part
    assert "已交出待返还" in chinese
    assert 'id="handed-over"' not in shown(desk, f"{path}{END}")
    assert 'id="handed-over"' in shown(desk, f"{path}{START}")  # the day as it was


@SQLITE
def test_the_page_over_all_books_has_them_too_with_the_book_and_the_contract(desk: ContractHouse) -> None:
    path = f"/positions?as_of={START}"
    before = shown(desk, path)
    lent = desk.opened("lending")
    answer = desk.house.get(f"/holdings?as_of={START}")

    (line,) = answer["handed_over"]
    part = shown(desk, path).partition('id="handed-over"')[2].partition("</section>")[0]

    assert 'id="handed-over"' not in before
    assert (line["account"], line["code"], line["amount"]["amount"]) == ("Assets:CarbonOut:CEA25", "smelter", "12000")
    assert "smelter" in part
    assert "12,000" in part
    assert f'href="/carbon-contracts/{lent["contract_id"]}"' in part
    assert "已交出待返还" in shown(desk, path, language="zh-CN")
    assert 'id="handed-over"' not in shown(desk, "/positions?as_of=2026-11-19")


@SQLITE
def test_the_inbox_words_a_waiting_contract_as_its_own_page_does(desk: ContractHouse) -> None:
    waiting = done(desk.propose("pledge_loan"))
    checker = desk.house.checker.key

    inbox, mine = shown(desk, "/inbox", key=checker), shown(desk, "/inbox/mine")
    own = shown(desk, f"/carbon-contracts/{waiting['contract_id']}", key=checker)

    for said in ("Margin is called above", "¥600,000.00", "10,000 t", "4.5%"):
        assert said in inbox
        assert said in mine
        assert said in own
    assert "60000000" not in inbox  # no stored fen
    assert waiting["sha256"] in inbox
    assert "Carbon finance contract: Pledge loan v1" in inbox
