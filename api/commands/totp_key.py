"""``tonne totp-key``: the key under which second factors are kept: how many are, sealing those from before, and another key.

The keys are in the file that TONNE_TOTP_KEY_FILE names, else beside the database; no command ever prints one.
"""

from __future__ import annotations

import argparse
import os
import secrets
from typing import TextIO

from api.auth.totp_keeping import counted_by_key, make_ready, seal_anew
from api.auth.totp_key_file import key_file_of
from api.auth.totp_seal import KEY_BYTES, TotpKey, TotpSeal
from api.deps import ready_database, unit_of_work
from api.settings import add_database_option, from_environment


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its actions."""
    actions = subparsers.add_parser("totp-key", help="the key under which second factors are kept").add_subparsers(
        required=True
    )
    for name, run, text in (
        ("show", _show, "print where the key file is and how many second factors each key seals; never a key"),
        ("seal", _seal, "make the key file if there is none, and seal the second factors that stand plain"),
        ("rotate", _rotate, "seal every second factor with a new key; a running server takes it up by itself"),
    ):
        parser = actions.add_parser(name, help=text)
        add_database_option(parser)
        parser.set_defaults(run=run)


def _show(arguments: argparse.Namespace, out: TextIO) -> int:
    url = from_environment(os.environ, database_url=arguments.database).database_url
    file = key_file_of(os.environ, url)
    with ready_database(url) as database, database.reader() as session:
        counted = counted_by_key(session)
    there = file.read() if file.is_there else ()
    out.write(f"{file.path}{'' if there else ' (not there)'}\n")
    for key in there:
        ending = ", seals now" if key == there[-1] else ""
        out.write(f"{key.name} {counted.pop(key.name, 0)} second factors{ending}\n")
    for other, count in counted.items():
        ending = ", of a key that is not in the file" if other else ""
        out.write(f"{other or 'plain':<16} {count} second factors{ending}\n")
    return 0


def _seal(arguments: argparse.Namespace, out: TextIO) -> int:
    url = from_environment(os.environ, database_url=arguments.database).database_url
    file = key_file_of(os.environ, url)
    with ready_database(url) as database, unit_of_work(database) as session:
        changed = make_ready(session, file, random_bytes=secrets.token_bytes)
    out.write(f"{changed} second factors were sealed; the key is in {file.path}, keep a copy apart from the database\n")
    return 0


def _rotate(arguments: argparse.Namespace, out: TextIO) -> int:
    """Add a key, seal everything with it, then let go of all but the key before, with which a request may just have sealed."""
    url = from_environment(os.environ, database_url=arguments.database).database_url
    file = key_file_of(os.environ, url)
    with ready_database(url) as database:
        with unit_of_work(database) as session:
            make_ready(session, file, random_bytes=secrets.token_bytes)
        before, new = file.read(), TotpKey(secret=secrets.token_bytes(KEY_BYTES))
        file.replace((*before, new))
        with unit_of_work(database) as session:
            changed = seal_anew(session, TotpSeal(file.read), random_bytes=secrets.token_bytes)
        with database.reader() as session:
            used = counted_by_key(session)
        file.replace((*(key for key in before[:-1] if used[key.name]), before[-1], new))
    out.write(
        f"{changed} second factors are sealed with key {new.name}; the key before stays until the next rotation\n"
    )
    return 0
