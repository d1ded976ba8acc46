"""What the model sees of a document beside its n-grams: concepts, and how they stand to the countries named."""

from __future__ import annotations

from tracker.classify.document import Document
from tracker.classify.names import Named

#: Before a place's name these say that somebody is or goes there.
AT = frozenset(
    {
        "a", "en", "au", "aux", "in", "at", "to", "from", "de", "du", "depuis", "em", "no", "na", "nos", "nas",
        "desde", "para", "ao", "rumo", "hasta", "в", "на", "из", "во", "في", "الي", "من", "ب",
    }
)  # fmt: skip
_TOWNS = frozenset({"capital", "city", "metonym"})
#: Concepts whose meaning hangs on whether a foreign country is named with them.
_GEO = frozenset(
    {
        "STATE_VISIT", "VISIT", "TRIP", "ARRIVE", "DEPART", "GO", "RECEIVE", "WELCOME", "HOSPITALITY", "INVITED",
        "DELEGATION", "SIDELINES", "ABROAD", "MEET", "TALKS", "CALL", "SUMMIT", "AMBASSADOR", "COUNTERPART",
        "BILATERAL", "SIGN", "AGREEMENT", "THANKS", "CONGRATULATE", "HEAD", "MINISTER", "PLAN", "TODAY", "CONDEMN",
        "SANCTION", "AID", "LOAN", "ELECTION", "GOVERNMENT", "HOLIDAY", "PEACE", "SECURITY", "ATTACK", "WAR", "I",
        "LIVE", "HERE", "COUP", "WITHDRAW", "SUSPEND", "BORDER", "CONDOLENCE", "MILITARY",
    }
)  # fmt: skip
#: Concepts that are paired with each other where they stand in one sentence.
_PAIRS = _GEO | frozenset(
    {
        "KILLED", "TERROR", "NOT_SECURITY", "DOMESTIC_TRIP", "CANCEL", "REJECT", "ACCUSE", "LAW", "PARTY", "SPORT",
        "HEALTH", "OPERATION", "WEAPON",
    }
)  # fmt: skip


def of(document: Document) -> dict[str, float]:
    """Named features with their values."""
    found: dict[str, float] = {}
    geo = _geography(document, found)
    by_sentence: dict[tuple[int, int], set[str]] = {}
    for hit in document.hits:
        concept = hit.concept
        found[f"c:{concept}"] = found.get(f"c:{concept}", 0.0) + 1.0
        by_sentence.setdefault((id(hit.field), hit.field.sentence[hit.first]), set()).add(concept)
    for named in document.named:
        by_sentence.setdefault((id(named.field), named.field.sentence[named.first]), set()).add(_side(document, named))
    for name in [key for key in found if key.startswith("c:")]:
        found[name] = min(found[name], 3.0) ** 0.5
        if name[2:] in _GEO:
            found.update((f"{name}&{flag}", 1.0) for flag in geo)
    for together in by_sentence.values():
        ordered = sorted(together & _PAIRS | {side for side in together if side.islower()})
        found.update((f"p:{a}+{b}", 0.5) for i, a in enumerate(ordered) for b in ordered[i + 1 :])
    found[f"from:{'speaker' if document.home else document.utterance.origin}"] = 1.0
    return found


def _side(document: Document, named: Named) -> str:
    """Whose the name is: home, foreign or international; what it is: a person, a town, a country."""
    entry = named.entry
    if entry.kind == "org":
        return "org"
    what = "leader" if entry.kind == "leader" else "town" if entry.kind in _TOWNS else entry.kind
    if not document.home:
        return f"any_{what}"
    return f"{'home' if entry.code == document.home else 'far'}_{what}"


def _geography(document: Document, found: dict[str, float]) -> list[str]:
    countries: set[str] = set()
    flags: set[str] = set()
    for named in document.named:
        entry, side = named.entry, _side(document, named)
        flags.add(side)
        if entry.code and not entry.code.startswith("INT"):
            countries.add(entry.code)
        if (
            entry.kind != "leader"
            and entry.kind != "demonym"
            and named.first
            and named.field.words[named.first - 1] in AT
        ):
            flags.add(f"at_{side}")
    abroad = countries - {document.home}
    flags.add(
        "foreign"
        if abroad and document.home
        else "countries"
        if len(abroad) > 1
        else "home"
        if countries
        else "nowhere"
    )
    found.update((f"g:{flag}", 1.0) for flag in flags)
    found[f"n:{min(len(countries), 4)}"] = 1.0
    return sorted(flags)
