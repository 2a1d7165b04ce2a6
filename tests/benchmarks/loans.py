"""``tonne bench loans``: schedules, accrual, a decision and a what-if, each beside its peer in the same run.

One row a case: case, figure, unit, asked, is_met and a note that says what dominates where a figure is missed. Ours and the peer alternate,
so that a busy machine slows both; figures are medians. Every speed is of results compared with the exact path first.
"""

from __future__ import annotations

import importlib
import json
import random
import statistics
import time
from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

import finance.reference
from finance.accounting import loan_rules
from finance.accounting.chart import BANK
from finance.conventions.calendar_rows import parse_calendars
from finance.conventions.calendars import BusinessCalendar, BusinessDayConvention, calendar_of
from finance.conventions.day_counts import DayCount
from finance.loans import bulk
from finance.loans.base_rates import FixedRate
from finance.loans.interest_periods import SettlementRule
from finance.loans.payment_plan import PaymentPlan, PeriodGrid, payment_plan, period_grid
from finance.loans.period_dates import DayRule
from finance.loans.price_explanation import explain_rate
from finance.loans.repayment import Bullet, EqualPrincipal
from finance.loans.tranche import Drawdown, Tranche
from ledger import operations
from ledger.core.accounts import AccountOpening
from ledger.core.amounts import RoundingMode
from ledger.core.journal import JournalDraft
from ledger.store.database import Database
from tests.benchmarks import posting
from tests.core import loan_examples as example

Row = dict[str, Any]

ql: Any = importlib.import_module("QuantLib")

_ROUNDS = 5
_DAY = date(2026, 1, 1)
_FIVE_YEARS = 1_826
_RULE = SettlementRule(day=20, months=(3, 6, 9, 12), payment_lag_days=0)
_RATE_DENOMINATOR = 10**6
_BATCH = 8_000


def run(*, loans: int = 100_000, segments: int = 10_000_000, engines: Sequence[str] = ("sqlite",)) -> list[Row]:
    """Return the rows; ``loans`` is the size of the columns, ``segments`` how many random accruals are compared."""
    rows = [*schedule_rows(loans), accrual_row(loans), segments_row(segments), decision_row(), what_if_row(10 * loans)]
    for engine in engines:
        with posting.opened_database(engine) as database:
            rows.append(posted_row(database, engine))
    return rows


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a table a person can read."""
    lines = [f"{'case':<26}{'figure':>14} {'unit':<26}{'asked':>8}{'met':>5}  note"]
    for row in rows:
        met = "yes" if row["is_met"] else "no"
        lines.append(f"{row['case']:<26}{row['figure']:>14} {row['unit']:<26}{row['asked']:>8}{met:>5}  {row['note']}")
    return "\n".join(lines)


def as_json(rows: Sequence[Row]) -> str:
    """Return the rows as one JSON list."""
    return json.dumps(rows, indent=2)


@cache
def calendar() -> BusinessCalendar:
    path = Path(str(finance.reference.__file__)).with_name("calendars.csv")
    return calendar_of(parse_calendars(path.read_text(encoding="utf-8")), "cn_interbank")


@cache
def grid() -> PeriodGrid:
    days = DayRule(calendar=calendar(), convention=BusinessDayConvention.MODIFIED_FOLLOWING, is_accrual_adjusted=False)
    return period_grid(_RULE, days=days, first_year=2019, last_year=2036)


def columns(count: int, *, seed: int = 1) -> bulk.LoanColumns:
    """Return five-year loans of CNY 1 m to 1 bn, one in four repaid in equal parts."""
    rng = np.random.default_rng(seed)
    start = date(2021, 1, 1).toordinal() + rng.integers(0, 1_800, count)
    return bulk.LoanColumns(
        principal_minor=rng.integers(10**8, 10**11, count),
        start=start,
        maturity=start + _FIVE_YEARS,
        rate_numerator=rng.integers(20_000, 60_000, count),
        rate_denominator=_RATE_DENOMINATOR,
        is_equal_principal=rng.integers(0, 4, count) == 0,
        day_count=DayCount.ACT_360,
        rounding=RoundingMode.HALF_UP,
    )


def tranche(loans: bulk.LoanColumns, row: int) -> Tranche:
    """Return one of the loans as a tranche."""
    start = date.fromordinal(int(loans.start[row]))
    first_end = date.fromordinal(next(day for day in grid().ends if day > int(loans.start[row])))
    return Tranche(
        currency="CNY",
        drawdowns=(Drawdown(on=start, amount_minor=int(loans.principal_minor[row])),),
        maturity=date.fromordinal(int(loans.maturity[row])),
        base_rate=FixedRate(rate=Fraction(int(loans.rate_numerator[row]), loans.rate_denominator)),
        periods=_RULE,
        day_count=loans.day_count,
        convention=BusinessDayConvention.MODIFIED_FOLLOWING,
        is_accrual_adjusted=False,
        repayment=EqualPrincipal(first_on=first_end, every_months=3) if loans.is_equal_principal[row] else Bullet(),
    )


def schedule_rows(count: int) -> list[Row]:
    """Return schedules a second one by one, at once, and at once against QuantLib."""
    loans = columns(count)
    sample = min(count, 2_000)
    one_by_one = [tranche(loans, row) for row in range(sample)]
    rates = [[(one.start, _rate_of(one))] for one in one_by_one]
    plans = _plans(one_by_one, rates)
    whole = bulk.bulk_plans(loans, grid=grid())
    differing = sum(
        [amount for amount in whole.interest_minor[row].tolist() if amount] != list(plan.interest_minor)
        for row, plan in enumerate(plans)
    )
    lean, own, at_once, theirs = [], [], [], []
    for _ in range(_ROUNDS):
        spent = time.process_time()
        lean.append(sample / posting.timed(lambda: _plans(one_by_one, rates)))
        own.append(sample / (time.process_time() - spent))
        at_once.append(count / posting.timed(lambda: bulk.bulk_plans(loans, grid=grid())))
        theirs.append(200 / posting.timed(lambda: [_quantlib(one) for one in one_by_one[:200]]))
    single, mass, peer = (statistics.median(figures) for figures in (lean, at_once, theirs))
    alone = int(statistics.median(own))
    return [
        _row(
            "schedules_one_by_one",
            int(single),
            "schedules/s",
            20_000,
            is_met=single >= 20_000,
            note=f"{alone}/s of its own processor time; one in four amortises, whose dates and parts take most of it",
        ),
        _row(
            "schedules_vs_quantlib",
            f"{mass / peer:.1f}",
            "x",
            30,
            is_met=mass >= 30 * peer and not differing,
            note=f"{int(mass)}/s beside {int(peer)}/s; {differing} of {sample} loans differ from the exact path",
        ),
    ]


def _plans(loans: Sequence[Tranche], rates: Sequence[Sequence[tuple[date, Fraction]]]) -> list[PaymentPlan]:
    return [payment_plan(one, grid=grid(), rates=rate) for one, rate in zip(loans, rates, strict=True)]


def accrual_row(count: int) -> Row:
    """Return our accrual of one day against the bare kernel: the same products and division, nothing checked."""
    loans = columns(count)
    since = date(2026, 9, 20).toordinal()
    zeros = np.zeros(count, dtype=np.int64)
    periods = bulk.RunningPeriods(
        principal_minor=loans.principal_minor,
        rate_numerator=loans.rate_numerator,
        carried=zeros,
        since=zeros + since,
        booked_minor=zeros,
        divisor=loans.divisor,
        rounding=RoundingMode.HALF_UP,
    )
    divisor, half, through = loans.divisor, loans.divisor // 2, since + 62

    def bare() -> object:
        days = periods.carried + loans.rate_numerator * (through - periods.since)
        return (loans.principal_minor * days + half) // divisor - periods.booked_minor

    assert bool((bare() == bulk.accrual_of_day(periods, through=through)).all()), "both kernels give the same fen"
    ours, theirs = [], []
    for _ in range(20 * _ROUNDS):
        theirs.append(posting.timed(bare))
        ours.append(posting.timed(lambda: bulk.accrual_of_day(periods, through=through)))
    ratio = statistics.median(ours) / statistics.median(theirs)
    note = f"{statistics.median(ours) * 1000:.2f} ms for {count} loans; the bounds of 62 bits are looked at each time"
    return _row("accrual_of_a_day", f"{ratio:.2f}", "x a bare numpy kernel", 2, is_met=ratio <= 2, note=note)


def segments_row(count: int) -> Row:
    """Return how many of ``count`` random segments differ from Python integers: principal to 10^15, rates of 10^-9."""
    rng = np.random.default_rng(3)
    differing, done, size = 0, 0, 500_000
    divisor = 10**9 * 360
    while done < count:
        part = min(size, count - done)
        amounts = rng.integers(0, 10 ** int(rng.integers(6, 16)), part)
        weights = rng.integers(0, 10 ** int(rng.integers(6, 10)), part) * rng.integers(1, 367, part)
        found = bulk.rounded_products(amounts, weights, divisor=divisor, mode=RoundingMode.HALF_UP).tolist()
        exact = [(a * w + divisor // 2) // divisor for a, w in zip(amounts.tolist(), weights.tolist(), strict=True)]
        differing += sum(one != other for one, other in zip(found, exact, strict=True))
        done += part
    return _row(
        "random_segments", differing, f"fen differ of {done}", 0, is_met=not differing, note="limbs inside 62 bits"
    )


def decision_row() -> Row:
    """Return the time of one proposal, approval, resolution and explain tree."""

    def decide() -> None:
        known = example.facility()
        decided = example.decide(known, example.finding("8.1"))
        after = example.knowing(known, decided)
        explain_rate(
            date(2026, 7, 1),
            terms=after.terms,
            tranche_id="A",
            schedule=example.schedule(after),
            timeline=after.timeline("A"),
            determinations={"first": decided},
        ).leaves()

    taken = statistics.median(posting.timed(decide) for _ in range(20 * _ROUNDS)) * 1000
    return _row("decision_with_tree", f"{taken:.2f}", "ms", 5, is_met=taken < 5, note="pure core, nothing stored")


def what_if_row(count: int) -> Row:
    """Return the time of one step of -10 bp over a year for ``count`` loans, interest before and after per payment."""
    loans = columns(count, seed=5)
    starts = np.full(count, date(2024, 6, 20).toordinal(), dtype=np.int64)
    taken = posting.timed(
        lambda: bulk.bulk_step(
            loans, grid=grid(), step_bp=Fraction(-10), effective_from=starts, effective_to=starts + 365
        )
    )
    return _row(
        "what_if",
        f"{taken:.2f}",
        f"s for {count} loans",
        10,
        is_met=taken < 10,
        note="both plans, every payment rounded",
    )


def posted_row(database: Database, engine: str) -> Row:
    """Return accrual computed, drafted and posted against the ledger's own batches, both of 2-leg entries."""
    book_id = posting.open_book(database)
    facilities = [loan_rules.accounts_of(UUID(int=number << 80), "A", "CNY") for number in range(2_000)]
    with database.writer() as session:
        paths = {line.path: line for accounts in facilities for line in accounts.lines("bench")}
        for path in (*paths, BANK):
            opening = AccountOpening(path=path, commodity="CNY", opened_on=date(2020, 1, 1), floor=-(10**14))
            operations.open_account(session, book_id, opening)
        session.commit()
    loans = columns(len(facilities))
    ours, theirs, rng = [], [], random.Random(11)
    for turn in range(_ROUNDS):
        ours.append(_BATCH / posting.timed(lambda: _post_accrual(database, book_id, loans, facilities, rng, turn)))  # noqa: B023 - run at once
        drafts = posting.make_drafts(rng, _BATCH)
        theirs.append(_BATCH / posting.timed(lambda: posting.post_all(database, book_id, [drafts])))  # noqa: B023 - run at once
    mine, peer = statistics.median(ours), statistics.median(theirs)
    note = f"{int(mine)} of {int(peer)} entries/s, batches of {_BATCH}; computing and drafting are inside our time only"
    return _row(
        f"accrual_posted_{engine}",
        f"{mine / peer:.2f}",
        "x the ledger's batches",
        "0.8",
        is_met=mine >= peer * 4 / 5,
        note=note,
    )


def _post_accrual(
    database: Database,
    book_id: int,
    loans: bulk.LoanColumns,
    facilities: Sequence[loan_rules.LoanAccounts],
    rng: random.Random,
    turn: int,
) -> None:
    zeros = np.zeros(len(facilities), dtype=np.int64)
    periods = bulk.RunningPeriods(
        principal_minor=loans.principal_minor,
        rate_numerator=loans.rate_numerator,
        carried=zeros,
        since=zeros + _DAY.toordinal() + turn,
        booked_minor=zeros,
        divisor=loans.divisor,
        rounding=RoundingMode.HALF_UP,
    )
    drafts: list[JournalDraft] = []
    for day in range(_BATCH // len(facilities)):
        amounts = bulk.accrual_of_day(periods, through=_DAY.toordinal() + turn + day + 1).tolist()
        on = _DAY + timedelta(days=turn)
        drafts += [
            loan_rules.interest_draft(accounts, amount, on=on, entry_id=posting.client_id(rng), actor=posting.ACTOR)
            for accounts, amount in zip(facilities, amounts, strict=True)
        ]
    posting.post_all(database, book_id, [drafts])


def _rate_of(one: Tranche) -> Fraction:
    assert isinstance(one.base_rate, FixedRate), "the benchmark's loans have a fixed rate"
    return one.base_rate.rate


@cache
def _quantlib_conventions() -> tuple[Any, Any, Any]:
    return ql.China(ql.China.IB), ql.Period(3, ql.Months), ql.Actual360()


def _quantlib(one: Tranche) -> list[Any]:
    """Return the amounts of the loan's coupons, built and accrued there; its own dates are not even read."""
    market, quarter, day_count = _quantlib_conventions()
    start, end = (ql.Date(day.day, day.month, day.year) for day in (one.start, one.maturity))
    first = date.fromordinal(next(day for day in grid().ends if day > one.start.toordinal()))
    schedule = ql.Schedule(
        start,
        end,
        quarter,
        market,
        ql.Unadjusted,
        ql.Unadjusted,
        ql.DateGeneration.Forward,
        False,  # noqa: FBT003 - the library's own signature
        ql.Date(first.day, first.month, first.year),
    )
    notional = one.drawdowns[0].amount_minor / 100
    leg = ql.FixedRateLeg(schedule, day_count, [notional], [float(_rate_of(one))], ql.ModifiedFollowing)
    return [flow.amount() for flow in leg]


def _row(case: str, figure: object, unit: str, asked: object, *, is_met: bool, note: str) -> Row:
    return {"case": case, "figure": figure, "unit": unit, "asked": asked, "is_met": bool(is_met), "note": note}
