"""What one statement has to do with those around it: quotations, reposts, twins, one event of a visit, labels by it.

Pure and idempotent: whichever of two related statements comes last finds the other."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta

from tracker import events as visits
from tracker.classify import quotes, tokens
from tracker.models.statement import VISIT, Event, EventTold, Label, Link, Reference, Related, Statement, Visit, sides

MEETING = "diplomatic_meeting"
#: How near to a visit a statement must be that belongs to it without saying so.
NEAR = timedelta(days=2)
#: Twins in two languages are posted within this time.
TWINS = timedelta(minutes=30)
#: A label by event is no surer than this, and never surer than the telling that it comes from.
_BY_QUOTE, _BY_SIDE = 0.9, 0.75


def relations(statement: Statement, around: Sequence[Statement], events: Sequence[Event]) -> Related:
    """Links, events and labels that a statement and those around it give each other."""
    others = [other for other in around if other.id != statement.id]
    links = list(dict.fromkeys((*_references(statement, others), *_quotations(statement, others))))
    stated = {(a, link.statement) for a, link in links} | {(link.statement, a) for a, link in links}
    twins = (o for o in others if (statement.id, o.id) not in stated and _same(statement, o))
    links += [(statement.id, Link("same_as", o.id)) for o in twins]
    told, labels = _visits(statement, others, events, links)
    return Related(statement.id, tuple(links), told, labels)


# --- links
def _references(statement: Statement, others: Sequence[Statement]) -> Iterator[tuple[str, Link]]:
    for a, b in (pair for other in others for pair in ((statement, other), (other, statement))):
        yield from ((a.id, Link(reference.type, b.id)) for reference in a.post.references if _means(reference, b, a))


def _means(reference: Reference, other: Statement, by: Statement) -> bool:
    known = reference.external_id and reference.external_id == other.post.external_id and by.kind == other.kind
    return bool(known or (reference.url and other.post.url and _bare(reference.url) == _bare(other.post.url)))


def _bare(url: str) -> str:
    bare = url.split("?")[0].split("#")[0].rstrip("/").lower()
    return bare.removeprefix("https://").removeprefix("http://").removeprefix("www.").replace("twitter.com/", "x.com/")


def _quotations(statement: Statement, others: Sequence[Statement]) -> Iterator[tuple[str, Link]]:
    """Reports that quote official statements, whichever of the two came last."""
    pairs = [(statement, [o for o in others if o.post.origin == "official"])]
    pairs += [(o, [statement]) for o in others if statement.post.origin == "official"]
    for report, official in pairs:
        candidates = [(o.id, o.post.text) for o in official]
        if report.post.origin == "report":
            for quote in quotes.find(report.post.title, report.post.text, candidates):
                yield report.id, Link("quotes", quote.statement, quote.words.exact, quote.verdict)


def _same(a: Statement, b: Statement) -> bool:
    """One statement twice: the same words, or the same speaker's in another language at the same time."""
    if a.post.origin != b.post.origin or abs(a.post.effective_at - b.post.effective_at) > NEAR:
        return False
    speakers = {one.post.speaker.leader or one.post.speaker.office_id for one in (a, b)}
    one_speaker = len(speakers) == 1 and None not in speakers
    if not one_speaker and a.post.origin == "official":
        return False
    if a.classification.lang == b.classification.lang:
        alike = quotes.alike(a.post.text, b.post.text) and (one_speaker or len(a.post.text) > 80)
        # each has a name or number that the other has not: a cut text only lacks something
        return alike and not any(its(a) - its(b) and its(b) - its(a) for its in (_named, _numbers))
    return one_speaker and abs(a.post.effective_at - b.post.effective_at) <= TWINS and _translated(a, b)


def _named(one: Statement, *kinds: str) -> set[str]:
    return {m.ref for m in one.classification.mentions if m.kind in (kinds or ("country", "place"))}


def _numbers(one: Statement) -> set[str]:
    return {word for word in tokens.read("text", one.post.text).words if word.isdigit()}


def _translated(a: Statement, b: Statement) -> bool:
    """The same names (two at least) and the same numbers: as safe as it is without a translation."""
    named = [_named(one, "leader", "country") for one in (a, b)]
    labels = [{label.name for label in one.classification.labels} for one in (a, b)]
    return len(named[0]) >= 2 and named[0] == named[1] and _numbers(a) == _numbers(b) and labels[0] == labels[1]


# --- visits
def _visits(
    statement: Statement, others: Sequence[Statement], events: Sequence[Event], links: Sequence[tuple[str, Link]]
) -> tuple[tuple[EventTold, ...], tuple[tuple[str, Label], ...]]:
    """The events of this statement's circle, with who tells them, and the labels that come by them."""
    known, told = {event.id: event for event in events}, defaultdict[str, list[tuple[str, Visit | None]]](list)
    by_id = {one.id: one for one in (statement, *others)}
    quoting = [(by_id[a], by_id[link.statement]) for a, link in links if link.type == "quotes"]
    for one in {statement.id: statement, **{one.id: one for pair in quoting for one in pair}}.values():
        for visit in filter(visits.key_of, one.classification.visits):
            event = visits.with_telling(one, visit, known.values())
            known[event.id] = event
            told[event.id].append((one.id, visit))
    labels: list[tuple[str, Label]] = []
    for event in known.values():
        for one in (statement, *others) if event.id in told else (statement,):
            if one.post.origin == "official" and all(label.name != VISIT for label in one.classification.labels):
                reports = [report for report, other in quoting if other is one and report.id in event.statements]
                if label := _by_event(one, event, max(reports, key=visits.sureness, default=None)):
                    told[event.id].append((one.id, None))
                    labels.append((one.id, label))
    return tuple(EventTold(visits.key_of(known[id]), known[id], tuple(by)) for id, by in told.items()), tuple(labels)


def _by_event(one: Statement, event: Event, report: Statement | None) -> Label | None:
    """The label of a statement that belongs to a visit without saying it; None when it does not belong.

    `report` is the surest that tells the visit and quotes the statement."""
    parties, own, day = (*event.visitors, event.host), one.post.speaker.country, one.post.effective_at.date()
    at_the_time = event.first <= day + NEAR and day <= event.last + NEAR
    if not own or not at_the_time or own not in {party.country for party in parties}:
        return None
    what = " to ".join(sides(event) or ()) + "".join(f", {told}" for told in (event.place, event.day) if told)
    others = [party for party in parties if party.country != own]
    names = sorted(_named(one, "leader") & {party.leader for party in others if party.leader})
    met = any(label.name == MEETING and label.by == "words" for label in one.classification.labels)
    where = _named(one, "country", "place") - {own}
    fits = names or (met and (not where or where & {event.place, *(party.country for party in others)}))
    sure = visits.sureness(report) if report else 0.0
    if report and sure and fits:
        why = f"the report {report.id}, which tells it with a score of {sure:.2f}, quotes this statement"
        return Label(VISIT, min(_BY_QUOTE, sure), "event", (), f"belongs to the visit {event.id} ({what}): {why}")
    if met and names and event.score:
        why = f"told with a score of {event.score:.2f}): its speaker is a side and it names {names[0]}"
        return Label(VISIT, min(_BY_SIDE, event.score), "event", (), f"belongs to the visit {event.id} ({what}; {why}")
    return None
