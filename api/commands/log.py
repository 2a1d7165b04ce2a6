"""``tonne log``: publishes checkpoints, proves entries, writes bundles, checks them, and makes and rotates the signing key.

The signing key is a file of its holder, never in the database: PKCS8 PEM, readable by its owner only, named by ``--key`` or
TONNE_LOG_KEY.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any, TextIO
from uuid import UUID

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from sqlalchemy.orm import Session

from api.deps import ready_database, unit_of_work, utc_now, uuid7
from api.schemas.proofs import InclusionOut
from api.settings import add_database_option, from_environment
from api.store import access
from finance.operations.log_notices import FORKED, tell_rewritten
from ledger import proofs
from ledger.core.checkpoint import Signer, spelled_key
from ledger.core.errors import Conflict, DomainError, Invalid
from ledger.core.parties import Actor
from ledger.store import books
from ledger.store.database import Database

KEY_VARIABLE = "TONNE_LOG_KEY"
_OWNER_ONLY = 0o600
_OTHERS = 0o077
_MOST_KEY_BYTES = 10_000
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
_WHOLE = re.compile(r"0|[1-9][0-9]{0,14}", re.ASCII)
_VERIFIER = "tonne_verify"


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its actions."""
    parser = subparsers.add_parser("log", help="sign, prove and verify a book's log")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    checkpoint = _action(actions, "checkpoint", "sign the book's tree as it stands and print the note", _checkpoint)
    checkpoint.add_argument("--key", metavar="FILE", help=f"the signing key; default: {KEY_VARIABLE}")
    proof = _action(actions, "proof", "prove that an entry is in the book's tree", _proof)
    proof.add_argument("entry", metavar="ENTRY", help="the entry's id, or its seq")
    proof.add_argument("--size", help="entries of the tree; default: the newest checkpoint's, if it covers the entry")
    proof.add_argument("--json", action="store_true", help="print the proof for tonne log verify and tonne_verify.py")
    bundle = _action(actions, "bundle", "write everything an outsider needs to check the book offline", _bundle)
    bundle.add_argument("--out", required=True, metavar="FILE", help="the zip to write; it must not exist yet")
    verify = actions.add_parser("verify", help="check a bundle or a proof; exit codes as tonne_verify.py")
    verify.add_argument("file", metavar="FILE", help="a bundle (zip) or a proof (JSON)")
    verify.add_argument("--public-key", required=True, metavar="BASE64", help="the log's public key, or an earlier one")
    verify.add_argument("--since", metavar="FILE", help="a checkpoint that you kept")
    verify.set_defaults(run=_verify)
    _register_key(actions)


def _register_key(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    keys = actions.add_parser("key", help="make or rotate the signing key")
    key_actions = keys.add_subparsers(title="actions", metavar="ACTION", required=True)
    new = key_actions.add_parser("new", help="write a new private key to a file and print its public key")
    new.add_argument("file", metavar="FILE", help="a file that does not exist yet; mode 0600")
    new.set_defaults(run=_new_key)
    rotate = _action(key_actions, "rotate", "hand over to a new key, in an entry that the old key signs", _rotate)
    rotate.add_argument("--key", metavar="FILE", help=f"the key in force; default: {KEY_VARIABLE}")
    rotate.add_argument("--new-key", required=True, metavar="FILE", help="the key that signs from now on")
    rotate.add_argument("--user", required=True, help="who does this: id or e-mail address in the book's organisation")
    rotate.add_argument("--on", metavar="DATE", help="business day of the entry, as 2026-11-21; default: today in UTC")


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, told: str, run: Any
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=told)
    parser.add_argument("book", metavar="BOOK", help="the book's id or code")
    add_database_option(parser)
    parser.set_defaults(run=run)
    return parser


def _checkpoint(arguments: argparse.Namespace, out: TextIO) -> int:
    signer = _signer(arguments.key)
    with _database(arguments) as database:
        try:
            with unit_of_work(database) as session:
                book = books.named(session, arguments.book)
                published = proofs.publish_checkpoint(session, book.book_id, signer, now=utc_now())
        except Conflict as refused:
            if refused.code == FORKED:
                with unit_of_work(database) as session:
                    tell_rewritten(session, books.named(session, arguments.book), (refused.code,), now=utc_now())
            raise
    out.write(published.note)
    return 0


def _proof(arguments: argparse.Namespace, out: TextIO) -> int:
    size = None if arguments.size is None else _whole(arguments.size, "size")
    named = arguments.entry
    with _database(arguments) as database, database.reader() as session:
        book_id = books.named(session, arguments.book).book_id
        if _UUID.fullmatch(named):
            proof = proofs.prove_inclusion(session, book_id, entry_id=UUID(named), size=size)
        else:
            proof = proofs.prove_inclusion(session, book_id, seq=_whole(named, "entry"), size=size)
    if arguments.json:
        out.write(json.dumps(InclusionOut.from_core(proof).model_dump(), ensure_ascii=False, indent=1) + "\n")
        return 0
    out.write(f"entry {proof.leaf.seq} is in the tree of {proof.size} entries with root {proof.root.hex()}\n")
    out.write(f"leaf {proof.leaf.leaf_hash.hex()}\n")
    out.writelines(f"node {node.hex()}\n" for node in proof.path)
    out.write("signed by a checkpoint\n" if proof.note else "no checkpoint signs this tree yet\n")
    return 0


def _bundle(arguments: argparse.Namespace, out: TextIO) -> int:
    with _database(arguments) as database, database.reader() as session:
        book_id = books.named(session, arguments.book).book_id
        try:
            with Path(arguments.out).open("xb") as file:
                entries = proofs.write_bundle(session, book_id, file)
        except DomainError:
            Path(arguments.out).unlink(missing_ok=True)  # half a bundle is none
            raise
        except FileExistsError as error:
            raise Conflict("log.file_exists", "--out: this file exists; name another") from error
        except (OSError, ValueError) as error:
            raise Invalid("log.file", "--out: this file cannot be written", field="out") from error
    out.write(f"{entries} entries\n")
    return 0


def _verify(arguments: argparse.Namespace, out: TextIO) -> int:
    given = [arguments.file, f"--public-key={arguments.public_key}"]
    code: int = _verifier().main([*given, *([f"--since={arguments.since}"] if arguments.since else [])], out)
    return code


def _verifier() -> Any:
    """Return the offline verifier, the same file that outsiders run; in a checkout it stands at the top."""
    try:
        return import_module(_VERIFIER)
    except ModuleNotFoundError:
        sys.path.append(str(Path(__file__).parents[2]))
    try:
        return import_module(_VERIFIER)
    except ModuleNotFoundError as error:
        raise Invalid("log.verifier", f"{_VERIFIER}.py is not installed here; run that file itself") from error


def _new_key(arguments: argparse.Namespace, out: TextIO) -> int:
    key = Ed25519PrivateKey.generate()
    content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        # O_EXCL: a key that stands is never overwritten. The mode counts from the first instant.
        handle = os.open(arguments.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    except FileExistsError as error:
        raise Conflict("log.key_exists", "FILE: this file exists; name another, keys are not overwritten") from error
    except (OSError, ValueError) as error:
        raise Invalid("log.key_file", "FILE: this file cannot be written", field="file") from error
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    out.write(spelled_key(_public(key)) + "\n")
    return 0


def _rotate(arguments: argparse.Namespace, out: TextIO) -> int:
    old, new = _signer(arguments.key), _signer(arguments.new_key)
    now = utc_now()
    with _writing(arguments) as session:
        book = books.named(session, arguments.book)
        user = access.find_user(session, book.tenant_id, arguments.user)
        receipt = proofs.rotate_key(
            session,
            book.book_id,
            old=old,
            new_key=new.public_key,
            entry_id=uuid7(now, secrets.token_bytes),
            actor=Actor(user_id=user.user_id, organisation_id=book.tenant_id),
            effective_on=now.date() if arguments.on is None else _day(arguments.on),
            now=now,
            random_bytes=secrets.token_bytes,
        )
        published = proofs.publish_checkpoint(session, book.book_id, new, now=now)
    out.write(f"entry {receipt.seq} hands over to {spelled_key(new.public_key)}\n{published.note}")
    return 0


@contextmanager
def _database(arguments: argparse.Namespace) -> Iterator[Database]:
    with ready_database(from_environment(os.environ, database_url=arguments.database).database_url) as database:
        yield database


@contextmanager
def _writing(arguments: argparse.Namespace) -> Iterator[Session]:
    with _database(arguments) as database, unit_of_work(database) as session:
        yield session


def _signer(named: str | None) -> Signer:
    path = named or os.environ.get(KEY_VARIABLE)
    if not path:
        raise Invalid("log.key_missing", f"--key: name the signing key's file, or set {KEY_VARIABLE}", field="key")
    try:
        with Path(path).open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_MOST_KEY_BYTES + 1)
    except (OSError, ValueError) as error:
        raise Invalid("log.key_file", "--key: this file cannot be read", field="key") from error
    if mode & _OTHERS:
        raise Invalid("log.key_mode", "--key: others can read this file; chmod 600 it, or make a new key", field="key")
    try:
        key = load_pem_private_key(content[:_MOST_KEY_BYTES], password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Invalid(
            "log.key_file", "--key: expected an Ed25519 private key in PEM, not encrypted", field="key"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise Invalid("log.key_file", "--key: expected an Ed25519 private key in PEM, not encrypted", field="key")
    return Signer(_public(key), key.sign)


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def _whole(text: str, name: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise Invalid("log.number", f"{name}: expected a whole number (or, for an entry, its id)", field=name)
    return int(text)


def _day(text: str) -> date:
    try:
        found = date.fromisoformat(text) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII) else None
    except ValueError:
        found = None
    if found is None:
        raise Invalid("log.day", "--on: expected a day such as 2026-11-21", field="on")
    return found
