"""Asks the system's resolver for the addresses of a host, so that whoever connects can look at them first."""

from __future__ import annotations

import socket


def system_addresses(host: str, port: int) -> tuple[str, ...]:
    """Return the addresses that the system's resolver gives for a host, each once; none where it knows none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
