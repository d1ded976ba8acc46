"""What is polled, what is asked and answered, and what a reading of it found."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from tracker.models.statement import Classification, Firing, Media, Post, Reference
from tracker.models.value import Value

SourceHealth = Literal["ok", "suspect", "failing", "gone", "paused", "new"]


@dataclass(frozen=True, slots=True)
class Source:
    """One thing we poll. Exactly one of `leader`, `office`, `publisher` is set; times are in seconds. `options` are the
    kind's own keys (url, handle, base_url, …), checked by the kind's `Options`; `secrets` are request headers and
    tokens read from the environment, which never reach a log, a page or the evidence."""

    name: str
    kind: str
    options: Mapping[str, Any]
    leader: str | None = None
    office: str | None = None
    publisher: str | None = None
    every: float = 300.0
    every_max: float = 21600.0
    proof: str | None = None
    lang: str | None = None
    timezone: str | None = None
    redact_on_delete: bool = False
    enabled: bool = True
    paused_reason: str | None = None
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def origin(self) -> Literal["official", "report"]:
        return "report" if self.publisher and not (self.leader or self.office) else "official"


@dataclass(frozen=True, slots=True)
class Request:
    """A GET. `secrets` are headers that are sent but never kept; `conditional` lets the web add validators."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    conditional: bool = True


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as received: header names in lower case, the body decoded from its one content coding. `redirects` are
    (status, address) of each hop on the way to `url`, the final address."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    received_at: datetime
    redirects: tuple[tuple[int, str], ...] = ()

    def retry_after(self, now: datetime) -> float | None:
        """Seconds that Retry-After asks to wait; None when nothing, something past or nonsense is stated."""
        stated = self.headers.get("retry-after", "").strip()
        try:
            moment = None if re.fullmatch(r"[0-9]{1,12}", stated) else parsedate_to_datetime(stated)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds() if moment else float(stated)
        return seconds if seconds > 0 else None

    def until_reset(self, now: datetime) -> float | None:
        """Seconds until a rate limit's window ends, where the headers say so in epoch seconds; a day at most."""
        stated = self.headers.get("x-rate-limit-reset") or self.headers.get("ratelimit-reset") or ""
        wait = int(stated) - now.timestamp() if re.fullmatch(r"[0-9]{1,12}", stated) else 0.0
        return min(wait + 1.0, 86400.0) if wait > 0 else None


@dataclass(frozen=True, slots=True)
class Draft:
    """One item as its kind read it: nothing inferred, dates as stated beside what the kind could make of them. `keys`
    identify it, strongest first, each with a prefix: "id:…" platform id or guid, "url:…" normalised link, "day:…" hash
    of title and date. `text` and `title` are plain text, `published_stated` the source's own characters.
    `published_inferred` says what was assumed to read it (a zone); `inferred_at` is a time known otherwise than by a
    stated date (an id, an update), and then it says from what."""

    external_id: str
    keys: tuple[str, ...]
    text: str
    title: str | None = None
    url: str | None = None
    lang: str | None = None
    author: str | None = None
    published_stated: str | None = None
    published_at: datetime | None = None
    edited_at: datetime | None = None
    media: tuple[Media, ...] = ()
    references: tuple[Reference, ...] = ()
    presence: str = "live"
    published_inferred: str | None = None
    inferred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """What one answer held. `next`: the request to send after this one (a look-up, a further page), None at the end.
    `cursor` replaces the source's kept cursor once the last page is stored; `reads` is what the platform bills; `notes`
    are one-line remarks for the source's page (dropped items, a feed moved, hints)."""

    drafts: tuple[Draft, ...] = ()
    next: Request | None = None
    cursor: Mapping[str, Any] = field(default_factory=dict)
    reads: int = 0
    interval_hint: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PollState:
    """What the archive remembers of a source between polls. `cursor` is the kind's own; `interval` the adaptive
    interval in seconds; `known_items` is 0 until a first reading was kept."""

    cursor: Mapping[str, Any] = field(default_factory=dict)
    etag: str | None = None
    last_modified: str | None = None
    body_sha256: str | None = None
    interval: float | None = None
    failures: int = 0
    health: SourceHealth = "new"
    first_read_at: datetime | None = None
    last_poll_at: datetime | None = None
    last_success_at: datetime | None = None
    last_full_at: datetime | None = None
    last_new_at: datetime | None = None
    next_poll_at: datetime | None = None
    known_items: int = 0
    reason: str | None = None
    moved_to: str | None = None
    moved_seen: int = 0
    moved_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A source leased to one worker. `token` fences: a finishing write with an old token is refused."""

    source: Source
    state: PollState
    token: str

    @property
    def key(self) -> tuple[str, str]:
        """This lease among all of them: two sources' first leases have one token."""
        return self.source.name, self.token


@dataclass(frozen=True, slots=True)
class KnownItem:
    """What is already kept of one statement, enough to compare with."""

    statement: str
    hash: str
    published_at: datetime | None = None


#: identity key -> what is kept under it
Known = Mapping[str, KnownItem]


@dataclass(frozen=True, slots=True)
class Judged(Value):
    """One item that is new or was edited, understood and matched, ready to keep. `statement` is set for an edit.
    `fingerprints` are those of its text: an official one's are kept, and a report that has one of them may quote it."""

    verdict: Literal["new", "edited", "rekeyed"]
    reason: str
    post: Post
    classification: Classification
    statement: str | None = None
    firings: tuple[Firing, ...] = ()
    digests: tuple[str, ...] = ()
    fingerprints: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """The bytes received and how: one row per answer that brought something."""

    url: str
    request_headers: Mapping[str, str]
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    sha256: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Reading:
    """The outcome of one poll of one source. `failure` is one line, with `failure_kind` the error's class name.
    `answers` pairs the evidence of each answer with the items judged from it; `alarm` tells the operator of a change of
    health (its rule is "source:NAME")."""

    claim: Claim
    state: PollState
    started_at: datetime
    finished_at: datetime
    outcome: Literal["read", "unchanged", "failed"]
    answers: tuple[tuple[Evidence | None, tuple[Judged, ...]], ...] = ()
    items_seen: int = 0
    reads: int = 0
    failure: str | None = None
    failure_kind: str | None = None
    notes: tuple[str, ...] = ()
    requests: int = 1
    alarm: Firing | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What a reading added: ids of statements that are new, and of those that got a new version. `fenced`: another
    worker has the source by now, nothing was kept. `failure`: the database refused what was read."""

    source: str
    new: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    alerts: int = 0
    fenced: bool = False
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """A source as the pages and `status` show it."""

    source: Source
    state: PollState
    statements: int = 0
    polls: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """A span of time in which a source was really watched: from one successful poll to the next, without a gap."""

    start: datetime
    end: datetime
    polls: int


def watched(spans: Iterable[Span], after: datetime, before: datetime) -> float:
    """The share of [after, before) that these spans cover."""
    seconds = sum((min(span.end, before) - max(span.start, after)).total_seconds() for span in spans)
    return seconds / (before - after).total_seconds() if before > after else 0.0
