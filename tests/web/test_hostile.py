"""Everything from outside is text, wherever it is shown."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from desk import DeskTracker, visit
from hostile import ATTACKS, open_hostile

PAGES = (
    "/",
    "/?q=CANARY",
    "/visits",
    "/leaders",
    "/leaders/assimi-goita",
    "/sources",
    "/sources/goita-x",
    "/sources/sahel-wire",
)
PAGES += ("/alerts", "/digests")
FEEDS = Path(__file__).parents[2] / ".." / "shared" / "hostile" / "feeds"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskTracker]:
    tracker = open_hostile(tmp_path_factory.mktemp("hostile"))
    yield tracker
    tracker.archive.close()


class Elements(HTMLParser):
    """The elements of a page, with what a browser would act upon."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.acting: list[tuple[str, str | None]] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            local = value is not None and (value.startswith(("/", "#")) and not value.startswith("//"))
            outside = (
                value is not None
                and value.startswith(("http://", "https://"))
                and ("rel", "noopener noreferrer nofollow") in attrs
            )
            if (
                name.startswith("on")
                or name in ("style", "srcdoc")
                or (name in ("href", "src", "action") and not (local or outside))
            ):
                self.acting.append((name, value))

    def handle_data(self, data: str) -> None:
        self.words += data


def _read(page: str) -> Elements:
    elements = Elements()
    elements.feed(page)
    return elements


async def test_an_attack_is_shown_as_it_was_said_and_does_nothing(hostile: DeskTracker) -> None:
    async with visit(hostile) as client:
        pages = [
            *PAGES,
            *(f"/statements/{key}" for key in hostile.ids.values()),
            "/?q=" + "%3Cscript%3Ealert(1)%3C/script%3E",
        ]
        for path in pages:
            answer = await client.get(path)
            assert answer.status_code == 200, path
            elements = _read(answer.text)
            assert not elements.tags & {
                "script",
                "img",
                "svg",
                "style",
                "base",
                "iframe",
                "math",
                "object",
                "table-x",
            }, path
            assert elements.acting == [], path
            assert "49 " not in elements.words
    shown = _read(await _get(hostile, f"/statements/{hostile.ids['0']}")).words
    assert ATTACKS[0] in shown


async def _get(tracker: DeskTracker, path: str) -> str:
    async with visit(tracker) as client:
        return (await client.get(path)).text


async def test_hidden_characters_are_visible_isolated_and_still_there(hostile: DeskTracker) -> None:
    page = await _get(hostile, f"/statements/{hostile.ids['4']}")
    for code, char in (("U+202E", "\u202e"), ("U+2066", "\u2066"), ("U+001B", "\x1b")):
        assert f'data-code="{code}"' in page
        assert f">{char}</bdi>" in page
    title = page[page.index("<title>") : page.index("</title>")]
    assert not set(title) & set("\u202e\u2066\x1b")


async def test_only_web_addresses_become_links(hostile: DeskTracker) -> None:
    for key in hostile.ids.values():
        assert "original ↗" not in await _get(hostile, f"/statements/{key}")


async def test_feeds_stay_well_formed_whatever_they_carry(hostile: DeskTracker) -> None:
    async with visit(hostile) as client:
        feed = ET.fromstring((await client.get("/feed.atom?q=CANARY")).content)
        entries = (await client.get("/feed.json")).json()["items"]
    contents = [one.text or "" for one in feed.iter("{http://www.w3.org/2005/Atom}content")]
    assert len(contents) == len(ATTACKS) == len(entries)
    assert ATTACKS[0] in contents
    assert ATTACKS[0] in [one["content_text"] for one in entries]
    assert {one["external_url"] for one in entries} == {None}


async def test_the_shared_feeds_titles_are_inert(hostile: DeskTracker) -> None:
    if not FEEDS.is_dir():
        pytest.skip("../shared/hostile/feeds is not here")
    from tracker.web.show import marked, say, visible

    for path in sorted(FEEDS.iterdir()):
        raw = path.read_bytes()[:20_000].decode("utf-8", "replace")
        for shown in (say(raw), visible(raw), marked(raw, (), "text", {}, short=True)):
            assert _read(str(shown)).tags <= {"bdi", "span"}
