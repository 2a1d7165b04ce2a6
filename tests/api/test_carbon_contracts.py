"""Carbon-finance contracts over the API on both databases: from wording to the end of each kind."""

from __future__ import annotations

from tests.api.contract_world import (
    BANK,
    COST,
    END,
    END_MORNING,
    HELD,
    MIDWAY,
    MIDWAY_MORNING,
    OUT,
    START,
    ContractHouse,
    desk,
)
from tests.api.ledger_calls import BOOK, done, refused

__all__ = ["desk"]


def test_a_repo_brings_cash_and_gives_the_tonnes_back_to_their_lots_at_their_cost(desk: ContractHouse) -> None:
    before = desk.lots()
    opened = desk.opened("repo")
    during = (desk.balance(HELD), desk.balance(OUT), desk.posted(BANK), desk.posted(COST))
    desk.at(END_MORNING)
    settled = done(desk.step(opened, "settle", END))

    assert during == (("5000", "5000"), ("15000", "0"), "9300000.00", "1700000.00")
    assert (opened["state"], opened["encumbered"]["amount"], opened["encumbrances"][0]["kind"]) == (
        "open",
        "15000",
        "repo",
    )
    assert (settled["state"], settled["encumbered"]["amount"]) == ("settled", "0")
    assert desk.lots() == before
    assert desk.posted(BANK) == "8296500.00"  # 8,300,000.00 less 3,500.00 of interest
    assert desk.posted("Liabilities:CarbonFinancing") == "0.00"
    assert desk.posted("Expenses:ContractInterest") == "3500.00"


def test_a_repo_shows_its_implied_rate_and_the_interest_of_the_days_run(desk: ContractHouse) -> None:
    opened = desk.opened("repo")
    desk.at(MIDWAY_MORNING)
    shown = desk.house.get(f"/carbon-contracts/{opened['contract_id']}")

    rate = next(one for one in shown["explanation"]["children"] if one["label_en"] == "implied yearly rate")
    assert rate["value"] == "0.045000"  # 0.35 % in 28 of 360 days
    assert shown["interest_to_date"]["amount"] == "1750.00"  # 14 of 28 days


def test_a_repo_bought_back_late_pays_late_interest(desk: ContractHouse) -> None:
    opened = desk.opened("repo", ends_on="2026-12-08")
    desk.at(END_MORNING)
    late = desk.house.get(f"/carbon-contracts/{opened['contract_id']}")
    done(desk.step(opened, "settle", END))

    assert late["state"] == "late"
    assert desk.posted("Expenses:ContractInterest") == "6000.00"  # 3,500.00 and 10 days of 9 % on 1,000,000.00


def test_a_failed_buy_back_sets_the_tonnes_off_against_the_debt(desk: ContractHouse) -> None:
    opened = desk.opened("repo")
    desk.at(END_MORNING)
    ended = done(desk.step(opened, "default", END, price_cny_per_t="80.00", defaulted_by="book"))

    assert (ended["state"], ended["encumbered"]["amount"]) == ("defaulted", "0")
    assert desk.balance(OUT) == ("0", "0")
    assert desk.posted("Assets:ContractClaims") == "196500.00"  # 1,200,000.00 less 1,003,500.00
    assert desk.posted("Expenses:CarbonLoss:CEA25") == "50000.00"  # cost 1,250,000.00
    assert desk.posted("Liabilities:CarbonFinancing") == "0.00"


def test_an_encumbered_repo_keeps_the_tonnes_in_the_holding_and_not_available(desk: ContractHouse) -> None:
    opened = desk.opened("repo", is_title_transferred=False)
    held = desk.balance(HELD)
    desk.at(MIDWAY_MORNING)
    closed = done(desk.step(opened, "close", MIDWAY))

    assert held == ("20000", "5000")
    assert closed["state"] == "closed_early"
    assert desk.balance(HELD) == ("20000", "20000")
    assert desk.posted("Expenses:ContractInterest") == "1750.00"


def test_a_reverse_repo_lends_money_on_tonnes_that_are_a_memo(desk: ContractHouse) -> None:
    opened = desk.opened("repo", side="buyer")
    during = (desk.balance(HELD)[0], desk.posted("Assets:CarbonReceived:CEA25"), desk.posted(BANK))
    desk.at(END_MORNING)
    done(desk.step(opened, "settle", END))

    assert during == ("20000", "15000", "7300000.00")
    assert desk.posted("Assets:CarbonReceived:CEA25") == "0"
    assert desk.posted(BANK) == "8303500.00"


def test_security_of_a_failed_seller_becomes_the_books_own(desk: ContractHouse) -> None:
    opened = desk.opened("repo", side="buyer")
    desk.at(END_MORNING)
    done(desk.step(opened, "default", END, price_cny_per_t="80.00", defaulted_by="counterparty"))

    assert desk.balance(HELD) == ("35000", "35000")
    assert desk.posted(COST) == "2900000.00"  # 1,700,000.00 and 1,200,000.00
    assert desk.posted("Liabilities:ContractDebts") == "196500.00"


def test_a_pledge_loan_is_repaid_and_only_the_lender_releases(desk: ContractHouse) -> None:
    opened = desk.opened("pledge_loan")
    during = (desk.balance(HELD), desk.posted(BANK))
    desk.at(END_MORNING)
    repaid = done(desk.step(opened, "settle", END))
    own = desk.step(opened, "release", END)
    part = done(desk.step(opened, "release", END, key=desk.bank.key, quantity_t="4000"))
    rest = done(desk.step(opened, "release", END, key=desk.bank.key))

    assert during == (("20000", "10000"), "8900000.00")
    assert (repaid["state"], repaid["encumbered"]["amount"]) == ("repaid", "10000")
    assert refused(own) == (403, "contract.release_not_yours")
    assert (part["state"], part["encumbered"]["amount"]) == ("repaid", "6000")
    assert (rest["state"], rest["encumbered"]["amount"]) == ("settled", "0")
    assert desk.posted("Expenses:ContractInterest") == "2100.00"  # 600,000.00 x 4.5 % x 28/360
    assert desk.balance(HELD) == ("20000", "20000")


def test_pledged_tonnes_are_not_for_sale(desk: ContractHouse) -> None:
    desk.opened("pledge_loan")

    header = "trade_ref,kind,traded_on,instrument,quantity_t,price_cny_per_t,fee_cny,counterparty,venue,compliance_year,doc_ref,note\n"
    rows = f"{header}S-1,sale,2026-11-20,CEA25,10001,97.00,,,,,,\n"
    answer = desk.house.client.post(f"/v1/books/{BOOK}/trades", rows, headers={"Content-Type": "text/csv"})

    assert refused(answer) == (409, "ledger.insufficient_available")


def test_a_margin_call_names_the_tonnes_and_the_money_and_is_met_by_either(desk: ContractHouse) -> None:
    desk.house.price("CEA25", "2026-11-20", "80.00")
    desk.at(END_MORNING.replace(month=11, day=20, hour=9))
    opened = desk.opened("pledge_loan")
    call = {"snapshot_id": desk.snapshot("2026-11-20")}
    called = done(desk.house.post(f"/carbon-contracts/{opened['contract_id']}/call-margin", call))
    worth = desk.house.get(f"/carbon-contracts/{opened['contract_id']}/valuation?snapshot_id={call['snapshot_id']}")
    added = done(desk.step(opened, "margin", START, add_t="2500"))

    assert called["state"] == "margin_called"
    assert (called["margin_call"]["add"]["amount"], called["margin_call"]["repay"]["amount"]) == ("2500", "120000.00")
    assert (worth["loan_to_value"]["ratio"], worth["loan_to_value"]["is_passed"]) == ("0.750000", True)
    assert (added["state"], added["encumbered"]["amount"], added["margin_call"]["is_met"]) == ("open", "12500", True)


def test_a_part_repayment_pays_interest_first_and_lowers_what_it_runs_on(desk: ContractHouse) -> None:
    opened = desk.opened("pledge_loan")
    desk.at(MIDWAY_MORNING)
    part = done(desk.step(opened, "margin", MIDWAY, repay_cny="101050.00"))
    desk.at(END_MORNING)
    done(desk.step(opened, "settle", END))

    assert part["principal"]["amount"] == "500000.00"  # 1,050.00 of interest first
    assert desk.posted("Expenses:ContractInterest") == "1925.00"  # and 875.00 on 500,000.00


def test_a_pledge_is_enforced_by_an_enforcing_role_only(desk: ContractHouse) -> None:
    opened = desk.opened("pledge_loan")
    desk.at(END_MORNING)

    answer = desk.step(opened, "default", END, price_cny_per_t="80.00", defaulted_by="book")

    assert refused(answer) == (403, "contract.enforcement")
    assert desk.balance(HELD) == ("20000", "10000")


def test_lent_tonnes_come_back_with_their_fee_and_yield(desk: ContractHouse) -> None:
    before = desk.lots()
    opened = desk.opened("lending")
    during = (desk.balance(HELD), opened["encumbrances"][0]["kind"], opened["margin_taken"]["amount"])
    desk.at(END_MORNING)
    done(desk.step(opened, "settle", END))

    assert during == (("8000", "8000"), "lent", "500000.00")
    assert set(before) <= set(desk.lots())
    assert desk.posted(HELD) == "20100"
    assert desk.posted("Income:ContractYield") == "9000.00"  # 100 t at 90.00
    assert desk.posted("Income:ContractInterest") == "4200.00"  # 1,080,000.00 x 5 % x 28/360
    assert desk.posted("Liabilities:ContractMargin") == "0.00"


def test_tonnes_that_do_not_come_back_are_paid_out_of_the_margin_first(desk: ContractHouse) -> None:
    opened = desk.opened("lending")
    desk.at(END_MORNING)
    ended = done(desk.step(opened, "default", END, price_cny_per_t="100.00", defaulted_by="counterparty"))

    assert (ended["state"], ended["encumbered"]["amount"]) == ("defaulted", "0")
    assert desk.posted("Assets:ContractClaims") == "700000.00"
    assert desk.posted("Assets:ContractInterest") == "4200.00"
    assert desk.posted("Income:CarbonGain:CEA25") == "220000.00"  # 1,200,000.00 less cost 980,000.00


def test_borrowed_tonnes_are_held_and_owed_until_they_go_back(desk: ContractHouse) -> None:
    opened = desk.opened("lending", side="borrower")
    during = (desk.balance(HELD), desk.posted("Liabilities:CarbonOwed:CEA25"), desk.posted(COST))
    desk.at(END_MORNING)
    done(desk.step(opened, "settle", END))

    assert during == (("32000", "32000"), "12000", "2780000.00")
    assert desk.posted(HELD) == "19900"
    assert desk.posted("Liabilities:CarbonOwed:CEA25") == "0"
    assert desk.posted("Liabilities:CarbonOwedValue") == "0.00"


def test_a_forward_is_a_memo_until_delivery_against_payment(desk: ContractHouse) -> None:
    opened = desk.opened("forward")
    during = (desk.posted(HELD), desk.posted(COST), opened["expected_tonnes"])
    desk.at(END_MORNING)
    done(desk.step(opened, "settle", END))

    expected = [{"on": END, "instrument": "CEA25", "quantity": {"amount": "1000", "unit": "t"}}]
    assert during == ("20000", "1700000.00", expected)
    assert (desk.posted(HELD), desk.posted(COST)) == ("21000", "1797400.00")
    assert desk.posted(BANK) == "8202600.00"
    assert desk.posted("Assets:ContractMargin") == "0.00"


def test_a_forward_is_marked_to_market_with_and_without_a_stated_rate(desk: ContractHouse) -> None:
    desk.house.price("CEA25", "2026-11-20", "100.00")
    desk.at(END_MORNING.replace(month=11, day=20, hour=9))
    opened = desk.opened("forward")
    path = f"/carbon-contracts/{opened['contract_id']}/valuation?snapshot_id={desk.snapshot('2026-11-20')}"

    plain = desk.house.get(path)
    discounted = desk.house.get(f"{path}&discount_rate=0.03&day_count=ACT/360")

    assert (plain["market_value"]["amount"], plain["discounted"]) == ("2600.00", None)
    assert discounted["discounted"]["amount"] == "2593.95"  # 2,600 / (1 + 3 % x 28/360)


def test_a_forward_sale_settled_in_money_moves_the_difference_only(desk: ContractHouse) -> None:
    opened = desk.opened("forward", side="sell", settlement="cash", margin_given_cny="0.00")
    desk.at(END_MORNING)
    done(desk.step(opened, "settle", END, price_cny_per_t="95.00"))

    assert desk.posted("Income:ContractResult") == "2400.00"
    assert desk.posted(HELD) == "20000"


def test_a_sellers_tonnes_are_set_aside_until_delivery_where_the_terms_say_so(desk: ContractHouse) -> None:
    opened = desk.opened("forward", side="sell", sets_aside=True, margin_given_cny="0.00")
    held = desk.balance(HELD)
    desk.at(END_MORNING)
    settled = done(desk.step(opened, "settle", END))

    assert held == ("20000", "19000")
    assert (desk.balance(HELD), settled["encumbered"]["amount"]) == (("19000", "19000"), "0")
    assert desk.posted("Income:CarbonGain:CEA25") == "17400.00"  # 97,400.00 less 80,000.00


def test_a_swap_moves_both_legs_at_the_cost_of_what_is_given(desk: ContractHouse) -> None:
    opened = desk.opened("swap")

    assert (opened["state"], opened["next_actions"]) == ("settled", [])
    assert (desk.posted(HELD), desk.posted("Assets:Carbon:CCER-1")) == ("10000", "11000")
    assert (desk.posted(COST), desk.posted("Assets:CarbonCost:CCER-1")) == ("900000.00", "750000.00")
    assert desk.posted("Income:CarbonGain:CEA25") == "0.00"


def test_only_cash_beyond_the_whole_cost_of_a_swap_is_a_gain(desk: ContractHouse) -> None:
    desk.opened("swap", cash_cny="900000.00")

    assert desk.posted("Assets:CarbonCost:CCER-1") == "0.00"
    assert desk.posted("Income:CarbonGain:CEA25") == "100000.00"


def test_a_swap_shows_what_it_does_to_the_cap_of_credits(desk: ContractHouse) -> None:
    agreed = desk.agreed("swap")

    effect = desk.house.get(f"/carbon-contracts/{agreed['contract_id']}/cap-effect?year=2025&due_t=100000")

    assert effect["before"]["usable"]["amount"] == "20000"
    assert (effect["after"]["cap"]["amount"], effect["after"]["eligible_credits"]["amount"]) == ("5000", "11000")
    assert effect["after"]["usable"]["amount"] == "15000"


def test_custody_returns_the_tonnes_with_the_books_part_of_the_yield(desk: ContractHouse) -> None:
    before = desk.lots()
    opened = desk.opened("custody")
    desk.at(MIDWAY_MORNING)
    closed = done(desk.step(opened, "close", MIDWAY, yield_cny="10000.00"))

    assert opened["encumbrances"][0]["kind"] == "custody"
    assert (closed["state"], desk.lots()) == ("closed_early", before)
    assert desk.posted("Income:ContractYield") == "7000.00"
    assert desk.posted("Expenses:ContractFees") == "1400.00"  # 14 of 28 days


def test_a_failed_forward_is_closed_out_of_the_margin_first(desk: ContractHouse) -> None:
    opened = desk.opened("forward", margin_given_cny="0.00", margin_taken_cny="2000.00")
    desk.at(END_MORNING)
    ended = done(desk.step(opened, "default", END, price_cny_per_t="100.00", defaulted_by="counterparty"))

    assert ended["state"] == "defaulted"
    assert desk.posted("Income:ContractResult") == "2600.00"
    assert (desk.posted("Assets:ContractClaims"), desk.posted("Liabilities:ContractMargin")) == ("600.00", "0.00")


def test_tonnes_lost_in_custody_are_a_claim_on_the_manager(desk: ContractHouse) -> None:
    opened = desk.opened("custody", is_title_transferred=False)
    desk.at(MIDWAY_MORNING)
    done(desk.step(opened, "default", MIDWAY, price_cny_per_t="95.00", defaulted_by="counterparty"))

    assert desk.balance(HELD) == ("15000", "15000")
    assert desk.posted("Assets:ContractClaims") == "475000.00"
    assert desk.posted("Income:CarbonGain:CEA25") == "75000.00"


def test_borrowed_tonnes_that_are_kept_turn_into_money_owed(desk: ContractHouse) -> None:
    opened = desk.opened("lending", side="borrower")
    desk.at(END_MORNING)
    done(desk.step(opened, "default", END, price_cny_per_t="100.00", defaulted_by="book"))

    assert desk.balance(HELD) == ("32000", "32000")
    assert (desk.posted("Liabilities:CarbonOwed:CEA25"), desk.posted("Liabilities:CarbonOwedValue")) == ("0", "0.00")
    assert desk.posted("Liabilities:ContractDebts") == "700000.00"  # 1,200,000.00 less 500,000.00 of margin
    assert desk.posted("Expenses:ContractResult") == "120000.00"


def test_an_enforced_pledge_takes_the_given_lots_and_the_rest_is_a_claim(desk: ContractHouse) -> None:
    dear = next(lot for lot in desk.lots() if lot[3] == "900000.00")
    lots = [{"lot_id": dear[1], "quantity_t": "10000"}]
    opened = desk.opened("pledge_loan", lots=lots)
    desk.at(END_MORNING)
    ended = done(desk.step(opened, "default", END, key=desk.enforcer(), price_cny_per_t="80.00", defaulted_by="book"))

    assert (ended["state"], desk.balance(HELD)) == ("defaulted", ("10000", "10000"))
    assert desk.posted(COST) == "800000.00"
    assert desk.posted("Assets:ContractClaims") == "197900.00"  # 800,000.00 less 602,100.00
    assert desk.posted("Liabilities:CarbonFinancing") == "0.00"
