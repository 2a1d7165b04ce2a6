"""What an operator sets so that alerts leave the house: the mail server, this installation's address, the webhooks' key.

Read once at start from variables that begin with TONNE_. Knows no connection.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from ledger.core.errors import Invalid

_LEAST_KEY_BYTES = 32
_HIGHEST_PORT = 65_535
_HOST = re.compile(r"[A-Za-z0-9.:-]{1,255}", re.ASCII)
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,189}", re.ASCII)


class MailSecurity(StrEnum):
    """How the way to the mail server is kept secret."""

    TLS = "tls"  # from the first byte on, usually port 465
    STARTTLS = "starttls"  # usually port 587; without it nothing is sent
    NONE = "none"  # a server on this very machine


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """The mail server: host, port, security, whom to sign in as, and whom mail comes from."""

    host: str
    port: int
    security: MailSecurity
    user: str
    password: str = field(repr=False)
    sender: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeSettings:
    """The settings of alerts.

    ``mail``: TONNE_SMTP_HOST, _PORT, _SECURITY (tls, starttls, none), _USER, _PASSWORD and TONNE_MAIL_FROM; None sends no mail.
    ``public_url`` TONNE_PUBLIC_URL: where people open this installation, for links; empty leaves links out.
    ``webhook_key`` TONNE_WEBHOOK_KEY: 32 bytes or more in base64, from which every endpoint's secret is derived; empty: no webhooks.
    ``loopback_webhooks`` TONNE_LOOPBACK_WEBHOOKS ``on``: a rehearsal on this machine may receive over http.
    """

    mail: MailSettings | None = None
    public_url: str = ""
    webhook_key: bytes = field(default=b"", repr=False)
    loopback_webhooks: bool = False


def notice_settings(environ: Mapping[str, str]) -> NoticeSettings:
    """Return the settings that the variables spell; unreadable ones are refused by name, never with their value."""
    public = environ.get("TONNE_PUBLIC_URL", "").rstrip("/")
    parts = urlsplit(public)
    if public and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment):
        raise _wrong("public_url", "expected an address such as https://tonne.example.com")
    loopback = environ.get("TONNE_LOOPBACK_WEBHOOKS", "off")
    if loopback not in {"on", "off"}:
        raise _wrong("loopback_webhooks", "expected on or off")
    return NoticeSettings(
        mail=_mail(environ),
        public_url=public,
        webhook_key=_key(environ.get("TONNE_WEBHOOK_KEY", "")),
        loopback_webhooks=loopback == "on",
    )


def _mail(environ: Mapping[str, str]) -> MailSettings | None:
    host = environ.get("TONNE_SMTP_HOST", "")
    if not host:
        return None
    security = environ.get("TONNE_SMTP_SECURITY", MailSecurity.STARTTLS.value)
    if security not in tuple(MailSecurity):
        raise _wrong("smtp_security", "expected tls, starttls or none")
    port, sender = environ.get("TONNE_SMTP_PORT", "587"), environ.get("TONNE_MAIL_FROM", "")
    if not _HOST.fullmatch(host):
        raise _wrong("smtp_host", "expected a host name")
    if not re.fullmatch(r"[0-9]{1,5}", port, re.ASCII) or not 1 <= int(port) <= _HIGHEST_PORT:
        raise _wrong("smtp_port", "expected a whole number from 1 to 65535")
    if not _ADDRESS.fullmatch(sender):
        raise _wrong("mail_from", "expected an e-mail address")
    user, password = environ.get("TONNE_SMTP_USER", ""), environ.get("TONNE_SMTP_PASSWORD", "")
    if bool(user) != bool(password):
        raise _wrong("smtp_user", "expected TONNE_SMTP_USER and TONNE_SMTP_PASSWORD together")
    if user and security == MailSecurity.NONE:
        raise _wrong("smtp_security", "expected tls or starttls where a password is sent")
    return MailSettings(
        host=host, port=int(port), security=MailSecurity(security), user=user, password=password, sender=sender
    )


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b"x"
    if key and len(key) < _LEAST_KEY_BYTES:
        raise _wrong("webhook_key", "expected at least 32 random bytes in base64")
    return key


def _wrong(name: str, expected: str) -> Invalid:
    return Invalid(f"settings.{name}", f"TONNE_{name.upper()}: {expected}", field=name)
