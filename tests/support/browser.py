"""A real Chromium for tests, driven by Playwright: the one that the system has installed, never one that is downloaded.

It sees this machine only. Where there is no Chromium, a test that asks for one is skipped and says so.
"""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, ViewportSize, async_playwright

PHONE, DESK = ViewportSize(width=360, height=640), ViewportSize(width=1280, height=800)
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",  # tests may run as root, whom Chromium does not let use its sandbox
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start Chromium and end it. Skips the test where there is none."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip("no Chromium on PATH")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def tab_of(browser: Browser, size: ViewportSize) -> AsyncIterator[Page]:
    """Open a tab that complains about whatever the pages do wrong; a status that begins with 4 is not wrong."""
    tab = await browser.new_page(viewport=size)
    complaints: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    yield tab
    assert [text for text in complaints if "status of 4" not in text] == []


async def fits(tab: Page) -> bool:
    """Whether nothing sticks out to the side."""
    return bool(await tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


async def picture(tab: Page, folder: Path, name: str) -> None:
    """Keep what the person sees, for whoever looks after a failure."""
    width = tab.viewport_size["width"] if tab.viewport_size else 0
    await tab.screenshot(path=folder / f"{name}-{width}.png", full_page=True)


async def faint_words(tab: Page) -> list[str]:
    """Return opaque text that can hardly be read: its contrast to what lies behind it is below 4.5 : 1.

    That is what WCAG 2.2 asks: https://www.w3.org/TR/WCAG22/#contrast-minimum
    """
    return [str(text) for text in await tab.evaluate(_FAINT_WORDS)]


_FAINT_WORDS = """() => {
  const parts = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(each => each / 255)
    .map(each => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
    .reduce((sum, each, at) => sum + each * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = element => {
    const colour = parts(getComputedStyle(element).backgroundColor);
    return colour[3] !== 0 ? colour : element.parentElement ? behind(element.parentElement) : [255, 255, 255];
  };
  const contrast = element => {
    const [one, other] = [light(parts(getComputedStyle(element).color)), light(behind(element))];
    return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  };
  return [...document.querySelectorAll("main *")]
    .filter(element => [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
    .filter(element => contrast(element) < 4.5).map(element => element.innerText);
}"""
