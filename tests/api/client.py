"""Calls an application in process: no socket, no server, one event loop per client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Self

import httpx
from fastapi import FastAPI


@dataclass
class Clock:
    """A clock that stands still until told."""

    now: datetime = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: int) -> None:
        self.now += timedelta(**by)


@dataclass
class Randomness:
    """A repeatable source of bytes; a single byte, which only sets a pause, is always zero."""

    drawn: int = field(default=0)

    def __call__(self, count: int) -> bytes:
        if count == 1:
            return b"\x00"
        self.drawn += 1
        return sha256(self.drawn.to_bytes(8, "big")).digest()[:count]


class Client:
    """Sends requests to ``app``; ``key`` goes into the Authorization header."""

    def __init__(self, app: FastAPI, key: str | None = None) -> None:
        self.app = app
        self.key = key
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.close()

    def get(self, path: str, *, key: str | None = None, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return self._runner.run(self._send("GET", path, key=key, headers=headers, content=None))

    def post(
        self,
        path: str,
        content: bytes | str | AsyncIterator[bytes] | None = None,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        return self._runner.run(self._send("POST", path, key=key, headers=headers, content=content))

    def request(self, method: str, path: str) -> httpx.Response:
        return self._runner.run(self._send(method, path, key=None, headers=None, content=None))

    def post_together(
        self, count: int, path: str, content: str, *, headers: Mapping[str, str] | None = None
    ) -> list[httpx.Response]:
        async def all_of_them() -> list[httpx.Response]:
            sends = (self._send("POST", path, key=None, headers=headers, content=content) for _ in range(count))
            return list(await asyncio.gather(*sends))

        return self._runner.run(all_of_them())

    async def _send(
        self,
        method: str,
        path: str,
        *,
        key: str | None,
        headers: Mapping[str, str] | None,
        content: bytes | str | AsyncIterator[bytes] | None,
    ) -> httpx.Response:
        sent = dict(headers or {})
        shown = key if key is not None else self.key
        if shown and "Authorization" not in sent:
            sent["Authorization"] = f"Bearer {shown}"
        if content is not None:
            sent.setdefault("Content-Type", "application/json")
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://tonne") as client:
            headers_sent = {name.encode(): value.encode() for name, value in sent.items()}
            return await client.request(method, path, headers=headers_sent, content=content)
