"""What one statement has to do with those around it: quotations, reposts, twins, one event of a visit, labels by it.
Pure and idempotent: whichever of two related statements comes last finds the other."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import cache

from tracker import events as visits
from tracker import gazetteer
from tracker.classify import quotes, tokens
from tracker.classify.lexicon import common
from tracker.models.statement import VISIT, Event, EventTold, Label, Link, Reference, Related, Statement, Visit, sides

MEETING = "diplomatic_meeting"
#: How near to a visit a statement must be that belongs to it without saying so.
NEAR = timedelta(days=2)
#: Twins in two languages are posted within this time, with this share of what they say in common; of little, the most.
TWINS, _SHARE, _MOST, _LITTLE, _LEAST = timedelta(minutes=30), 0.7, 0.9, 4.0, 2.5
#: What they say counts for so much; concepts that nearly every post has count for little.
_WEIGHTS = {"leader": 2, "country": 2, "picture": 2, "number": 1.5, "sign": 0.5, "light": 0.2}
_LIGHT = frozenset({"I", "HERE", "NOW", "TODAY", "HEAD", "HOTSPOT", "MEET", "PLAN", "COUNTERPART", "LIVE", "ROUTINE"})
_SIGN = re.compile(r"[#@]\w+|https?://\S+|[\u2600-\u27bf\U0001f000-\U0001faff]")
_NUMBER, _GROUPS = re.compile(r"\d+/\d*|\d{1,18}"), re.compile(r"(?<=\d)[\s.,](?=\d{3}(?!\d))")
#: A label by event is no surer than this, and never surer than the telling that it comes from.
_BY_QUOTE, _BY_SIDE = 0.9, 0.75


def relations(statement: Statement, around: Sequence[Statement], events: Sequence[Event]) -> Related:
    """Links, events and labels that a statement and those around it give each other."""
    others = [other for other in around if other.id != statement.id]
    links = list(dict.fromkeys((*_references(statement, others), *_quotations(statement, others))))
    stated = {(a, link.statement) for a, link in links} | {(link.statement, a) for a, link in links}
    links += [(statement.id, Link("same_as", o)) for o in _twins(statement, others) if (statement.id, o) not in stated]
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
    official, reports = ([o for o in others if o.post.origin == origin] for origin in ("official", "report"))
    pairs = [(statement, official)] if statement.post.origin == "report" else [(o, [statement]) for o in reports]
    for report, its in pairs:
        for quote in quotes.find(report.post.title, report.post.text, [(o.id, o.post.text) for o in its]):
            yield report.id, Link("quotes", quote.statement, quote.words.exact, quote.verdict)


Items = set[tuple[str, str]]  # of what kind, and a name of it that languages share
_towns = cache(lambda: {n.text: (n.canonical, n.code) for n in gazetteer.names() if n.kind in ("capital", "city")})


def _twins(one: Statement, others: Sequence[Statement]) -> Iterator[str]:
    """Who says the same: in the same words, or as each other's best translation, which no neighbour in a thread is."""
    for other in others:
        likeness, langs = _likeness(one, other), (one.classification.lang, other.classification.lang)
        rivals = ((one, o) if o.classification.lang == langs[1] else (o, other) for o in others)
        if likeness and all(_likeness(a, b) <= likeness for a, b in rivals if a.classification.lang == langs[0]):
            yield other.id


def _likeness(a: Statement, b: Statement) -> float:
    """The share of what two statements say that both say; 0 when they are not one statement twice."""
    apart, one, other = abs(a.post.effective_at - b.post.effective_at), a.post.speaker, b.post.speaker
    whose = {by.leader if one.leader and other.leader else by.office_id for by in (one, other)}
    one_speaker, one_lang = len(whose) == 1 and None not in whose, a.classification.lang == b.classification.lang
    short, long = sorted((len(a.post.text), len(b.post.text)))
    able = one_speaker or (one_lang and a.post.origin == "report" and long > 80)
    near = able and a.post.origin == b.post.origin and apart <= (NEAR if one_lang else TWINS)
    if not near or not (quotes.alike(a.post.text, b.post.text) if one_lang else long <= 2.5 * short):
        return 0.0
    *firm, (first, second) = zip(_said(a), _said(b), strict=True)
    if any(x - y and y - x for x, y in firm):  # two of one template; a cut text only lacks something
        return 0.0
    shared = sum(_WEIGHTS.get(kind, 1) for kind, _ in first & second)
    unlike = sum(_WEIGHTS.get(kind, 1) for kind, _ in first ^ second if kind not in ("sign", "picture"))
    share = 2 * shared / max(2 * shared + unlike, 1)
    enough = _SHARE + apart / TWINS * 0.15 if shared >= _LITTLE else _MOST
    return 1.0 if one_lang else share if shared >= _LEAST and share >= enough else 0.0


def _said(one: Statement) -> tuple[Items, Items, Items]:
    """What a statement says in any language: leaders, countries and towns but its speaker's own; numbers but for their
    thousands ("25 mille" is 25,000), with the "2/5" of a thread; concepts, organisations, hashtags, pictures."""
    post, understood, mentions = one.post, one.classification, one.classification.mentions
    whole = tokens.read("text", f"{post.title or ''}\n{post.text}")
    towns = [_towns().get(m.ref, (m.ref, "")) for m in mentions if m.kind == "place" and m.ref != "region"]
    names: Items = {(m.kind, m.ref) for m in mentions if m.kind in ("leader", "country")}
    names |= {item for town, code in towns for item in (("place", town), ("country", code)) if item[1]}
    names -= {("leader", post.speaker.leader or ""), ("country", post.speaker.country or "")}
    found = _NUMBER.findall(_GROUPS.sub("", _SIGN.sub(" ", whole.seen)))
    numbers: Items = {("number", n if "/" in n else re.sub("(000)+$", "", str(int(n)))) for n in found}
    hits = common().find(understood.lang, [whole]) if understood.classified and understood.lang else ()
    rest = {("light" if hit.concept in _LIGHT else "concept", hit.concept) for hit in hits}
    rest |= {("sign", x) for x in _SIGN.findall(whole.raw.lower())} | {("picture", media.url) for media in post.media}
    return names, numbers, names | numbers | rest | {("name", m.ref) for m in mentions if m.kind == "organisation"}


def _named(one: Statement, *kinds: str) -> set[str]:
    return {mention.ref for mention in one.classification.mentions if mention.kind in kinds}


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
    """The label of a statement that belongs to a visit without saying it; None when it does not belong. `report` is the
    surest that tells the visit and quotes the statement."""
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
