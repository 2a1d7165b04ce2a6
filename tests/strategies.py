"""Hypothesis strategies for the ledger: amounts, texts, drafts and whole histories of a small carbon book.

The book has a first-in-first-out account and an average pool of allowances, a registry to balance tonnes against, and money
accounts with and without limits. The wide book adds last-in-first-out and specific identification, an older vintage and
clearing accounts. Histories are mostly sensible and sometimes wrong, so that both answers are met.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import strategies as st

from ledger.core.accounts import AccountOpening, LotMethod
from ledger.core.amounts import Commodity, CommodityKind
from ledger.core.holds import HoldCapture, HoldKind, HoldPlacement, HoldRelease
from ledger.core.journal import CostLegs, EntryKind, JournalDraft, Posting
from ledger.core.parties import Actor
from ledger.core.serials import SerialBlock
from ledger.core.state import AccountFacts, BookState

NOW = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
FIRST_DAY = date(2025, 1, 1)
BOOK_UUID = UUID("019b0000-0000-7000-8000-00000000b00c")
TENANT = UUID("019b0000-0000-7000-8000-0000000000aa")
BENEFICIARY = Actor(
    user_id=UUID("019b0000-0000-7000-8000-0000000000cc"), organisation_id=UUID("019b0000-0000-7000-8000-0000000000dd")
)
ACTOR = Actor(user_id=UUID("019b0000-0000-7000-8000-0000000000bb"), organisation_id=TENANT)

CEA25 = Commodity(code="CEA25", kind=CommodityKind.ALLOWANCE, scale=0)
EUA = Commodity(code="EUA", kind=CommodityKind.ALLOWANCE, scale=0, step=10)
CEA24 = Commodity(code="CEA24", kind=CommodityKind.ALLOWANCE, scale=0)
COMMODITIES = (CEA25, EUA)
WIDE_COMMODITIES = (*COMMODITIES, CEA24)

FIFO = "Assets:Carbon:CEA25:Trading"
POOL = "Assets:Carbon:CEA25:Pool"
REGISTRY = "Equity:Registry:CEA25"
CASH = "Assets:Bank:CNY"
INVENTORY = "Assets:Allowances:CNY"
GAIN = "Income:Trading"
LOSS = "Expenses:Trading"
CREDIT_LINE = "Liabilities:Bank:CNY"
STEPS = "Assets:Carbon:EUA"
STEPS_REGISTRY = "Equity:Registry:EUA"
LIFO = "Assets:Carbon:CEA25:Lifo"
PICKED = "Assets:Carbon:CEA25:Specific"
OLD = "Assets:Carbon:CEA24:Trading"
OLD_REGISTRY = "Equity:Registry:CEA24"
CLEARING_T = "Equity:Clearing:CEA25"
CLEARING_CNY = "Equity:Clearing:CNY"


def _opening(
    path: str,
    commodity: str,
    *,
    floor: int | None = None,
    ceiling: int | None = None,
    lot_method: LotMethod | None = None,
) -> AccountOpening:
    return AccountOpening(
        path=path, commodity=commodity, opened_on=FIRST_DAY, floor=floor, ceiling=ceiling, lot_method=lot_method
    )


OPENINGS = (
    _opening(FIFO, "CEA25", floor=0, lot_method=LotMethod.FIFO),
    _opening(POOL, "CEA25", floor=0, lot_method=LotMethod.AVERAGE),
    _opening(REGISTRY, "CEA25"),
    _opening(CASH, "CNY", floor=-5_000),
    _opening(INVENTORY, "CNY", floor=0),
    _opening(GAIN, "CNY"),
    _opening(LOSS, "CNY"),
    _opening(CREDIT_LINE, "CNY", floor=0, ceiling=3_000),
    _opening(STEPS, "EUA", floor=0),
    _opening(STEPS_REGISTRY, "EUA"),
)
WIDE_OPENINGS = (
    *OPENINGS,
    _opening(LIFO, "CEA25", floor=0, lot_method=LotMethod.LIFO),
    _opening(PICKED, "CEA25", floor=0, lot_method=LotMethod.SPECIFIC),
    _opening(OLD, "CEA24", floor=0, lot_method=LotMethod.FIFO),
    _opening(OLD_REGISTRY, "CEA24"),
    _opening(CLEARING_T, "CEA25"),
    _opening(CLEARING_CNY, "CNY"),
)
"""The example book's accounts and those that the other methods, an older vintage and transfers between books need."""

COST_LEGS = CostLegs(cost_account=INVENTORY, gain_account=GAIN, loss_account=LOSS)
COMMODITY_OF = {opening.path: opening.commodity for opening in WIDE_OPENINGS}
LOT_ACCOUNTS = (FIFO, POOL, LIFO, PICKED, OLD)


def entry_id(number: int) -> UUID:
    """Return the id of the draft of that number: the same in every run."""
    return UUID(int=(0x019B << 112) | (0x7 << 76) | (0x8 << 60) | number)


def draft(
    number: int,
    *postings: Posting,
    kind: EntryKind = EntryKind.GENERAL,
    day: date = FIRST_DAY,
    cost_legs: CostLegs | None = None,
    reverses: int | None = None,
    doc_ref: str | None = None,
) -> JournalDraft:
    """Return a draft with the id of ``number``; ``reverses`` is a number too."""
    return JournalDraft(
        entry_id=entry_id(number),
        kind=EntryKind.REVERSAL if reverses is not None else kind,
        effective_on=day,
        actor=ACTOR,
        postings=postings,
        cost_legs=cost_legs,
        reverses=None if reverses is None else entry_id(reverses),
        doc_ref=doc_ref,
    )


def purchase(
    number: int,
    tonnes: int,
    cost: int,
    *,
    into: str = FIFO,
    day: date = FIRST_DAY,
    serials: tuple[SerialBlock, ...] = (),
) -> JournalDraft:
    """Return a purchase of ``tonnes`` for ``cost`` fen in all, paid from the bank; a cost of zero is a free allocation."""
    vintage = COMMODITY_OF[into]
    legs = [
        Posting(into, vintage, tonnes, lot_cost=cost, serials=serials),
        Posting(registry_of(into), vintage, -tonnes),
    ]
    if cost:
        legs += [Posting(INVENTORY, "CNY", cost), Posting(CASH, "CNY", -cost)]
    return draft(number, *legs, kind=EntryKind.TRADE, day=day)


def sale(
    number: int,
    tonnes: int,
    proceeds: int,
    *,
    out_of: str = FIFO,
    day: date = FIRST_DAY,
    picks: tuple[tuple[int, int], ...] = (),
) -> JournalDraft:
    """Return a sale of ``tonnes`` for ``proceeds`` fen, whose cost and gain or loss the fold adds."""
    vintage = COMMODITY_OF[out_of]
    legs = [Posting(out_of, vintage, -tonnes, lots=picks), Posting(registry_of(out_of), vintage, tonnes)]
    if proceeds:
        legs.append(Posting(CASH, "CNY", proceeds))
    return draft(number, *legs, kind=EntryKind.TRADE, day=day, cost_legs=COST_LEGS)


def registry_of(path: str) -> str:
    """Return the account against which an account's tonnes balance."""
    return OLD_REGISTRY if path == OLD else REGISTRY


def transfer(number: int, source: str, target: str, amount: int, *, day: date = FIRST_DAY) -> JournalDraft:
    """Return a transfer of ``amount`` from one account without lots to another of the same commodity."""
    commodity = COMMODITY_OF[source]
    return draft(number, Posting(target, commodity, amount), Posting(source, commodity, -amount), day=day)


def hold(
    number: int,
    account: str,
    amount: int | None,
    *,
    kind: HoldKind = HoldKind.HOLD,
    lots: tuple[tuple[int, int], ...] = (),
    until: datetime = NOW + timedelta(days=365),
    day: date = FIRST_DAY,
) -> JournalDraft:
    """Return a draft that sets an amount aside; an encumbrance is for ``BENEFICIARY``."""
    is_plain = kind is HoldKind.HOLD
    placement = HoldPlacement(
        account=account,
        kind=kind,
        amount=amount,
        lots=lots,
        beneficiary_id=None if is_plain else BENEFICIARY.organisation_id,
        rank=None if is_plain else 1,
        agreement_ref=None if is_plain else "P-1",
        expires_at=until if is_plain else None,
    )
    return JournalDraft(entry_id=entry_id(number), kind=EntryKind.HOLD, effective_on=day, actor=ACTOR, hold=placement)


def release(
    number: int,
    placed: int,
    amount: int | None = None,
    *,
    actor: Actor = ACTOR,
    is_enforced: bool = False,
    day: date = FIRST_DAY,
) -> JournalDraft:
    """Return a draft that lets go of the hold that draft ``placed`` set aside."""
    action = HoldRelease(hold_id=entry_id(placed), amount=amount, is_enforced=is_enforced)
    return JournalDraft(entry_id=entry_id(number), kind=EntryKind.RELEASE, effective_on=day, actor=actor, hold=action)


def capture(
    number: int, placed: int, amount: int, *postings: Posting, actor: Actor = ACTOR, cost_legs: CostLegs | None = None
) -> JournalDraft:
    """Return a draft that uses ``amount`` of the hold that draft ``placed`` set aside."""
    action = HoldCapture(hold_id=entry_id(placed), amount=amount)
    return JournalDraft(
        entry_id=entry_id(number),
        kind=EntryKind.CAPTURE,
        effective_on=FIRST_DAY,
        actor=actor,
        postings=postings,
        cost_legs=cost_legs,
        hold=action,
    )


def empty_state(openings: Sequence[AccountOpening] = OPENINGS) -> BookState:
    """Return the fold's state of the example book, or of another with ``openings``, before its first entry."""
    codes = sorted({opening.commodity for opening in openings})
    steps = {commodity.code: commodity.step for commodity in WIDE_COMMODITIES}
    accounts = {
        opening.path: AccountFacts(
            account_id=number,
            path=opening.path,
            normal_side=opening.type.normal_side,
            commodity_id=codes.index(opening.commodity) + 1,
            commodity=opening.commodity,
            step=steps.get(opening.commodity, 1),
            lot_method=opening.lot_method,
            opened_on=opening.opened_on,
            closed_on=None,
            floor=opening.floor,
            ceiling=opening.ceiling,
        )
        for number, opening in enumerate(openings, start=1)
    }
    return BookState(
        next_seq=1,
        last_recorded_at=NOW - timedelta(days=1),
        locked_through=None,
        functional_currency="CNY",
        accounts=accounts,
        posted=dict.fromkeys(range(1, len(openings) + 1), 0),
        held=dict.fromkeys(range(1, len(openings) + 1), 0),
        wanted=frozenset(entry_id(number) for number in range(1, 200)),
    )


units = st.integers(min_value=-(10**15), max_value=10**15)
scales = st.integers(min_value=0, max_value=9)
days = st.integers(min_value=0, max_value=40).map(lambda n: FIRST_DAY + timedelta(days=n))
printable = st.text(
    st.characters(exclude_categories=("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs")), min_size=1, max_size=40
).filter(str.isprintable)
attr_maps = st.dictionaries(st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True), printable, max_size=4)
small = st.integers(min_value=1, max_value=60)
fen = st.integers(min_value=0, max_value=2_000)
_money_paths = st.sampled_from([CASH, GAIN, LOSS, CREDIT_LINE])


@st.composite
def drafts(draw: st.DrawFn, number: int) -> JournalDraft:  # noqa: PLR0911 - one return a kind of entry
    """Return a draft with the id of ``number`` that may name any earlier number and any lot that could exist by now."""
    day = draw(days)
    kind = draw(
        st.sampled_from(["buy", "buy", "sell", "sell", "pick", "swap", "pay", "borrow", "step", "any", "reverse"])
    )
    lot_account = draw(st.sampled_from([FIFO, POOL]))
    tonnes, paid = draw(small), draw(fen)
    match kind:
        case "buy":
            return purchase(number, tonnes, paid, into=lot_account, day=day)
        case "sell":
            return sale(number, tonnes, paid, out_of=lot_account, day=day)
        case "pick":
            lot = 1024 * draw(st.integers(min_value=1, max_value=max(1, number - 1))) + 1
            return sale(number, tonnes, paid, day=day, picks=((lot, tonnes),))
        case "swap":
            moved = (Posting(FIFO, "CEA25", tonnes, lot_cost=paid), Posting(POOL, "CEA25", -tonnes))
            return draft(number, *moved, kind=EntryKind.TRANSFER, day=day, cost_legs=COST_LEGS)
        case "pay":
            return transfer(number, draw(_money_paths), draw(_money_paths), paid + 1, day=day)
        case "borrow":
            return transfer(number, CREDIT_LINE, CASH, paid + 1, day=day)
        case "step":
            return transfer(number, STEPS_REGISTRY, STEPS, tonnes, day=day)
        case "reverse" if number > 1:
            return draft(number, day=day, reverses=draw(st.integers(min_value=1, max_value=number - 1)))
        case _:
            paths = draw(st.lists(st.sampled_from([CASH, GAIN, LOSS, REGISTRY]), min_size=2, max_size=5))
            legs = tuple(
                Posting(path, COMMODITY_OF[path], draw(st.integers(min_value=-50, max_value=50).filter(bool)))
                for path in paths
            )
            return draft(number, *legs, day=day)


@st.composite
def histories(draw: st.DrawFn, *, max_size: int = 30) -> tuple[JournalDraft, ...]:
    """Return drafts numbered from 1 that a book may meet in this order."""
    size = draw(st.integers(min_value=1, max_value=max_size))
    return tuple(draw(drafts(number)) for number in range(1, size + 1))


@st.composite
def unreversed_histories(draw: st.DrawFn, *, max_size: int = 20) -> tuple[JournalDraft, ...]:
    """Return a history without reversals."""
    return tuple(item for item in draw(histories(max_size=max_size)) if item.reverses is None)
