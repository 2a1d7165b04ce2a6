"""``tonne call OPERATION``: does over a server whatever its API does, typed by the API's description, for people and scripts.

Owns how arguments become a request and an answer becomes lines; what an operation means is the server's.
"""

from __future__ import annotations

import argparse
import difflib
import json
import mimetypes
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from api.commands.export import new_file
from api.commands.sign_in import read_token, token_file
from ledger.core.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from tonne_client import arguments as typed
from tonne_client.client import Tonne
from tonne_client.codec import ShapeError, encode
from tonne_client.generated.operations import OPERATIONS
from tonne_client.lines import lines_of
from tonne_client.operation import File, Operation
from tonne_client.refusals import (
    ConflictError,
    ConnectionLostError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
    SecondPersonNeededError,
    SignInNeededError,
    TonneError,
)

URL, TOKEN = "TONNE_URL", "TONNE_TOKEN"
_DEFAULT_URL = "http://127.0.0.1:8000"
_MOST_BYTES = 20_000_000
ALIASES: Mapping[str, str] = {
    "review": "review_kpi_period",
    "approve-order": "approve_order",
    "approve-rate": "approve_determination",
    "balances": "list_balances",
    "book-trades": "upload_trades",
    "books": "list_books",
    "close-day": "close_day",
    "close-month": "close_month_softly",
    "engage": "add_engagement",
    "fill": "record_fill",
    "lock": "lock_kpi_period",
    "lots": "read_lots",
    "next-tonne": "compute_next_tonne_of_book",
    "order": "propose_order",
    "orders": "list_orders",
    "place-order": "place_order",
    "plan": "compute_cheapest_plan_of_book",
    "positions": "read_positions",
    "post": "post_entry",
    "propose-rate": "propose_determination",
    "queue": "read_queue",
    "report": "report_kpi_period",
    "reverse": "reverse_entry",
    "statement": "read_statement",
    "surrender-plan": "preview_surrender_plan",
    "upload-statement": "import_statement",
    "upload-prices": "propose_upload",
    "whoami": "read_me",
}
"""Short names of daily acts, each for one operation."""


class NotReached(DomainError):  # noqa: N818 - named as the kinds in ledger.core.errors are
    """The server did not answer, or answered as no Tonne server of this release does."""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "call",
        help="do over a server whatever its API does",
        add_help=False,
        prefix_chars="\0",  # every word is read here, by the operation's own fields
    )
    parser.add_argument("words", nargs=argparse.REMAINDER)
    parser.set_defaults(run=_call)


def _call(given: argparse.Namespace, out: TextIO) -> int:
    words = list(given.words)
    if not words or words[0] in {"--help", "-h"}:
        out.write(_USAGE)
        return 0
    if words[0] == "--list":
        out.writelines(_listed(words[1:]))
        return 0
    operation = _operation(words[0])
    asked = typed.split(words[1:])
    if asked.is_help:
        out.writelines(f"{line}\n" for line in typed.told(operation))
        return 0
    try:
        answer = _answer(operation, asked)
    except ShapeError as error:
        raise Invalid("call.field", str(error), field=error.place or operation.name) from error
    except SecondPersonNeededError as waiting:
        answer = waiting.proposal
    except TonneError as error:
        raise _refusal(error) from error
    return _show(answer, asked, out)


_USAGE = """usage: tonne call OPERATION [--field value ...] [--json FILE|-] [--file FILE] [--out FILE] [--as-json] [--key KEY]
       tonne call --list [WORD]        operations, of a tag or with a word in the name
       tonne call OPERATION --help     the fields of an operation

The server is --url or TONNE_URL (http://127.0.0.1:8000), the caller TONNE_TOKEN (an API key, or the token of a session),
else whoever signed in with tonne sign-in. What waits for a second person is answered as the proposal that another approves.
A field of a field is spelled with dots (--terms.kind forward), an array or object as JSON; --json FILE gives the whole body.
"""


def _listed(words: Sequence[str]) -> list[str]:
    wanted = words[0].lower() if words else ""
    alias_by_name = {name: alias for alias, name in ALIASES.items()}
    found = [each for each in OPERATIONS.values() if wanted in each.name or wanted in each.tag.lower()]
    width = max((len(each.name) for each in found), default=0)
    return [
        f"{each.name:<{width}}  {each.summary}{f' (also: {alias_by_name[each.name]})' if each.name in alias_by_name else ''}\n"
        for each in found
    ]


def _operation(word: str) -> Operation:
    name = ALIASES.get(word, word.replace("-", "_"))
    found = OPERATIONS.get(name)
    if found is None:
        near = difflib.get_close_matches(name, list(OPERATIONS), n=3)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise Invalid(
            "call.operation", f"OPERATION: expected one that tonne call --list shows{hint}", field="operation"
        )
    return found


def _answer(operation: Operation, asked: typed.Asked) -> object:
    url = asked.option("url") or os.environ.get(URL) or _DEFAULT_URL
    token = os.environ.get(TOKEN) or (read_token(os.environ) if token_file(os.environ).exists() else None)
    try:
        client = Tonne.at(url, token=token)
    except ValueError as error:
        raise Invalid("call.url", str(error), field="url") from error
    with client:
        values, body = typed.request(operation, asked, read=_read)
        content_type = asked.option("content-type") or _type_of(operation, asked.option("file"))
        return client.call(operation.name, values, body=body, content_type=content_type, key=asked.option("key"))


def _type_of(operation: Operation, path: str | None) -> str:
    """Return the content type that the file's ending says, where the operation takes it; else the first it takes."""
    if not operation.uploads or path is None:
        return ""
    mimetypes.add_type("text/csv", ".csv")
    said, _ = mimetypes.guess_type(path)
    return said if said in operation.uploads else operation.uploads[0]


def _read(path: str) -> bytes:
    try:
        if path == "-":
            content = sys.stdin.buffer.read(_MOST_BYTES + 1)
        else:
            with Path(path).open("rb") as file:
                content = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise Invalid("call.file", "file: expected a file that can be read", field="file") from error
    if len(content) > _MOST_BYTES:
        raise Invalid("call.file", f"file: expected at most {_MOST_BYTES} bytes", field="file")
    return content


def _show(answer: object, asked: typed.Asked, out: TextIO) -> int:
    if isinstance(answer, File):
        path = asked.option("out") or Path(answer.name).name
        with new_file(path) as file:
            file.write(answer.content)
        out.write(f"{path}\n")
        return 0
    document: Any = encode(answer)
    if asked.option("out"):
        with new_file(str(asked.option("out"))) as file:
            file.write(f"{json.dumps(document, ensure_ascii=False, indent=2)}\n".encode())
        return 0
    if asked.is_json:
        out.write(f"{json.dumps(document, ensure_ascii=False, indent=2)}\n")
    else:
        out.writelines(f"{line}\n" for line in lines_of(document))
    return 0


def _refusal(error: TonneError) -> DomainError:
    """Return the server's refusal as the command line tells refusals: fields first, then the sentence and the code."""
    if isinstance(error, RefusedError):
        fields = "".join(f"; {each.field}: expected {each.expected}" for each in error.fields[1:5])
        kinds: Mapping[type[RefusedError], type[DomainError]] = {
            NotFoundError: NotFound,
            ConflictError: Conflict,
            ForbiddenError: Forbidden,
            SignInNeededError: Forbidden,
        }
        return kinds.get(type(error), Invalid)(error.code, f"{error.detail}{fields}")
    if isinstance(error, ConnectionLostError):
        key = f"; nothing is lost: send it again with --key {error.idempotency_key}" if error.idempotency_key else ""
        return NotReached("call.no_answer", f"{error}{key}")
    return NotReached("call.answer", str(error))
