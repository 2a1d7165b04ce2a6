"""A TCP proxy before PostgreSQL that loses the connection around chosen commits, before or after the server has done them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import URL, make_url

from tests.torture.losses import Loss

COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"
"""A simple query that says COMMIT (PostgreSQL manual, 54.7 Message Formats, Query)."""

_PIECE = 65_536


class DroppingProxy:
    """Passes bytes on between a client and the server; asks ``lose`` at each commit."""

    def __init__(self, server: URL, lose: Callable[[], Loss]) -> None:
        self._server = server
        self._lose = lose
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._counting = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        server = _connect(self._server)
        is_silent = threading.Event()
        answers = threading.Thread(target=_pass_on, args=(server, client, is_silent), daemon=True)
        answers.start()
        with suppress(OSError):
            while piece := client.recv(_PIECE):
                loss = self._next_loss() if COMMIT in piece else Loss.NONE
                if loss is Loss.REQUEST:
                    break
                if loss is Loss.REPLY:
                    is_silent.set()
                    server.sendall(piece)
                    server.shutdown(socket.SHUT_WR)  # the server commits, answers into the void and hangs up
                    answers.join()
                    break
                server.sendall(piece)
        _hang_up(client)
        _hang_up(server)

    def _next_loss(self) -> Loss:
        with self._counting:
            return self._lose()


def _pass_on(server: socket.socket, client: socket.socket, is_silent: threading.Event) -> None:
    with suppress(OSError):
        while piece := server.recv(_PIECE):
            if not is_silent.is_set():
                client.sendall(piece)
    if not is_silent.is_set():
        _hang_up(client)


def _hang_up(side: socket.socket) -> None:
    with suppress(OSError):
        side.shutdown(socket.SHUT_RDWR)
    side.close()


def _connect(server: URL) -> socket.socket:
    folder = server.query.get("host")
    port = server.port or 5432
    if isinstance(folder, str) and folder.startswith("/"):
        reached = socket.socket(socket.AF_UNIX)
        reached.connect(f"{folder}/.s.PGSQL.{port}")
        return reached
    return socket.create_connection((server.host or "127.0.0.1", port))


@contextmanager
def dropping(url: str, lose: Callable[[], Loss]) -> Iterator[tuple[DroppingProxy, str]]:
    """Give a proxy before the server at ``url``, and the URL by which its clients reach the same database."""
    server = make_url(url)
    proxy = DroppingProxy(server, lose)
    through = server.set(host="127.0.0.1", port=proxy.port, query={"sslmode": "disable", "gssencmode": "disable"})
    yield proxy, through.render_as_string(hide_password=False)
    proxy.close()
