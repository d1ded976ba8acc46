"""Who and where a text speaks of: leaders, countries, capitals, places, organisations, in six languages inflected."""

import re
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources
from typing import Any, Literal, NamedTuple

from tracker import gazetteer, text
from tracker.classify.tokens import Field, keys
from tracker.classify.trie import Trie
from tracker.models.registry import Registry
from tracker.models.statement import Mention

Kind = Literal["leader", "person", "country", "demonym", "capital", "city", "metonym", "org", "place", "region"]
_TABLES = resources.files(__package__).joinpath("data/names.toml")
_DATA: dict[str, Any] = tomllib.loads(_TABLES.read_text(encoding="utf-8"))
_PROPER, _CANONICAL, _INTO = (frozenset[str](_DATA[name]) for name in ("proper", "canonical", "into"))
_STATE_OF = {territory: state for state, theirs in _DATA["states"].items() for territory in theirs.split()}
#: A Russian name of one word that is not inflected: Кито, Того, Баку; but Косово is.
_STAYS = re.compile(r"(?<!ов)(?<!ев)(?<!ин)[оеуюиэ]$").search
_WORDS = re.compile(r"[^\W_]+").findall


class Entry(NamedTuple):
    """One name of the gazetteer or the registry. `code` is the country; `ref` a leader's id or a canonical name."""

    kind: Kind
    code: str | None
    ref: str
    spelling: str
    care: str = ""
    label: str = ""


class Named(NamedTuple):
    """A name found in a field, words `first` to `last`."""

    entry: Entry
    field: Field
    first: int
    last: int

    @property
    def mention(self) -> Mention | None:
        """The mention as kept; None for a person who is in no registry."""
        entry, kind = self.entry, _DATA["mention"].get(self.entry.kind)
        ref = (kind == "country" and entry.code) or entry.ref
        return Mention(kind, ref, self.field.span(self.first, self.last)) if kind else None


class Names:
    """Every known name in one trie. Built once per registry."""

    def __init__(self, registry: Registry) -> None:
        self._trie: Trie[Entry] = Trie()
        rows, known_as = gazetteer.names(), cache(registry.leaders_named)
        folded = text.fold("\n".join(name.text for name in rows)).split("\n")
        for name, plain in zip(rows, folded, strict=True):
            kind: Kind = "country" if name.kind == "alias" else name.kind  # type: ignore[assignment]
            ref = name.canonical if kind in _CANONICAL else name.text
            label, known = (ref, known_as(ref)) if kind == "person" else ("", ())
            if len(known) == 1 and (leader := registry.leader(known[0])):
                kind, ref, label = "leader", leader.id, leader.name
            code = _STATE_OF.get(name.code, name.code) or None
            self._add(plain, Entry(kind, code, ref, name.text, name.ambiguity, label), name.lang)
        self._leaders(registry)

    def _add(self, plain: str, entry: Entry, lang: str = "") -> None:
        written = words = _WORDS(plain)
        if lang == "ru":
            # "Астана" looks like a verb of the past to the stemmer, "Астану" does not
            bent = (word[:-1] + "у" if word.endswith(("ана", "ала", "ила", "ена")) else word for word in written)
            words = [keys(word)[-1] for word in bent] if len(written) > 1 or not _STAYS(plain) else written
            if plain.endswith("аи"):
                self._trie.add([*written[:-1], written[-1][:-1] + "я"], entry)  # "Китая" looks like an adjective
            if entry.kind == "demonym" and words[-1].endswith("ск"):
                words[-1] += "*"
            elif written != words:
                self._trie.add(written, entry)
        elif lang == "ar" and words and words[0].startswith("ال") and len(words[0]) > 4:
            words[0] = words[0][2:]
        if words:
            self._trie.add(words, entry)

    def _leaders(self, registry: Registry) -> None:
        for leader in registry.leaders:
            latest = max(leader.tenures, key=lambda tenure: tenure.since, default=None)
            office = registry.office(latest.office) if latest else None
            code = office.country if office else None
            surname = leader.name.split()[-1]
            short = {*leader.short, *([surname] if len(surname) > 3 else [])}
            for spelling in dict.fromkeys((leader.name, *leader.aliases, *sorted(short))):
                alone = spelling not in leader.short and (spelling != surname or spelling in leader.aliases)
                care = "" if alone else "person"
                entry, plain = Entry("leader", code, leader.id, spelling, care, leader.name), text.fold(spelling)
                self._add(plain, entry, "ru" if keys(plain.split(" ")[0])[-1] != plain.split(" ")[0] else "")
                if not care and " " in plain:
                    self._trie.add(["".join(_WORDS(plain))], entry)

    def find(self, fields: Sequence[Field], titled: Iterable[tuple[Field, int]]) -> list[Named]:
        """Names in order. `titled` are the last words of titles (president, minister …) found in the fields."""
        found = ((one, *match) for one in fields for match in self._trie.find(one, longest=True))
        loose = [Named(e, one, a, z) for one, a, z, entries in found for e in entries if _fits(e, one, a, z)]
        return _settled(loose, {(id(one), last) for one, last in titled})


def _fits(entry: Entry, one: Field, first: int, last: int) -> bool:
    """Whether the characters as written allow this name."""
    plain = len(one.seen) == len(one.folded)
    raw = one.raw[one.starts[first] : one.ends[last]] if plain else one.span(first, last).exact
    if entry.care == "case":
        return raw.replace(".", "") == entry.spelling.replace(".", "").removeprefix("the ")
    if entry.kind in _PROPER and raw.islower():
        return one.starts[first] > 0 and one.folded[one.starts[first] - 1] in "#@"
    after = one.raw[one.ends[last] : one.ends[last] + 2] if plain and entry.care == "person" else ""
    if len(after) == 2 and after[0] in " -" and after[1].isupper():  # a surname is the last of a person's names
        return False
    if entry.care == "word" and raw[:1].isupper():
        return first > 0 and one.sentence[first - 1] == one.sentence[first] and one.words[first - 1] in _INTO
    return True


def _settled(loose: list[Named], titled: set[tuple[int, int]]) -> list[Named]:
    """Names that need company are kept where they have it; of several meanings of a name the company decides."""
    by_place: dict[tuple[int, int], list[Named]] = {}
    for named in loose:
        by_place.setdefault((id(named.field), named.first), []).append(named)
    alone = [group for group in by_place.values() if len({n.entry.code for n in group}) == 1]
    sure = {n.entry.code for group in alone for n in group if n.entry.care in ("", "case", "place") and n.entry.code}
    settled: list[Named] = []
    for place, group in by_place.items():
        beside = any((place[0], place[1] - step) in titled for step in (1, 2, 3, 4))
        able = [n for n in group if _company(n.entry, sure, beside)]
        able = _of_two(able, titled) if len({n.entry.code for n in able}) > 1 else able
        if able:
            settled.append(min(able, key=lambda n: _unlikely(n.entry, sure)))
    return settled


def _of_two(able: list[Named], titled: set[tuple[int, int]]) -> list[Named]:
    """Meanings in two countries, the likely one first: عمان is Oman by vowel sign, sultan or minister, else Amman."""
    one, first, last = able[0][1:]
    step = next((step for step in (1, 2) if (id(one), first - step) in titled), 0)
    ruled = step and not any(len(word) < 4 or word.startswith("ال") for word in one.words[first - step : first])
    oman = bool(ruled) or any(word.endswith(("سلطان", "سلطنه")) for word in one.words)
    written = one.span(first, last).exact
    return sorted(able, key=lambda n: (n.entry.spelling not in written, (n.entry.code == "OMN") != oman))


def _unlikely(entry: Entry, sure: set[str]) -> tuple[bool, ...]:
    alone = entry.care == "" or entry.kind == "leader"
    return not alone, entry.code not in sure, entry.kind != "leader", entry.kind != "person"


def _company(entry: Entry, sure: set[str], beside: bool) -> bool:
    if entry.care == "generic":
        return entry.code in sure
    foreign = entry.care == "word" and entry.kind == "demonym" and not entry.spelling.isascii()
    return not (entry.care == "person" or foreign) or beside or entry.code in sure
