"""What the smelter's carbon is worth on 2026-08-19: every lot at its exchange's price, or said to have none."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid5

import pytest
from sqlalchemy.orm import Session

from api.example.holdings import book_of
from api.store import access
from finance.market.marks import MarkState
from finance.operations import market, marks
from finance.operations.valuations import BookValuation, marks_needed, value_book
from finance.store.marks import MarkProposal
from ledger.core.errors import Forbidden
from ledger.core.parties import Actor
from tests.stories.smelter import Part, Smelter, decimal

DAY = date(2026, 8, 19)
SPACE = UUID("00000000-0000-0000-0000-00000000f0a1")
PRICE = Decimal("95.00")


def worth(lot: Part) -> tuple[Decimal, Decimal]:
    return decimal(lot["market_value"], "CNY"), decimal(lot["unrealised"], "CNY")


def test_allowances_of_2025_are_worth_the_days_close(smelter: Smelter) -> None:
    close = Decimal("97.40")
    bought = 40_000 * Decimal("80.77") + Decimal("3230.80")

    free, paid = smelter.lots("CEA25")

    assert worth(free) == (471_118 * close, 471_118 * close) == (Decimal("45886893.20"), Decimal("45886893.20"))
    assert worth(paid) == (40_000 * close, 40_000 * close - bought) == (Decimal("3896000.00"), Decimal("661969.20"))
    for lot in (free, paid):
        assert decimal(lot["mark"]["price"], "CNY/t") == close
        assert (lot["mark"]["state"], lot["mark"]["last_trade_date"]) == ("fresh", "2026-08-19")
        assert "Shanghai Environment and Energy Exchange" in lot["mark"]["source"]


def test_credits_of_every_project_are_worth_the_days_average(smelter: Smelter) -> None:
    average = Decimal("93.54")

    (wind,), (heat,) = smelter.lots("CCER-BJ-0001"), smelter.lots("CCER-BJ-0002")

    assert worth(wind) == (34_500 * average, 34_500 * average - Decimal("2550372.83"))
    assert worth(heat) == (6_000 * average, 6_000 * average - (6_000 * Decimal("83.36") + Decimal("500.16")))
    assert (wind["mark"]["instrument"], heat["mark"]["instrument"]) == ("CCER", "CCER")
    assert "Beijing Green Exchange" in wind["mark"]["source"]


def test_allowances_of_2024_have_a_price_too_old_to_be_used(smelter: Smelter) -> None:
    """The last trade was on 13 February 2026 at 81.00: 122 sessions of the exchange ago, and 20 are the limit."""
    mark = smelter.mark("CEA24")

    assert (mark["state"], mark["last_trade_date"]) == ("stale", "2026-02-13")
    assert mark["age"] == {"value": "122", "unit": "trading days"}
    assert mark["last_price"] == {"value": "81.00", "unit": "CNY/t"}
    assert mark["price"] is None
    for lot in smelter.lots("CEA24"):
        assert (lot["market_value"], lot["unrealised"], lot["unvalued_reason"]) == (None, None, "mark_stale")


def test_122_sessions_are_the_working_days_less_the_exchanges_holidays(smelter: Smelter) -> None:
    """From 14 February to 19 August 2026 there are 133 days of Monday to Friday."""
    days = [date(2026, 2, 13) + timedelta(days=ahead) for ahead in range(1, (DAY - date(2026, 2, 13)).days + 1)]
    weekdays = [day for day in days if day.weekday() < 5]
    spring_festival = [date(2026, 2, day) for day in (16, 17, 18, 19, 20, 23)]
    others = [date(2026, 4, 6), date(2026, 5, 1), date(2026, 5, 4), date(2026, 5, 5), date(2026, 6, 19)]

    sessions = len(weekdays) - len(spring_festival) - len(others)

    assert (len(weekdays), sessions) == (133, 122)
    assert decimal(smelter.mark("CEA24")["age"], "trading days") == sessions


def test_what_has_no_price_stays_out_of_the_total_and_the_total_says_so(smelter: Smelter) -> None:
    valuation = smelter.document["valuation"]
    total = valuation["total"]
    valued = [lot for lot in valuation["lots"] if lot["market_value"] is not None]

    assert valuation["is_complete"] is False
    assert decimal(total["market_value"], "CNY") == sum(worth(lot)[0] for lot in valued) == Decimal("53571263.20")
    assert decimal(total["unrealised"], "CNY") == sum(worth(lot)[1] for lot in valued) == Decimal("47286199.41")
    assert decimal(total["quantity"], "t") == 471_118 + 40_000 + 34_500 + 6_000
    assert decimal(total["unvalued_quantity"], "t") == 48_000 + 5_000
    assert decimal(total["unvalued_cost"], "CNY") == Decimal("611731.12") + 5_000 * Decimal("97.92")


def test_every_lot_says_why_down_to_its_sources(smelter: Smelter) -> None:
    def leaves(node: Part) -> list[Part]:
        return [leaf for child in node["children"] for leaf in leaves(child)] if "children" in node else [node]

    for lot in smelter.document["valuation"]["lots"]:
        facts = leaves(lot["why"])
        assert all(fact["source"] and fact["label_en"] and fact["label_zh"] for fact in facts)
        assert any(fact["value"] == lot["quantity"]["value"] for fact in facts)


def people_of(session: Session, smelter: Smelter) -> tuple[Actor, Actor, Actor]:
    """Return the treasurer, the controller, and a director who joins for this story."""
    treasurer, now = smelter.scenario.actor("borrower"), smelter.scenario.instant("snapshot")
    director = access.add_user(
        session,
        user_id=uuid5(SPACE, "director"),
        organisation_id=treasurer.organisation_id,
        email="director@beihe.example",
        name="Finance director",
        now=now,
    )
    third = Actor(user_id=director.user_id, organisation_id=treasurer.organisation_id)
    return treasurer, smelter.scenario.actor("borrower", "controller"), third


def propose(session: Session, instrument: str, by: Actor, now: datetime) -> UUID:
    proposal = MarkProposal(
        mark_id=uuid5(SPACE, instrument),
        instrument=instrument,
        value=PRICE,
        currency="CNY",
        unit="t",
        reason="two brokers' quotes of the day, the lower one",
        evidence_sha256="0" * 64,
        valid_from=DAY,
        valid_to=DAY + timedelta(days=1),
    )
    marks.propose_mark(session, by.organisation_id, proposal, actor=by, now=now)
    return proposal.mark_id


def value_again(session: Session, smelter: Smelter, by: Actor, now: datetime) -> BookValuation:
    book_id = book_of(session, smelter.scenario)
    snapshot = market.freeze_snapshot(
        session,
        by.organisation_id,
        snapshot_id=uuid5(SPACE, "snapshot"),
        as_of=DAY,
        known_at=now,
        instruments=marks_needed(session, book_id, as_of=DAY),
        actor=by,
        now=now,
    )
    return value_book(session, book_id, snapshot, as_of=DAY)


def test_a_price_that_two_persons_stand_for_values_the_old_allowances(smelter: Smelter) -> None:
    later = smelter.scenario.instant("snapshot") + timedelta(hours=1)
    with smelter.database.writer() as session:
        treasurer, controller, director = people_of(session, smelter)
        for instrument in ("CEA23", "CEA24"):
            mark_id = propose(session, instrument, treasurer, later)
            sha256 = marks.need_mark(session, treasurer.organisation_id, mark_id).sha256
            approved = marks.approve_mark(
                session, treasurer.organisation_id, mark_id, sha256=sha256, actor=controller, now=later
            )
            if approved.is_waiting_for_second:  # far above the last trade, so a third person looks
                marks.second_check_mark(
                    session, treasurer.organisation_id, mark_id, sha256=sha256, actor=director, now=later
                )

        valued = value_again(session, smelter, treasurer, later).valuation
        session.rollback()

    old = [lot for lot in valued.lots if lot.lot.instrument in {"CEA23", "CEA24"}]
    assert [(lot.lot.quantity_t, lot.market_value_units) for lot in old] == [
        (5_000, 5_000 * 95_00),
        (40_000, 40_000 * 95_00),
        (8_000, 8_000 * 95_00),
    ]
    colleague = str(smelter.scenario.actor("borrower", "controller").user_id)
    assert [(lot.mark.state, lot.mark.approved_by) for lot in old if lot.mark] == [(MarkState.STALE, colleague)] * 3
    assert valued.total.is_complete
    assert valued.total.market_value_units == 53_571_263_20 + 53_000 * 95_00


def test_one_person_alone_values_nothing(smelter: Smelter) -> None:
    later = smelter.scenario.instant("snapshot") + timedelta(hours=1)
    with smelter.database.writer() as session:
        treasurer, *_ = people_of(session, smelter)
        mark_id = propose(session, "CEA24", treasurer, later)

        with pytest.raises(Forbidden) as alone:
            marks.approve_mark(session, treasurer.organisation_id, mark_id, sha256="0" * 64, actor=treasurer, now=later)
        valued = value_again(session, smelter, treasurer, later).valuation
        session.rollback()

    assert alone.value.code == "market.same_person"
    assert not valued.total.is_complete
    assert valued.total.unvalued_quantity_t == 53_000
