"""A statement and what is understood of it: labels, mentions, events, links."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal

from tracker.models.registry import Speaker
from tracker.models.value import Value

Origin = Literal["official", "report"]
Presence = Literal["live", "deleted", "withheld", "suspended", "protected", "unreachable", "beyond_window"]
By = Literal["words", "event", "person", "model"]
VisitStatus = Literal["announced", "ongoing", "past", "postponed", "cancelled"]
LinkType = Literal["quotes", "quoted_by", "reposts", "reposted_by", "replies_to", "replied_by", "same_as"]
#: The label of whoever goes abroad: a person who takes it away says that there is no visit.
VISIT = "diplomatic_visit"
Verdict = Literal["exact", "truncated", "altered", "unattributed"]
INVERSE: Mapping[str, LinkType] = {
    "quotes": "quoted_by", "quoted_by": "quotes", "reposts": "reposted_by", "reposted_by": "reposts",
    "replies_to": "replied_by", "replied_by": "replies_to", "same_as": "same_as",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Words(Value):
    """A W3C TextQuoteSelector with offsets in code points of `field` ("title" or "text")."""

    field: Literal["title", "text"]
    exact: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Label(Value):
    """A category of the taxonomy. `score` is rounded to two decimals; `reason` explains what words cannot."""

    name: str
    score: float
    by: By = "words"
    words: tuple[Words, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Mention(Value):
    """A leader, office, country, place or organisation named in the text; `ref` is its id, ISO code or name."""

    kind: Literal["leader", "office", "country", "place", "organisation"]
    ref: str
    words: Words


@dataclass(frozen=True, slots=True)
class Party(Value):
    """One side of a visit. `country` is ISO 3166 alpha-3 or INT:…"""

    name: str | None = None
    leader: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Visit(Value):
    """A visit as one text tells it. `words` explain each field that was read."""

    status: VisitStatus
    visitors: tuple[Party, ...] = ()
    host: Party = Party()
    place: str | None = None
    day: date | None = None
    day_end: date | None = None
    words: tuple[tuple[str, Words], ...] = ()


@dataclass(frozen=True, slots=True)
class Classification(Value):
    """What was understood of one text. `classified` is False for a language the classifier does not know."""

    lang: str | None
    classified: bool
    version: str
    labels: tuple[Label, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)
    mentions: tuple[Mention, ...] = ()
    visits: tuple[Visit, ...] = ()


@dataclass(frozen=True, slots=True)
class Told(Value):
    """What one statement says of a visit, and when; no status where it only belongs to it."""

    statement: str
    said_at: datetime
    status: VisitStatus | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Event(Value):
    """One visit, told by one or more statements, the surest of which has this score. `near` is the day of those where
    none states the visit's; `day` then is the same when it took place, and None when it is to come. Statements and
    history are in the order in which they were said."""

    id: str
    status: VisitStatus
    visitors: tuple[Party, ...] = ()
    host: Party = Party()
    place: str | None = None
    day: date | None = None
    day_end: date | None = None
    context: tuple[str, ...] = ()
    statements: tuple[str, ...] = ()
    score: float = 1.0
    near: date | None = None
    history: tuple[Told, ...] = ()

    @property
    def first(self) -> date:
        """The day by which its tellings are found."""
        return self.day or self.near or date.min

    @property
    def stated(self) -> date | None:
        """The day as a text states it."""
        return None if self.near else self.day

    @property
    def last(self) -> date:
        return max(self.first, self.day_end or date.min)


@dataclass(frozen=True, slots=True)
class Link(Value):
    """This statement relates to another; for a quotation `exact` are the words as this text has them."""

    type: LinkType
    statement: str
    exact: str | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Media(Value):
    """A picture, video or file that came with a statement."""

    type: str
    url: str
    alt: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Reference(Value):
    """A stated relation to another item, before it is resolved: by the platform's id or by address."""

    type: Literal["reposts", "replies_to", "quotes"]
    external_id: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Post(Value):
    """A normalised item: clean text, checked dates, identity. What becomes a statement's version. `published_at` is
    None when none was stated or the stated one is impossible; `published_inferred` then says what `effective_at` is and
    why. `hash` is SHA-256 over what a reader sees (title and text, white space folded)."""

    external_id: str
    keys: tuple[str, ...]
    origin: Origin
    speaker: Speaker
    publisher: str | None
    text: str
    hash: str
    effective_at: datetime
    title: str | None = None
    url: str | None = None
    author: str | None = None
    lang: str | None = None
    published_at: datetime | None = None
    published_stated: str | None = None
    published_inferred: str | None = None
    edited_at: datetime | None = None
    media: tuple[Media, ...] = ()
    references: tuple[Reference, ...] = ()
    presence: Presence = "live"


def sides(visit: Visit | Event) -> tuple[str, str] | None:
    """(visitor's country, host country), None unless both are known and differ."""
    visitor = next((party.country for party in visit.visitors if party.country), None)
    host = visit.host.country
    return (visitor, host) if visitor and host and visitor != host else None


def stands_alone(post: Post, understood: Classification, shared: bool) -> bool:
    """Whether nothing can be related to it: a report that names no item, tells no event and shares no official words.
    Most reports of a first reading are such; it is the official statement that looks for the reports about it."""
    return not (shared or post.origin == "official" or post.references or any(map(sides, understood.visits)))


@dataclass(frozen=True, slots=True)
class Statement(Value):
    """One kept post, communiqué or article, with all that is understood of it. `seq` orders by commit, for cursors.
    `first_reading`: it came with the first reading of its source, which alerts nobody unless asked. `removed` are the
    labels that a person took away; `reason` says who."""

    id: str
    seq: int
    source: str
    kind: str
    post: Post
    first_seen_at: datetime
    last_seen_at: datetime
    version: int
    versions: int
    presence: Presence
    classification: Classification
    labels: tuple[Label, ...] = ()
    events: tuple[Event, ...] = ()
    links: tuple[Link, ...] = ()
    first_reading: bool = False
    removed: tuple[Label, ...] = ()

    @property
    def who(self) -> str:
        """Whose words these are: the publisher's of a report, else the speaker's, the office's or the author's."""
        post, speaker = self.post, self.post.speaker
        names = (post.publisher,) if post.origin == "report" else (speaker.name, speaker.office, post.author)
        return next(filter(None, names), self.source)

    @property
    def corrected(self) -> bool:
        """Whether a person gave it a label or took one away."""
        return bool(self.removed) or any(label.by == "person" for label in self.labels)

    def heeded(self, understood: Classification) -> Classification:
        """What a classifier understood of it, without a visit that a person denies."""
        denied = any(label.name == VISIT for label in self.removed)
        return replace(understood, visits=()) if denied and understood.visits else understood


@dataclass(frozen=True, slots=True)
class Version:
    """The content of a statement as observed at one time."""

    statement: str
    version: int
    observed_at: datetime
    title: str | None
    text: str
    hash: str
    edited_at: datetime | None
    evidence_sha256: str | None
    classifier: str | None = None


@dataclass(frozen=True, slots=True)
class Firing:
    """A rule that matches a statement, and why. `held` says why it is kept without telling anybody."""

    rule: str
    reason: str
    held: str | None = None


@dataclass(frozen=True, slots=True)
class EventTold:
    """What statements tell of a visit, or only that they belong to one; `event` is what it looks like from here.
    Tellings of one `key` are one event when their days are near: where they are kept it is made of all that are
    there."""

    key: str
    event: Event
    told_by: tuple[tuple[str, Visit | None], ...]


@dataclass(frozen=True, slots=True)
class Related:
    """What relating one statement to those around it added. Idempotent to keep. `links` are (from statement, link),
    kept with their inverse; `labels` (statement, label by event); `firings` and `digests` (statement, …) what these
    additions newly match."""

    statement: str
    links: tuple[tuple[str, Link], ...] = ()
    events: tuple[EventTold, ...] = ()
    labels: tuple[tuple[str, Label], ...] = ()
    firings: tuple[tuple[str, Firing], ...] = ()
    digests: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A page of search results. `total` is exact up to 1,000; `capped` says that there are more. `next` is a cursor."""

    statements: tuple[Statement, ...]
    total: int
    capped: bool = False
    next: str | None = None
