"""A group of readings as the rows it will become, table by table. No SQL is run here."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table

from tracker import terms
from tracker.archive import tables as t
from tracker.archive.ranges import sort_key
from tracker.archive.values import dump, statement_id
from tracker.models.source import Evidence, Judged, Kept, Reading, Source
from tracker.models.statement import Classification, Firing, Post

#: A source counts as watched from one success to the next, unless this many intervals (or seconds) lie between.
GAP_INTERVALS, GAP_SECONDS = 2.5, 900.0


@dataclass(slots=True)
class Held:
    """What is kept of one statement, brought up to date while a group is put together."""

    seq: int
    id: str
    hash: str
    version: int
    sort_key: int
    effective_at: datetime


@dataclass(slots=True)
class Group:
    """The rows of a group. `seq` is the last sequence number given out, `held` what a source has by key or id."""

    now: datetime
    seq: int
    held: dict[str, Held] = field(default_factory=dict)
    rows: defaultdict[Table, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    words: list[tuple[int, terms.Terms]] = field(default_factory=list)
    edits: dict[int, dict[str, Any]] = field(default_factory=dict)
    edited: dict[str, int] = field(default_factory=dict)
    firings: list[tuple[str | None, str, Firing]] = field(default_factory=list)
    digests: list[tuple[str, str]] = field(default_factory=list)

    def gather(self, reading: Reading, source: Any, bodies: dict[int, bytes]) -> Kept:
        """Add one reading, of the source whose row is given; `bodies` are its answers' compressed bytes."""
        new, edited = dict[str, None](), dict[str, None]()
        for seen, judged in reading.answers:
            before = len(new) + len(edited)
            for one in judged:
                key, verdict = self._item(reading, seen, one)
                if verdict == "new":
                    new[key] = None
                elif verdict == "edited" and key not in new:
                    edited[key] = None
            if seen is not None and len(new) + len(edited) > before:
                self.rows[t.evidence].append(_evidence(reading.claim.source.name, seen, bodies[id(seen)]))
        if reading.alarm is not None:
            self.firings.append((None, reading.finished_at.isoformat(), reading.alarm))
        self._finish(reading, source, len(new), len(edited))
        return Kept(reading.claim.source.name, tuple(new), tuple(edited))

    def _item(self, reading: Reading, seen: Evidence | None, one: Judged) -> tuple[str, str]:
        """The statement an item is of, and whether it is new, edited or the same."""
        held = self.held.get(f"\0{one.statement}") or self._same(one.post)
        verdict = "new" if held is None else "same" if held.hash == one.post.hash else "edited"
        source = reading.claim.source
        held = held or self._new(source, one, first_reading=reading.claim.state.first_read_at is None)
        for key in one.post.keys:
            if key not in self.held:
                self.held[key] = held
                self.rows[t.identities].append({"source": source.name, "identity": key, "seq": held.seq})
        if verdict != "same":
            if verdict == "edited":
                one = replace(one, post=self._edit(held, one.post))
            self._content(held, one, seen)
            self.firings += [(held.id, held.id, firing) for firing in one.firings]
            self.digests += [(held.id, digest) for digest in one.digests]
        return held.id, verdict

    def _same(self, post: Post) -> Held | None:
        """What is kept under one of an item's strongest keys: a link or a title may be used again for other words."""
        strongest = post.keys[0].partition(":")[0]
        return next((self.held[key] for key in post.keys if key in self.held and key.startswith(strongest)), None)

    def _new(self, source: Source, one: Judged, *, first_reading: bool) -> Held:
        post, speaker = one.post, one.post.speaker
        self.seq += 1
        key = sort_key(post.effective_at, self.seq)
        held = Held(self.seq, statement_id(source.name, post.keys[0]), post.hash, 1, key, post.effective_at)
        self.rows[t.statements].append({
            "seq": held.seq, "id": held.id, "source": source.name, "kind": source.kind, "origin": post.origin,
            "leader": speaker.leader, "office": speaker.office_id, "country": speaker.country, "hash": post.hash,
            "published_at": post.published_at, "effective_at": post.effective_at,
            "first_seen_at": self.now, "last_seen_at": self.now, "presence": post.presence, "version": 1,
            "first_reading": int(first_reading), "sort_key": key, "related_at": None, "relate_until": None,
        })  # fmt: skip
        found = terms.of(post, one.classification, source=source.name, kind=source.kind, first_seen_at=self.now)
        self.words.append((key, found))
        return held

    def _edit(self, held: Held, post: Post) -> Post:
        """Make the next version the current one. An edit without a date of its own leaves the statement where it is."""
        if post.published_at is None:
            post = replace(post, effective_at=held.effective_at)
        self.edited[held.id] = held.sort_key
        held.version, held.hash, held.effective_at = held.version + 1, post.hash, post.effective_at
        held.sort_key = sort_key(post.effective_at, held.seq)
        speaker = post.speaker
        self.edits[held.seq] = {
            "its": held.seq, "new_hash": post.hash, "new_version": held.version,
            "new_published_at": post.published_at, "new_effective_at": post.effective_at, "new_leader": speaker.leader,
            "new_office": speaker.office_id, "new_country": speaker.country, "new_last_seen_at": self.now,
            "new_presence": post.presence, "new_sort_key": held.sort_key, "new_related_at": None,
            "new_relate_until": None,
        }  # fmt: skip
        return post

    def _content(self, held: Held, one: Judged, seen: Evidence | None) -> None:
        self.rows[t.versions].append({
            "seq": held.seq, "version": held.version, "observed_at": self.now, "hash": one.post.hash,
            "evidence": seen.sha256 if seen else None, "post": dump(one.post), "understood": dump(one.classification),
        })  # fmt: skip
        self.rows[t.fingerprints] += [{"hash": hash_, "seq": held.seq} for hash_ in set(one.fingerprints)]
        self.rows[t.labels] += label_rows(held.seq, one.classification, self.now)
        self.rows[t.mentions] += mention_rows(held.seq, one.classification)

    def _finish(self, reading: Reading, source: Any, added: int, edited: int) -> None:
        """The source's next state. A poll that found nothing new and cost nothing is told by its span alone."""
        claim, state, ended = reading.claim, reading.state, reading.finished_at
        start, end, polls = source.span_start, source.span_end, source.span_polls
        if reading.outcome != "failed":
            gap = timedelta(seconds=max(GAP_SECONDS, GAP_INTERVALS * (claim.state.interval or claim.source.every)))
            if end is not None and ended - end <= gap:
                end, polls = max(end, ended), polls + 1
            else:
                if end is not None:
                    past = {"source": claim.source.name, "span_start": start, "span_end": end, "polls": polls}
                    self.rows[t.spans].append(past)
                start, end, polls = ended, ended, 1
        self.rows[t.sources].append({
            "its": claim.source.name, "new_state": dump(state), "new_due": state.next_poll_at, "added": added,
            "new_start": start, "new_end": end, "new_polls": polls,
        })  # fmt: skip
        if reading.outcome != "unchanged" or reading.reads:
            self.rows[t.polls].append({
                "source": claim.source.name, "kind": claim.source.kind, "started_at": reading.started_at,
                "finished_at": ended, "outcome": reading.outcome, "items": reading.items_seen, "added": added + edited,
                "reads": reading.reads, "requests": reading.requests, "failure": reading.failure,
                "failure_kind": reading.failure_kind,
            })  # fmt: skip


def label_rows(seq: int, understood: Classification, now: datetime) -> list[dict[str, Any]]:
    return [
        {"seq": seq, "name": label.name, "given_by": label.by, "removed": 0, "score": label.score, "label": dump(label),
         "set_by": None, "set_at": now}
        for label in understood.labels
    ]  # fmt: skip


def mention_rows(seq: int, understood: Classification) -> list[dict[str, Any]]:
    named = dict.fromkeys((mention.kind, mention.ref) for mention in understood.mentions)
    return [{"seq": seq, "kind": kind, "ref": ref} for kind, ref in named]


def _evidence(source: str, seen: Evidence, body: bytes) -> dict[str, Any]:
    return {
        "sha256": seen.sha256, "received_at": seen.received_at, "source": source, "url": seen.url,
        "status": seen.status, "request_headers": json.dumps(dict(seen.request_headers)),
        "headers": json.dumps(dict(seen.headers)), "body": body,
    }  # fmt: skip
