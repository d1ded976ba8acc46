"""Many phrases looked up in one pass over words: a trie of words, some of them prefixes (`visit*`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar

from tracker.classify.tokens import Field, keys

Value = TypeVar("Value")
#: Keys of a node that are no words: its values, its prefixes, the lengths of these.
_VALUES, _PREFIXES, _LENGTHS = 0, 1, 2


class Trie(Generic[Value]):
    """Phrases with values. Every phrase is found, under any spelling that `keys` gives a word."""

    def __init__(self) -> None:
        self._root: dict[Any, Any] = {}

    def add(self, words: Iterable[str], value: Value) -> None:
        """Put one phrase in; a word that ends in `*` stands for all that begin with it."""
        node = self._root
        for word in words:
            node = _prefix(node, word[:-1]) if word.endswith("*") else node.setdefault(word, {})
        node.setdefault(_VALUES, []).append(value)

    def find(self, one: Field, *, longest: bool = False) -> Iterator[tuple[int, int, list[Value]]]:
        """(first word, last word, values) of the phrases in a field; with `longest`, no two of them overlap."""
        words, root, skip = one.words, self._root, 0
        spelled = [keys(word) for word in words]
        for first in range(len(words)):
            if first < skip:
                continue
            ends: dict[int, list[Value]] = {}
            _walk(root, spelled, first, ends)
            if not ends:
                continue
            if longest:
                last = max(ends)
                yield first, last, ends[last]
                skip = last + 1
            else:
                yield from ((first, last, values) for last, values in ends.items())


def _prefix(node: dict[Any, Any], start: str) -> dict[Any, Any]:
    prefixes = node.setdefault(_PREFIXES, {})
    node[_LENGTHS] = tuple(sorted({*node.get(_LENGTHS, ()), len(start)}))
    child: dict[Any, Any] = prefixes.setdefault(start, {})
    return child


def _walk(node: dict[Any, Any], spelled: list[tuple[str, ...]], at: int, ends: dict[int, list[Any]]) -> None:
    if at >= len(spelled):
        return
    for word in spelled[at]:
        child = node.get(word)
        if child is not None:
            _step(child, spelled, at, ends)
        for length in node.get(_LENGTHS, ()):
            if length > len(word):
                break
            child = node[_PREFIXES].get(word[:length])
            if child is not None:
                _step(child, spelled, at, ends)


def _step(child: dict[Any, Any], spelled: list[tuple[str, ...]], at: int, ends: dict[int, list[Any]]) -> None:
    if _VALUES in child:
        ends.setdefault(at, []).extend(child[_VALUES])
    _walk(child, spelled, at + 1, ends)
