"""Alerts as mail: one message in the reader's language with the other below, plain and as simple HTML, over SMTP.

Owns the message and the conversation with the server. A line break can reach no header: the words of an alert have none, and the
message refuses one.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape

from api.notices.senders import Message, Outcome, Sender
from api.notices.settings import MailSecurity, MailSettings
from finance.conventions.notices import Language, Severity
from finance.store.notices import Notice

_SECONDS = 10
_FIRST_PERMANENT = 500
_OPEN = {Language.EN: "Open in Tonne", Language.ZH: "在 Tonne 中打开"}
_LOUD = {Language.EN: "Urgent: ", Language.ZH: "紧急："}


def mail_sender(settings: MailSettings, *, public_url: str, clock: Callable[[], datetime]) -> Sender:
    """Return the sender that hands mail to the server of ``settings``; a connection is made for each message."""

    def send(message: Message) -> Outcome:
        try:
            mail = compose(message, sender=settings.sender, public_url=public_url, at=clock())
            with _connected(settings) as server:
                if settings.user:
                    server.login(settings.user, settings.password)
                server.send_message(mail, from_addr=settings.sender, to_addrs=[message.address])
        except smtplib.SMTPRecipientsRefused as refused:
            status = next(iter(refused.recipients.values()))[0]
            return Outcome(
                is_sent=False, status=status, detail="recipient refused", is_final=status >= _FIRST_PERMANENT
            )
        except smtplib.SMTPResponseException as error:
            return Outcome(is_sent=False, status=error.smtp_code, detail=type(error).__name__)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            return Outcome(is_sent=False, detail=type(error).__name__, is_final=isinstance(error, ValueError))
        return Outcome(is_sent=True, status=250)

    return send


def compose(message: Message, *, sender: str, public_url: str, at: datetime) -> EmailMessage:
    """Return the mail of an alert; its Message-ID is the delivery's id, the same at every try."""
    notice, first = message.notice, message.language
    second = Language.ZH if first is Language.EN else Language.EN
    mail = EmailMessage(policy=SMTP.clone(max_line_length=200))
    loud = _LOUD[first] if notice.severity is Severity.URGENT else ""
    mail["Subject"] = f"{loud}{notice.title.said(first)}"
    mail["From"] = Address(display_name="Tonne", addr_spec=sender)
    mail["To"] = Address(addr_spec=message.address)
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<{message.delivery.delivery_id}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    link = f"{public_url}{notice.path}" if public_url else ""
    mail.set_content("\n\n".join(_plain(notice, language, link) for language in (first, second)) + "\n", cte="base64")
    shown = "".join(_html(notice, language, link) for language in (first, second))
    mail.add_alternative(f"<!doctype html><html><body>{shown}</body></html>", subtype="html", cte="base64")
    return mail


def _plain(notice: Notice, language: Language, link: str) -> str:
    lines = [notice.title.said(language), "", notice.text.said(language)]
    for figure in notice.figures:
        label = figure.label_en if language is Language.EN else figure.label_zh
        lines.append(f"- {label}: {figure.value} {figure.unit}")
    if link:
        lines += ["", f"{_OPEN[language]}: {link}"]
    return "\n".join(lines)


def _html(notice: Notice, language: Language, link: str) -> str:
    rows = "".join(
        f"<li>{escape(figure.label_en if language is Language.EN else figure.label_zh)}: "
        f"{escape(figure.value)} {escape(figure.unit)}</li>"
        for figure in notice.figures
    )
    opened = f'<p><a href="{escape(link)}">{_OPEN[language]}</a></p>' if link else ""
    title, text = escape(notice.title.said(language)), escape(notice.text.said(language))
    return f'<section lang="{language}"><h2>{title}</h2><p>{text}</p>{f"<ul>{rows}</ul>" if rows else ""}{opened}</section>'


def _connected(settings: MailSettings) -> smtplib.SMTP:
    if settings.security is MailSecurity.TLS:
        return smtplib.SMTP_SSL(settings.host, settings.port, timeout=_SECONDS, context=ssl.create_default_context())
    server = smtplib.SMTP(settings.host, settings.port, timeout=_SECONDS)
    if settings.security is MailSecurity.STARTTLS:
        try:
            server.starttls(context=ssl.create_default_context())
        except (smtplib.SMTPException, OSError):
            server.close()
            raise
    return server
