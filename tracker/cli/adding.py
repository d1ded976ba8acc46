"""`add`: what a person found elsewhere, kept as if a feed had brought it: judged, related, told, with its bytes."""

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from mimetypes import guess_type
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from tracker.cli import show
from tracker.cli.session import By, Tracker, file_of, moment, pick
from tracker.cli.show import Answer
from tracker.errors import TrackerError, UsageError
from tracker.models import shape
from tracker.models.source import Evidence, Reading, Reply, Request, Source
from tracker.text import slug, squeeze

What = Annotated[str, typer.Argument(metavar="URL|TEXT|FILE", help="A page, a file (HTML or text), or the words.")]
Speaker = Annotated[str | None, typer.Option(help="Who says it: a leader in any spelling, or an office's id.")]
Publisher = Annotated[str | None, typer.Option(help="Who reports it; without a speaker the page's host, or you.")]
Day = Annotated[datetime | None, typer.Option("--date", parser=moment, metavar="DAY", help="When it was published.")]
#: Seconds for judging it; and what is added by hand is never asked for: its source is not listed, nor due for so long.
LEASE, NEVER = 60.0, timedelta(days=36500)
#: A page that has a form to sign in is kept if it has so many characters.
PAGE = 400
_LOGIN = re.compile(r"(log|sign)[ -]?in\b|(se )?connect(er|ez-vous)\b|connexion\b|iniciar sesi|entrar\b", re.IGNORECASE)
#: What is no statement, by how it begins: what it is and what to do.
_OTHERS = {
    rb"\s*%PDF-": "a PDF, which is not read: save its words as a text file, and add that",
    rb"\s*(<\?xml(?!.*<html)|<(rss|feed|rdf:rdf)\b)|\s*\{.*jsonfeed\.org/version":
        'a feed or other XML, not a page: name a feed as a [[source]] of sources.toml, with kind = "feed" and its url',
}  # fmt: skip


async def add(
    tracker: Tracker, what: What, speaker: Speaker = None, publisher: Publisher = None, date: Day = None,
    by: By = "operator",
) -> Answer:  # fmt: skip
    """Keep a statement by hand: with its bytes as evidence, labelled, related, told and found like any other.
    Example: tracker add https://example.org/communique --speaker goita --date 2022-11-02"""
    if speaker and publisher:
        raise UsageError("--speaker and --publisher exclude each other")
    now, leader, office = tracker.clock.now(), next(iter(tracker.registry.leaders_named(speaker or "")), None), None
    if speaker and not leader:
        office = pick("leader or office", speaker, {one.id: one.id for one in tracker.registry.offices})
    reply = await tracker.web.send(Request(what)) if re.fullmatch(r"https?://\S+", what) else _own(what, now)
    who = leader or office or publisher or urlsplit(reply.url).hostname or by
    owner, name = (leader, office, None if speaker else who), f"by-hand-{slug(who)}"
    source = Source(name, "feed", {"url": name}, *owner, proof="added by hand, with tracker add")
    tracker.archive.sync_sources([*tracker.settings.sources, source], now)
    try:
        key, alerts = await _kept(tracker, name, reply, date, by)
    finally:
        tracker.archive.sync_sources(tracker.settings.sources, now)
    alerts += (await tracker.relate())[1]
    await tracker.tell()
    told = shape.statement(tracker.archive.statement(key))
    return Answer(told, show.told("statement", told), [f"{alerts} alerts"])


def _own(what: str, now: datetime) -> Reply:
    """A file, or else the words themselves, as an answer with its type."""
    if file := file_of(what):
        kind = guess_type(what)[0] or "text/plain"
        return Reply(f"file:{file.name}", 200, {"content-type": kind}, file.read_bytes(), now)
    if re.fullmatch(r"[\w./~-]*", what, re.ASCII):
        raise UsageError(f"{what!r} is no address, no file, and too short for a statement")
    return Reply("text:", 200, {"content-type": "text/plain"}, what.encode(), now)


def _item(reply: Reply, date: datetime | None) -> dict[str, Any]:
    """An item of a JSON Feed: of a page its article, or what else there is; of anything else its text."""
    from selectolax.lexbor import LexborHTMLParser

    said, web = _read(reply), reply.url.startswith("http")
    item = {"id": reply.url if web else sha256(reply.body).hexdigest(), "url": reply.url if web else None}
    item["date_published"] = date.isoformat() if date else None
    if "html" not in reply.headers.get("content-type", ""):
        return item | {"content_text": said}
    page = LexborHTMLParser(said)
    main = page.css_first("article") or page.css_first("main") or page.body
    head, dated = page.css_first("h1") or page.css_first("title"), page.css_first('meta[property$="published_time"]')
    item["title"] = title = squeeze(head.text()) if head else None
    item["date_published"] = item["date_published"] or (dated.attributes.get("content") if dated else None)
    for said_again in [one for one in (main.css("h1, h2, h3, p") if main else ()) if squeeze(one.text()) == title]:
        said_again.decompose()
    signing_in = page.css_first("input[type=password]") or _LOGIN.match(title or "")
    if signing_in and len(main.text() if main else "") < PAGE:
        raise UsageError("a page to sign in at, not a statement: save what it hides as a file, and add that")
    return item | {"content_html": main.html if main else said}


def _read(reply: Reply) -> str:
    """The characters of what is words; UsageError says what anything else is."""
    for begins, what in _OTHERS.items():
        if re.match(begins, reply.body[:2000].removeprefix(b"\xef\xbb\xbf"), re.IGNORECASE | re.DOTALL):
            raise UsageError(what)
    said = reply.body.decode("utf-8", "replace")
    if "\0" in said or said.count("\ufffd") > 3 + len(said) / 50:
        raise UsageError("bytes that are no text in UTF-8: save its words as a text file, and add that")
    return said


async def _kept(tracker: Tracker, name: str, reply: Reply, date: datetime | None, by: str) -> tuple[str, int]:
    """The id of the statement that it is, new or known, and its alerts: a reading of a feed with this one item."""
    from tracker.decide.answer import check
    from tracker.judge import Job, judge
    from tracker.sources.identity import id_key

    check(reply, "page", False, reply.received_at)
    archive, now, item = tracker.archive, tracker.clock.now(), _item(reply, date)
    claim = next(iter(archive.claim_due(now, 1, LEASE, [name])), None)
    if claim is None:
        raise TrackerError(f"{name}: another process is adding to it now")
    state = replace(claim.state, first_read_at=claim.state.first_read_at or now)  # rules tell of the first one, too
    feed = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [item]}).encode()
    before = archive.known(name)
    sight = await tracker.workers.run(judge, Job(claim.source, state, replace(reply, body=feed), before, now))
    digest = sha256(reply.body).hexdigest()
    seen = Evidence(reply.url, {"added-by": by}, reply.status, reply.headers, reply.body, digest, now)
    after = replace(state, last_poll_at=now, last_success_at=now, next_poll_at=now + NEVER, health="ok")
    reading = Reading(replace(claim, state=state), after, now, now, "read", ((seen, sight.judged),), items_seen=1)
    kept, known = archive.keep([reading], now)[0], before.get(id_key(str(item["id"])))
    found = [*kept.new, *kept.edited, *([known.statement] if known and not kept.failure else [])]
    if not found:
        raise UsageError(f"nothing of it can be kept: {kept.failure or 'it holds no words'}")
    return found[0], kept.alerts
