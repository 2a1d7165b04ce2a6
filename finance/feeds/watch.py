"""A hand on the open connection: it is cut when the deadline passes, and never used when it leads to a private address.

Owns that watch only. A client's own timeouts count from byte to byte, so a source that sends one byte a second would
hold a call for ever; this ends it.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Protocol, Self

from ledger.core.errors import Conflict

_OPENED = frozenset({"connection.connect_tcp.complete", "connection.start_tls.complete"})


class _Stream(Protocol):
    def get_extra_info(self, info: str) -> Any: ...
    def close(self) -> None: ...


class Watch:
    """Cuts the connection it was shown after ``seconds``; ``is_over`` says whether it did."""

    def __init__(self, *, seconds: float, refuses_private: bool) -> None:
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._refuses_private = refuses_private
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self.is_over = False

    def __enter__(self) -> Self:
        """Start counting."""
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Stop counting; the connection is left alone from here on."""
        self._timer.cancel()
        with self._lock:
            self._socket = None

    def trace(self, event: str, about: Mapping[str, Any]) -> None:
        """Take note of a connection the client opened; one to a private address is closed before anything is sent."""
        if event not in _OPENED:
            return
        stream: _Stream = about["return_value"]
        if self._refuses_private and not is_public(stream.get_extra_info("server_addr")):
            stream.close()
            raise Conflict(
                "feed.unreachable",
                "the source's name leads to a private address; nothing was sent to it",
                reason="private",
            )
        with self._lock:
            self._socket = stream.get_extra_info("socket")
            if self.is_over:
                _shut(self._socket)

    def _cut(self) -> None:
        with self._lock:
            self.is_over = True
            if self._socket is not None:
                _shut(self._socket)


def is_public(address: object) -> bool:
    """Return whether a peer ``(host, port, ...)`` is reachable for all: not loopback, private, link-local or multicast."""
    if not isinstance(address, tuple) or not address:
        return False
    try:
        peer = ipaddress.ip_address(str(address[0]).partition("%")[0])
    except ValueError:
        return False
    if isinstance(peer, ipaddress.IPv6Address) and peer.ipv4_mapped is not None:
        peer = peer.ipv4_mapped
    return peer.is_global and not peer.is_multicast


def _shut(connection: socket.socket | None) -> None:
    """Wake whoever reads from the connection; a plain close would not."""
    if connection is None:
        return
    try:
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
    except OSError:
        return  # it was closed already, which is all that is wanted
