"""What one statement has to do with those around it: quotations, reposts, twins, one event of a visit, labels by it.

Pure and idempotent: whichever of two related statements comes last finds the other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from tracker.classify import events as merging
from tracker.classify import quotes, tokens
from tracker.models.statement import Event, EventTold, Label, Link, Reference, Related, Statement, Visit, sides

VISIT, MEETING = "diplomatic_visit", "diplomatic_meeting"
#: How near to a visit a statement must be that belongs to it without saying so.
NEAR = timedelta(days=2)
#: Twins in two languages are posted within this time.
TWINS = timedelta(minutes=30)
_BY_QUOTE, _BY_SIDE = 0.9, 0.75


def relations(statement: Statement, around: Sequence[Statement], events: Sequence[Event]) -> Related:
    """Links, events and labels that a statement and those around it give each other."""
    others = [other for other in around if other.id != statement.id]
    links = list(dict.fromkeys((*_references(statement, others), *_quotations(statement, others))))
    stated = {(a, link.statement) for a, link in links} | {(link.statement, a) for a, link in links}
    links += [
        (statement.id, Link("same_as", o.id))
        for o in others
        if (statement.id, o.id) not in stated and _same(statement, o)
    ]
    told, labels = _visits(statement, others, events, links)
    return Related(statement.id, tuple(links), told, labels)


# --- links
def _references(statement: Statement, others: Sequence[Statement]) -> Iterator[tuple[str, Link]]:
    for other in others:
        for a, b in ((statement, other), (other, statement)):
            for reference in a.post.references:
                if _means(reference, b, a):
                    yield a.id, Link(reference.type, b.id)


def _means(reference: Reference, other: Statement, by: Statement) -> bool:
    if reference.external_id and reference.external_id == other.post.external_id and by.kind == other.kind:
        return True
    return bool(reference.url and other.post.url and _bare(reference.url) == _bare(other.post.url))


def _bare(url: str) -> str:
    bare = url.split("?")[0].split("#")[0].rstrip("/").lower()
    return bare.removeprefix("https://").removeprefix("http://").removeprefix("www.").replace("twitter.com/", "x.com/")


def _quotations(statement: Statement, others: Sequence[Statement]) -> Iterator[tuple[str, Link]]:
    """Reports that quote official statements, whichever of the two came last."""
    for report, official in (
        (statement, [o for o in others if o.post.origin == "official"]),
        *((o, [statement]) for o in others),
    ):
        if report.post.origin != "report" or (official == [statement] and statement.post.origin != "official"):
            continue
        candidates = [(o.id, o.post.text) for o in official]
        for quote in quotes.find(report.post.title, report.post.text, candidates):
            yield report.id, Link("quotes", quote.statement, quote.words.exact, quote.verdict)


def _same(a: Statement, b: Statement) -> bool:
    """One statement twice: the same words, or the same speaker's in another language at the same time."""
    if a.post.origin != b.post.origin or abs(a.post.effective_at - b.post.effective_at) > NEAR:
        return False
    one_speaker = _speaker(a) is not None and _speaker(a) == _speaker(b)
    if not one_speaker and a.post.origin == "official":
        return False
    if a.classification.lang == b.classification.lang:
        return quotes.alike(a.post.text, b.post.text) and (one_speaker or len(a.post.text) > 80)
    return one_speaker and abs(a.post.effective_at - b.post.effective_at) <= TWINS and _translated(a, b)


def _speaker(one: Statement) -> str | None:
    return one.post.speaker.leader or one.post.speaker.office_id


def _translated(a: Statement, b: Statement) -> bool:
    """The same names (two at least) and the same numbers: as safe as it is without a translation."""
    named = [
        {(m.kind, m.ref) for m in one.classification.mentions if m.kind in ("leader", "country")} for one in (a, b)
    ]
    numbers = [{word for word in tokens.read("text", one.post.text).words if word.isdigit()} for one in (a, b)]
    labels = [{label.name for label in one.classification.labels} for one in (a, b)]
    return len(named[0]) >= 2 and named[0] == named[1] and numbers[0] == numbers[1] and labels[0] == labels[1]


# --- visits
def _visits(
    statement: Statement, others: Sequence[Statement], events: Sequence[Event], links: Sequence[tuple[str, Link]]
) -> tuple[tuple[EventTold, ...], tuple[tuple[str, Label], ...]]:
    """The events of this statement's circle, with who tells them, and the labels that come by them."""
    known = {event.id: event for event in events}
    quoted = {(a, link.statement) for a, link in links if link.type == "quotes"}
    circle = [statement, *(o for o in others if (o.id, statement.id) in quoted or (statement.id, o.id) in quoted)]
    told: dict[str, list[tuple[str, Visit | None]]] = {}
    for one in circle:
        for visit in one.classification.visits:
            event = merging.told(one, visit, list(known.values()))
            if event:
                known[event.id] = event
                told.setdefault(event.id, []).append((one.id, visit))
    labels: list[tuple[str, Label]] = []
    for event in known.values():
        for one in (statement, *others):
            if any(label.name == VISIT for label in one.classification.labels) or one.post.origin != "official":
                continue
            if one is not statement and event.id not in told:
                continue
            label = _by_event(one, event, quoted)
            if label:
                told.setdefault(event.id, []).append((one.id, None))
                labels.append((one.id, label))
    return tuple(
        EventTold(key, _with(known[key], [who for who, _ in by]), tuple(by)) for key, by in told.items()
    ), tuple(labels)


def _with(event: Event, tellers: Sequence[str]) -> Event:
    return replace(event, statements=tuple(sorted({*event.statements, *tellers})))


def _by_event(one: Statement, event: Event, quoted: set[tuple[str, str]]) -> Label | None:
    """The label of a statement that belongs to a visit without saying it; None when it does not belong."""
    pair = sides(event)
    speaker = one.post.speaker
    if not pair or speaker.country not in pair or not _at_the_time(one, event):
        return None
    what = f"{pair[0]} to {pair[1]}" + "".join(f", {told}" for told in (event.place, event.day) if told)
    report = next((r for r in event.statements if (r, one.id) in quoted), None)
    if report:
        why = f"belongs to the visit {event.id} ({what}): the report {report} that tells it quotes this statement"
        return Label(VISIT, _BY_QUOTE, "event", (), why)
    parties = (*event.visitors, event.host)
    other = {party.leader for party in parties if party.leader and party.country != speaker.country}
    names = {m.ref for m in one.classification.mentions if m.kind == "leader"}
    met = any(label.name == MEETING and label.by == "words" for label in one.classification.labels)
    if met and other & names:
        by = f"told by {event.statements[0]}" if event.statements else "known"
        why = f"belongs to the visit {event.id} ({what}; {by}): its speaker is a side and it names {min(other & names)}"
        return Label(VISIT, _BY_SIDE, "event", (), why)
    return None


def _at_the_time(one: Statement, event: Event) -> bool:
    if event.day is None:
        return True
    day = one.post.effective_at.date()
    return event.day - NEAR <= day <= (event.day_end or event.day) + NEAR
