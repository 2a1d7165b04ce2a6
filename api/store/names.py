"""What a person may type as text: a name, a note, an e-mail address, and when two names look the same.

Pure. Owns the rules that the HTTP schemas, the command line and the tables share.
"""

from __future__ import annotations

import re
import unicodedata

from ledger.core.errors import Invalid

LONGEST_NAME = 200
LONGEST_EMAIL = 254
"""Longest address that can be delivered to (RFC 5321 section 4.5.3.1.3, a path of 256 with its two brackets)."""

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that do not print: controls, bidirectional and zero-width marks, surrogates, unassigned, line breaks."""

_EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+", re.ASCII)

_WORD = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)

_LOOKALIKE = str.maketrans(
    "авекмнорстухіјѕԁԛԝαβεικνορτυχ01",  # noqa: RUF001 - the ambiguous letters are the point
    "abekmhopctyxijsdqwabeikvoptuxol",
)
"""Cyrillic, Greek and digit twins of Latin letters (Unicode UTS 39, the pairs that occur in company names)."""


def clean_text(text: str, *, field: str, longest: int) -> str:
    """Return ``text`` in NFC without outer blanks; 1 to ``longest`` characters, every one of them visible or a space.

    Control, zero-width and bidirectional characters are refused with ``text.character``, blank or long text with ``text.length``.
    """
    cleaned = unicodedata.normalize("NFC", text.strip()) if len(text) <= 4 * longest else text
    if not 1 <= len(cleaned) <= longest:
        raise Invalid("text.length", f"{field}: expected 1 to {longest} characters", field=field)
    if any(unicodedata.category(character) in _UNSEEN for character in cleaned):
        raise Invalid("text.character", f"{field}: expected printable characters on one line", field=field)
    return cleaned


def clean_email(text: str, *, field: str) -> str:
    """Return an e-mail address in lower case: ASCII, one @, a domain with a dot, at most 254 characters."""
    lowered = text.strip().lower()
    if len(lowered) > LONGEST_EMAIL or not _EMAIL.fullmatch(lowered):
        raise Invalid("text.email", f"{field}: expected an e-mail address such as treasury@example.com", field=field)
    return lowered


def mailbox_of(email: str) -> str:
    """Return the mailbox of a clean address, without its sub-address (RFC 5233): ``li+bank@example.com`` is ``li@example.com``."""
    local, _, domain = email.rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}"


def name_skeleton(name: str) -> str:
    """Return what ``name`` looks like: compatibility forms, case, accents, blanks and punctuation removed, twins made one.

    ``name_skeleton("Bänk Nord, S.A.")`` gives ``banknordsa``. A name without any letter or digit is refused (``text.name``).
    """
    spelled = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    skeleton = "".join(character for character in spelled if character.isalnum()).translate(_LOOKALIKE)
    if not skeleton:
        raise Invalid("text.name", "name: expected at least one letter or digit", field="name")
    return skeleton


def place(parts: tuple[str | int, ...]) -> str:
    """Return a place in a document for people: ``legs[0].amount``; a name that is not a plain word is shown as ``?``."""
    shown = ""
    for part in parts:
        if isinstance(part, int):
            shown += f"[{part}]"
        else:
            word = part if _WORD.fullmatch(part) else "?"
            shown += f".{word}" if shown else word
    return shown


def clean_credit_code(text: str, *, field: str) -> str:
    """Return a unified social credit code of 18 characters whose last one checks the others (GB 32100-2015, section 4.6).

    Each of the first 17 characters counts its place in 0-9 A-H J-N P-R T-U W-Y times 3 to the power of its position; the last one
    makes the sum a multiple of 31. ``91350100M000100Y43`` is one, as in the standard's own example.
    """
    code = text.strip().upper()
    is_spelled = len(code) == _CREDIT_LENGTH and all(character in _CREDIT_LETTERS for character in code)
    weighed = (
        sum(_CREDIT_LETTERS.index(character) * pow(3, position, 31) for position, character in enumerate(code[:-1]))
        if is_spelled
        else 0
    )
    if not is_spelled or (weighed + _CREDIT_LETTERS.index(code[-1])) % 31:
        raise Invalid(
            "text.credit_code",
            f"{field}: expected a unified social credit code of 18 characters with its right check character",
            field=field,
        )
    return code


_CREDIT_LENGTH = 18
_CREDIT_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
