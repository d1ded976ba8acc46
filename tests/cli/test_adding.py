"""`tracker add`: a page, a file or words become a statement like any other."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from terminal import Desk

from tests.servers import Answer, Asked, Site
from tracker.app import build
from tracker.config import load

WORDS = "We condemn the terrorist attack on the border post; our armies will patrol together."
PAGE = f"""<html><head><title>Site</title><meta property="article:published_time" content="2026-11-20T08:00:00Z"></head>
<body><nav>Menu</nav><article><h1>On the attack</h1><p>{WORDS}</p></article><footer>Imprint</footer></body></html>"""


def test_words_become_a_statement_of_their_speaker_once(desk: Desk) -> None:
    one = desk.json("add", WORDS, "--speaker", "Odera", "--date", "2026-11-20")
    assert (one["speaker"]["leader"], one["origin"], one["text"]) == ("amina-odera", "official", WORDS)
    assert (one["published_at"], one["source"]) == ("2026-11-20T00:00:00Z", "by-hand-amina-odera")
    assert "security_statement" in [label["name"] for label in one["labels"]]
    assert desk.json("add", WORDS, "--speaker", "amina-odera")["id"] == one["id"]
    found = desk.json("search", "leader:odera patrol terrorist label:security_statement before:2026-11-21")
    assert [each["id"] for each in found["statements"]] == [one["id"]]
    assert desk.json("status")["counts"]["statements"] == 4
    assert [source["name"] for source in desk.json("sources", "list")] == ["lake-times", "state-house"]


def test_a_file_is_kept_as_evidence_and_its_article_is_the_text(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(PAGE, encoding="utf-8")
    one = desk.json("add", str(file), "--speaker", "ken-president", "--by", "awa")
    assert (one["title"], one["published_at"]) == ("On the attack", "2026-11-20T08:00:00Z")
    assert "Menu" not in one["text"]
    assert one["speaker"]["name"] == "Amina Odera"
    tracker = build(load(desk.folder, {}), inline=True)
    kept = tracker.archive.evidence(tracker.archive.versions(one["id"])[0].evidence_sha256 or "")
    tracker.archive.close()
    assert (kept.body, kept.url, dict(kept.request_headers)) == (
        file.read_bytes(),
        "file:page.html",
        {"added-by": "awa"},
    )


async def test_a_page_is_asked_under_the_address_guard_and_a_report_of_its_host(desk: Desk) -> None:
    def answer(asked: Asked) -> Answer:
        return Answer(200 if asked.path == "/news" else 404, PAGE.encode(), {"content-type": "text/html"})

    async with Site(answer) as site:
        _, _, refused = await asyncio.to_thread(desk.run, "add", site.url("/news"))
        assert "not public" in refused
        top = desk.folder / "tracker.toml"
        allowed = f'{top.read_text(encoding="utf-8")}[network]\nallow = ["127.0.0.1:{site.port}"]\n'
        top.write_text(allowed, encoding="utf-8")
        one = await asyncio.to_thread(desk.json, "add", site.url("/news"))
        assert (one["origin"], one["publisher"], one["url"]) == ("report", "127.0.0.1", site.url("/news"))
        assert (await asyncio.to_thread(desk.run, "add", site.url("/nothing")))[0] == 1


@pytest.mark.parametrize(("words", "said"), [
    (("nofile.txt",), "there is no such file"), (("nofile",), "too short for a statement"),
    ((WORDS, "--speaker", "nobody"), "no leader or office 'nobody'"),
    ((WORDS, "--speaker", "odera", "--publisher", "x"), "exclude each other"),
    ((" ",), "holds no words"),
])  # fmt: skip
def test_what_cannot_be_added_is_said_in_one_line(desk: Desk, words: tuple[str, ...], said: str) -> None:
    code, out, err = desk.run("add", *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err


SIGN_IN = '<html><title>{}</title><body><h2>Welcome</h2><form><input name="u">{}</form></body></html>'
FEED = '<?xml version="1.0"?>\n<rss version="2.0"><channel><item><title>A</title></item></channel></rss>'


@pytest.mark.parametrize(("name", "body", "said"), [
    ("a.html", SIGN_IN.format("Log in", "").encode(), "a page to sign in at"),
    ("a.html", SIGN_IN.format("Members", '<input type="password">').encode(), "a page to sign in at"),
    ("a.pdf", b"%PDF-1.4\n1 0 obj\n<< >>\nendobj", "a PDF, which is not read"),
    ("a.bin", bytes(range(256)) * 12, "bytes that are no text"),
    ("a.xml", FEED.encode(), "name a feed as a [[source]]"),
    ("a.html", b'\n<feed xmlns="http://www.w3.org/2005/Atom"></feed>', "name a feed as a [[source]]"),
    ("a.json", b'{"version": "https://jsonfeed.org/version/1.1", "items": []}', "name a feed as a [[source]]"),
])  # fmt: skip
def test_what_is_no_statement_is_refused_with_what_it_is(desk: Desk, name: str, body: bytes, said: str) -> None:
    (file := desk.folder / name).write_bytes(body)
    code, out, err = desk.run("add", str(file), "--publisher", "Lake Times")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err
    assert desk.json("status")["counts"]["statements"] == 3


@pytest.mark.parametrize("page", [
    f"<title>On the attack</title><article><h1> On the\n attack</h1><p>{WORDS}</p></article>",
    f"<title>On the attack</title><main><h2>On the attack</h2><p>{WORDS}</p></main>",
    f'<?xml version="1.0"?><html><head><title>On the attack</title></head><body><p>{WORDS}</p></body></html>',
])  # fmt: skip
def test_a_title_is_not_the_first_line_of_the_text_too(desk: Desk, page: str) -> None:
    (file := desk.folder / "page.html").write_text(page, encoding="utf-8")
    one = desk.json("add", str(file), "--speaker", "odera")
    assert (one["title"], one["text"]) == ("On the attack", WORDS)


def test_the_alerts_that_come_of_it_are_counted(desk: Desk) -> None:
    rules = desk.folder / "rules.toml"
    rules.write_text(rules.read_text(encoding="utf-8").replace('query = "label:aid"\nfirst', 'query = "attack"\nfirst'))
    assert desk.run("add", WORDS, "--speaker", "odera")[2] == "1 alerts\n"
    assert desk.run("add", WORDS, "--speaker", "odera")[2] == "0 alerts\n"


def test_an_office_without_a_known_holder_is_who_says_it(desk: Desk) -> None:
    desk.run("add", WORDS, "--speaker", "rwa-president", "--date", "2019-01-01")
    assert "President of the Republic" in desk.run("search", "patrol before:2019-02-01")[1]


def test_a_source_that_the_config_does_not_name_is_still_searched_by_its_name(desk: Desk) -> None:
    one = desk.json("add", WORDS, "--speaker", "odera")
    assert [each["id"] for each in desk.json("search", "source:by-hand-amina-odera")["statements"]] == [one["id"]]
    sources = desk.folder / "sources.toml"
    kept = sources.read_text(encoding="utf-8").replace('"lake-times"', '"lake-daily"')
    sources.write_text(kept, encoding="utf-8")
    assert len(desk.json("search", "source:lake-times")["statements"]) == 2
    assert "there is no source" in desk.run("search", "source:nothing")[2]
