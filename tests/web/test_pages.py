"""The pages: what a reader finds on each."""

from __future__ import annotations

import hashlib
import re

import httpx
import pytest
from desk import SHARED, Away, DeskTracker, visit

from tracker.archive import Archive
from tracker.errors import NotFound
from tracker.models.registry import Registry


async def text(client: httpx.AsyncClient, path: str, status: int = 200) -> str:
    answer = await client.get(path)
    assert answer.status_code == status, path
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer.text


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/", ["6</strong> statements", "Sunday 07 July 2024", "Assimi Goïta", "Mali", "edited, 2 versions"]),
        ("/", ['<mark class="l1" title="security statement">standby force against terrorism</mark>']),
        ("/", ["date inferred: ", "first seen: the stated date cannot be read", "language not classified"]),
        ("/?q=leader:goita", ["1</strong> statement for", "Confédération"]),
        ("/?q=xylophone", ["0</strong> statements", "Nothing matches"]),
        ("/?q=label:aid%20OR%20tinubu&sort=relevance", ["1</strong> statement", "by relevance"]),
        ("/leaders", ["Bola Ahmed Tinubu", "President of the CNSP", "Niger"]),
        ("/leaders/assimi-goita", ["2021-06-07 – today", "President of the Transition", "goita-x"]),
        ("/sources", ["1 failing", "1 suspect", "1 paused", "no answer within 30 s", "0 of 10,000 reads, 0.00 US$"]),
        ("/sources/goita-x", ["linked from the presidency’s site", "GoitaAssimi", "of the time since"]),
        ("/sources/traore-x", ["needs a token", "Nothing kept yet"]),
        ("/alerts", ["sahel-visits", "told", "quiet hours until 18:00", "410: asked not to be called again", "1 dead"]),
        ("/digests", ["morning", "2024-07-07"]),
        ("/digests/morning/2024-07-07", ["statements that first matched between", "Déplacement"]),
        ("/visits", ["2024-07-22</time> – <time", "Abdourahamane Tiani", "Niamey", "announced", "past"]),
        (
            "/visits",
            [
                "</span> announced</a>",
                'title="PLOVER AGREE, mode visit">announced<',
                'title="PLOVER CONSULT, mode visit">past<',
            ],
        ),
        ("/visits?visitor=SEN", ["a ministerial delegation, led by the minister", "1</strong> visit"]),
    ],
)
async def test_a_page_shows_what_it_is_for(client: httpx.AsyncClient, path: str, shown: list[str]) -> None:
    page = await text(client, path)
    assert [words for words in shown if words not in page] == []


@pytest.mark.parametrize("path", ["/", "/sources", "/api/v1/statements", "/feed.atom", "/health"])
async def test_a_head_is_answered_as_a_get_is(client: httpx.AsyncClient, path: str) -> None:
    head, answer = await client.head(path), await client.get(path)
    assert (head.status_code, head.headers["content-type"]) == (answer.status_code, answer.headers["content-type"])
    assert (await client.head("/logout")).status_code == 405


async def test_a_statement_is_shown_with_all_that_is_known_of_it(client: httpx.AsyncClient, desk: DeskTracker) -> None:
    page = await text(client, f"/statements/{desk.ids['treaty']}")
    for words in (
        '<mark class="l3" title="agreement">avons signé le traité</mark>',  # the words of a label, in place
        "text 59–80", "told by the visit of 6 July to Niamey", "Classifier <bdi>2026.11", "Aid 0.11",
        "<del>garder</del><ins>défendre</ins>", "edited <time",  # versions
        "hash verified now", "&#34;&lt;b&gt;1&lt;/b&gt;&#34;", "?a=1&amp;b=2",  # evidence
        "quoted by", SHARED, "<code>2024-07-06T18:12:00+00:00</code>", "Trois hommes",
        "Assimi Goïta, President of the Transition, Mali: “À Niamey, mes frères",  # how to cite
        "Archived 2024-07-06 18:13:00 UTC as http://127.0.0.1:8000/statements/",
    ):  # fmt: skip
        assert words in page, words


async def test_a_statement_whose_bytes_were_taken_away_is_still_shown(desk: DeskTracker) -> None:
    class Redacted:
        """The same archive without evidence."""

        def __getattr__(self, verb: str) -> object:
            return getattr(desk.archive, verb)

        def evidence(self, sha256: str) -> object:
            raise NotFound(f"no evidence {sha256}")

    async with visit(DeskTracker(Redacted())) as client:
        page = await text(client, f"/statements/{desk.ids['treaty']}")
    assert "No bytes are kept for this version" in page


async def test_a_unique_prefix_of_an_id_will_do(client: httpx.AsyncClient, desk: DeskTracker) -> None:
    assert "Niamey" in await text(client, f"/statements/{desk.ids['treaty'][:8]}")


async def test_the_bytes_are_downloaded_as_received_and_never_rendered(
    client: httpx.AsyncClient, desk: DeskTracker
) -> None:
    page = await text(client, f"/statements/{desk.ids['arabic']}")
    (address,) = set(re.findall(r'href="(/evidence/\w+)"', page))
    answer = await client.get(address)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert hashlib.sha256(answer.content).hexdigest() == address.removeprefix("/evidence/")


async def test_older_statements_follow_by_cursor(desk: DeskTracker) -> None:
    class Short:
        """The same archive, two statements a page."""

        def __getattr__(self, verb: str) -> object:
            return getattr(desk.archive, verb)

        def search(self, tree: object, *, sort: str, limit: int, cursor: str | None) -> object:
            return Archive.search(desk.archive, tree, sort=sort, limit=2, cursor=cursor)  # type: ignore[arg-type]

    async with visit(DeskTracker(Short())) as client:
        first = await text(client, "/?q=-xylophone")
        older = re.search(r'href="(/\?q=-xylophone[^"]*cursor=[^"]+)">Older', first)
        assert older is not None
        second = await text(client, older[1].replace("&amp;", "&"))
    seen = [set(re.findall(r'id="s-(\w+)"', page)) for page in (first, second)]
    assert [len(one) for one in seen] == [2, 2]
    assert not seen[0] & seen[1]


async def test_a_wrong_query_is_shown_with_its_column_marked(client: httpx.AsyncClient) -> None:
    page = await text(client, "/?q=country:mli%20labl:aid", 400)
    assert "(column 13)" in page
    assert 'country:mli <mark class="wrong">l</mark>abl:aid' in page
    assert 'value="country:mli labl:aid"' in page


@pytest.mark.parametrize(
    ("path", "status", "shown"),
    [
        ("/nowhere", 404, "There is nothing here"),
        ("/statements/zzzzzzzzzzzzzzzz", 404, "no statement"),
        ("/statements/%00%1b%5b2J", 404, "no statement"),
        ("/leaders/nobody", 404, "no leader is called"),
        ("/visits?visitor=Tiany", 400, "there is no leader or country &#34;Tiany&#34; (did you mean tiani?)"),
        ("/sources/nothing", 404, "no source is called"),
        ("/digests/morning/2031-01-01", 404, "has no issue"),
        ("/digests/morning/yesterday", 400, "day"),
        ("/evidence/" + "0" * 64, 404, "no evidence"),
        ("/evidence/..%2f..%2fetc", 404, "There is nothing here"),
        ("/static/../pages.py", 404, "There is nothing here"),
        ("/?q=" + "a" * 1001, 400, "1000"),
        ("/?sort=random", 400, "sort"),
        ("/?cursor=nonsense", 400, "cursor"),
    ],
)
async def test_what_cannot_be_answered_is_said_in_one_line(
    client: httpx.AsyncClient, path: str, status: int, shown: str
) -> None:
    assert shown in await text(client, path, status)


async def test_a_leader_whom_the_config_names_no_more_is_shown_with_what_is_kept(desk: DeskTracker) -> None:
    people = tuple(one for one in desk.registry.leaders if one.id != "assimi-goita")
    async with visit(DeskTracker(desk.archive, registry=Registry(people, desk.registry.offices))) as client:
        page = await text(client, "/leaders/assimi-goita")
        for words in ("<bdi>Assimi Goïta</bdi>", "names this leader no more", "1</strong> statement", "goita-x"):
            assert words in page
        links = {link for link in re.findall(r'href="(/[^"#]*)"', page + await text(client, "/")) if "goita" in link}
        assert {"/leaders/assimi-goita", "/?q=leader:assimi-goita", "/visits?visitor=assimi-goita"} <= links
        assert {link: (await client.get(link)).status_code for link in links} == dict.fromkeys(links, 200)
        assert "1</strong> visit" in await text(client, "/visits?visitor=assimi-goita")
        assert "no leader is called" in await text(client, "/leaders/Assimi%20Goita", 404)


async def test_an_archive_that_is_away_is_a_503_that_says_so() -> None:
    async with visit(DeskTracker(Away())) as client:
        for path in ("/", "/visits", "/sources", "/alerts", "/digests", "/statements/abcdefgh"):
            answer = await client.get(path)
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "15"
            assert "the database cannot be opened" in answer.text


async def test_a_fault_of_ours_shows_no_traceback_and_keeps_its_headers() -> None:
    async with visit(DeskTracker(archive=None)) as client:
        answer = await client.get("/")
    assert answer.status_code == 500
    assert "NoneType" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
