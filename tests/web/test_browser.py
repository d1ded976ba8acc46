"""The pages in a real browser: nothing runs, nothing leaves the page, and it fits a phone."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from desk import DeskTracker, open_desk
from hostile import open_hostile
from playwright.sync_api import Browser, Page, sync_playwright

from tracker.web import make_app

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
FLAGS += "--disable-component-update --disable-sync"
PAGES = (
    "/",
    "/?q=-xylophone",
    "/visits",
    "/leaders",
    "/leaders/assimi-goita",
    "/sources",
    "/sources/goita-x",
    "/alerts",
    "/digests",
)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="the system has no Chromium (apt-get install chromium)"),
]


@contextmanager
def served(tracker: DeskTracker) -> Iterator[str]:
    """The app on a free loopback port."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(make_app(tracker), log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    listening.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        yield opened
        opened.close()


@contextmanager
def page_of(browser: Browser, width: int, asked: list[str]) -> Iterator[Page]:
    """A page of that width that notes every address it asks for."""
    context = browser.new_context(viewport={"width": width, "height": 844})
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    yield page
    context.close()


def test_no_attack_runs_and_no_request_leaves_the_page(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tracker = open_hostile(tmp_path_factory.mktemp("hostile"))
    asked: list[str] = []
    with served(tracker) as root, page_of(browser, 390, asked) as page:
        page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
        for path in (*PAGES, "/sources/sahel-wire", *(f"/statements/{key}" for key in tracker.ids.values())):
            page.goto(root + path)
            assert not page.evaluate("'OWNED' in window"), path
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
            assert page.evaluate("document.scripts.length + document.images.length + document.styleSheets.length") == 1
        assert [url for url in asked if not url.startswith(root + "/")] == []
    tracker.archive.close()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, DeskTracker]]:
    tracker = open_desk(tmp_path_factory.mktemp("browser"))
    with served(tracker) as address:
        yield address, tracker
    tracker.archive.close()


#: The first heading that skips a level, the first cell that leaves its row, the first rule whose name is cut in two.
ASTRAY = """
() => {
  const astray = [], levels = [...document.querySelectorAll("h1, h2, h3, h4")].map(h => Number(h.tagName[1]));
  levels.forEach((level, n) => level > (levels[n - 1] ?? 0) + 1 && astray.push(`h${levels[n - 1]} to h${level}`));
  const words = new Range();
  for (const cell of document.querySelectorAll("tbody td, tbody th")) {
    words.selectNodeContents(cell);
    if (words.getBoundingClientRect().right > cell.closest("tr").getBoundingClientRect().right - 4)
      astray.push(`${cell.innerText} leaves its row`);
    const name = cell.matches(".rule") && cell.querySelector("bdi").firstChild;
    if (name && /^\\w+$/.test(name.data)) {
      words.selectNodeContents(name);
      if (words.getClientRects().length > 1) astray.push(`${name.data} is cut`);
    }
  }
  return astray;
}
"""


@pytest.mark.parametrize("width", [320, 360, 390, 1280, 1400])
def test_every_page_fits_its_screen(browser: Browser, root: tuple[str, DeskTracker], width: int) -> None:
    address, tracker = root
    with page_of(browser, width, []) as page:
        for path in (
            *PAGES,
            f"/statements/{tracker.ids['treaty']}",
            "/digests/morning/2024-07-07",
            "/?q=labl:aid",
            "/?sort=relevance",
            "/no",
        ):
            page.goto(address + path)
            assert page.evaluate(ASTRAY) == [], path
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            assert page.locator("h1").count() == 1, path


def test_a_word_without_end_takes_no_room_from_the_name_of_a_rule(
    browser: Browser, root: tuple[str, DeskTracker]
) -> None:
    with page_of(browser, 1280, []) as page:
        page.goto(root[0] + "/alerts")
        page.evaluate("document.querySelectorAll('.rule bdi').forEach(one => one.textContent = 'everything')")
        page.evaluate("document.querySelectorAll('.reason').forEach(one => one.textContent = 'o'.repeat(400))")
        assert page.evaluate(ASTRAY) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_search_and_filters_work_without_a_script(browser: Browser, root: tuple[str, DeskTracker]) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1400, "height": 900})
    page = context.new_page()
    page.goto(root[0])
    page.get_by_label("Search statements").fill("confédération")
    page.get_by_role("button", name="Search").click()
    assert page.locator("article").count() == 2
    page.get_by_role("link", name="reports about them").click()
    assert page.locator("article").count() == 1
    assert page.get_by_label("Search statements").input_value() == "confédération origin:report"
    page.get_by_role("link", name="permalink").click()
    assert page.locator("mark").first.inner_text() == "scellent leur confédération"
    page.get_by_role("link", name="Assimi Goïta, 2024-07-06 18:12 UTC").click()
    assert "avons signé le traité" in page.locator("mark").all_inner_texts()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the bytes").click()
    assert download.value.suggested_filename.endswith(".bin")
    context.close()


def test_text_of_each_script_runs_in_its_own_direction(browser: Browser, root: tuple[str, DeskTracker]) -> None:
    with page_of(browser, 390, []) as page:
        page.goto(root[0])
        directions = page.evaluate(
            "[...document.querySelectorAll('.said')].map(e => [e.lang, getComputedStyle(e).direction])"
        )
    assert ["ar", "rtl"] in directions
    assert ["fr", "ltr"] in directions


def test_a_label_is_corrected_with_the_pages_own_form(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tracker = open_desk(tmp_path_factory.mktemp("corrected"))
    with served(tracker) as root, page_of(browser, 390, []) as page:
        page.goto(f"{root}/statements/{tracker.ids['treaty']}")
        page.get_by_text("Correct a label").click()
        page.get_by_label("Label").select_option("agreement")
        page.get_by_label("Your name").fill("Awa")
        page.get_by_role("button", name="It has not").click()
        page.wait_for_load_state()  # with its style sheet
        assert "removed by Awa" in page.inner_text("main")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    tracker.archive.close()
