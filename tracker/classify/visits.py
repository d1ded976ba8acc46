"""Who visits whom, where, when: the frame of a diplomatic visit as one text tells it, each field with its words.

Sides are weighed: a place with "in" or "to" before it, a host's verb, thanks for hospitality, the speaker's country."""

import re
from collections import defaultdict
from collections.abc import Mapping

from tracker import gazetteer, text
from tracker.classify import dates
from tracker.classify.document import Document
from tracker.classify.features import at
from tracker.classify.lexicon import Hit
from tracker.classify.names import Named
from tracker.models.statement import Party, Visit, VisitStatus, Words

_TOWNS = ("capital", "city")
_GOES = ("ARRIVE", "DEPART", "VISIT", "STATE_VISIT", "GO", "TRIP")
_GOING = frozenset({*_GOES, "HOSPITALITY", "SIDELINES", "SUMMIT"})
_HOSTING = frozenset({"RECEIVE", "WELCOME"})
#: Without one of these, or a place where something happens, no visit is told.
_TOLD = (
    _GOING | _HOSTING | {"YOUR_VISIT", "RETURN", "INVITED", "DELEGATION", "ABROAD", "HERE", "ATTEND", "MEET", "TALKS"}
)
_PASSIVE = frozenset({"par", "by", "por", "pelo", "pela"})
#: Before a host's verb these say that it is suffered: "j'ai été reçu au palais".
_SUFFERED = frozenset({"etre", "ete", "be", "been", "being", "was", "were", "sido", "ser", "fui"})
_PERSON = ("leader", "person")
#: What stands between two names of a list, with the first letter of the second: "and", "and the president of", a comma.
_LIST = re.compile(r"(?:,[^,]{1,40},)?\s*(?:et|and|y|e|и)(?:\W+\w+){0,5}\W+\w|,\s*\w|\s*و(?:\w*\W+){0,5}\w?")


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
    fields, lang, published = document.fields, document.lang or "en", document.utterance.published
    marks = dates.marks(fields, lang)
    when = dates.choose(fields, lang, published, place_words or host_words, marks.get("moved"))
    status, status_words = _status(document, by_concept, when, marks)
    if not status or not (host or visitors):
        return None
    told = {"host": host_words, "visitor": visitor_words, "place": place_words, "status": status_words}
    day, end = published if status == "ongoing" else None, None
    gone = when and when.day and published and when.day < published  # a day to come of what goes on is that of talks
    if when and not (when.ahead and status == "ongoing") and not (gone and status == "announced"):
        told["date"], day, end = when.words, when.day, when.end
    words = tuple((name, words) for name, words in told.items() if words)
    return Visit(status, visitors, _host_party(document, host), place, day, end, words)


def _hosting(by: dict[str, list[Hit]]) -> Hit | None:
    """The words by which the speaker (or the subject of a report) receives somebody; None when they are received."""
    if by["HOSPITALITY"] and not by["YOUR_VISIT"]:
        return None
    for hit in (*by["YOUR_VISIT"], *by["RECEIVE"], *by["WELCOME"]):
        words, before = hit.field.words, max(hit.first - 1, 0)
        if not (_PASSIVE & {*words[hit.first : hit.last + 2]} or _SUFFERED & {*words[before : hit.last]}):
            return hit
    return None


def _host(document: Document, by: dict[str, list[Hit]], hosting: Hit | None) -> tuple[str | None, Words | None]:
    weights, home = defaultdict[str, float](float), document.home
    best: dict[str, tuple[float, Words]] = {}
    for order, named in enumerate(document.named):
        code = named.entry.code
        if code and not code.startswith("INT"):
            weights[code] += (weight := _pull(document, named, by) - 0.01 * order)
            if weight > best.get(code, (0.0, None))[0]:
                best[code] = (weight, named.field.span(named.first, named.last))
    foreign = weights.keys() - {home}
    if home and hosting and foreign and not _away(document, home, by):
        weights[home] += 3.0
        best.setdefault(home, (3.0, hosting.field.span(hosting.first, hosting.last)))
    elif home and foreign and any(by[concept] for concept in _GOING):
        weights[home] -= 2.0
    elif hosting and not home:
        before = (n for n in document.named if n.field is hosting.field and n.first < hosting.first)
        receiver = next((n.entry.code for n in before if n.entry.code in weights), None)
        weights |= {receiver: weights[receiver] + 2.0} if receiver else {}
    code = max(weights, key=lambda c: weights[c], default=None)
    return code, best[code][1] if code in best else None


def _pull(document: Document, named: Named, by: dict[str, list[Hit]]) -> float:
    """How strongly one name says that its country is where the visit goes."""
    kind, going = named.entry.kind, [hit for concept in _GOES for hit in by[concept]]
    weight = {"capital": 1.5, "city": 1.5, "metonym": 1.5, "country": 0.8, "place": 0.5, "demonym": 0.1}.get(kind, -0.3)
    if kind not in ("demonym", *_PERSON) and at(named):
        weight += 1.5 if kind in (*_TOWNS, "metonym") else 1.2
    if kind not in _PERSON and any(_follows(hit, named) for hit in going):
        weight += 1.0
    if kind in ("country", "demonym", "capital") and _titled(document, named):
        weight -= 2.5 if kind == "capital" else 0.8  # "the president of Djibouti"
    if named.entry.code == (document.home or named.entry.code) and any(_follows(hit, named) for hit in by["RETURN"]):
        weight -= 4.0
    return weight


def _titled(document: Document, named: Named, after: bool = False) -> bool:
    """Whether "president of", "ministre" … stand right before a country's name, or `after` it as well."""
    spots: list[Hit | Named] = [*document.named, *(h for h in document.hits if h.concept in _GOES)]
    before = max((spot.last for spot in spots if spot.field is named.field and spot.last < named.first), default=-1)
    titles = [h for h in document.hits if h.field is named.field and h.concept in ("HEAD", "MINISTER", "AMBASSADOR")]
    titles = [h for h in titles if h.last > before]  # of two countries after a title it is the first one's
    led = any(0 < named.first - h.last <= 3 for h in titles)
    return led or (after and any(0 <= named.first - h.first <= 3 or 0 < h.first - named.last <= 4 for h in titles))


def _follows(hit: Hit, named: Named) -> bool:
    return hit.field is named.field and hit.first <= named.first <= hit.last + 4


def _away(document: Document, home: str, by: dict[str, list[Hit]]) -> bool:
    """Whether a foreign town, or a country that is gone to, is named as where it happens."""
    going = [hit for concept in ("VISIT", "STATE_VISIT", "ARRIVE", "TRIP") for hit in by[concept]]
    there = ((n, n.entry.kind) for n in document.named if n.entry.code != home and at(n))
    return any(k in _TOWNS or (k == "country" and any(_follows(hit, n) for hit in going)) for n, k in there)


def _host_party(document: Document, host: str | None) -> Party:
    speaker = document.utterance.speaker
    if host and host == document.home:
        return Party(speaker.name, speaker.leader, host)
    person = next((n for n in document.named if n.entry.kind in _PERSON and n.entry.code == host), None)
    return _party(person, host) if person else Party(country=host)


def _party(named: Named, code: str | None) -> Party:
    entry = named.entry
    name = entry.label or named.field.span(named.first, named.last).exact
    bare = entry.kind not in (*_PERSON, "org")  # a country's name, or a demonym, is nobody's
    return Party(None if bare else name, entry.ref if entry.kind == "leader" else None, code)


def _visitors(document: Document, host: str | None, hosting: Hit | None) -> tuple[tuple[Party, ...], Words | None]:
    speaker, home = document.utterance.speaker, document.home
    if home and host != home:
        return (Party(speaker.name, speaker.leader, home),), None
    others = [n for n in document.named if n.entry.code and n.entry.code != host]
    nations = [n for n in others if _nation(n) or n.entry.kind == "org"]
    ranked = [n for n in others if n.entry.kind in _PERSON] or nations or others
    if not ranked:
        return (), None
    first = min(ranked, key=lambda n: _order(document, n, hosting))
    together = (_party(n, n.entry.code) for n in _together(document, first, host))
    return tuple(dict.fromkeys(together)), first.field.span(first.first, first.last)


def _order(document: Document, named: Named, hosting: Hit | None) -> tuple[bool | int, ...]:
    """The one who is received stands after the host's verb; without one, the first named. Of countries the titled."""
    kind, person = named.entry.kind, named.entry.kind in _PERSON
    late = person and not document.home and hosting and named.field is hosting.field and named.first < hosting.first
    bare, international = not person and not _titled(document, named, True), str(named.entry.code)[:3] == "INT"
    return bool(late), bare, kind == "org", not person and international, document.named.index(named)


def _together(document: Document, first: Named, host: str | None) -> list[Named]:
    """The visitor and who is on a list with them, or in one sentence and of their country: others stay at home."""
    found, last, one = [first], first, first.field
    for named in document.named[document.named.index(first) + 1 :]:
        if named.field is not one or one.sentence[named.first] != one.sentence[first.first]:
            break
        code, between = named.entry.code, (one.ends[last.last], one.starts[named.first] + 1)
        listed = code in (first.entry.code, last.entry.code) or _LIST.fullmatch(one.folded, *between)
        if listed and code != host and (named.entry.kind in _PERSON or _nation(named)):
            found.append(last := named)
    named_ones = {n.entry.code for n in found if n.entry.kind in _PERSON}
    return [n for n in found if n.entry.kind in _PERSON or n.entry.code not in named_ones]


def _nation(named: Named) -> bool:
    """Whether a name is a nation's, as those of some capitals are: Guatemala, Luxembourg, Tunis in Arabic."""
    kind, spelling = named.entry.kind, named.entry.spelling
    return kind in ("country", "demonym") or (kind == "capital" and gazetteer.country_named(spelling) is not None)


def _place(document: Document, host: str | None) -> tuple[str | None, Words | None]:
    towns = [n for n in document.named if n.entry.kind in (*_TOWNS, "place", "metonym") and n.entry.code == host]
    if not towns:
        return None, None
    best = max(towns, key=lambda n: (n.entry.kind in _TOWNS, at(n)))
    words = best.field.span(best.first, best.last)
    if text.fold(words.exact) != text.fold(best.entry.spelling):
        return best.entry.spelling, words  # inflected, or with a preposition written on it
    return words.exact.title() if words.exact.isupper() or words.exact.islower() else words.exact, words


def _status(
    document: Document, by: dict[str, list[Hit]], when: dates.When | None, marks: Mapping[str, Words]
) -> tuple[VisitStatus | None, Words | None]:
    """How a visit stands and the words that say so; None where there was none and none is to come."""

    def said(*concepts: str) -> Words | None:
        hit = next((hit for concept in concepts for hit in by[concept]), None)
        return hit.field.span(hit.first, hit.last) if hit else None

    told, arrived, held = _told(document, marks.get("never"))
    if "declined" in marks or ("never" in marks and not told):
        return None, None
    if put_off := marks.get("moved") or said("POSTPONE"):
        return "postponed", put_off
    if by["CANCEL"]:
        return "cancelled", said("CANCEL")
    # a day past, unless it is "is there since Monday"; where no publication is known, the verb alone says when
    gone = when and not when.ahead and document.utterance.published not in (None, when.day) and when.told != "now"
    thanked = "over" in marks or (by["HOSPITALITY"] and "more" not in marks)
    there = marks.get("here") or (None if gone or thanked else said("WELCOME"))
    ahead = when if when and when.ahead else None
    same = there and ahead and dates.apart(document.fields, there, ahead.words) < dates.FAR**2
    if (there and not same) or (arrived and ahead and document.home):
        return "ongoing", there or said("ARRIVE")
    if to_come := (ahead.words if ahead else marks.get("invited")):
        return "announced", to_come
    over = said("HOSPITALITY", "RECEIVE", "MEET")
    if gone or thanked:
        return "past", marks.get("over") or over
    if "this" not in marks and told == "future" and not by["HOSPITALITY"]:
        return "announced", said("PLAN")
    away = document.home and any(n.entry.code != document.home and at(n) for n in document.named)
    goes_on = told == "now" or {"more", "this"} & marks.keys() or ((arrived or "stay" in marks) and not held)
    if goes_on or (not told and (away or by["NOW"] or "visiting" in marks)):
        return "ongoing", said("NOW", "ARRIVE", "WELCOME")
    return "past", over


def _told(document: Document, never: Words | None) -> tuple[str, bool, bool]:
    """The tense of the first words of going or receiving that have one, if of an arrival, if talks are over."""

    def tense(spot: Hit | Named, led: bool) -> str:
        one, lang = spot.field, document.lang or "en"
        return dates.tense(one, lang, one.starts[spot.first], one.ends[spot.last], led)

    met = [(hit.concept, tense(hit, led=False)) for hit in document.hits if hit.concept in ("MEET", "TALKS")]
    held = ("TALKS", "past") in met
    for hit in document.hits:
        denied = never and hit.field.name == never.field and never.start <= hit.field.starts[hit.first] < never.end
        if hit.concept in _GOING | _HOSTING and not denied and (told := tense(hit, led=True)) not in ("", "said"):
            reached = any(-6 <= n.first - hit.last <= 7 and n.field is hit.field and at(n) for n in document.named)
            return told, told == "past" and hit.concept == "ARRIVE" and reached, held
    tenses = [told for _, told in met] + [tense(named, led=False) for named in document.named if at(named)]
    told = "past" if "past" in tenses else next((one for one in tenses if one not in ("", "said")), "")
    return "" if never else told, False, held
