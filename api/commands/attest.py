"""``tonne attest``: the assessor's side, offline. Makes a key pair and proves it is held; ``tonne sign`` signs.

Opens no database and sends nothing: the private key never leaves the assessor's machine, only signatures do.
"""

from __future__ import annotations

import argparse
import getpass
import os
from pathlib import Path
from typing import TextIO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from api.schemas.signing_keys import octets_text, read_octets
from finance.attestations.canonical import parse_canonical
from finance.attestations.key_files import MAX_KEY_FILE_BYTES, is_encrypted, read_private_key, write_private_key
from finance.attestations.keys import POSSESSION_TYPE
from ledger.core.errors import Conflict, Invalid

_OWNER_ONLY = 0o600
_MOST_PASSPHRASE_BYTES = 1_000


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its actions."""
    parser = subparsers.add_parser("attest", help="for assessors: make a key and prove that it is yours")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    keygen = actions.add_parser("keygen", help="write a new private key to a file and print its public key")
    keygen.add_argument("--key", required=True, metavar="FILE", help="a file that does not exist yet; mode 0600")
    keygen.set_defaults(run=_keygen)
    prove = actions.add_parser("prove", help="sign the challenge by which a key is registered and print the signature")
    prove.add_argument("--challenge", required=True, metavar="TEXT", help="the challenge, as the API sent it")
    prove.add_argument("--key", required=True, metavar="FILE", help="the private key")
    prove.set_defaults(run=_prove)
    for action in (keygen, prove):
        action.add_argument("--passphrase-file", metavar="FILE", help="where the passphrase of the key file stands")


def _keygen(arguments: argparse.Namespace, out: TextIO) -> int:
    key = Ed25519PrivateKey.generate()
    passphrase = None if arguments.passphrase_file is None else _passphrase(arguments.passphrase_file)
    content = write_private_key(key, passphrase=passphrase)
    try:
        # O_EXCL: a key that stands is never overwritten. The mode counts from the first instant.
        handle = os.open(arguments.key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    except FileExistsError as error:
        raise Conflict(
            "attest.key_exists", "--key: this file exists; name another, keys are not overwritten"
        ) from error
    except (OSError, ValueError) as error:
        raise Invalid("attest.key_file", f"--key: cannot write this file: {_reason(error)}", field="key") from error
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    out.write(octets_text(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)) + "\n")
    return 0


def _prove(arguments: argparse.Namespace, out: TextIO) -> int:
    challenge = read_octets(arguments.challenge, field="challenge")
    # Nothing but a challenge is signed here: whoever sends one must not get a signature over something else.
    if parse_canonical(challenge).get("typ") != POSSESSION_TYPE:
        raise Invalid("attest.challenge", "--challenge: expected a key challenge from Tonne", field="challenge")
    out.write(octets_text(_private_key(arguments).sign(challenge)) + "\n")
    return 0


def _private_key(arguments: argparse.Namespace) -> Ed25519PrivateKey:
    content = _read(arguments.key, field="key", most_bytes=MAX_KEY_FILE_BYTES)
    passphrase = None
    if arguments.passphrase_file is not None:
        passphrase = _passphrase(arguments.passphrase_file)
    elif is_encrypted(content):
        passphrase = getpass.getpass("Passphrase of the key file: ").encode()
    return read_private_key(content, passphrase=passphrase).key


def _passphrase(path: str) -> bytes:
    passphrase = _read(path, field="passphrase", most_bytes=_MOST_PASSPHRASE_BYTES).rstrip(b"\r\n")
    if not passphrase:
        raise Invalid(
            "attest.passphrase_file", "--passphrase-file: expected a passphrase, the file is empty", field="passphrase"
        )
    return passphrase


def _read(path: str, *, field: str, most_bytes: int) -> bytes:
    try:
        with Path(path).open("rb") as file:
            raw = file.read(most_bytes + 1)
    except (OSError, ValueError) as error:
        raise Invalid(
            f"attest.{field}_file", f"--{field}: cannot read this file: {_reason(error)}", field=field
        ) from error
    if len(raw) > most_bytes:
        raise Invalid(f"attest.{field}_file", f"--{field}: expected at most {most_bytes} bytes", field=field)
    return raw


def _reason(error: OSError | ValueError) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else "not a path"
