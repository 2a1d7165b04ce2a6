"""``tonne sign``: signs a statement on the assessor's machine, from the exact bytes that the server gave out.

Opens no database and sends nothing: the private key never leaves this machine, only the signature does.
"""

from __future__ import annotations

import argparse
import getpass
import hashlib
import os
from pathlib import Path
from typing import TextIO

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from finance.attestations.canonical import MAX_DOCUMENT_BYTES, parse_canonical
from finance.attestations.documents import statement_from_mapping
from finance.attestations.key_files import MAX_KEY_FILE_BYTES, PrivateKeyFile, is_encrypted, read_private_key
from finance.attestations.signatures import attach_payload, sign_detached
from ledger.core.errors import Conflict, Invalid

_READABLE = 0o644


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "sign", help="for assessors: sign the bytes of a reviewed statement with your own key"
    )
    parser.add_argument("file", metavar="FILE", help="the bytes to sign, as .../to-sign gave them")
    parser.add_argument("--key", required=True, metavar="KEYFILE", help="the private key: PEM or JWK, encrypted or not")
    parser.add_argument("--kid", metavar="KID", help="the id the key is registered under; a JWK may name it itself")
    parser.add_argument("--passphrase-file", metavar="FILE", help="where the passphrase stands; else it is asked for")
    parser.add_argument("--attached", action="store_true", help="put the statement's bytes into the envelope too")
    parser.add_argument("--out", metavar="FILE", help="a file that does not exist yet; else the envelope is printed")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace, out: TextIO) -> int:
    payload = _read(arguments.file, option="FILE", most_bytes=MAX_DOCUMENT_BYTES)
    # Nothing but a statement in its canonical bytes is signed: whoever sends a file must not get a signature over something else.
    statement = statement_from_mapping(parse_canonical(payload))
    opened = _private_key(arguments)
    kid = arguments.kid or opened.kid
    if kid is None:
        raise Invalid(
            "sign.kid", "--kid: expected the id that the key is registered under; a PEM names none", field="kid"
        )
    if opened.kid not in {None, kid}:
        raise Invalid("sign.kid", f"--kid: the key file names {opened.kid}; expected the same id", field="kid")
    envelope = sign_detached(payload, opened.key, kid=kid)
    if arguments.attached:
        envelope = attach_payload(envelope, payload)
    if arguments.out is None:
        out.write(envelope.decode("ascii") + "\n")
        return 0
    _write(arguments.out, envelope + b"\n")
    public = opened.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    out.write(
        f"signed {statement.kpi_id} {statement.period_start} to {statement.period_end}, value {statement.value} "
        f"{statement.unit}, outcome {statement.outcome.value}\n"
        f"statement sha256 {hashlib.sha256(payload).hexdigest()}\nkey {kid}, public key sha256 {hashlib.sha256(public).hexdigest()}\n"
    )
    return 0


def _private_key(arguments: argparse.Namespace) -> PrivateKeyFile:
    content = _read(arguments.key, option="--key", most_bytes=MAX_KEY_FILE_BYTES)
    passphrase = None
    if arguments.passphrase_file is not None:
        passphrase = _read(arguments.passphrase_file, option="--passphrase-file", most_bytes=1000).rstrip(b"\r\n")
    elif is_encrypted(content):
        passphrase = getpass.getpass("Passphrase of the key file: ").encode()
    return read_private_key(content, passphrase=passphrase)


def _read(path: str, *, option: str, most_bytes: int) -> bytes:
    try:
        with Path(path).open("rb") as file:
            raw = file.read(most_bytes + 1)
    except (OSError, ValueError) as error:
        raise Invalid("sign.file", f"{option}: cannot read this file: {_reason(error)}", field=option) from error
    if len(raw) > most_bytes:
        raise Invalid("sign.file", f"{option}: expected at most {most_bytes} bytes", field=option)
    return raw


def _write(path: str, content: bytes) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _READABLE)
    except FileExistsError as error:
        raise Conflict("sign.out_exists", "--out: this file exists; name another, nothing is overwritten") from error
    except (OSError, ValueError) as error:
        raise Invalid("sign.file", f"--out: cannot write this file: {_reason(error)}", field="out") from error
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def _reason(error: OSError | ValueError) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else "not a path"
