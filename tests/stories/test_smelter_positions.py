"""What the smelter holds and what its trades earned, worked with pencil and paper from its list of trades."""

from __future__ import annotations

from decimal import Decimal

from tests.stories.smelter import Smelter, decimal

TREE_HEAD_DIGITS = 64


def test_the_holdings_are_what_came_in_less_what_went_out(smelter: Smelter) -> None:
    cea23_t = 30_000 - 10_000 - 15_000  # opening, sold, surrendered
    cea24_t = 40_000 + 873_026 - 15_000 - 858_026 + 8_000  # bought, allocated, sold, surrendered, bought
    cea25_t = 30_000 + 611_118 + 40_000 - 150_000 - 20_000  # bought, pre-allocated, bought, sold in a block, sold
    first_project_t = 20_000 + 20_000 - 5_000 - 500  # bought twice, sold, cancelled of its own free will

    held = {code: smelter.account(f"Assets:Carbon:{code}") for code in ("CEA23", "CEA24", "CEA25", "CCER-BJ-0001")}

    assert held == {"CEA23": cea23_t, "CEA24": cea24_t, "CEA25": cea25_t, "CCER-BJ-0001": first_project_t}
    assert (cea23_t, cea24_t, cea25_t, first_project_t) == (5_000, 48_000, 511_118, 34_500)
    assert smelter.account("Assets:Carbon:CCER-BJ-0002") == 6_000


def test_the_allocations_follow_from_the_emissions_of_2024(smelter: Smelter) -> None:
    """2024 was allocated as emitted, in whole tonnes; 2025 begins with 70 % of that year's verified emissions."""
    emitted_t = decimal(smelter.year("cets-ag-04.01", 2024)["emissions"], "tCO2e")

    assert emitted_t == Decimal("873026.08")
    assert smelter.account("Income:Allocation:CEA24") == int(emitted_t) == 873_026
    assert smelter.account("Income:Allocation:CEA25") == int(emitted_t * Decimal("0.70")) == 611_118


def test_the_duty_of_2024_was_surrendered_to_the_tonne(smelter: Smelter) -> None:
    surrendered_t = smelter.account("Expenses:Surrendered:CEA23") + smelter.account("Expenses:Surrendered:CEA24")

    assert surrendered_t == 15_000 + 858_026 == 873_026


def test_a_sale_of_old_allowances_lost_money(smelter: Smelter) -> None:
    """Held since the end of 2024 at 97.92, sold at 75.56 in June 2025 for a fee of a thousandth."""
    received = 10_000 * Decimal("75.56") - Decimal("755.60")
    cost = 10_000 * Decimal("97.92")

    assert received - cost == Decimal("-224355.60")
    assert smelter.account("Expenses:CarbonLoss:CEA23") == cost - received
    assert decimal(smelter.lots("CEA23")[0]["cost"], "CNY") == 5_000 * Decimal("97.92")


def test_allowances_of_2024_leave_first_in_first_out(smelter: Smelter) -> None:
    """The 40,000 t bought in October go first: 15,000 t in November's sale, 25,000 t into the surrender; then the free ones."""
    bought = 40_000 * Decimal("46.72") + Decimal("1868.80")
    gain = 15_000 * Decimal("58.14") - Decimal("872.10") - bought * 15_000 / 40_000
    free_left_t = 873_026 - (858_026 - 25_000)

    kept, late = smelter.lots("CEA24")

    assert gain == Decimal("169727.10")
    assert smelter.account("Income:CarbonGain:CEA24") == gain
    assert smelter.account("Expenses:CarbonSurrender:CEA24") == bought * 25_000 / 40_000 == Decimal("1169168.00")
    assert decimal(kept["quantity"], "t") == free_left_t
    assert decimal(kept["cost"], "CNY") == 0
    assert (kept["acquired_on"], free_left_t) == ("2025-11-20", 40_000)
    assert decimal(late["cost"], "CNY") == 8_000 * Decimal("76.39") + Decimal("611.12")


def test_the_block_sale_earned_its_price_less_the_one_lot_that_cost_anything(smelter: Smelter) -> None:
    """150,000 t of CEA25 at 79.55: the 30,000 t bought in January at 79.00, then 120,000 t that were free."""
    january = 30_000 * Decimal("79.00") + Decimal("2370.00")
    block = 150_000 * Decimal("79.55") - Decimal("11932.50") - january
    july = 20_000 * Decimal("98.59") - Decimal("1971.80")  # free tonnes again: all of it is gain

    free, bought = smelter.lots("CEA25")

    assert block == Decimal("9548197.50")
    assert smelter.account("Income:CarbonGain:CEA25") == block + july == Decimal("11518025.70")
    assert decimal(free["quantity"], "t") == 611_118 - 120_000 - 20_000
    assert decimal(free["cost"], "CNY") == 0
    assert decimal(bought["quantity"], "t") == 40_000
    assert decimal(bought["cost"], "CNY") == 40_000 * Decimal("80.77") + Decimal("3230.80")


def test_credits_are_one_pool_at_their_average_cost(smelter: Smelter) -> None:
    """20,000 t at 96.13 and 20,000 t at 51.57 with fees make 73.92385 a tonne for everything that leaves."""
    pool = 20_000 * Decimal("96.13") + Decimal("1922.60") + 20_000 * Decimal("51.57") + Decimal("1031.40")
    a_tonne = pool / 40_000
    gain = 5_000 * Decimal("85.00") - Decimal("425.00") - 5_000 * a_tonne
    cancelled = 500 * a_tonne

    (left,) = smelter.lots("CCER-BJ-0001")

    assert a_tonne == Decimal("73.92385")
    assert smelter.account("Income:CarbonGain:CCER-BJ-0001") == gain == Decimal("54955.75")
    assert cancelled == Decimal("36961.925")  # half a fen more than can be booked: it stays in the pool
    assert smelter.account("Expenses:CarbonCancellation:CCER-BJ-0001") == Decimal("36961.92")
    assert decimal(left["cost"], "CNY") == pool - 5_000 * a_tonne - Decimal("36961.92") == Decimal("2550372.83")


def test_another_cost_method_would_have_told_another_result_for_the_same_tonnes(smelter: Smelter) -> None:
    """First in first out, December's 5,000 t of credits would have been the dear ones of April."""
    dear = 5_000 * (20_000 * Decimal("96.13") + Decimal("1922.60")) / 20_000
    by_fifo = 5_000 * Decimal("85.00") - Decimal("425.00") - dear

    fifo, average = (smelter.realised(method, "CCER-BJ-0001") for method in ("fifo", "average"))

    assert decimal(fifo["realised"], "CNY") == by_fifo == Decimal("-56555.65")
    assert decimal(average["realised"], "CNY") == Decimal("54955.75")
    assert (fifo["is_book_method"], average["is_book_method"]) == (False, True)
    assert fifo["remaining"] == average["remaining"]


def test_under_either_method_every_fen_of_cost_is_somewhere(smelter: Smelter) -> None:
    bought = 20_000 * Decimal("96.13") + Decimal("1922.60") + 20_000 * Decimal("51.57") + Decimal("1031.40")
    received = 5_000 * Decimal("85.00") - Decimal("425.00")

    for method in ("fifo", "average"):
        result = smelter.realised(method, "CCER-BJ-0001")
        sold_at_cost = received - decimal(result["realised"], "CNY")
        cost = sold_at_cost + sum(decimal(result[name], "CNY") for name in ("cancelled_at_cost", "remaining_cost"))
        assert cost == bought


def test_the_realised_result_is_the_one_of_the_method_that_the_book_keeps(smelter: Smelter) -> None:
    kept = [each for each in smelter.document["positions"]["realised_by_method"] if each["is_book_method"]]

    assert {each["instrument"]: each["method"] for each in kept} == {
        "CCER-BJ-0001": "average",
        "CCER-BJ-0002": "average",
        "CEA23": "fifo",
        "CEA24": "fifo",
        "CEA25": "fifo",
    }
    assert sum(decimal(each["realised"], "CNY") for each in kept) == decimal(
        smelter.document["valuation"]["realised_net"], "CNY"
    )


def test_the_bank_account_is_every_yuan_that_came_less_every_yuan_that_went(smelter: Smelter) -> None:
    loan = Decimal("200000000.00")
    interest = Decimal("1763333.33") + Decimal("1744166.67") + Decimal("1725000.00") + Decimal("1763333.33")
    sold = [
        (10_000, "75.56"),
        (15_000, "58.14"),
        (5_000, "85.00"),
        (150_000, "79.55"),
        (20_000, "98.59"),
    ]
    bought = [
        (20_000, "96.13"),
        (40_000, "46.72"),
        (20_000, "51.57"),
        (8_000, "76.39"),
        (30_000, "79.00"),
        (40_000, "80.77"),
        (6_000, "83.36"),
    ]
    sales = sum((quantity * Decimal(price) for quantity, price in sold), Decimal(0))
    purchases = sum((quantity * Decimal(price) for quantity, price in bought), Decimal(0))
    fees = (sales + purchases) / 1000 + 3_000  # every fee is a thousandth of the amount; the account's fee once a year

    assert smelter.account("Assets:Bank:CNY") == loan - interest + sales - purchases - fees
    assert smelter.account("Assets:Bank:CNY") == Decimal("197395794.79")


def test_debit_and_credit_are_equal_in_yuan_and_in_every_kind_of_tonne(smelter: Smelter) -> None:
    balances: dict[str, Decimal] = {}
    for each in smelter.document["positions"]["accounts"]:
        side = 1 if each["account"].startswith(("Assets:", "Expenses:")) else -1
        unit = each["balance"]["unit"]
        balances[unit] = balances.get(unit, Decimal(0)) + side * Decimal(each["balance"]["value"])

    assert sorted(balances) == ["CNY", "t CCER-BJ-0001", "t CCER-BJ-0002", "t CEA23", "t CEA24", "t CEA25"]
    assert set(balances.values()) == {Decimal(0)}


def test_the_book_has_an_entry_for_each_trade_for_the_loan_and_for_each_payment_of_interest(smelter: Smelter) -> None:
    positions = smelter.document["positions"]

    assert positions["trades"] == {"value": "19", "unit": "trades"}
    assert positions["entries"] == {"value": str(19 + 1 + 4), "unit": "entries"}
    assert positions["record_point"]["seq"] == "24"
    assert len(positions["record_point"]["tree_root"]) == TREE_HEAD_DIGITS
