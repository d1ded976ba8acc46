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


class Trie(Generic[Value]):
    """Phrases with values. Every phrase is found, under any spelling that `keys` gives a word."""

    def __init__(self) -> None:
        self._root: Node = {}
        self._first: dict[str, list[Node]] = {}

    def add(self, words: Iterable[str], value: Value) -> None:
        """Put one phrase in; a word that ends in `*` stands for all that begin with it."""
        node = self._root
        for word in words:
            node = _prefix(node, word[:-1]) if word.endswith("*") else node.setdefault(word, {})
        node.setdefault(_VALUES, []).append(value)

    def find(self, one: Field, *, longest: bool = False) -> Iterator[tuple[int, int, list[Value]]]:
        """(first word, last word, values) of the phrases in a field; with `longest`, no two of them overlap."""
        skip, first_steps = 0, self._first
        for first, word in enumerate(one.words):
            children = first_steps.get(word)
            if children is None:
                children = self._remember(word)
            if not children or first < skip:
                continue
            ends: dict[int, list[Value]] = {}
            for child in children:
                _step(child, one.words, first, ends)
            if longest and ends:
                last = max(ends)
                yield first, last, ends[last]
                skip = last + 1
            else:
                yield from ((first, last, values) for last, values in ends.items())

    def _remember(self, word: str) -> list[Node]:
        if len(self._first) >= _REMEMBERED:
            self._first.clear()
        children = self._first[word] = list(_children(self._root, word))
        return children


def _prefix(node: Node, start: str) -> Node:
    prefixes = node.setdefault(_PREFIXES, {})
    node[_LENGTHS] = tuple(sorted({*node.get(_LENGTHS, ()), len(start)}))
    child: Node = prefixes.setdefault(start, {})
    return child


def _children(node: Node, word: str) -> Iterator[Node]:
    lengths = node.get(_LENGTHS, ())
    for spelling in keys(word):
        child = node.get(spelling)
        if child is not None:
            yield child
        for length in lengths:
            child = node[_PREFIXES].get(spelling[:length]) if length <= len(spelling) else None
            if child is not None:
                yield child


def _step(node: Node, words: list[str], at: int, ends: dict[int, list[Any]]) -> None:
    """Note what ends at word `at`, then go on with the next one."""
    if _VALUES in node:
        ends.setdefault(at, []).extend(node[_VALUES])
        if len(node) == 1:
            return
    if at + 1 < len(words):
        for child in _children(node, words[at + 1]):
            _step(child, words, at + 1, ends)
