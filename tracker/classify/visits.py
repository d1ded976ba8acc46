"""Who visits whom, where, when: the frame of a diplomatic visit as one text tells it, each field with its words.

Sides are weighed: a place with "in" or "to" before it, a host's verb, thanks for hospitality, the speaker's country."""

from collections import defaultdict
from collections.abc import Iterable

from tracker import text
from tracker.classify import dates
from tracker.classify.document import Document
from tracker.classify.features import at
from tracker.classify.lexicon import Hit
from tracker.classify.names import Named
from tracker.models.statement import Party, Visit, VisitStatus, Words

_TOWNS = ("capital", "city")
_GOING = frozenset({"ARRIVE", "DEPART", "GO", "VISIT", "STATE_VISIT", "TRIP", "HOSPITALITY", "SIDELINES", "SUMMIT"})
_HOSTING = frozenset({"RECEIVE", "WELCOME"})
#: Without one of these, or a place where something happens, no visit is told.
_TOLD = _GOING | _HOSTING | frozenset({
    "YOUR_VISIT", "RETURN", "INVITED", "DELEGATION", "ABROAD", "HERE", "ATTEND", "MEET", "TALKS",
})  # fmt: skip
_PASSIVE = frozenset({"par", "by", "por", "pelo", "pela"})
#: Before a host's verb these say that it is suffered: "j'ai été reçu au palais".
_SUFFERED = frozenset({"etre", "ete", "be", "been", "being", "was", "were", "sido", "ser", "fui"})
_PERSON = ("leader", "person")


def told(document: Document) -> bool:
    """Whether any word tells of going, coming, receiving or meeting, or of being at a place."""
    placed = (n for n in document.named if n.entry.kind in (*_TOWNS, "place", "metonym", "country") and at(n))
    return any(hit.concept in _TOLD for hit in document.hits) or any(placed)


def frame(document: Document) -> Visit | None:
    """The visit of a text that was found to be about one; None when neither side nor place can be told."""
    by_concept: dict[str, list[Hit]] = defaultdict(list)
    for hit in document.hits:
        by_concept[hit.concept].append(hit)
    hosting = _hosting(by_concept)
    host, host_words = _host(document, by_concept, hosting)
    visitors, visitor_words = _visitors(document, host, hosting)
    place, place_words = _place(document, host)
    when = dates.choose(document.fields, document.lang or "en", document.utterance.published, place_words or host_words)
    status, status_words = _status(document, by_concept, when)
    if not host and not visitors:
        return None
    told = {"host": host_words, "visitor": visitor_words, "place": place_words, "status": status_words}
    told["date"] = when.words if when else None
    day = when.day if when else document.utterance.published if status == "ongoing" else None
    words = tuple((name, words) for name, words in told.items() if words)
    return Visit(status, visitors, _host_party(document, host), place, day, when.end if when else None, words)


def _hosting(by: dict[str, list[Hit]]) -> Hit | None:
    """The words by which the speaker (or the subject of a report) receives somebody; None when they are received."""
    if by["HOSPITALITY"] and not by["YOUR_VISIT"]:
        return None
    for hit in (*by["YOUR_VISIT"], *by["RECEIVE"], *by["WELCOME"]):
        words = hit.field.words
        after = words[hit.last + 1 : hit.last + 2]
        inside, before = words[hit.first : hit.last + 1], words[max(hit.first - 1, 0) : hit.last]
        if not (_PASSIVE & {*after, *inside} or _SUFFERED & {*before}):
            return hit
    return None


def _host(document: Document, by: dict[str, list[Hit]], hosting: Hit | None) -> tuple[str | None, Words | None]:
    weights: dict[str, float] = defaultdict(float)
    best: dict[str, tuple[float, Words]] = {}
    going = any(by[concept] for concept in _GOING)
    for order, named in enumerate(document.named):
        code = named.entry.code
        if not code or code.startswith("INT"):
            continue
        weight = _pull(document, named, by) - 0.01 * order
        weights[code] += weight
        if weight > best.get(code, (0.0, None))[0]:
            best[code] = (weight, named.field.span(named.first, named.last))
    home = document.home
    if home:
        foreign = [code for code in weights if code != home]
        if hosting and foreign and not _away(document, home, by):
            weights[home] += 3.0
            best.setdefault(home, (3.0, hosting.field.span(hosting.first, hosting.last)))
        elif going and foreign:
            weights[home] -= 2.0
    elif hosting:
        for named in document.named:
            if named.field is hosting.field and named.first < hosting.first and named.entry.code in weights:
                weights[named.entry.code] += 2.0
                break
    if not weights:
        return None, None
    code = max(weights, key=lambda c: weights[c])
    return code, best[code][1] if code in best else None


def _pull(document: Document, named: Named, by: dict[str, list[Hit]]) -> float:
    """How strongly one name says that its country is where the visit goes."""
    kind, placed = named.entry.kind, at(named)
    weight = {"capital": 1.5, "city": 1.5, "metonym": 1.5, "country": 0.8, "place": 0.5, "demonym": 0.1}.get(kind, -0.3)
    if placed and kind not in ("demonym", *_PERSON):
        weight += 1.5 if kind in (*_TOWNS, "metonym") else 1.2
    if kind not in _PERSON and any(
        _follows(hit, named) for c in ("ARRIVE", "DEPART", "VISIT", "STATE_VISIT", "GO", "TRIP") for hit in by[c]
    ):
        weight += 1.0
    if kind in ("country", "demonym", "capital") and _titled(document, named):
        weight -= 2.5 if kind == "capital" else 0.8  # "the president of Djibouti"
    if named.entry.code == (document.home or named.entry.code) and any(_follows(hit, named) for hit in by["RETURN"]):
        weight -= 4.0
    return weight


def _titled(document: Document, named: Named, after: bool = False) -> bool:
    """Whether "president of", "ministre" … stand right before a country's name, or `after` it as well."""
    before = max((o.last for o in document.named if o.field is named.field and o.last < named.first), default=-1)
    titles = [h for h in document.hits if h.field is named.field and h.concept in ("HEAD", "MINISTER", "AMBASSADOR")]
    titles = [h for h in titles if h.last > before]  # of two countries after a title it is the first one's
    return any(0 < named.first - h.last <= 3 for h in titles) or (
        after and any(0 <= named.first - h.first <= 3 or 0 < h.first - named.last <= 2 for h in titles)
    )


def _follows(hit: Hit, named: Named) -> bool:
    return hit.field is named.field and hit.first <= named.first <= hit.last + 4


def _away(document: Document, home: str, by: dict[str, list[Hit]]) -> bool:
    """Whether a foreign town, or a country that is gone to, is named as where it happens."""
    going = [hit for concept in ("VISIT", "STATE_VISIT", "ARRIVE", "TRIP") for hit in by[concept]]
    return any(
        n.entry.kind in (*_TOWNS, "country")
        and n.entry.code != home
        and at(n)
        and (n.entry.kind in _TOWNS or any(_follows(hit, n) for hit in going))
        for n in document.named
    )


def _host_party(document: Document, host: str | None) -> Party:
    speaker = document.utterance.speaker
    if host and host == document.home:
        return Party(speaker.name, speaker.leader, host)
    person = next((n for n in document.named if n.entry.kind in _PERSON and n.entry.code == host), None)
    return _party(person, host) if person else Party(country=host)


def _party(named: Named, code: str | None) -> Party:
    entry = named.entry
    name = entry.label or named.field.span(named.first, named.last).exact
    return Party(name, entry.ref if entry.kind == "leader" else None, code)


def _visitors(document: Document, host: str | None, hosting: Hit | None) -> tuple[tuple[Party, ...], Words | None]:
    speaker, home = document.utterance.speaker, document.home
    if home and host != home:
        return (Party(speaker.name, speaker.leader, home),), None
    others = [n for n in document.named if n.entry.code and n.entry.code != host]
    people = [n for n in others if n.entry.kind in _PERSON]
    if people:
        first = min(people, key=lambda n: _order(document, n, hosting))
        return tuple(_parties(people, first)), first.field.span(first.first, first.last)
    titled = [n for n in others if n.entry.kind in ("country", "demonym", "org")]
    titled.sort(key=lambda n: (not _titled(document, n, True), n.entry.kind == "org", str(n.entry.code)[:3] == "INT"))
    for named in titled or others:  # a country's name, or a demonym, is nobody's
        words = named.field.span(named.first, named.last)
        return (Party(words.exact if named.entry.kind == "org" else None, None, named.entry.code),), words
    return (), None


def _order(document: Document, named: Named, hosting: Hit | None) -> tuple[bool, int]:
    """The one who is received stands after the host's verb; without one, the first named."""
    late = hosting is not None and named.field is hosting.field and named.first < hosting.first and not document.home
    return late, document.named.index(named)


def _parties(people: Iterable[Named], first: Named) -> Iterable[Party]:
    """The visitor and who is named beside them; others of the country (a predecessor, a minister) stay at home."""
    seen: set[str | None] = set()
    for named in sorted(people, key=lambda n: n is not first):
        beside = named.field is first.field and named.field.sentence[named.first] == first.field.sentence[first.first]
        if beside and named.entry.ref not in seen and named.entry.code == first.entry.code:
            seen.add(named.entry.ref)
            yield _party(named, named.entry.code)


def _place(document: Document, host: str | None) -> tuple[str | None, Words | None]:
    towns = [n for n in document.named if n.entry.kind in (*_TOWNS, "place", "metonym") and n.entry.code == host]
    if not towns:
        return None, None
    best = max(towns, key=lambda n: (n.entry.kind in _TOWNS, at(n)))
    words = best.field.span(best.first, best.last)
    if text.fold(words.exact) != text.fold(best.entry.spelling):
        return best.entry.spelling, words  # inflected, or with a preposition written on it
    written = words.exact
    return written.title() if written.isupper() or written.islower() else written, words


def _status(document: Document, by: dict[str, list[Hit]], when: dates.When | None) -> tuple[VisitStatus, Words | None]:
    def said(concept: str) -> Words | None:
        hit = next(iter(by[concept]), None)
        return hit.field.span(hit.first, hit.last) if hit else None

    if words := said("POSTPONE"):
        return "postponed", words
    if words := said("CANCEL"):
        return "cancelled", words
    if when and when.ahead:
        return "announced", when.words
    moves = sorted((h for h in document.hits if h.concept in _GOING | _HOSTING), key=lambda h: (h.field.name, h.first))
    tenses = (_tense(document, spot) for spot in moves or filter(at, document.named))
    told = next((tense for tense in tenses if tense not in ("", "said")), "")
    published = document.utterance.published  # where it is not known, the verb alone says when
    today = not when or published in (None, when.day) or when.told == "now"  # "is there since Monday"
    open_ = today and not by["WELCOME"] and not by["HOSPITALITY"]
    if told == "future" and open_:
        return "announced", said("PLAN")
    present = (hit for hit in by["NOW"] if _present(hit, by) and (today or _tense(document, hit) != "past"))
    now = next((hit.field.span(hit.first, hit.last) for hit in present), None)
    if now or (by["WELCOME"] and not by["HOSPITALITY"]) or (told == "now" and open_):
        return "ongoing", now or said("WELCOME")
    return "past", said("HOSPITALITY") or said("RECEIVE") or said("MEET")


def _tense(document: Document, hit: Hit | Named) -> str:
    """What the verb of a phrase says, or the one before it."""
    one = hit.field
    return dates.tense(one, document.lang or "en", one.starts[hit.first], one.ends[hit.last], led=True)


def _present(now: Hit, by: dict[str, list[Hit]]) -> bool:
    """Whether "this afternoon", "arrives" … say that the visit goes on: not `arrivé`, not talks that were held."""
    if now.field.span(now.first, now.last).exact.lower().startswith("arrivé"):
        return False
    sentence = (now.field.name, now.field.sentence[now.first])
    there = {c for c, hits in by.items() for h in hits if (h.field.name, h.field.sentence[h.first]) == sentence}
    return bool(there & _GOING) or not there & {"MEET", "TALKS", "RECEIVE"}
