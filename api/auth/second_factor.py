"""The second factor: time-based codes (RFC 6238) and recovery codes.

Pure: secret, code and instant in, the step or a hash out. Which steps are used up is the store's to know.
"""

from __future__ import annotations

import base64
import hmac
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pyotp
import segno

RECOVERY_CODES = 10
_STEP = timedelta(seconds=30)
_SECRET_BYTES = 20
_RECOVERY_BYTES = 10
_CODE = re.compile(r"[0-9]{6}", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ISSUER = "Tonne"


def new_secret(random_bytes: Callable[[int], bytes]) -> str:
    """Return a new 160-bit secret in Base32, the length that RFC 4226 section 4 recommends."""
    return base64.b32encode(random_bytes(_SECRET_BYTES)).decode("ascii")


def step_of(code: str, secret: str, *, now: datetime) -> int | None:
    """Return the 30-second step whose code this is: the present one, the one before or the one after; else ``None``.

    One step either way allows for a clock that is off and for the time of typing (RFC 6238 section 5.2). At 1970-01-01 00:00:59
    the present step is 1.
    """
    if not _CODE.fullmatch(code):
        return None
    present = (now - _EPOCH) // _STEP
    totp = pyotp.TOTP(secret)
    matching = [
        step for step in (present - 1, present, present + 1) if hmac.compare_digest(totp.generate_otp(step), code)
    ]
    return matching[0] if matching else None


def enrolment_uri(secret: str, *, account: str) -> str:
    """Return the otpauth address that an authenticator app reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=_ISSUER)


def enrolment_svg(uri: str) -> str:
    """Return the address as a QR code, an SVG document without style attributes."""
    drawn = io.BytesIO()
    segno.make(uri, error="m", micro=False).save(drawn, kind="svg", scale=4, xmldecl=False, svgns=True, nl=False)
    return drawn.getvalue().decode("utf-8")


def new_recovery_codes(random_bytes: Callable[[int], bytes]) -> tuple[str, ...]:
    """Return ten codes of 80 random bits each, as four groups of four letters and digits, to be shown once."""
    codes = (base64.b32encode(random_bytes(_RECOVERY_BYTES)).decode("ascii").lower() for _ in range(RECOVERY_CODES))
    return tuple("-".join(code[start : start + 4] for start in range(0, len(code), 4)) for code in codes)


def recovery_sha256(code: str) -> bytes:
    """Return the hash of a recovery code, whatever its case, blanks and hyphens."""
    plain = "".join(character for character in code.lower() if character.isalnum())
    return sha256(plain.encode("utf-8", "replace")).digest()
