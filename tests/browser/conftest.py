"""A real browser before a running installation; both are started once for this folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from tests.browser.running import Running, running

CHROMIUM = shutil.which("chromium") or ""
PATIENCE_MS = 10_000


@pytest.fixture(scope="package")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The demo company, with a campaign open, a vendor, a web server and a worker."""
    if not CHROMIUM:
        pytest.skip("not installed: chromium")
    with running(tmp_path_factory.mktemp("company")) as started:
        yield started


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Chromium without a window."""
    if not CHROMIUM:
        pytest.skip("not installed: chromium")
    from playwright.sync_api import sync_playwright

    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@dataclass
class Desk:
    """Where people sit down, each at a window of her own."""

    company: Running
    browser: Browser
    windows: list[BrowserContext] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def window(self, *, scripts: bool = True) -> Page:
        """Open a window before which nobody sits; what its console complains of is kept."""
        context = self.browser.new_context(
            base_url=self.company.url,
            java_script_enabled=scripts,
            viewport={"width": 1280, "height": 900},
        )
        self.windows.append(context)
        context.set_default_timeout(PATIENCE_MS)
        context.on("console", self._listen)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        return context.new_page()

    def sit(self, name: str, *, scripts: bool = True) -> Page:
        """Sign in through the page that the demo has for it, and stay on the start page."""
        page = self.window(scripts=scripts)
        page.goto("/sign-in")
        button = page.get_by_role("button", name=f"Sign in as {name}")
        if not button.is_visible():
            page.get_by_text("Everybody else").click()
        button.click()
        expect(page.locator("header summary")).to_have_text(name)
        return page

    def _listen(self, message: ConsoleMessage) -> None:
        refusal = "status of 4" in message.text  # Chromium notes what we answer on purpose
        if message.type in ("error", "warning") and not refusal:
            self.complaints.append(f"{message.page.url if message.page else ''}: {message.text}")


@pytest.fixture
def desk(company: Running, chromium: Browser) -> Iterator[Desk]:
    """Sit down; nothing that a test does may make the browser's console complain."""
    desk = Desk(company, chromium)
    yield desk
    for window in desk.windows:
        window.close()
    assert desk.complaints == []
