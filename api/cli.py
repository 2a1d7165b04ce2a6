"""The command line ``tonne``: finds its sub-commands, runs one, and tells a refusal in one readable line.

Each module of ``api.commands`` has ``register(subparsers)``, which adds a parser and sets ``run``: arguments and output in, exit code
out. Exit codes: 0 done, 1 not possible now, 2 refused input, 130 interrupted.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import io
import pkgutil
import sys
from collections.abc import Sequence
from typing import NoReturn, TextIO

from sqlalchemy.exc import DBAPIError

import api.commands
from api.store.faults import Fault, fault_of
from ledger.core.errors import DomainError, ImportRefused, Invalid

DONE, NOT_NOW, REFUSED, INTERRUPTED = 0, 1, 2, 130
_MOST_ROWS = 50


def main(argv: Sequence[str] | None = None, out: TextIO | None = None, err: TextIO | None = None) -> int:
    """Run the command that ``argv`` (default: the process's arguments) names and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal without Chinese letters shows their code points
            stream.reconfigure(errors="backslashreplace")
    out, err = out or sys.stdout, err or sys.stderr
    # A batch makes tens of thousands of values that all live until its commit; at the default threshold the collector walks
    # them again and again and takes a fifth of the posting time.
    gc.set_threshold(100_000, 20, 50)
    try:
        arguments = parser().parse_args(argv)
        code: int = arguments.run(arguments, out)
    except DomainError as refused:
        _tell(err, f"{refused.message} [{refused.code}]")
        for row in refused.rows[1:_MOST_ROWS] if isinstance(refused, ImportRefused) else ():
            _tell(err, str(row))
        code = REFUSED
    except DBAPIError as error:
        if fault_of(error) is Fault.BUG:
            raise
        _tell(err, "the database does not answer or is busy; check --database and try again [database.unavailable]")
        code = NOT_NOW
    except BrokenPipeError:
        code = NOT_NOW
    except KeyboardInterrupt:
        code = INTERRUPTED
    return code


def parser() -> argparse.ArgumentParser:
    """Return the parser of every sub-command."""
    root = _Parser(prog="tonne", description="The carbon treasury: one provable ledger for tonnes and money.")
    commands = root.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in sorted(each.name for each in pkgutil.iter_modules(api.commands.__path__)):
        importlib.import_module(f"api.commands.{module}").register(commands)
    return root


class _Parser(argparse.ArgumentParser):
    """A parser that refuses in one line."""

    def error(self, message: str) -> NoReturn:
        raise Invalid("command.usage", f"{message}; see {self.prog} --help")


def _tell(err: TextIO, line: str) -> None:
    shown = "".join(character if character.isprintable() else " " for character in line)
    err.write(f"tonne: {shown}\n")


if __name__ == "__main__":
    sys.exit(main())
