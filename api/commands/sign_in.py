"""``tonne sign-in`` and ``tonne sign-out``: a session for the command line, its token in a file that only its owner reads."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

import httpx

from ledger.core.errors import Conflict, Forbidden, Invalid

_SECONDS = 30
_LONGEST_LINE = 600


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    enter = subparsers.add_parser("sign-in", help="begin a session and keep its token for this user of the machine")
    _name_server(enter)
    enter.add_argument("--email", required=True)
    enter.add_argument("--organisation", help="its id, for a person of several")
    enter.add_argument("--code", help="the authenticator's code; asked for on the terminal when it is needed")
    enter.set_defaults(run=_sign_in)
    leave = subparsers.add_parser("sign-out", help="end the session and remove its token")
    _name_server(leave)
    leave.set_defaults(run=_sign_out)


def token_file(environ: Mapping[str, str]) -> Path:
    """Return where the token is kept: ``$XDG_STATE_HOME/tonne/session``, else ``~/.local/state/tonne/session``."""
    state = environ.get("XDG_STATE_HOME") or str(Path(environ.get("HOME", "~")).expanduser() / ".local" / "state")
    return Path(state) / "tonne" / "session"


def read_token(environ: Mapping[str, str]) -> str:
    """Return the kept token, or refuse: nobody signed in, or others could read the file (``session.file_open``)."""
    path = token_file(environ)
    if not path.exists():
        raise Conflict("session.none", "nobody is signed in here; run tonne sign-in first")
    if path.stat().st_mode & 0o077:
        raise Conflict("session.file_open", "others may read the kept token; remove the file and run tonne sign-in")
    return path.read_text(encoding="ascii").strip()


def _name_server(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--server", default="http://127.0.0.1:8000", help="default http://127.0.0.1:8000")


def _sign_in(arguments: argparse.Namespace, out: TextIO) -> int:
    if not arguments.server.startswith(("https://", "http://127.0.0.1", "http://localhost", "http://[::1]")):
        raise Invalid(
            "server.plain", "--server: expected https, or http on this machine; a password does not travel bare"
        )
    body: dict[str, Any] = {"email": arguments.email, "password": _password(), "bearer": True}
    if arguments.organisation:
        body["organisation_id"] = arguments.organisation
    if arguments.code:
        body["totp"] = arguments.code
    answer = _send(arguments.server, "/v1/sign-in", body)
    if answer.get("code") == "sign_in.code_needed" and sys.stdin.isatty():
        answer = _send(arguments.server, "/v1/sign-in", {**body, "totp": input("Code: ").strip()})
    _refuse_problem(answer)
    if answer["session"] is None:
        out.writelines(f"{each['id']}  {each['legal_name']}\n" for each in answer["organisations"])
        raise Invalid("sign_in.organisation", "--organisation: expected one of the ids above")
    _keep(token_file(os.environ), answer["token"])
    out.write(f"signed in for {answer['organisation']['legal_name']}, until {answer['session']['expires_at']}\n")
    return 0


def _sign_out(arguments: argparse.Namespace, out: TextIO) -> int:
    path = token_file(os.environ)
    answer = _send(arguments.server, "/v1/sign-out", {}, token=read_token(os.environ))
    path.unlink(missing_ok=True)
    if answer.get("code") != "auth.key_invalid":
        _refuse_problem(answer)
    out.write("signed out\n")
    return 0


def _password() -> str:
    """Return the password: TONNE_PASSWORD, else asked for on the terminal, else the first line of the standard input."""
    given = os.environ.get("TONNE_PASSWORD")
    if given is not None:
        return given
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    return sys.stdin.readline(_LONGEST_LINE).rstrip("\n")


def _send(server: str, path: str, body: Mapping[str, object], *, token: str | None = None) -> dict[str, Any]:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    try:
        answer = httpx.post(f"{server.rstrip('/')}{path}", json=body, headers=headers, timeout=_SECONDS)
        document = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise Conflict("server.silent", "--server: no answer of Tonne from there; is it running?") from error
    if not isinstance(document, dict):
        raise Conflict("server.silent", "--server: what answers there is not Tonne")
    return document


def _refuse_problem(answer: Mapping[str, Any]) -> None:
    if "code" in answer:
        raise Forbidden(str(answer["code"])[:100], str(answer.get("detail", "refused"))[:500])


def _keep(path: Path, token: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{token}\n")
