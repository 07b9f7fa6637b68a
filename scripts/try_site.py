"""Tries the built site in a real browser: its start, its search, and every link, and takes screenshots.

    make docs && pip install playwright
    .venv/bin/python scripts/try_site.py [--site site] [--browser chromium] [--screenshots FOLDER]

It serves the site on the loopback address and drives a Chromium that is installed. It ends with code 1 and says why
where a page, an image or an anchor is missing, a search finds nothing, a script fails, a page is wider than its window,
or anything is asked of the network.
"""

from __future__ import annotations

import argparse
import functools
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, sync_playwright

WORDS = {
    "organisation": "organisation.html",
    "cooldown": "words.html",
    "fit_law": "api/laws.html",
    "bounds": "allocation.html",
}
"""What is searched for, and a page that has to be among what is found."""

SHOWN = ("index", "laws", "architecture", "study", "api/laws", "benchmarks/search", "repository/CONTRIBUTING")
"""Pages of which screenshots are taken."""

WINDOWS = {"light": ("light", 1280), "dark": ("dark", 1280), "phone": ("light", 390)}
"""Colour scheme and width in pixels."""


@dataclass
class Trial:
    """What went wrong so far, and where screenshots go."""

    base: str
    screenshots: Path | None
    faults: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> Page:
        """Notes whatever ``page`` asks of other machines, does not find, or fails at."""
        page.on("request", lambda request: self._asked(request.url))
        page.on("response", lambda answer: answer.status >= 400 and self.faults.append(f"{answer.status} {answer.url}"))
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))
        return page

    def shoot(self, page: Page, name: str) -> None:
        """Takes a screenshot, where they are wanted."""
        if self.screenshots is not None:
            page.screenshot(path=self.screenshots / f"{name.replace('/', '-')}.png")

    def _asked(self, url: str) -> None:
        if not url.startswith((self.base, "data:", "blob:")):
            self.faults.append(f"asks {url}")


@contextmanager
def served(site: Path) -> Iterator[str]:
    """The address at which ``site`` is served meanwhile."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *arguments: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()


def look_at_pages(trial: Trial, name: str, page: Page) -> None:
    """Opens the shown pages in one window."""
    for shown in SHOWN:
        page.goto(f"{trial.base}{shown}.html")
        too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if too_wide > 0:
            trial.faults.append(f"{name}: {shown} is {too_wide} pixels wider than the window")
        trial.shoot(page, f"{name}-{shown}")


def search(trial: Trial, name: str, page: Page) -> None:
    """Types each of the words, sees what is found, and follows the first result."""
    for words, wanted in WORDS.items():
        page.goto(f"{trial.base}index.html")
        page.click(".md-search__input")
        page.type(".md-search__input", words)
        page.wait_for_selector(".md-search-result__link", timeout=10_000)
        found = page.eval_on_selector_all(
            ".md-search-result__link", "links => links.map(link => link.href.split(/[?#]/)[0])"
        )
        if trial.base + wanted not in found:
            trial.faults.append(f"a search for {words} does not find {wanted}")
        page.wait_for_timeout(500)
        trial.shoot(page, f"{name}-search-{words}")
        page.locator(".md-search-result__link").first.click()
        page.wait_for_url(lambda url: "?h=" in url)


def crawl(trial: Trial, context: BrowserContext) -> tuple[int, int]:
    """Follows every link inside the site. Returns how many pages and links there are."""
    page = trial.watch(context.new_page())
    anchors: dict[str, set[str]] = {}
    links: list[tuple[str, str]] = []
    waiting = [f"{trial.base}index.html"]
    while waiting:
        url = waiting.pop()
        if url in anchors:
            continue
        page.goto(url)
        anchors[url] = set(page.eval_on_selector_all("[id]", "found => found.map(one => one.id)"))
        lost = page.eval_on_selector_all("img", "found => found.filter(one => !one.naturalWidth).map(one => one.src)")
        trial.faults += [f"{url}: no image {image}" for image in lost]
        for link in page.eval_on_selector_all("a[href]", "found => found.map(one => one.href)"):
            if link.startswith(trial.base):
                links.append((url, link))
                plain = link.partition("#")[0]
                waiting += [plain] if plain.endswith(".html") else []
    for url, link in links:
        plain, _, anchor = link.partition("#")
        if anchor and not anchor.startswith("__") and anchor not in anchors.get(plain, set()):
            trial.faults.append(f"{url}: no anchor {link}")
    return len(anchors), len(links)


def main() -> int:
    """Tries the site and says what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--site", type=Path, default=Path("site"))
    parser.add_argument("--browser", default="chromium", help="the program, or its path")
    parser.add_argument("--screenshots", type=Path)
    options = parser.parse_args()
    if options.screenshots is not None:
        options.screenshots.mkdir(parents=True, exist_ok=True)
    with served(options.site) as base, sync_playwright() as playwright:
        trial = Trial(base, options.screenshots)
        program = shutil.which(options.browser)
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        for name, (scheme, width) in WINDOWS.items():
            context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 860})
            page = trial.watch(context.new_page())
            look_at_pages(trial, name, page)
            if width > 1000:
                search(trial, name, page)
            context.close()
        pages, links = crawl(trial, browser.new_context())
        browser.close()
    print(f"{pages} pages, {links} links between them, {len(WORDS)} searches in {len(WINDOWS) - 1} windows")
    print("\n".join(trial.faults) or "nothing is wrong")
    return 1 if trial.faults else 0


if __name__ == "__main__":
    sys.exit(main())
