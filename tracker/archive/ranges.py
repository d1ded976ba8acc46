"""A query's tree, brought to what an index can answer: a few (expression, range of sort keys), together the same set. A
sort key is a statement's effective second and its sequence number, so that `after:` and `before:` become ranges and
newest first is the order of keys."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

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
    """The ranges of a tree, simplified; none when nothing can match. UsageError for one too deep or too scattered.
    Between two neighbours of the times that it names, each of its spans of time holds or does not."""
    if depth(tree) > DEEPEST:
        raise UsageError(f"the query is nested more than {DEEPEST} deep")
    bounds = sorted({LOWEST, HIGHEST, *_bounds(tree)})
    if len(bounds) > MOST_RANGES:
        raise UsageError(f"the query has more than {MOST_RANGES} ranges of time")
    found: list[Range] = []
    for low, high in pairwise(bounds):
        node = simplify(tree, low)
        if found and (found[-1].node, found[-1].high) == (node, low):
            found[-1] = replace(found[-1], high=high)
        elif node != NOTHING:
            found.append(Range(node, low, high))
    return found


def depth(node: Node) -> int:
    return 1 + max(map(depth, _children(node)), default=0)


def _bounds(node: Node) -> Iterator[int]:
    """The keys where a span of time of a tree begins or ends."""
    if isinstance(node, Published):
        yield from (_bound(moment) for moment in (node.after, node.before) if moment is not None)
    for child in _children(node):
        yield from _bounds(child)


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


def simplify(node: Node, at: int = LOWEST) -> Node:
    """The same set with nested And and Or made flat, deepest first, and what matches everything or nothing taken out.
    Spans of time are taken as they are for statements from the key `at` on."""
    if isinstance(node, Not):
        return _negated(simplify(node.child, at))
    if isinstance(node, Published):
        began, over = (moment is not None and _bound(moment) <= at for moment in (node.after, node.before))
        return Everything() if (began or node.after is None) and not over else NOTHING
    if isinstance(node, And | Or):
        return _flat(type(node), (simplify(one, at) for one in node.children))
    return _leaf(node)


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
    return next(iter(found)) if len(found) == 1 else kind(tuple(sorted(found, key=depth, reverse=True)))


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
