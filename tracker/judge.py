"""What a worker process does with an answer: read, normalise, compare, classify, match. Pure, in order, one trip. A
worker is prepared once with a `Mind`; after that each `Job` carries all that it needs, and nothing here does I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from tracker import terms
from tracker.classify import Classifier, Utterance
from tracker.classify.quotes import fingerprints
from tracker.classify.relate import relations
from tracker.classify.utterance import today
from tracker.decide import match
from tracker.decide.compare import Judgement, compare
from tracker.decide.normalise import posts
from tracker.models.registry import Registry
from tracker.models.source import Judged, Known, PollState, Reply, Request, Source
from tracker.models.statement import VISIT, Classification, Event, Firing, Label, Post, Related, Statement
from tracker.models.telling import Digest, Rule
from tracker.sources import KINDS


@dataclass(frozen=True, slots=True)
class Mind:
    """What judging knows: who is who, what words mean, who wants to be told of what."""

    registry: Registry
    classifier: Classifier
    rules: tuple[Rule, ...] = ()
    digests: tuple[Digest, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """One answer to be judged. `since` is the last successful poll: no undated new item can be older than that."""

    source: Source
    state: PollState
    reply: Reply = field(repr=False)
    known: Known
    now: datetime


@dataclass(frozen=True, slots=True)
class Sight:
    """What an answer held: the items that are new or edited, and how to go on."""

    judged: tuple[Judged, ...]
    items_seen: int
    next: Request | None
    cursor: Mapping[str, Any]
    reads: int
    interval_hint: float | None
    notes: tuple[str, ...]


_mind: Mind | None = None


def prepare(registry: Registry, rules: tuple[Rule, ...], digests: tuple[Digest, ...], taxonomy: Path | None) -> None:
    """Give this process its mind: the initializer of a worker."""
    global _mind  # noqa: PLW0603  # one mind a process: it is what a worker is
    _mind = Mind(registry, Classifier.load(registry, taxonomy), rules, digests)


def mind() -> Mind:
    if _mind is None:
        raise RuntimeError("judge.prepare() comes first")
    return _mind


def judge(job: Job) -> Sight:
    """Read one answer and judge what is in it. Raises SourceError when it cannot be read."""
    knowing = mind()
    page = KINDS[job.source.kind].read(job.source, job.state, job.reply)
    normalised = posts(job.source, page, knowing.registry, job.now)
    fresh = [found for found in compare(normalised, job.known) if found.verdict != "same"]
    understood = knowing.classifier.classify([utterance(found.post, job.source.timezone) for found in fresh])
    judged = tuple(_judged(knowing, job, *pair) for pair in zip(fresh, understood, strict=True))
    return Sight(judged, len(normalised), page.next, page.cursor, page.reads, page.interval_hint, page.notes)


def utterance(post: Post, timezone: str | None = None) -> Utterance:
    """What the classifier hears of a post; "today" is the day in the source's zone, else in the speaker's."""
    zoneless = (post.published_inferred or "").endswith("read as UTC")  # the hour of some place: its day is the stated
    day = today(post.effective_at, post.speaker.country, "UTC" if zoneless else timezone)
    return Utterance(post.text, post.title, post.lang, post.speaker, post.origin, day)


def _judged(knowing: Mind, job: Job, found: Judgement, understood: Classification) -> Judged:
    if found.verdict == "same":
        raise ValueError("what is the same is not judged")
    judged = Judged(
        verdict=found.verdict, reason=found.reason, post=found.post, classification=understood,
        statement=found.statement, fingerprints=fingerprints(found.post.text, found.post.origin),
    )  # fmt: skip
    return _matched(knowing, job, judged) if knowing.rules or knowing.digests else judged


def _matched(knowing: Mind, job: Job, one: Judged) -> Judged:
    source, post = job.source, one.post
    found = terms.of(post, one.classification, source=source.name, kind=source.kind, first_seen_at=job.now)
    view, first, age = match.prepare(found), job.state.first_read_at is None, _age(job, post)
    fired = (match.fire(rule, view, first_reading=first, age=age, verdict=one.verdict) for rule in knowing.rules)
    digests = (digest.name for digest in knowing.digests if match.matches(digest.query.tree, view))
    return replace(one, firings=tuple(firing for firing in fired if firing), digests=tuple(digests))


def _age(job: Job, post: Post) -> float:
    """Seconds since publication; an undated item that is new cannot be older than the last successful poll."""
    if post.published_at is not None:
        return (job.now - post.published_at).total_seconds()
    return (job.now - (job.state.last_success_at or job.now)).total_seconds()


@dataclass(frozen=True, slots=True)
class Company:
    """A statement among those around it, and the events it may belong to."""

    statement: Statement
    around: tuple[Statement, ...]
    events: tuple[Event, ...]


def relate(companies: Sequence[Company], now: datetime) -> list[Related]:
    """Relate statements to those around them, and match what that adds against rules and digests again."""
    return [_related(mind(), company, now) for company in companies]


def _related(knowing: Mind, company: Company, now: datetime) -> Related:
    found = _heeding(company, relations(company.statement, company.around, company.events))
    firings: list[tuple[str, Firing]] = []
    digests: list[tuple[str, str]] = []
    for one in _touched(company, found):
        added = tuple(label for told, label in found.labels if told == one.id)
        view = match.prepare(terms_of(one, added, tuple(told.event for told in found.events)))
        age = (now - one.post.effective_at).total_seconds()
        for rule in knowing.rules:
            firing = match.fire(rule, view, first_reading=one.first_reading, age=age, verdict="new")
            if firing:
                firings.append((one.id, firing))
        digests += [(one.id, digest.name) for digest in knowing.digests if match.matches(digest.query.tree, view)]
    return replace(found, firings=tuple(firings), digests=tuple(digests))


def _heeding(company: Company, found: Related) -> Related:
    """What was found, without what makes a statement tell of a visit although a person says that it does not."""
    denied = {one.id for one in (company.statement, *company.around) if any(x.name == VISIT for x in one.removed)}
    told = [replace(e, told_by=tuple(pair for pair in e.told_by if pair[0] not in denied)) for e in found.events]
    labels = tuple(pair for pair in found.labels if pair[0] not in denied)
    return replace(found, events=tuple(event for event in told if event.told_by), labels=labels) if denied else found


def _touched(company: Company, found: Related) -> list[Statement]:
    """The statements to which a label or an event was added, and one that a person corrected."""
    told = {statement for statement, _ in found.labels}
    told |= {company.statement.id} if company.statement.corrected else set()
    told |= {statement for event in found.events for statement, _ in event.told_by}
    return [one for one in (company.statement, *company.around) if one.id in told]


def terms_of(one: Statement, labels: tuple[Label, ...] = (), events: tuple[Event, ...] = ()) -> terms.Terms:
    """The terms of a kept statement, with labels and events that are being added to it."""
    known = {label.name for label in one.labels}
    return terms.of(
        replace(one.post, presence=one.presence), one.classification, source=one.source, kind=one.kind,
        first_seen_at=one.first_seen_at,
        labels=(*one.labels, *(label for label in labels if label.name not in known)), events=(*one.events, *events),
    )  # fmt: skip
