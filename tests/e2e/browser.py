"""A real Chromium against a real server process on loopback, on the example's database; it watches what a page does.

A missing Chromium fails the tests on CI; elsewhere they are passed over, and the end of the run says so loudly.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Error, Page, Response, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MISSING = (
    "no Chromium on this machine: the pages cannot be tried. Install Debian's package (apt-get install chromium fonts-noto-cjk), "
    "or name another build in TONNE_CHROMIUM"
)
SCREENSHOTS = "TONNE_SCREENSHOTS"
"""Names a folder outside the repository; screenshots are taken when it is set."""


def program() -> str | None:
    """The Chromium to be used, or ``None`` where there is none."""
    return os.environ.get("TONNE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium: TONNE_CHROMIUM, else Debian's."""
    found = program()
    assert found, MISSING
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        yield browser
        browser.close()


@contextmanager
def served(database_url: str) -> Iterator[str]:
    """The address of ``tonne serve`` on ``database_url`` in a process of its own."""
    command = [sys.executable, "-m", "api.cli", "serve", "--database", database_url, "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own program
        try:
            assert process.stdout is not None
            lines = iter(process.stdout.readline, "")
            found = next((match for line in lines if (match := re.search(r"http://[0-9.]+:[0-9]+", line))), None)
            assert found, "the server did not say where it listens"
            yield found.group()
        finally:
            process.terminate()
            process.wait(timeout=30)


@dataclass
class Watched:
    """One browser tab and everything it said, asked for and received."""

    page: Page
    address: str
    said: list[str] = field(default_factory=list)
    asked_elsewhere: list[str] = field(default_factory=list)
    received: list[Response] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("response", self._receive)
        self.page.on("request", self._note)

    def _note(self, request: Any) -> None:
        """Keep what a page of ours asks of others; what others' own pages ask is theirs."""
        parts = urlsplit(request.url)
        is_ours = request.is_navigation_request() or request.frame.url.startswith(self.address)
        if is_ours and parts.scheme != "data" and f"{parts.scheme}://{parts.netloc}" != self.address:
            self.asked_elsewhere.append(request.url)

    def _receive(self, response: Response) -> None:
        self.received.append(response)

    def go(self, path: str) -> Response:
        """Open a page of the server and wait until it is loaded; a page that listens for alerts is never without a request."""
        answer = (
            self.page.goto(f"{self.address}{path}", wait_until="load") or self.page.reload()
        )  # a live page may go first
        assert answer is not None
        return answer

    def weight(self) -> int:
        """Bytes received so far; the chart script is left out, and so is the stream of alerts, whose body never ends."""
        whole = (each for each in self.received if "/built/" not in each.url and "/v1/events" not in each.url)
        return sum(len(_body(each)) for each in whole if each.status == 200)

    def serious(self, *, only: tuple[str, ...] = ()) -> list[str]:
        """What axe-core finds serious or critical on the page as it stands; ``only`` names the rules that are asked."""
        found = Axe().run(self.page, options={"runOnly": list(only)} if only else None)["violations"]
        return [
            f"{each['id']}: {each['help']} at {[node['target'] for node in each['nodes']][:5]}"
            for each in found
            if each["impact"] in {"serious", "critical"}
        ]

    def overflows(self) -> bool:
        """Whether the page is wider than the window."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))

    def acts_out_of_sight(self) -> list[str]:
        """What can be done with a row of a table and stands beside the window, so that one must scroll sideways to see it."""
        found: list[str] = self.page.locator("td button, td a.button, td.action a").evaluate_all(
            "acts => acts.filter(each => each.checkVisibility() && each.getBoundingClientRect().right > window.innerWidth)"
            ".map(each => each.textContent.trim())"
        )
        return found

    def keep(self, name: str) -> None:
        """Take a screenshot of the whole page into the folder that TONNE_SCREENSHOTS names."""
        folder = os.environ.get(SCREENSHOTS)
        if folder:
            assert ROOT not in Path(folder).resolve().parents, "screenshots stay outside the repository"
            self.page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def _body(response: Response) -> bytes:
    """Return what came; nothing where the tab went on before all of it was there, as a page does that an alert loads anew."""
    try:
        return response.body()
    except Error:
        return b""


@contextmanager
def watched(
    browser: Browser,
    address: str,
    *,
    key: str = "",
    language: str = "en",
    theme: str = "light",
    width: int = 1366,
    cookies: Any = (),
) -> Iterator[Watched]:
    """A tab of its own: ``key`` is sent as Bearer, ``language`` and ``theme`` are the reader's choice."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    context: BrowserContext = browser.new_context(
        viewport={"width": width, "height": 860}, extra_http_headers=headers, locale="en-GB"
    )
    context.add_cookies(
        [
            {"name": "tonne_language", "value": language, "url": address},
            {"name": "tonne_theme", "value": theme, "url": address},
            *cookies,
        ]
    )
    yield Watched(context.new_page(), address)
    context.close()
