"""Values in the JSON shapes of the public surface: what `show --json`, the API and the webhooks all print."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from tracker.models.source import SourceStatus
from tracker.models.statement import Event, Found, Label, Statement, Visit


def instant(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC, with as many digits as it has: `2022-11-02T18:10:00Z`."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def statement(one: Statement) -> dict[str, Any]:
    post, understood, speaker = one.post, one.classification, one.post.speaker
    who = {"leader": speaker.leader, "name": speaker.name, "office": speaker.office, "country": speaker.country}
    return {
        "id": one.id, "url": post.url, "source": one.source, "kind": one.kind,
        "origin": post.origin, "external_id": post.external_id,
        "speaker": who if post.origin == "official" else None, "publisher": post.publisher, "author": post.author,
        "lang": understood.lang, "lang_declared": post.lang, "title": post.title, "text": post.text,
        "published_at": instant(post.published_at), "published_stated": post.published_stated,
        "published_inferred": post.published_inferred, "effective_at": instant(post.effective_at),
        "edited_at": instant(post.edited_at),
        "first_seen_at": instant(one.first_seen_at), "last_seen_at": instant(one.last_seen_at),
        "version": one.version, "versions": one.versions, "presence": one.presence,
        "media": [asdict(item) for item in post.media],
        "labels": [label(item) for item in one.labels],
        "removed_labels": [{"name": item.name, "by": item.by, "reason": item.reason} for item in one.removed],
        "scores": dict(understood.scores),
        "mentions": [{"kind": m.kind, "ref": m.ref, "exact": m.words.exact} for m in understood.mentions],
        "events": [event(item) for item in one.events],
        "links": [asdict(item) for item in one.links],
        "classified": understood.classified, "classifier": understood.version,
    }  # fmt: skip


def found(query: str, page: Found) -> dict[str, Any]:
    """A page of what a query finds."""
    total = {"at_least": page.total + 1} if page.capped else page.total
    statements = [statement(one) for one in page.statements]
    return {"query": query, "total": total, "statements": statements, "next": page.next}


def label(item: Label) -> dict[str, Any]:
    told = {"name": item.name, "score": item.score, "by": item.by, "evidence": [asdict(words) for words in item.words]}
    return told | {"reason": item.reason} if item.reason else told


def event(item: Event) -> dict[str, Any]:
    history = [
        asdict(one) | {"said_at": instant(one.said_at), "day": str(one.day or "") or None} for one in item.history
    ]
    told = {"context": list(item.context), "statements": list(item.statements), "history": history}
    return {"id": item.id, **visit(item), **told}


def visit(item: Event | Visit) -> dict[str, Any]:
    """Who visits whom, where and when, as an event and a single text tell it alike. PLOVER's AGREE is what is only
    announced; what was called off or put off stays a CONSULT, and its status says so."""
    return {
        "type": "AGREE" if item.status == "announced" else "CONSULT", "mode": "visit",
        "status": item.status, "visitor": [asdict(side) for side in item.visitors], "host": asdict(item.host),
        "place": item.place, "date": item.day.isoformat() if item.day else None,
        "date_end": item.day_end.isoformat() if item.day_end else None,
    }  # fmt: skip


def source(one: SourceStatus) -> dict[str, Any]:
    """How a source does, for `status --json` and the API; one that is off says why."""
    state, paused = one.state, not one.source.enabled
    return {
        "name": one.source.name, "kind": one.source.kind, "state": "paused" if paused else state.health,
        "last_poll_at": instant(state.last_poll_at), "last_success_at": instant(state.last_success_at),
        "last_new_at": instant(state.last_new_at),
        "next_poll_at": None if paused else instant(state.next_poll_at), "failures": state.failures,
        "reason": (one.source.paused_reason or "enabled = false") if paused else state.reason,
        "statements": one.statements, "origin": one.source.origin, "proof": one.source.proof,
    }  # fmt: skip
