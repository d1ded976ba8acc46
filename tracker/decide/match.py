"""Does a statement match a query, and should a rule tell of it: the archive's index gives the same answer in bulk."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property
from typing import Literal

from tracker import text
from tracker.models.query import And, AnyFacet, AnyWord, Everything, Node, Not, Or, Phrase, Published
from tracker.models.statement import Firing
from tracker.models.telling import Rule
from tracker.terms import Terms

#: An explanation names at most this many leaves.
MOST_REASONS = 8


class View:
    """The terms of one statement, laid out once for any number of rules."""

    def __init__(self, terms: Terms) -> None:
        self.surface = terms.surface
        self.stems = terms.stems
        self.facets = terms.facets
        self.effective_at = terms.effective_at
        self.words = frozenset(terms.surface)

    @cached_property
    def positions(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for position, word in enumerate(self.surface):
            found.setdefault(word, []).append(position)
        return found

    @cached_property
    def in_order(self) -> list[str]:
        return sorted(self.words)

    def beginning(self, prefix: str) -> Iterator[str]:
        """The statement's words that begin so."""
        for index in range(bisect_left(self.in_order, prefix), len(self.in_order)):
            if not self.in_order[index].startswith(prefix):
                return
            yield self.in_order[index]

    def has_row(self, phrase: Phrase) -> bool:
        """Whether the words stand in a row. BREAK has a position of its own, so that no phrase reaches across it."""
        *before, last = phrase.words
        if not self.words.issuperset(before) or not (phrase.prefix or last in self.words):
            return False
        ends = self.beginning(last) if phrase.prefix else (last,)
        if not before:
            return any(True for _ in ends)
        return any(self._stands(before, position) for end in ends for position in self.positions[end])

    def _stands(self, before: list[str], end: int) -> bool:
        start = end - len(before)
        return start >= 0 and self.surface[start:end] == tuple(before)


def prepare(terms: Terms | View) -> View:
    """Lay out a statement's terms for many rules; what is laid out already is handed back."""
    return terms if isinstance(terms, View) else View(terms)


def matches(tree: Node, terms: Terms | View) -> bool:
    """Whether a statement matches a query. For many queries against one statement, `prepare` its terms once."""
    return _matches(tree, prepare(terms))


def _matches(node: Node, view: View) -> bool:
    if isinstance(node, And):
        return all(_matches(child, view) for child in node.children)
    if isinstance(node, Or):
        return any(_matches(child, view) for child in node.children)
    if isinstance(node, Not):
        return not _matches(node.child, view)
    return _leaf(node, view)


def _leaf(node: Everything | AnyWord | Phrase | AnyFacet | Published, view: View) -> bool:
    if isinstance(node, AnyFacet):
        return not view.facets.isdisjoint(node.facets)
    if isinstance(node, AnyWord):
        return node.word in view.words or not view.stems.isdisjoint(node.stems)
    if isinstance(node, Phrase):
        return view.has_row(node)
    if isinstance(node, Published):
        late_enough = node.after is None or view.effective_at >= node.after
        return late_enough and (node.before is None or view.effective_at < node.before)
    return True


def explain(tree: Node, terms: Terms | View) -> str:
    """Which parts of a query a statement matched: `label:diplomatic_visit and country:mli`. Empty when it does not."""
    view = prepare(terms)
    if not _matches(tree, view):
        return ""
    reasons = list(dict.fromkeys(_reasons(tree, view)))
    more = ["…"] if len(reasons) > MOST_REASONS else []
    return " and ".join(reasons[:MOST_REASONS] + more)


def _reasons(node: Node, view: View) -> Iterator[str]:
    """The leaves that made a matching node match, in the query's own words."""
    if isinstance(node, And | Or):
        for child in node.children:
            if _matches(child, view):
                yield from _reasons(child, view)
    elif isinstance(node, Not):
        yield f"not {_words(node.child)}"
    elif isinstance(node, AnyFacet):
        yield (
            next(facet for facet in node.facets if facet in view.facets)
            .replace("@", " at 0.")
            .replace(" at 0.100", " at 1")
        )
    else:
        yield _words(node)


def _facet(term: str) -> str:
    """A facet as written in a query; a score is a fraction: `label:aid at 0.93`."""
    name, scored, hundredths = term.partition("@")
    return f"{name} at {int(hundredths) / 100:.2f}" if scored and hundredths.isdigit() else term


def _words(node: Node) -> str:
    """A node as a person would say it."""
    if isinstance(node, And | Or):
        between = " and " if isinstance(node, And) else " or "
        return "(" + between.join(_words(child) for child in node.children) + ")"
    if isinstance(node, Not):
        return f"not {_words(node.child)}"
    if isinstance(node, AnyFacet):
        return node.facets[0].partition("@")[0] + ("…" if len(node.facets) > 1 else "")
    if isinstance(node, Published):
        bounds = (("after", node.after), ("before", node.before))
        return " ".join(f"{name}:{moment:%Y-%m-%dT%H:%MZ}" for name, moment in bounds if moment) or "everything"
    if isinstance(node, Phrase):
        words = f'"{" ".join(node.words)}"' if len(node.words) > 1 else node.words[0]
        return f"{words}*" if node.prefix and not text.is_unspaced(node.words[-1]) else words
    return node.word if isinstance(node, AnyWord) else "everything"


def fire(
    rule: Rule,
    terms: Terms | View,
    *,
    first_reading: bool,
    age: float | None,
    verdict: Literal["new", "edited", "rekeyed"] = "new",
) -> Firing | None:
    """The alert that a rule makes of a statement, or None. `held` says why it is kept and told to nobody.

    `age` is in seconds since publication, None when no believable time was stated. A change of a statement's identity
    says nothing new. An edit fires like a new statement: the archive keeps one alert a rule and statement.
    """
    view = prepare(terms)
    if not rule.enabled or verdict == "rekeyed" or not _matches(rule.query.tree, view):
        return None
    return Firing(rule.name, explain(rule.query.tree, view), _held(rule, first_reading, age))


def _held(rule: Rule, first_reading: bool, age: float | None) -> str | None:
    if first_reading and not rule.first_reading:
        return "first reading of the source"
    if age is not None and age > rule.max_age:
        return f"older than max_age {_span(rule.max_age)}"
    return None


def _span(seconds: float) -> str:
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length or (seconds == length and unit != "d"):
            return f"{seconds / length:g} {unit}"
    return f"{seconds:g} s"
