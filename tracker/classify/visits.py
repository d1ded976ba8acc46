"""Who visits whom, where, when: the frame of a diplomatic visit as one text tells it, each field with its words.

Sides are weighed: a place with "in" or "to" before it, a host's verb, thanks for hospitality, the speaker's country."""

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

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
_MOVING = _GOING | {"RECEIVE", "WELCOME"}
#: Without one of these, or a place where something happens, no visit is told.
_TOLD = _MOVING | {"YOUR_VISIT", "RETURN", "INVITED", "DELEGATION", "ABROAD", "HERE", "ATTEND", "MEET", "TALKS"}
_PERSON = ("leader", "person")
_FROM = frozenset({"from", "de", "d", "do", "da", "из", "с", "من"})


class _Read(NamedTuple):
    """A document and the marks of what its words say of a visit."""

    document: Document
    marks: Mapping[str, Words]

    def hits(self, *concepts: str) -> list[Hit]:
        return [hit for concept in concepts for hit in self.document.hits if hit.concept == concept]

    def marked(self, name: str, named: Named, reach: int = 4) -> bool:
        """Whether a name follows right after the words of a mark."""
        mark, here = self.marks.get(name), named.field.span(named.first, named.last)
        return mark is not None and mark.field == here.field and 0 <= here.start - mark.end <= reach

    def follows(self, named: Named, *concepts: str) -> bool:
        """Whether a name is among the words of a concept or within four words after them."""
        return any(h.field is named.field and h.first <= named.first <= h.last + 4 for h in self.hits(*concepts))

    def said(self, *concepts: str, off: bool = False) -> Words | None:
        """The first words of concepts; with `off` those by which a visit and nothing else is cancelled."""
        spots = ((hit.field, hit.field.starts[hit.first], hit.field.ends[hit.last]) for hit in self.hits(*concepts))
        return next((one.cut(a, b) for one, a, b in spots if not off or dates.called_off(one, a, b)), None)

    def tense(self, spot: Hit | Named, led: bool) -> str:
        one, lang = spot.field, self.document.lang or "en"
        return dates.tense(one, lang, one.starts[spot.first], one.ends[spot.last], led)


def told(document: Document) -> bool:
    """Whether any word tells of going, coming, receiving or meeting, or of being at a place."""
    placed = (n for n in document.named if n.entry.kind in (*_TOWNS, "place", "metonym", "country") and at(n))
    return any(hit.concept in _TOLD for hit in document.hits) or any(placed)


def frame(document: Document) -> Visit | None:
    """The visit of a text that was found to be about one; None when neither side nor place can be told."""
    fields, lang, published = document.fields, document.lang or "en", document.utterance.published
    read = _Read(document, dates.marks(fields, lang))
    host, host_words = _host(read)
    visitors, visitor_words = _visitors(read, host)
    place, place_words = _place(document, host)
    when = dates.choose(fields, lang, published, place_words or host_words, read.marks.get("moved"))
    status, status_words = _status(read, when)
    if not status or not (host or visitors):
        return None
    told = {"host": host_words, "visitor": visitor_words, "place": place_words, "status": status_words}
    day, end = published if status == "ongoing" else None, None
    gone = when and when.day and published and when.day < published  # a day to come of what goes on is that of talks
    if when and not (when.ahead and status == "ongoing") and not (gone and status == "announced"):
        told["date"], day, end = when.words, when.day, when.end
    people = (_party(n, host) for n in document.named if n.entry.kind in _PERSON and n.entry.code == host)
    words, speaker = tuple((name, words) for name, words in told.items() if words), document.utterance.speaker
    own = Party(speaker.name, speaker.leader, host) if host and host == document.home else None
    return Visit(status, visitors, own or next(people, Party(country=host)), place, day, end, words)


def _hosting(read: _Read) -> Hit | None:
    """The words by which the speaker (or the subject of a report) receives somebody; None when they are received."""
    for hit in read.hits("YOUR_VISIT", "RECEIVE", "WELCOME"):
        one, ends = hit.field, hit.field.ends[: hit.last + 2]
        if not dates.patterns("en")["suffered"].search(one.folded, one.starts[max(hit.first - 1, 0)], ends[-1]):
            return None if read.hits("HOSPITALITY") and not read.hits("YOUR_VISIT") else hit
    return None


def _guest(read: _Read, host: str | None = None) -> Named | None:
    """Who is said to be present, or to visit in so many words: "the visit of the Zambian president"."""
    near = (n for n in read.document.named if read.marked("guest", n, 40) and not at(n) and _someone(n))
    return next((n for n in near if n.entry.code not in (None, host, read.document.home)), None)


def _host(read: _Read) -> tuple[str | None, Words | None]:
    home, hosting, guest, weights = read.document.home, _hosting(read), _guest(read), defaultdict[str, float](float)
    pulls = [(_pull(read, named) - 0.01 * order, named) for order, named in enumerate(read.document.named)]
    for weight, named in pulls:
        if named.entry.code and not named.entry.code.startswith("INT"):
            weights[named.entry.code] += weight - 3.0 * (named is guest)
    foreign = weights.keys() - {home}
    if home and foreign and _receives(read, home, hosting):
        weights[home] += 3.0
    elif home and foreign and read.hits(*_GOING):
        weights[home] -= 2.0
    elif hosting and not home:
        before = (str(n.entry.code) for _, n in pulls if n.field is hosting.field and n.first < hosting.first)
        weights |= {code: weights[code] + 2.0 for code in [c for c in before if c in weights][:1]}
    code = max(weights, key=lambda c: weights[c], default=None)
    if not code or (not home and len(weights) == 1 and weights[code] < 0.2):
        return None, None  # of all countries none but the visitor's is named
    spots = sorted((pull for pull in pulls if pull[1].entry.code == code), key=lambda pull: pull[0])
    spot = spots[-1][1] if spots else hosting
    return code, spot.field.span(spot.first, spot.last) if spot else None


def _receives(read: _Read, home: str, hosting: Hit | None) -> bool:
    """Whether it happens at the speaker's: they receive, or somebody from abroad is told of in a town of theirs."""
    abroad = [n for n in read.document.named if n.entry.code != home]
    there = (n for n in abroad if at(n) and not read.marked("origin", n))
    if any(n.entry.kind in _TOWNS or (n.entry.kind == "country" and read.follows(n, *_GOES)) for n in there):
        return False
    come = "many" in read.marks or any(_led(read, n) for n in abroad if n.entry.code)
    towns = (n for n in read.document.named if n.entry.code == home and n.entry.kind in (*_TOWNS, "place"))
    return bool(hosting) or (come and any(at(n) or n.first == 0 or read.follows(n, *_GOES) for n in towns))


def _pull(read: _Read, named: Named) -> float:
    """How strongly one name says that its country is where the visit goes."""
    kind, code, one, document = named.entry.kind, named.entry.code, named.field, read.document
    weight = {"capital": 1.5, "city": 1.5, "metonym": 1.5, "country": 0.8, "place": 0.5, "demonym": 0.1}.get(kind, -0.3)
    if kind not in ("demonym", *_PERSON) and at(named):
        weight += 1.5 if kind in (*_TOWNS, "metonym") else 1.2
    weight += 1.0 * (kind not in _PERSON and read.follows(named, *_GOES))
    if kind in ("country", "demonym", "capital") and _titled(read, named):
        weight -= 2.5 if kind == "capital" else 0.8  # "the president of Djibouti"
    if document.lang == "en" and kind in (*_TOWNS, "country") and not at(named):
        after, end = dates.patterns("en"), one.ends[named.last]  # "Malawi president", "his Kyiv trip"
        weight += 2.0 * bool(after["trip"].match(one.folded, end)) - 1.5 * bool(after["ruler"].match(one.folded, end))
    back = code == (document.home or code) and read.follows(named, "RETURN") and one.words[named.first - 1] not in _FROM
    stop = read.marked("stop", named) * (4.0 if code == document.home else -1.0)
    return weight + stop - 4.0 * (back or read.marked("origin", named))  # "back in Dakar", "arrived from Paris"


def _titled(read: _Read, named: Named, after: bool = False) -> bool:
    """Whether "president of", "ministre" … stand right before a country's name (of two the first), or `after` it."""
    spots: list[Hit | Named] = [*read.document.named, *read.hits(*_GOES)]
    before = max((spot.last for spot in spots if spot.field is named.field and spot.last < named.first), default=-1)
    titles = [h for h in read.hits("HEAD", "MINISTER", "AMBASSADOR") if h.field is named.field and h.last > before]
    led = any(0 < named.first - h.last <= 3 for h in titles)
    return led or (after and any(0 <= named.first - h.first <= 3 or 0 < h.first - named.last <= 4 for h in titles))


def _party(named: Named, code: str | None) -> Party:
    entry, exact = named.entry, named.field.span(named.first, named.last).exact
    name = (entry.label or exact) if entry.kind in (*_PERSON, "org") else None  # a country's, or a demonym, is nobody's
    return Party(name, entry.ref if entry.kind == "leader" else None, code)


def _visitors(read: _Read, host: str | None) -> tuple[tuple[Party, ...], Words | None]:
    document, guest = read.document, _guest(read, host)
    speaker, home = document.utterance.speaker, document.home
    if home and host != home and not guest:
        return (Party(speaker.name, speaker.leader, home),), None
    others, many = [n for n in document.named if n.entry.code and n.entry.code != host], "many" in read.marks
    led = [guest] if guest else [n for n in others if _led(read, n) and not (many and n.entry.kind == "org")]
    ranked = led or ([] if many else [n for n in others if _someone(n)] or others)
    if not ranked:
        return (), None
    first = min(ranked, key=lambda n: not led and str(n.entry.code).startswith("INT"))
    together = (_party(n, n.entry.code) for n in _together(document, first, host))
    return tuple(dict.fromkeys(together)), first.field.span(first.first, first.last)


def _led(read: _Read, named: Named) -> bool:
    """Whether a name is a person's, or a title is that of its country or organisation."""
    if named.entry.kind != "org":
        return named.entry.kind in _PERSON or (_someone(named) and _titled(read, named, True))
    one, words = named.field, dates.patterns("en")
    inside = one.starts[min(named.first + 3, named.last)]  # "the UN High Commissioner for Refugees"
    chief = words["chief"].search(one.folded, max(one.starts[named.first] - 60, 0), inside)
    return bool(chief or words["headed"].match(one.folded, one.ends[named.last]))


def _together(document: Document, first: Named, host: str | None) -> list[Named]:
    """The visitor and who is on a list with them, or in one sentence and of their country: others stay at home."""
    found, last, one, between = [first], first, first.field, dates.patterns("en")["list"]
    for named in document.named[document.named.index(first) + 1 :]:
        if named.field is not one or one.sentence[named.first] != one.sentence[first.first]:
            break
        code, own = named.entry.code, named.entry.code in (first.entry.code, last.entry.code)
        listed = own or between.fullmatch(one.folded, one.ends[last.last], one.starts[named.first] + 1)
        if listed and code != host and named.entry.kind != "org" and _someone(named):
            found.append(last := named)
    named_ones = {n.entry.code for n in found if n.entry.kind in _PERSON}
    return [n for n in found if n.entry.kind in _PERSON or n.entry.code not in named_ones]


def _someone(named: Named) -> bool:
    """A person, an organisation or a nation, whose name some capitals have: Guatemala, Luxembourg, Tunis in Arabic."""
    kind, code = named.entry.kind, gazetteer.country_named(named.entry.spelling)
    return kind in ("country", "demonym", "org", *_PERSON) or (kind == "capital" and code is not None)


def _place(document: Document, host: str | None) -> tuple[str | None, Words | None]:
    towns = [n for n in document.named if n.entry.kind in (*_TOWNS, "place", "metonym") and n.entry.code == host]
    if not (best := max(towns, key=lambda n: (n.entry.kind in _TOWNS, at(n)), default=None)):
        return None, None
    words = best.field.span(best.first, best.last)
    if text.fold(words.exact.replace("-", " ")) != text.fold(best.entry.spelling.replace("-", " ")):
        return best.entry.spelling, words  # inflected, or with a preposition written on it
    return words.exact.title() if words.exact.isupper() or words.exact.islower() else words.exact, words


def _status(read: _Read, when: dates.When | None) -> tuple[VisitStatus | None, Words | None]:
    """How a visit stands and the words that say so; None where there was none and none is to come."""
    document, marks, said = *read, read.said
    told, arrived, held = _told(read)
    if "declined" in marks or ("never" in marks and not told):
        return None, None
    if put_off := marks.get("moved") or said("POSTPONE", off=True):
        return "postponed", put_off
    if off := marks.get("off") or said("CANCEL", off=True):
        return "cancelled", off
    # a day past, unless it is "is there since Monday"; where no publication is known, the verb alone says when
    gone = when and not when.ahead and document.utterance.published not in (None, when.day) and when.told != "now"
    thanked = "over" in marks or (said("HOSPITALITY") and "more" not in marks)
    ahead = when if when and when.ahead else None
    there = marks.get("here") or (None if gone or thanked or held else said("WELCOME"))
    apart = dates.apart(document.fields, there, ahead.words) if there and ahead else dates.FAR**2
    if (there and apart >= dates.FAR ** (1 if "here" in marks else 2)) or (arrived and ahead and document.home):
        return "ongoing", there or said("ARRIVE")
    stands = marks.get("" if gone or thanked or arrived else "stands")
    if to_come := (ahead.words if ahead else marks.get("invited", stands)):
        return "announced", to_come
    if not (gone or thanked):
        if "this" not in marks and told == "future" and not said("HOSPITALITY"):
            return "announced", said("PLAN")
        away = document.home and any(n.entry.code != document.home and at(n) for n in document.named)
        goes_on = told == "now" or {"more", "this"} & marks.keys() or ((arrived or "stay" in marks) and not held)
        if goes_on or (not told and (away or said("NOW") or "visiting" in marks)):
            return "ongoing", said("NOW", "ARRIVE", "WELCOME")
    return "past", marks.get("over") or said("HOSPITALITY", "RECEIVE", "MEET")


def _told(read: _Read) -> tuple[str, bool, bool]:
    """The tense of the first words of going or receiving that have one, if of an arrival, if talks are over."""
    document, tense, never = read.document, read.tense, read.marks.get("never")
    met = [(hit.concept, tense(hit, led=False)) for hit in read.hits("MEET", "TALKS", "SIGN")]
    held = ("TALKS", "past") in met or ("SIGN", "past") in met
    came = [hit for hit in read.hits("ARRIVE") if tense(hit, led=True) == "past"]
    arrived = any(-6 <= n.first - h.last <= 7 and n.field is h.field and at(n) for n in document.named for h in came)
    for hit in document.hits:
        denied = never and hit.field.name == never.field and never.start <= hit.field.starts[hit.first] < never.end
        if hit.concept in _MOVING and not denied and (told := tense(hit, led=True)) not in ("", "said"):
            return told, told == "past" and arrived, held
    tenses = [told for _, told in met] + [tense(named, led=False) for named in document.named if at(named)]
    told = "past" if "past" in tenses else next((one for one in tenses if one not in ("", "said")), "")
    return "" if never else told, False, held
