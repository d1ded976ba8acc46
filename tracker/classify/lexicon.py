"""Concepts: phrases of six languages that mean the same, found in a text. The phrases are `data/concepts.toml`."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import NamedTuple

from tracker.classify.tokens import Field, split
from tracker.classify.trie import Trie


class Hit(NamedTuple):
    """A phrase found: its concept (or a user's label), and its first and last word in a field."""

    concept: str
    field: Field
    first: int
    last: int


Phrases = Mapping[str, Mapping[str, Sequence[str]]]  # concept -> language -> phrases


@cache
def _read() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(resources.files(__package__).joinpath("data/concepts.toml").read_text(encoding="utf-8"))


@cache
def shipped() -> Phrases:
    """The concepts that come with the program."""
    read = _read().items()
    return {name: {lang: line.split(";") for lang, line in by.items() if lang != "masks"} for name, by in read}


@cache
def masks() -> Mapping[str, frozenset[str]]:
    """Concept -> the concepts that are not meant inside its phrases."""
    return {name: frozenset(by["masks"].split("; ")) for name, by in _read().items() if "masks" in by}


class Lexicon:
    """Phrases of several languages; each language's trie is made when its first text comes."""

    def __init__(self, phrases: Phrases) -> None:
        self._phrases = phrases
        self._masks = masks()
        self._tries: dict[str, Trie[str]] = {}

    def find(self, lang: str, fields: Sequence[Field]) -> list[Hit]:
        """Every phrase of the language but the masked ones; none reaches over the end of a sentence."""
        trie, found = self._tries.get(lang) or self._trie(lang), list[Hit]()
        for one in fields:
            for first, last, concepts in trie.find(one):
                if first == last or one.sentence[first] == one.sentence[last]:
                    found += [Hit(concept, one, first, last) for concept in concepts]
        covers = [hit for hit in found if hit.concept in self._masks]
        return [hit for hit in found if not any(self._covered(hit, cover) for cover in covers)] if covers else found

    def _covered(self, hit: Hit, cover: Hit) -> bool:
        inside = hit.field is cover.field and cover.first <= hit.first and hit.last <= cover.last
        return inside and hit.concept in self._masks[cover.concept]

    def _trie(self, lang: str) -> Trie[str]:
        trie: Trie[str] = Trie()
        for concept, by_language in self._phrases.items():
            for phrase in by_language.get(lang, ()):
                if words := split(phrase):
                    trie.add(words, concept)
        self._tries[lang] = trie
        return trie


@cache
def common() -> Lexicon:
    """The shipped phrases, one for all who need no others: a language's trie takes two megabytes."""
    return Lexicon(shipped())
