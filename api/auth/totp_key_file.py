"""The file with the keys of second factors: where it is, how it is read, made on the first run, and written anew.

One key in hexadecimal a line, the last one seals. Readable by its owner only. Not in the database and not in its backups.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import make_url

from api.auth.totp_seal import KEY_BYTES, TotpKey
from ledger.core.errors import Conflict, Invalid

VARIABLE = "TONNE_TOTP_KEY_FILE"
_OWNER_ONLY = 0o600
_OTHERS = 0o077
_MOST_BYTES = 10_000
_BESIDE_NO_FILE = "var/tonne.totp-key"
_LINE = re.compile(rf"[0-9a-f]{{{2 * KEY_BYTES}}}", re.ASCII)


class TotpKeyFile:
    """One file of keys; what was read is kept until the file changes."""

    def __init__(self, path: Path) -> None:
        """Read nothing yet."""
        self.path = path
        self._known: tuple[tuple[int, int, int], tuple[TotpKey, ...]] | None = None

    @property
    def is_there(self) -> bool:
        """Whether the file exists."""
        return self.path.exists()

    def read(self) -> tuple[TotpKey, ...]:
        """Return its keys, the oldest first, or raise ``settings.totp_key_file``; it is read again when it changed."""
        try:
            state = self.path.stat()
            mark = (state.st_ino, state.st_size, state.st_mtime_ns)
            known = self._known
            if known is not None and known[0] == mark:
                return known[1]
            with self.path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                lines = file.read(_MOST_BYTES).decode("ascii").split()
        except (OSError, ValueError) as error:
            raise _wrong("cannot be read; restore it, or name it in " + VARIABLE) from error
        if mode & _OTHERS:
            raise _wrong("can be read by others; chmod 600 it")
        if not lines or not all(map(_LINE.fullmatch, lines)):
            raise _wrong(f"expected {2 * KEY_BYTES} hexadecimal digits a line")
        keys = tuple(TotpKey(secret=bytes.fromhex(line)) for line in lines)
        self._known = (mark, keys)
        return keys

    def make(self, key: TotpKey) -> None:
        """Write a new file with one key; a file that came meanwhile stays as it is."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._write(self.path, (key,))
        except FileExistsError:
            return
        except OSError as error:
            raise _wrong("cannot be written; name another place in " + VARIABLE) from error

    def replace(self, keys: tuple[TotpKey, ...]) -> None:
        """Put ``keys`` in the place of those that are there, at one moment: a reader sees either all of the old or of the new."""
        part = self.path.with_name(f"{self.path.name}.new")
        try:
            part.unlink(missing_ok=True)
            self._write(part, keys)
            part.replace(self.path)
        except OSError as error:
            raise _wrong("cannot be written; nothing was changed") from error
        self._known = None

    def _write(self, path: Path, keys: tuple[TotpKey, ...]) -> None:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _OWNER_ONLY)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.writelines(f"{key.secret.hex()}\n" for key in keys)
            file.flush()
            os.fsync(file.fileno())


def key_file_of(environ: Mapping[str, str], database_url: str) -> TotpKeyFile:
    """Return the file that TONNE_TOTP_KEY_FILE names; without it the one beside the SQLite file, else ``var/tonne.totp-key``."""
    named = environ.get(VARIABLE, "")
    url = make_url(database_url)
    beside = f"{url.database}.totp-key" if url.get_backend_name() == "sqlite" and url.database else _BESIDE_NO_FILE
    return TotpKeyFile(Path(named or beside))


def missing(path: Path) -> Conflict:
    """Return the refusal of a database whose second factors were sealed with a file that is not there."""
    return Conflict(
        "totp.key_file_missing",
        f"second factors of this database are sealed, and {path} is not there: restore it, or name it in {VARIABLE}",
    )


def _wrong(what: str) -> Invalid:
    return Invalid("settings.totp_key_file", f"the file with the keys of second factors {what}", field="totp_key_file")
