"""The sides of a visit as one text tells them: who receives, who comes, and where. Sides are weighed: a place with "in"
or "to" before it, a host's verb, thanks for hospitality, the speaker's country."""

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from tracker import gazetteer, text
from tracker.classify import dates
from tracker.classify.document import Document
from tracker.classify.features import at
from tracker.classify.lexicon import Hit
from tracker.classify.names import Named
from tracker.classify.tokens import Field
from tracker.models.statement import Party, Words

TOWNS = ("capital", "city")
GOES = ("ARRIVE", "DEPART", "VISIT", "STATE_VISIT", "GO", "TRIP")
GOING = frozenset({*GOES, "HOSPITALITY", "SIDELINES", "SUMMIT"})
MOVING = GOING | {"RECEIVE", "WELCOME"}
#: Without one of these, or a place where something happens, no visit is told.
TOLD = MOVING | {"YOUR_VISIT", "RETURN", "INVITED", "DELEGATION", "ABROAD", "HERE", "ATTEND", "MEET", "TALKS"}
PERSON = ("leader", "person")
#: A name as it follows a title, in a sentence whose other words are not capitals.
_CALLED = re.compile(
    r",? (?:(?:H\W?E|S\W?E(?:\W{0,2}M)?|Mr|Mrs|Ms|Dr|M|Mme|Sr|Sra|Gen|General|Général|Colonel|Coronel)\W? )*"
    r"([A-ZÀ-ÞА-ЯЁ][\w’'-]+(?: (?:(?:de|el|al|van|bin|ben|da|dos|do|di|ag|ould) )?[A-ZÀ-ÞА-ЯЁ][\w’'-]+){1,3})"
    r"(?=[,.:;!?)]| [^A-ZÀ-ÞА-ЯЁ]|$)"
)
_BEFORE = re.compile(r"([A-ZÀ-ÞА-ЯЁ][\w’'-]+(?: [A-ZÀ-ÞА-ЯЁ][\w’'-]+){1,3}), (?:l[ae] |the |el |o |a )?$")
_TITLES = ("HEAD", "MINISTER", "AMBASSADOR")
_SELF = frozenset({"je", "j", "nous", "i", "we", "yo", "nosotros", "eu", "я", "мы", "انا", "نحن"})
_FROM = frozenset({"from", "de", "d", "do", "da", "из", "с", "من"})


class Read(NamedTuple):
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

    def unreal(self) -> bool:
        """Whether the first words of going are denied, rumoured or only supposed."""
        mark, gone = self.marks.get("unreal"), next((h for h in self.document.hits if h.concept in MOVING), None)
        here = mark and gone and gone.field.span(gone.first, gone.last)
        return bool(mark and here and here.field == mark.field and here.start >= mark.start)

    def returned(self, named: Named) -> bool:
        """Whether somebody is back there; "concluded his visit to" says where they were."""
        journeys = [h for h in self.hits("VISIT", "STATE_VISIT", "TRIP") if h.field is named.field]
        backs = (h for h in self.hits("RETURN") if h.field is named.field and h.first <= named.first <= h.last + 4)
        return any(not any(h.first <= j.first <= named.first for j in journeys) for h in backs)

    def said(self, *concepts: str, off: bool = False) -> Words | None:
        """The first words of concepts; with `off` those by which a visit and nothing else is cancelled."""
        spots = ((hit.field, hit.field.starts[hit.first], hit.field.ends[hit.last]) for hit in self.hits(*concepts))
        return next((one.cut(a, b) for one, a, b in spots if not off or dates.called_off(one, a, b)), None)

    def tense(self, spot: Hit | Named, led: bool) -> str:
        """What the nearest verb says of words: past, now, future, said or ""."""
        one, lang = spot.field, self.document.lang or "en"
        return dates.tense(one, lang, one.starts[spot.first], one.ends[spot.last], led)


def _hosting(read: Read) -> Hit | None:
    """The words by which the speaker (or the subject of a report) receives somebody; None when they are received."""
    for hit in read.hits("YOUR_VISIT", "RECEIVE", "WELCOME"):
        one, find, starts = hit.field, dates.patterns("en"), hit.field.starts
        end, far = one.ends[: hit.last + 2][-1], starts[max(hit.first - 3, 0)]
        passive = find["passive"].search(one.folded, far, one.ends[hit.last])
        passive = passive or find["suffers"].match(one.folded, starts[hit.first])
        if not passive and not find["suffered"].search(one.folded, starts[max(hit.first - 1, 0)], end):
            return None if read.hits("HOSPITALITY") and not read.hits("YOUR_VISIT") else hit
    return None


def _guest(read: Read, host: str | None = None) -> Named | None:
    """Who is said to be present, or to visit in so many words: "the visit of the Zambian president"."""
    near = (n for n in read.document.named if read.marked("guest", n, 40) and not at(n) and _someone(n))
    return next((n for n in near if n.entry.code not in (None, host, read.document.home)), None)


def host(read: Read) -> tuple[str | None, Words | None]:
    """The country (or organisation) that is visited, with the words that say so; None where none can be told."""
    home, hosting, guest, weights = read.document.home, _hosting(read), _guest(read), defaultdict[str, float](float)
    pulls = [(_pull(read, named) - 0.01 * order, named) for order, named in enumerate(read.document.named)]
    for weight, named in pulls:
        if named.entry.code and not named.entry.code.startswith("INT"):
            weights[named.entry.code] += weight - 3.0 * (named is guest)
    foreign = weights.keys() - {home}
    if home and foreign and _receives(read, home, hosting):
        weights[home] += 3.0
    elif home and foreign and read.hits(*GOING):
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


def _receives(read: Read, home: str, hosting: Hit | None) -> bool:
    """Whether it happens at the speaker's: they receive, or somebody from abroad is told of in a town of theirs."""
    abroad = [n for n in read.document.named if n.entry.code != home]
    there = (n for n in abroad if at(n) and not read.marked("origin", n))
    if any(n.entry.kind in TOWNS or (n.entry.kind == "country" and read.follows(n, *GOES)) for n in there):
        return False
    come = "many" in read.marks or any(_led(read, n) for n in abroad if n.entry.code)
    towns = (n for n in read.document.named if n.entry.code == home and n.entry.kind in (*TOWNS, "place"))
    return bool(hosting) or (come and any(at(n) or n.first == 0 or read.follows(n, *GOES) for n in towns))


def _pull(read: Read, named: Named) -> float:
    """How strongly one name says that its country is where the visit goes."""
    kind, code, one, document = named.entry.kind, named.entry.code, named.field, read.document
    weight = {"capital": 1.5, "city": 1.5, "metonym": 1.5, "country": 0.8, "place": 0.5, "demonym": 0.1}.get(kind, -0.3)
    if kind not in ("demonym", *PERSON) and at(named):
        weight += 1.5 if kind in (*TOWNS, "metonym") else 1.2
    weight += 1.0 * (kind not in PERSON and read.follows(named, *GOES))
    if kind in ("country", "demonym", "capital") and _titled(read, named):
        weight -= 2.5 if kind == "capital" else 0.8  # "the president of Djibouti"
    if document.lang == "en" and kind in (*TOWNS, "country") and not at(named):
        after, end = dates.patterns("en"), one.ends[named.last]  # "Malawi president", "his Kyiv trip"
        weight += 2.0 * bool(after["trip"].match(one.folded, end)) - 1.5 * bool(after["ruler"].match(one.folded, end))
    back = code == (document.home or code) and read.returned(named) and one.words[named.first - 1] not in _FROM
    stop = read.marked("stop", named) * (4.0 if code == document.home else -1.0)
    return weight + stop - 4.0 * (back or read.marked("origin", named))  # "back in Dakar", "arrived from Paris"


def _titled(read: Read, named: Named, after: bool = False) -> bool:
    """Whether "president of", "ministre" … stand right before a country's name (of two the first), or `after` it."""
    spots: list[Hit | Named] = [*read.document.named, *read.hits(*GOES)]
    before = max((spot.last for spot in spots if spot.field is named.field and spot.last < named.first), default=-1)
    titles = [h for h in read.hits(*_TITLES) if h.field is named.field and h.last > before]
    led = any(0 < named.first - h.last <= 3 for h in titles)
    return led or (after and any(0 <= named.first - h.first <= 3 or 0 < h.first - named.last <= 4 for h in titles))


def party(read: Read, named: Named) -> Party:
    """One side by a name of it: a person's own, else the one that follows the title of a country's."""
    entry, exact = named.entry, named.field.span(named.first, named.last).exact
    known = entry.kind in (*PERSON, "org")  # a country's, or a demonym, is nobody's
    name = (entry.label or exact) if known else _called(read, named)
    return Party(name, entry.ref if entry.kind == "leader" else None, entry.code)


def _called(read: Read, named: Named) -> str | None:
    """The name beside the title of a country's: "Ghana's Defence Minister Kwame Asante", "X Y, ministre malienne"."""
    one, near = named.field, [h for h in read.hits(*_TITLES) if h.field is named.field]
    near = [h for h in near if -4 <= h.last - named.last <= 4]
    if not near:
        return None
    first, last = min(named.first, *(h.first for h in near)), max(named.last, *(h.last for h in near))
    after, before = _CALLED.match(one.seen, one.ends[last]), _BEFORE.search(one.seen[: one.starts[first]])
    return _name(read, one, after) or _name(read, one, before)


def _name(read: Read, one: Field, found: re.Match[str] | None) -> str | None:
    """What was found to look like a name, if none of its words is known for something else."""
    told: list[Hit | Named] = [*read.hits(*TOLD), *read.document.named]
    taken = {one.starts[spot.first] for spot in told if spot.field is one}
    plain = found and len(one.seen) == len(one.folded) and taken.isdisjoint(range(*found.span(1)))
    return found[1] if found and plain else None


def visitors(read: Read, host: str | None) -> tuple[tuple[Party, ...], Words | None]:
    """Who goes there: whom the text says, else the speaker, who has no words."""
    document, guest = read.document, _guest(read, host)
    speaker, home = document.utterance.speaker, document.home
    if home and host != home and not guest:
        return _goer(read, host) or ((Party(speaker.name, speaker.leader, home),), None)
    others, many = [n for n in document.named if n.entry.code and n.entry.code != host], "many" in read.marks
    led = [guest] if guest else [n for n in others if _led(read, n) and not (many and n.entry.kind == "org")]
    ranked = led or ([] if many else [n for n in others if _someone(n)] or others)
    if not ranked:
        return (), None
    first = min(ranked, key=lambda n: not led and str(n.entry.code).startswith("INT"))
    return _parties(read, first, host)


def _parties(read: Read, first: Named, host: str | None) -> tuple[tuple[Party, ...], Words]:
    """The first visitor and who comes along, each once; a bare country only where nobody of it is named."""
    together = dict.fromkeys(party(read, n) for n in _together(read.document, first, host))
    known = {one.country for one in together if one.name}
    titles = [h for h in read.hits(*_TITLES) if h.field is first.field]
    near = [h for h in titles if h.first - 3 <= first.last and first.first <= h.last + 3]
    ends = min([first.first, *(h.first for h in near)]), max([first.last, *(h.last for h in near)])
    return tuple(one for one in together if one.name or one.country not in known), first.field.span(*ends)


def _goer(read: Read, host: str | None) -> tuple[tuple[Party, ...], Words] | None:
    """Who of the speaker's country is told to go: "President X will travel" says their ministry; not "I", "we"."""
    document = read.document
    gone = next((h for of in (GOES, ("RECEIVE", "MEET")) for h in document.hits if h.concept in of), None)
    if not gone:
        return None
    one, first = gone.field, gone.field.sentence.index(gone.field.sentence[gone.first])
    if not _SELF.isdisjoint(one.words[first : gone.first]):
        return None
    before = [n for n in document.named if n.field is one and first <= n.first and n.last < gone.first]
    if own := [n for n in before if n.entry.kind in PERSON and n.entry.code == document.home]:
        return _parties(read, own[0], host)
    titles = [h for h in read.hits(*_TITLES) if h.field is one and first <= h.first and h.last < gone.first]
    if not titles or any(n.entry.code != document.home for n in before):
        return None
    last = max(h.last for h in titles)
    name = _name(read, one, _CALLED.match(one.seen, one.ends[last]))
    if not name and document.utterance.speaker.leader:
        return None
    return (Party(name, None, document.home),), one.span(min(h.first for h in titles), last)


def _led(read: Read, named: Named) -> bool:
    """Whether a name is a person's, or a title is that of its country or organisation."""
    if named.entry.kind != "org":
        return named.entry.kind in PERSON or (_someone(named) and _titled(read, named, True))
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
    named_ones = {n.entry.code for n in found if n.entry.kind in PERSON}
    return [n for n in found if n.entry.kind in PERSON or n.entry.code not in named_ones]


def _someone(named: Named) -> bool:
    """A person, an organisation or a nation, whose name some capitals have: Guatemala, Luxembourg, Tunis in Arabic."""
    kind, code = named.entry.kind, gazetteer.country_named(named.entry.spelling)
    return kind in ("country", "demonym", "org", *PERSON) or (kind == "capital" and code is not None)


def place(document: Document, host: str | None) -> tuple[str | None, Words | None]:
    """The town, else the venue, of the host's that is named."""
    towns = [n for n in document.named if n.entry.kind in (*TOWNS, "place", "metonym") and n.entry.code == host]
    if not (best := max(towns, key=lambda n: (n.entry.kind in TOWNS, at(n)), default=None)):
        return None, None
    words = best.field.span(best.first, best.last)
    if text.fold(words.exact.replace("-", " ")) != text.fold(best.entry.spelling.replace("-", " ")):
        return best.entry.spelling, words  # inflected, or with a preposition written on it
    return words.exact.title() if words.exact.isupper() or words.exact.islower() else words.exact, words
