"""What an alert is: its kinds, how loud it is, what it says in two languages, whom it is for, and when it is the same again.

Pure values. Knows no table, no channel's protocol and no person's name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias
from uuid import UUID

from ledger.core.amounts import parse_decimal
from ledger.core.errors import Invalid

EVERYBODY = "*"
"""The audience of every person of the organisation."""

LONGEST_TITLE, LONGEST_TEXT, LONGEST_REF, LONGEST_PATH = 200, 1000, 200, 300
_MOST_FIGURES = 20
_PATH = re.compile(r"/(?!/)[A-Za-z0-9._~/?&=%:,-]{0,299}", re.ASCII)
_WORD = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_AUDIENCE = re.compile(r"\*|[a-z]{1,20}(:[a-z]{1,20})?", re.ASCII)


class NoticeKind(StrEnum):
    """What an alert is about."""

    COMPLIANCE_GAP = "compliance_gap"
    TARGET_AT_RISK = "target_at_risk"
    PRICE_STALE = "price_stale"
    REPORT_DUE = "report_due"
    LIMIT_USED = "limit_used"
    LIMIT_REFUSED = "limit_refused"
    JOB_FAILED = "job_failed"
    WITNESS_REFUSED = "witness_refused"
    APPROVAL_WAITS = "approval_waits"
    IMPORT_FINISHED = "import_finished"
    RATE_DECIDED = "rate_decided"
    TEST = "test"


class Severity(StrEnum):
    """How loud an alert is, from quiet to loud."""

    INFO = "info"
    WARNING = "warning"
    URGENT = "urgent"

    @property
    def rank(self) -> int:
        """Return 0, 1 or 2: the greater, the louder."""
        return tuple(Severity).index(self)


class Channel(StrEnum):
    """How an alert reaches a person or a program."""

    APP = "app"
    EMAIL = "email"
    WEBHOOK = "webhook"


class Language(StrEnum):
    """The languages of an alert."""

    EN = "en"
    ZH = "zh"


PERSONAL = (Channel.APP, Channel.EMAIL)
"""Channels that each person chooses; a webhook is the organisation's and names its kinds itself."""

Choices: TypeAlias = Mapping[NoticeKind, frozenset[Channel]]

_QUIET = frozenset({NoticeKind.IMPORT_FINISHED})
DEFAULT_CHOICES: Choices = MappingProxyType(
    {kind: frozenset({Channel.APP} if kind in _QUIET else PERSONAL) for kind in NoticeKind}
)
"""What reaches a person who chose nothing: everything in the application and by e-mail, a finished import in the application only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One sentence in both languages, each one printable line."""

    en: str
    zh: str

    def __post_init__(self) -> None:
        """Refuse an empty text, a second line and what could pass for a header."""
        for name in ("en", "zh"):
            text = getattr(self, name)
            if not 1 <= len(text) <= LONGEST_TEXT or text != text.strip() or not text.isprintable():
                raise Invalid("notice.text", f"{name}: expected one printable line of 1 to {LONGEST_TEXT}", field=name)

    def said(self, language: Language) -> str:
        """Return the sentence in ``language``."""
        return self.en if language is Language.EN else self.zh


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure that an alert rests on: a decimal string (or a day as YYYY-MM-DD) with its unit."""

    label_en: str
    label_zh: str
    value: str
    unit: str

    def __post_init__(self) -> None:
        """Refuse figures without label or unit."""
        Words(en=self.label_en, zh=self.label_zh)
        Words(en=self.value, zh=self.unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What an alert is about: ``kind`` a word (``book``), ``ref`` its id or code."""

    kind: str
    ref: str

    def __post_init__(self) -> None:
        """Refuse what is no word or no reference."""
        if not _WORD.fullmatch(self.kind) or not 1 <= len(self.ref) <= LONGEST_REF or not self.ref.isprintable():
            raise Invalid("notice.subject", f"subject: expected a word and a reference of 1 to {LONGEST_REF}")

    @property
    def key(self) -> str:
        """Return the text under which what is about the same thing keeps its order."""
        return f"{self.kind}:{self.ref}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeDraft:
    """An alert to be raised.

    ``condition`` names what is the case: while it stands, the same is not raised again. ``audience`` are scopes, any one of
    which makes a person one of those concerned; ``only_user_id`` narrows it to one person, ``except_user_id`` leaves out whoever
    caused it. ``path`` leads to the page that answers it. An event has happened and never ends; a condition may.
    """

    organisation_id: UUID
    kind: NoticeKind
    severity: Severity
    subject: Subject
    condition: str
    title: Words
    text: Words
    path: str
    audience: tuple[str, ...] = (EVERYBODY,)
    figures: tuple[Figure, ...] = ()
    only_user_id: UUID | None = None
    except_user_id: UUID | None = None

    def __post_init__(self) -> None:
        """Refuse an alert that leads nowhere or concerns nobody."""
        if not _PATH.fullmatch(self.path):
            raise Invalid("notice.path", "path: expected a path of this application such as /compliance", field="path")
        if not 1 <= len(self.condition) <= LONGEST_REF or not self.condition.isprintable():
            raise Invalid("notice.condition", f"condition: expected 1 to {LONGEST_REF} printable characters")
        if not self.audience or not all(map(_AUDIENCE.fullmatch, self.audience)):
            raise Invalid("notice.audience", "audience: expected scopes such as compliance:write, or *")
        if max(len(self.title.en), len(self.title.zh)) > LONGEST_TITLE:
            raise Invalid("notice.title", f"title: expected at most {LONGEST_TITLE} characters", field="title")
        if len(self.figures) > _MOST_FIGURES:
            raise Invalid("notice.figures", f"figures: expected at most {_MOST_FIGURES}", field="figures")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """From when a condition alerts, by the rules on file or the organisation's own.

    ``gap_t`` whole tonnes above which a gap alerts, urgent within ``gap_urgent_days`` of the surrender day; ``limit_used`` the share of
    a limit, in [0, 1]; ``due_days`` and ``due_urgent_days`` before a duty's day; ``target_confidence`` of the forecast's interval.
    """

    gap_t: int
    gap_urgent_days: int
    limit_used: str
    due_days: int
    due_urgent_days: int
    target_confidence: str


SETTABLE: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "notice.gap": ("0", "1000000000"),
        "notice.gap_urgent": ("0", "366"),
        "notice.limit_used": ("0", "1"),
        "notice.due": ("0", "366"),
        "notice.due_urgent": ("0", "366"),
        "notice.target_confidence": ("0.5", "0.999"),
    }
)
"""The rules that an organisation may set for itself, with the smallest and greatest value that is one (both inclusive)."""

_WHOLE = frozenset({"notice.gap", "notice.gap_urgent", "notice.due", "notice.due_urgent"})


def check_threshold(row_id: str, value: str | None) -> None:
    """Return when ``value`` may be the organisation's own for ``row_id`` (None: none of its own), else raise ``notice.threshold``."""
    if row_id not in SETTABLE:
        raise Invalid(
            "notice.threshold_unknown", f"threshold: expected one of {', '.join(SETTABLE)}", field="threshold"
        )
    if value is None:
        return
    low, high = SETTABLE[row_id]
    number = parse_decimal(value, field="value")
    is_whole = number == number.to_integral_value()
    if not parse_decimal(low, field="low") <= number <= parse_decimal(high, field="high") or (
        row_id in _WHOLE and not is_whole
    ):
        kind = "a whole number" if row_id in _WHOLE else "a number"
        raise Invalid("notice.threshold", f"value: expected {kind} from {low} to {high}", field="value")
