"""A query's tree, brought to what an index can answer: a few (expression, range of sort keys), together the same set.

A sort key is a statement's effective second and its sequence number, so that `after:` and `before:` become ranges and
newest first is the order of keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from tracker.archive.tables import micros
from tracker.errors import UsageError
from tracker.models.query import And, AnyFacet, AnyWord, Everything, Node, Not, Or, Phrase, Published

#: Of the key, this many bits are the sequence number's.
SEQUENCE_BITS = 24
LOWEST, HIGHEST = -(2**63), 2**63 - 1
MOST_RANGES = 64
DEEPEST = 40
NOTHING = Or(())
#: What both engines keep as one token: no ASCII but letters, digits and `:@_-.`, and nothing that ends a text.
_TOKEN = re.compile(r"(?:[^\x00-\x7f\ud800-\udfff]|[A-Za-z0-9:@_.-])+")


@dataclass(frozen=True, slots=True)
class Range:
    """Statements that match `node` and whose key is in [low, high)."""

    node: Node
    low: int = LOWEST
    high: int = HIGHEST


def sort_key(effective_at: datetime, seq: int) -> int:
    """Where a statement stands in time order; unique but for 2^24 statements within one second."""
    return (micros(effective_at) // 1_000_000 << SEQUENCE_BITS) | (seq % (1 << SEQUENCE_BITS))


def _bound(moment: datetime) -> int:
    return -(-micros(moment) // 1_000_000) << SEQUENCE_BITS


def ranges(tree: Node) -> list[Range]:
    """The ranges of a tree, simplified; none when nothing can match. UsageError for one too deep or too scattered."""
    if depth(tree) > DEEPEST:
        raise UsageError(f"the query is nested more than {DEEPEST} deep")
    found = (replace(part, node=simplify(part.node)) for part in _spread(tree, negated=False))
    return [part for part in found if part.node != NOTHING and part.low < part.high]


def depth(node: Node) -> int:
    return 1 + max(map(depth, _children(node)), default=0)


def wanted(node: Node) -> Iterator[AnyWord | Phrase]:
    """The words that are asked for, not those that are excluded."""
    if isinstance(node, AnyWord | Phrase):
        yield node
    elif not isinstance(node, Not):
        for child in _children(node):
            yield from wanted(child)


def _children(node: Node) -> tuple[Node, ...]:
    if isinstance(node, And | Or):
        return node.children
    return (node.child,) if isinstance(node, Not) else ()


def _dated(node: Node) -> bool:
    return isinstance(node, Published) or any(map(_dated, _children(node)))


def _spread(node: Node, *, negated: bool) -> list[Range]:
    if not _dated(node):
        return [Range(Not(node) if negated else node)]
    if isinstance(node, Published):
        return _outside(node) if negated else [_inside(node)]
    if isinstance(node, Not):
        return _spread(node.child, negated=not negated)
    parts = [_spread(child, negated=negated) for child in _children(node)]
    if isinstance(node, And) == negated:
        return _merged(part for group in parts for part in group)
    found = [Range(Everything())]
    for group in parts:
        found = _merged(_both(left, right) for left in found for right in group)
    return found


def _inside(node: Published) -> Range:
    low = LOWEST if node.after is None else _bound(node.after)
    return Range(Everything(), low, HIGHEST if node.before is None else _bound(node.before))


def _outside(node: Published) -> list[Range]:
    before = [] if node.after is None else [Range(Everything(), LOWEST, _bound(node.after))]
    return before if node.before is None else [*before, Range(Everything(), _bound(node.before), HIGHEST)]


def _both(left: Range, right: Range) -> Range:
    return Range(And((left.node, right.node)), max(left.low, right.low), min(left.high, right.high))


def _merged(parts: Iterable[Range]) -> list[Range]:
    """Parts of one range become one; those of an empty range go."""
    found: dict[tuple[int, int], Node] = {}
    for part in parts:
        where = (part.low, part.high)
        if part.low < part.high:
            found[where] = Or((found[where], part.node)) if where in found else part.node
    if len(found) > MOST_RANGES:
        raise UsageError(f"the query has more than {MOST_RANGES} ranges of time")
    return [Range(node, *where) for where, node in found.items()]


def simplify(node: Node) -> Node:
    """The same set with nested And and Or made flat, and what matches everything or nothing taken out."""
    if isinstance(node, Not):
        return _negated(simplify(node.child))
    return _flat(type(node), map(simplify, node.children)) if isinstance(node, And | Or) else _leaf(node)


def _negated(node: Node) -> Node:
    """What a simplified tree does not match, with as few Not above one another as can be: FTS5 takes few."""
    if isinstance(node, Not):
        return node.child
    if isinstance(node, And | Or) and (node == NOTHING or any(isinstance(child, Not) for child in node.children)):
        return _flat(Or if isinstance(node, And) else And, map(_negated, node.children))
    return NOTHING if isinstance(node, Everything) else Not(node)


def _flat(kind: type[And] | type[Or], children: Iterable[Node]) -> Node:
    neutral, final = (Everything(), NOTHING) if kind is And else (NOTHING, Everything())
    found: dict[Node, None] = {}
    for child in children:
        if child == final:
            return final
        if child != neutral:
            found.update(dict.fromkeys(child.children if isinstance(child, kind) else (child,)))
    if not found:
        return neutral
    return next(iter(found)) if len(found) == 1 else kind(tuple(found))


def _leaf(node: Node) -> Node:
    """A leaf with only what can be a token: anything else is in no index, and no engine may read it as syntax."""
    if isinstance(node, Phrase):
        if not node.words:
            return Everything()
        return node if all(map(_TOKEN.fullmatch, node.words)) else NOTHING
    if isinstance(node, AnyWord):
        stems = tuple(filter(_TOKEN.fullmatch, node.stems))
        if not _TOKEN.fullmatch(node.word):
            return NOTHING
        return replace(node, stems=stems) if stems else Phrase((node.word,))
    if isinstance(node, AnyFacet):
        facets = tuple(filter(_TOKEN.fullmatch, node.facets))
        return AnyFacet(facets) if facets else NOTHING
    return node
