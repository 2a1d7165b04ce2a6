"""How a figure reads on a page: thousands separated, unit last, the sign a true minus; days and instants with their zone.

Takes the exact decimal strings of the API. Only a figure of emissions, output or energy is rounded, once and for the eye, with its exact
digits beside it; every other digit stays. Knows no request.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from fractions import Fraction
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from api.schemas.amounts import AmountOut
from api.schemas.trades import PriceOut
from api.translations import Language

SHANGHAI = ZoneInfo("Asia/Shanghai")
_SIGNS: Mapping[str, str] = {"CNY": "¥", "EUR": "€"}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ENGLISH_DAY = re.compile(rf"(\d{{1,2}}) ({'|'.join(_MONTHS)}) (\d{{4}})")
_CHINESE_DAY = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日")
_NONE = "—"
_DASH = "\N{EN DASH}"
_MINUS = "\N{MINUS SIGN}"
_MOST_DIGITS = 60
_WIDE = Context(prec=_MOST_DIGITS)
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_FRACTION = re.compile(r"-?[0-9]{1,40}/[1-9][0-9]{0,19}")
_MASSES_AND_ENERGY: Mapping[str, int] = {"t": 2, "tCO2": 2, "tCO2e": 2, "kWh": 0, "MWh": 3}
"""Decimals as the report tables of the national scheme print them (reference set report_rounding, CETS-AG-04.01-V01-2024)."""
_PER_TONNE: Mapping[str, int] = {"tCO2/t": 4, "tCO2e/t": 4, "kWh/t": 1}
"""Decimals of what is computed per tonne of product: loan terms report an intensity to four."""
_MOST_TRACED = 6
"""The decimals at which an explanation shows what it computed; a value that a contract agreed or an assessor signed has no more."""
_NAMES = ("year", "_id", "_ref", "seq", "revision", "code")
"""How the name of a place ends whose digits name something and count nothing: they are not grouped."""


def number(value: str | int | Decimal | None) -> str:
    """Return the digits with thousands separators: ``-1234567.80`` is 1,234,567.80 after a true minus; None is a dash, a word stays."""
    if value is None or value == "":
        return _NONE
    text = str(value)
    try:
        exact = Decimal(text)
    except InvalidOperation:
        return text
    if not exact.is_finite() or len(text) > _MOST_DIGITS or abs(exact.adjusted()) > _MOST_DIGITS:
        return text
    return f"{exact:,f}".replace("-", _MINUS)


def figure(value: str | int | Decimal | None, unit: str) -> Markup:
    """Return a figure of emissions, output, energy or intensity with the decimals of its unit, half-up; the exact digits are its title.

    ``8.346341689696`` tCO2e/t is 8.3463 and ``0.5`` tCO2e is 0.50. What is not zero is never shown as zero: 0.001 tCO2e is <0.01. A zero
    has no sign. A value of another unit and a word stay as ``number`` has them.
    """
    decimals = _MASSES_AND_ENERGY.get(unit, _PER_TONNE.get(unit))
    exact = _exact(value)
    return escape(number(value)) if exact is None or decimals is None else _rounded(exact, decimals)


def traced(value: str | int | Decimal | None, unit: str) -> Markup:
    """Return a value in the tree that explains a figure: masses and energy as ``figure`` has them, any other to six decimals at most.

    A whole number has no decimals, as a count of allowances: 10,000 t. A value with up to six decimals stays as it is written, so that
    what was agreed or signed is read digit for digit.
    """
    exact = _exact(value)
    if exact is None or _decimals(exact) == 0:
        return escape(number(value))
    decimals = _MASSES_AND_ENERGY.get(unit)
    if decimals is not None:
        return _rounded(exact, decimals)
    return _rounded(exact, _MOST_TRACED) if _decimals(exact) > _MOST_TRACED else escape(number(value))


def _rounded(exact: Decimal, decimals: int) -> Markup:
    step = Decimal(1).scaleb(-decimals)
    near = exact.quantize(step, rounding=ROUND_HALF_UP, context=_WIDE)
    if near == exact:
        return escape(number(near.copy_abs() if near.is_zero() else near))
    shown = number(near)
    if near.is_zero():
        shown = f"<{step:f}" if exact > 0 else f">{_MINUS}{step:f}"
    return Markup('<span title="{}">{}</span>').format(number(exact), shown)


def _exact(value: str | int | Decimal | None) -> Decimal | None:
    """Return the number that ``number`` would group, None for a word or one that it leaves as it is."""
    text = "" if value is None else str(value)
    try:
        exact = Decimal(text)
    except InvalidOperation:
        return None
    is_long = not exact.is_finite() or len(text) > _MOST_DIGITS // 2 or abs(exact.adjusted()) > _MOST_DIGITS // 2
    return None if is_long else exact


def _decimals(exact: Decimal) -> int:
    exponent = exact.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def leaf(value: str | int | Decimal | None, place: str, language: Language = Language.EN) -> str:
    """Return one place of a document as a person reads it: ``86048183/100`` is 860,481.83, a third stays ``1/3``, the year 2025 is 2025.

    An instant is told in Chinese time, as ``instant`` tells it.
    """
    text = "" if value is None else str(value)
    if _INSTANT.fullmatch(text):
        try:
            return instant(text, language)
        except (ValueError, OverflowError):  # it looks like one and is none: 2026-13-01T00:00Z
            return text
    if place.rpartition(".")[2].partition("[")[0].endswith(_NAMES):
        return text or _NONE
    if not _FRACTION.fullmatch(text):
        return number(text)
    exact = Fraction(text)
    shown = _WIDE.divide(Decimal(exact.numerator), Decimal(exact.denominator))
    return number(shown) if Fraction(shown) == exact else text


def plain_amount(amount: AmountOut | None) -> str:
    """Return a sum with its unit: ``¥1,234.50``, ``97,400 t``; None is a dash."""
    if amount is None:
        return _NONE
    digits = number(amount.amount)
    sign = _SIGNS.get(amount.unit)
    if sign is None:
        return f"{digits} {amount.unit}"
    return f"{_MINUS}{sign}{digits[1:]}" if digits.startswith(_MINUS) else f"{sign}{digits}"


def amount(value: AmountOut | None) -> Markup:
    """Return ``plain_amount`` as a right-aligned figure whose unit is set apart; below zero it has the class of a loss."""
    if value is None:
        return Markup('<span class="figure none">—</span>')
    shown = plain_amount(value)
    sign = " negative" if shown.startswith(_MINUS) else ""
    if value.unit in _SIGNS:
        return Markup('<span class="figure{}">{}</span>').format(sign, shown)
    digits, _, unit = shown.rpartition(" ")
    return Markup('<span class="figure{}">{} <span class="unit">{}</span></span>').format(sign, digits, unit)


def price(value: PriceOut | None) -> str:
    """Return a price: ``¥97.40/t``; None is a dash."""
    if value is None:
        return _NONE
    currency, _, per = value.unit.partition("/")
    shown = plain_amount(AmountOut(amount=value.amount, unit=currency))
    return f"{shown}/{per}" if per else shown


def percent(share: str | Decimal | None) -> str:
    """Return a share as per cent, no digit lost: ``0.0312`` is ``3.12%``, ``3/100`` is ``3%``, ``1/3`` stays; None is a dash."""
    if share is None or share == "":
        return _NONE
    text = str(share)
    try:
        if _FRACTION.fullmatch(text):
            hundredfold = Fraction(text) * 100
            exact = _WIDE.divide(Decimal(hundredfold.numerator), Decimal(hundredfold.denominator))
            if Fraction(exact) != hundredfold:
                return text
        else:
            exact = Decimal(text).scaleb(2, _WIDE)
    except InvalidOperation:
        return text
    digits = number(exact)
    return f"{digits.rstrip('0').rstrip('.') if '.' in digits else digits}%"


def basis_points(value: str | int | Decimal | None) -> str:
    """Return basis points with their sign: ``-10`` is 10 bp with a true minus, ``5/6`` stays a fraction; None is a dash."""
    return _NONE if value is None or value == "" else f"{number(value)} bp"


def day(value: date | str | None, language: Language) -> str:
    """Return a day: ``22 Nov 2026``, ``2026年11月22日``; None is a dash."""
    if value is None or value == "":
        return _NONE
    read = date.fromisoformat(value) if isinstance(value, str) else value
    if language is Language.ZH:
        return f"{read.year}年{read.month}月{read.day}日"
    return f"{read.day} {_MONTHS[read.month - 1]} {read.year}"


def span(start: date | str, end: date | str, language: Language) -> str:
    """Return a period whose ``end`` is exclusive by its first and last day, joined by a dash: 1 Jan 2025 to 31 Dec 2025."""
    after = date.fromisoformat(end) if isinstance(end, str) else end
    return f"{day(start, language)} {_DASH} {day(after - timedelta(days=1), language)}"


def instant(value: datetime | str | None, language: Language) -> str:
    """Return an instant in Chinese time with its zone: ``22 Nov 2026 10:45 UTC+8``; None is a dash."""
    if value is None or value == "":
        return _NONE
    read = datetime.fromisoformat(value) if isinstance(value, str) else value
    local = read.astimezone(SHANGHAI)
    return f"{day(local.date(), language)} {local:%H:%M} UTC+8"


def local_time(value: datetime | str | None) -> str:
    """Return an instant as a field of day and time takes it, in China's time and as exact as it is: ``2026-11-22T10:45``."""
    if value is None or value == "":
        return ""
    read = datetime.fromisoformat(value) if isinstance(value, str) else value
    local = read.astimezone(SHANGHAI).replace(tzinfo=None)
    if local.microsecond:
        return local.isoformat(timespec="milliseconds")
    return local.isoformat(timespec="seconds" if local.second else "minutes")


def day_of(text: str) -> date | None:
    """Return the day that ``day`` wrote, in either language, or None for any other text: ``5 Mar 2026`` and ``2026年3月5日``."""
    chinese, english = _CHINESE_DAY.fullmatch(text), _ENGLISH_DAY.fullmatch(text)
    try:
        if chinese is not None:
            return date(*(int(each) for each in chinese.groups()))
        if english is not None:
            return date(int(english[3]), _MONTHS.index(english[2]) + 1, int(english[1]))
    except ValueError:
        pass
    return None


def days_until(due: date, today: date, language: Language) -> str:
    """Return how far off a day is: ``today``, ``in 39 days``, ``3 days ago``."""
    away = (due - today) // timedelta(days=1)
    if away == 0:
        return "今天" if language is Language.ZH else "today"
    count = abs(away)
    if language is Language.ZH:
        return f"{count} 天后" if away > 0 else f"已过 {count} 天"
    words = f"{count} day{'' if count == 1 else 's'}"
    return f"in {words}" if away > 0 else f"{words} ago"


def words(value: object) -> Markup:
    """Return a code such as ``partly_filled`` as words for a title or a hint: ``partly filled``."""
    return escape(str(value).replace("_", " ").replace("-", " "))
