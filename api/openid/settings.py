"""What an operator sets so that people sign in with a provider: this installation's address and the client secrets.

A client secret is in a variable or a file, never in the database; it is read when it is used, so a new one counts at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from api.settings import Environment
from ledger.core.errors import Conflict, Invalid

VARIABLE = "TONNE_OIDC_SECRET_"
_FILE = "_FILE"
_MOST_SECRET_BYTES = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIdSettings:
    """The settings of signing in with a provider.

    ``public_url`` TONNE_PUBLIC_URL: where people open this installation, to which a provider sends them back; without it nobody is
    sent. ``is_loopback_allowed`` TONNE_OIDC_LOOPBACK ``on``: a rehearsal's provider on this very machine may answer over http; refused
    in production. ``secrets`` are the variables TONNE_OIDC_SECRET_NAME, or TONNE_OIDC_SECRET_NAME_FILE with the path of a file.
    """

    public_url: str = ""
    is_loopback_allowed: bool = False
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    def secret(self, name: str) -> str:
        """Return the client secret of that name, or raise ``oidc.no_secret``."""
        given = self._find(name)
        if not given:
            raise Conflict(
                "oidc.no_secret",
                f"this installation has no {VARIABLE}{name} and no {VARIABLE}{name}{_FILE}; its operator sets one",
            )
        return given

    def has_secret(self, name: str) -> bool:
        """Return whether the client secret of that name is there."""
        return bool(self._find(name))

    def _find(self, name: str) -> str:
        path = self.secrets.get(f"{VARIABLE}{name}{_FILE}", "")
        return self.secrets.get(f"{VARIABLE}{name}", "") or (_content(path) if path else "")


def openid_settings(environ: Mapping[str, str]) -> OpenIdSettings:
    """Return the settings that the variables spell; unreadable ones are refused by name, never with their value."""
    public = environ.get("TONNE_PUBLIC_URL", "").rstrip("/")
    parts = urlsplit(public)
    if public and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment):
        raise Invalid(
            "settings.public_url",
            "TONNE_PUBLIC_URL: expected an address such as https://tonne.example.com",
            field="public_url",
        )
    loopback = environ.get("TONNE_OIDC_LOOPBACK", "off")
    is_production = environ.get("TONNE_ENVIRONMENT") == Environment.PRODUCTION
    if loopback not in {"on", "off"} or (loopback == "on" and is_production):
        raise Invalid(
            "settings.oidc_loopback", "TONNE_OIDC_LOOPBACK: expected off, or on in development", field="oidc_loopback"
        )
    return OpenIdSettings(
        public_url=public,
        is_loopback_allowed=loopback == "on",
        secrets={name: text for name, text in environ.items() if name.startswith(VARIABLE)},
    )


def _content(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            return file.read(_MOST_SECRET_BYTES).decode("utf-8").strip()
    except (OSError, ValueError):
        return ""
