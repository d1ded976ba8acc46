"""Many phrases looked up in one pass over words: a trie of words, some of them prefixes (`visit*`)."""

from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar

from tracker.classify.tokens import Field, keys

Value = TypeVar("Value")
#: Keys of a node that are no words: its values, its prefixes, the lengths of these.
_VALUES, _PREFIXES, _LENGTHS = 0, 1, 2
#: Words whose first step is remembered.
_REMEMBERED = 50_000

Node = dict[Any, Any]
#: (first word, last word, values).
Match = tuple[int, int, tuple[Value, ...]]


class Trie(Generic[Value]):
    """Phrases with values. Every phrase is found, under any spelling that `keys` gives a word."""

    def __init__(self) -> None:
        self._root: Node = {}
        self._first: dict[str, tuple[tuple[Value, ...], list[Node]]] = {}

    def add(self, words: Iterable[str], value: Value) -> None:
        """Put one phrase in; a word that ends in `*` stands for all that begin with it."""
        node, (*path, last) = self._root, words
        for word in path:
            table, key = _place(node, word)
            child = table.get(key)
            if not isinstance(child, dict):
                child = table[key] = {_VALUES: child} if child else {}
            node = child
        table, key = _place(node, last)
        known = table.get(key)
        if isinstance(known, dict):
            known[_VALUES] = (*known.get(_VALUES, ()), value)
        else:  # most phrases are the only one that begins so: no node, which takes 300 bytes
            table[key] = (*(known or ()), value)

    def find(self, one: Field, *, longest: bool = False) -> list[Match[Value]]:
        """The phrases in a field, each value once a place; with `longest`, no two of them overlap."""
        found, skip, words, steps = list[Match[Value]](), 0, one.words, self._first
        for first, word in enumerate(words):
            values, deeper = steps.get(word) or self._remember(word)
            if first < skip or not deeper:
                if values and first >= skip:
                    found.append((first, first, values))
                continue
            ends = {first: values} if values else {}
            for node in deeper:
                _step(node, words, first + 1, ends)
            if longest and ends:
                last = max(ends)
                found.append((first, last, ends[last]))
                skip = last + 1
            else:
                found.extend([(first, last, values) for last, values in ends.items()])
        return found

    def _remember(self, word: str) -> tuple[tuple[Value, ...], list[Node]]:
        """What ends with a first word, and where phrases go on from there."""
        if len(self._first) >= _REMEMBERED:
            self._first.clear()
        children = list(_children(self._root, word))
        values = tuple(dict.fromkeys(value for child in children for value in _values(child)))
        step = self._first[word] = values, [child for child in children if isinstance(child, dict)]
        return step


def _place(node: Node, word: str) -> tuple[Node, str]:
    """Where a word goes on from a node: a table, and the key in it."""
    if not word.endswith("*"):
        return node, word
    node[_LENGTHS] = tuple(sorted({*node.get(_LENGTHS, ()), len(word) - 1}))
    return node.setdefault(_PREFIXES, {}), word[:-1]


def _values(child: Node | tuple[Any, ...]) -> tuple[Any, ...]:
    return child if isinstance(child, tuple) else child.get(_VALUES, ())


def _children(node: Node, word: str) -> Iterator[Node | tuple[Any, ...]]:
    lengths = node.get(_LENGTHS, ())
    for spelling in keys(word):
        child = node.get(spelling)
        if child is not None:
            yield child
        for length in lengths:
            child = node[_PREFIXES].get(spelling[:length]) if length <= len(spelling) else None
            if child is not None:
                yield child


def _step(node: Node, words: list[str], at: int, ends: dict[int, tuple[Any, ...]]) -> None:
    """Go on with word `at`, and note what ends there."""
    if at < len(words):
        for child in _children(node, words[at]):
            if values := _values(child):
                ends[at] = tuple(dict.fromkeys((*ends.get(at, ()), *values)))
            if isinstance(child, dict):
                _step(child, words, at + 1, ends)
