"""A headless Chromium, the system's own: opens a local page and tells what it did."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, sync_playwright


def chromium() -> str | None:
    """The browser's path; None where there is no Chromium."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return next((path for path in map(shutil.which, names) if path), None)


@dataclass(frozen=True)
class Opened:
    """A page that has loaded, what it complained of, and what it asked the network for."""

    page: Page
    complaints: list[str]
    requests: list[str]


@contextmanager
def opened(path: Path) -> Iterator[Opened]:
    """Open ``path`` in a browser of its own."""
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=chromium()) as browser:
        page = browser.new_page(is_mobile=True)
        found = Opened(page, [], [])
        page.on("console", lambda message: found.complaints.append(message.text))
        page.on("pageerror", lambda error: found.complaints.append(str(error)))
        page.on("request", lambda request: found.requests.append(request.url))
        page.goto(path.as_uri())
        page.wait_for_timeout(100)  # for what a page might do late
        yield found
