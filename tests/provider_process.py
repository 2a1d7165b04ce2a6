"""A real OpenID provider in a process of its own, on loopback."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def running_provider(*people: Mapping[str, object]) -> Iterator[str]:
    """Start a provider that knows people by their claims, give its address, and end it."""
    port = free_port()
    command = [sys.executable, "-m", "oidc_provider_mock", "-p", str(port), "-n", "true"]
    for claims in people:
        command += ["--user-claims", json.dumps(claims)]
    with subprocess.Popen(  # noqa: S603 - fixed words and claims of our own
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        assert any("running on" in line for line in process.stdout)
        yield f"http://127.0.0.1:{port}"
        process.terminate()
        process.stdout.read()
