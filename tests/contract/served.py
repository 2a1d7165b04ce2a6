"""A server of ours in a process of its own on the loopback, and a proxy before it that can lose replies."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def serving(database_url: str) -> Iterator[str]:
    """Give the address of ``tonne serve`` over a database."""
    command = [sys.executable, "-m", "api.cli", "serve", "--database", database_url, "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and a fixed text
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stdout:
            if "http://" in line:
                yield "http://" + line.partition("http://")[2].split()[0]
                break
        else:
            raise AssertionError(process.stderr.read())
    finally:
        process.terminate()
        process.communicate(timeout=30)


class LosingProxy:
    """Forwards each request to a server and, as often as told, closes the connection instead of giving the reply back."""

    def __init__(self, target: str) -> None:
        host, _, port = target.removeprefix("http://").partition(":")
        self._target = host, int(port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.to_lose = 0
        self.keys: list[str] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                incoming, _ = self._listener.accept()
                with incoming:
                    self._forward(incoming)

    def _forward(self, incoming: socket.socket) -> None:
        received = b""
        while b"\r\n\r\n" not in received:
            received += incoming.recv(65_536)
        head, _, body = received.partition(b"\r\n\r\n")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head.decode().split("\r\n")[1:])
        }
        while len(body) < int(headers.get("content-length", "0")):
            body += incoming.recv(65_536)
        self.keys.append(headers.get("idempotency-key", ""))
        kept = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
        reply = b""
        with socket.create_connection(self._target) as outgoing:
            outgoing.sendall(b"\r\n".join([*kept, b"Connection: close"]) + b"\r\n\r\n" + body)
            while piece := outgoing.recv(65_536):
                reply += piece
        if self.to_lose > 0:
            self.to_lose -= 1
            return
        incoming.sendall(reply)


class Answering:
    """A server that gives prepared replies in turn, the last one for ever, and remembers what it was sent."""

    def __init__(self, *replies: bytes) -> None:
        self._replies = list(replies)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.heads: list[str] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                incoming, _ = self._listener.accept()
                with incoming:
                    received = b""
                    while b"\r\n\r\n" not in received and (piece := incoming.recv(65_536)):
                        received += piece
                    self.heads.append(received.partition(b"\r\n\r\n")[0].decode())
                    incoming.sendall(self._replies.pop(0) if len(self._replies) > 1 else self._replies[0])


def reply(status: int, body: bytes = b"{}", **headers: str) -> bytes:
    """Return one HTTP reply after which the connection closes."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
