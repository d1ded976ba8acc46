"""What the model sees of a document beside its n-grams: concepts, and how they stand to the countries named."""

import tomllib
from collections import Counter, defaultdict
from collections.abc import Sequence
from importlib import resources
from itertools import combinations

from tracker.classify.document import TITLES, Document
from tracker.classify.lexicon import Hit
from tracker.classify.names import Named
from tracker.classify.tokens import Field
from tracker.text import fold

_DATA = tomllib.loads(resources.files(__package__).joinpath("data/features.toml").read_text(encoding="utf-8"))
_AT, _TOWARD, _ARTICLES, _GEO, _MORE = (
    frozenset[str](_DATA[name].split()) for name in ("at", "toward", "articles", "geo", "pairs")
)
_PAIRS, _KINDS = _GEO | _MORE, {kind: frozenset(listed.split()) for kind, listed in _DATA["kinds"].items()}
_TOWNS, _PEOPLE = frozenset({"capital", "city", "metonym"}), frozenset({"leader", "person"})
#: Concepts that make a demonym beside them a person's.
_PERSONS = TITLES | {"DELEGATION"}
#: What a speaker's office says of what he speaks about.
_OFFICES = ("candidate", "mayor", "minister", "president")
#: Words of a field that say what a statement is about; an article goes on to speak of much else.
_LEAD = 300
#: Words between two that count as one after the other.
_WINDOW = 6

Spot = tuple[int, int, str]  # first word, last word, concept or side
Key = tuple[str, int]  # a field and a sentence of it


def of(document: Document) -> dict[str, float]:
    """Named features with their values."""
    found: dict[str, float] = {}
    geo = _geography(document, found)
    hits = [hit for hit in document.hits if hit.first < _LEAD]
    for concept, count in Counter([hit.concept for hit in hits]).items():
        found[name := f"c:{concept}"] = min(count, 3.0) ** 0.5
        if concept in _GEO:
            found.update([(f"{name}&{flag}", 1.0) for flag in geo])
    for spots in _sentences(document, hits):
        _pairs(spots, found)
    _journeys(document, hits, found)
    found[f"from:{'speaker' if document.home else document.utterance.origin}"] = 1.0
    office = (document.utterance.speaker.office or "").lower()
    found.update((f"office:{word}", 1.0) for word in _OFFICES if word in office)
    return found


def _sentences(document: Document, hits: Sequence[Hit]) -> list[list[Spot]]:
    by_sentence = defaultdict[Key, list[Spot]](list)
    for hit in hits:
        if hit.concept in _PAIRS:
            key = (hit.field.name, hit.field.sentence[hit.first])
            by_sentence[key].append((hit.first, hit.last, hit.concept))
    for named in document.named:
        by_sentence[_key(named)].append((named.first, named.last, _placed(document, named)))
    return list(by_sentence.values())


def _key(found: Named) -> Key:
    return found.field.name, found.field.sentence[found.first]


def _pairs(spots: list[Spot], found: dict[str, float]) -> None:
    """`p:` stand in one sentence, `o:` stand near one after the other."""
    found.update([(f"p:{a}+{b}", 0.5) for a, b in combinations(sorted({name for _, _, name in spots}), 2)])
    for first, last, name in spots:
        end = last + _WINDOW
        for start, _, other in spots:
            if first <= start <= end and name != other:
                found[f"o:{name}>{other}"] = 1.0


def _journeys(document: Document, hits: Sequence[Hit], found: dict[str, float]) -> None:
    """`x:` a sentence's people are away from home or of two countries, told alike of a speaker and in a report."""
    said, people, inside, beside = (defaultdict[Key, set[str]](set) for _ in range(4))
    for hit in hits if document.named else ():
        said[hit.field.name, hit.field.sentence[hit.first]].add(hit.concept)
    before: Named | None = None
    titles = {(hit.field.name, hit.first) for hit in hits if hit.concept in TITLES and document.lang == "en"}
    for named in document.named:
        code, kind, key = named.entry.code, named.entry.kind, _key(named)
        if kind == "country" and (named.field.name, named.last + 1) in titles:
            kind = "leader"  # "Malawi president"
        if code and not code.startswith("INT"):
            if kind in _TOWNS and code != document.home and at(named):
                if document.home and _begins(named):
                    found["x:begins"] = 1.5  # "À Dakar pour …", said by somebody who is not from there
                near = before and before.field is named.field and 0 < named.first - before.last <= 3
                if before and near and before.entry.kind in _PEOPLE and before.entry.code != code:
                    found["x:beside"] = 1.5  # "Dupont à Dakar"
            before = named
            if kind in _PEOPLE or (kind == "demonym" and said[key] & _PERSONS):
                people[key].add(code)
            elif kind != "demonym":
                (inside if at(named) else beside)[key].add(code)
    for key in {**people, **inside, **beside}:
        kinds = [kind for kind, members in _KINDS.items() if said[key] & members]
        who = people[key] | ({document.home} if document.home and kinds else set())
        sides = {"away": who and inside[key] - who, "other": who and beside[key] - who, "two": len(who) > 1}
        sides["home"] = not (who | inside[key] | beside[key]) - {document.home or ""}
        for side in (side for side, holds in sides.items() if holds):
            found[f"x:{side}"] = 1.0
            found.update((f"x:{side}&{kind}", 1.5) for kind in kinds)


def _begins(named: Named) -> bool:
    """Whether nothing but a preposition stands before a name in its sentence."""
    return named.first < 2 or named.field.sentence[named.first - 2] != named.field.sentence[named.first]


def _side(document: Document, named: Named) -> str:
    """Whose the name is: home, far or anybody's; what it is: a person, a town, a country."""
    entry = named.entry
    if entry.kind == "org":
        return "org"
    what = "leader" if entry.kind in ("leader", "person") else "town" if entry.kind in _TOWNS else entry.kind
    if not document.home:
        return f"any_{what}"
    return f"{'home' if entry.code == document.home else 'far'}_{what}"


def _placed(document: Document, named: Named) -> str:
    side = _side(document, named)
    if named.entry.kind in ("leader", "person", "demonym", "org"):
        return side
    return f"in_{side}" if at(named) and _before(named.field, named.first) not in _TOWARD else side


def _before(one: Field, first: int) -> str:
    """The word before a name, its article left out; "" at the start of a sentence."""
    place = first - 1
    while place > 0 and one.words[place] in _ARTICLES:
        place -= 1
    return one.words[place] if place >= 0 and one.sentence[place] == one.sentence[first] else ""


def at(named: Named) -> bool:
    """Whether a preposition before the name says that somebody is or goes there."""
    word = named.field.words[named.first]
    written_on = word[:1] in ("ب", "ل") and not fold(named.entry.spelling).startswith(word)
    return written_on or _before(named.field, named.first) in _AT


def _geography(document: Document, found: dict[str, float]) -> list[str]:
    countries: set[str] = set()
    flags: set[str] = set()
    for named in document.named:
        entry, side = named.entry, _side(document, named)
        flags.add(side)
        if entry.code and not entry.code.startswith("INT"):
            countries.add(entry.code)
        if entry.kind not in ("leader", "person", "demonym") and at(named):
            flags.add(f"at_{side}")
    if len(countries) == 1 and {"any_leader", "any_town"} <= flags:
        flags.add("within")  # a report of one country's leader in one of its towns
    abroad = countries - {document.home}
    where = "countries" if len(abroad) > 1 else "home" if countries else "nowhere"
    flags.add("foreign" if abroad and document.home else where)
    found.update((f"g:{flag}", 1.0) for flag in flags)
    found[f"n:{min(len(countries), 4)}"] = 1.0
    return sorted(flags)
