"""Does a statement match a query, and should a rule tell of it: the archive's index gives the same answer in bulk."""

from collections.abc import Iterator
from typing import Literal

from tracker import text
from tracker.models.query import And, AnyFacet, AnyWord, Node, Not, Or, Phrase, Published
from tracker.models.statement import Firing
from tracker.models.telling import Rule
from tracker.terms import Terms

#: An explanation names at most this many leaves.
MOST_REASONS = 8


class View:
    """The terms of one statement, laid out once for any number of rules."""

    def __init__(self, terms: Terms) -> None:
        self.stems, self.facets, self.effective_at = terms.stems, terms.facets, terms.effective_at
        self.words = frozenset(terms.surface)
        self.row = f" {' '.join(terms.surface)} "  # BREAK is a word of it, so that no phrase reaches across

    def has_row(self, phrase: Phrase) -> bool:
        """Whether the words stand in a row; the last one may go on when the phrase is a prefix."""
        *before, last = phrase.words
        known = self.words.issuperset(before) and (phrase.prefix or last in self.words)
        return known and f" {' '.join(phrase.words)}{'' if phrase.prefix else ' '}" in self.row


def prepare(terms: Terms | View) -> View:
    """Lay out a statement's terms for many rules; what is laid out already is handed back."""
    return terms if isinstance(terms, View) else View(terms)


def matches(tree: Node, terms: Terms | View) -> bool:
    """Whether a statement matches a query. For many queries against one statement, `prepare` its terms once."""
    view = prepare(terms)
    match tree:
        case And(children):
            return all(matches(child, view) for child in children)
        case Or(children):
            return any(matches(child, view) for child in children)
        case Not(child):
            return not matches(child, view)
        case AnyFacet(facets):
            return not view.facets.isdisjoint(facets)
        case AnyWord(word, stems):
            return word in view.words or not view.stems.isdisjoint(stems)
        case Phrase():
            return view.has_row(tree)
        case Published(after, before):
            return (not after or view.effective_at >= after) and (not before or view.effective_at < before)
    return True


def explain(tree: Node, terms: Terms | View) -> str:
    """Which parts of a query a statement matched: `label:diplomatic_visit and country:mli`. Empty when it does not."""
    view = prepare(terms)
    reasons = list(dict.fromkeys(_reasons(tree, view)))
    return " and ".join(reasons[:MOST_REASONS] + ["…"] * (len(reasons) > MOST_REASONS))


def _reasons(node: Node, view: View) -> Iterator[str]:
    """The leaves that made a node match, in the query's own words; none when it does not match."""
    if not matches(node, view):
        return
    if isinstance(node, And | Or):
        for child in node.children:
            yield from _reasons(child, view)
    elif isinstance(node, AnyFacet):
        name, scored, hundredths = next(facet for facet in node.facets if facet in view.facets).partition("@")
        yield f"{name} at {int(hundredths) / 100:g}" if scored else name
    else:
        yield _words(node)


def _words(node: Node) -> str:
    """A node as a person would say it."""
    match node:
        case And(children) | Or(children):
            between = " and " if isinstance(node, And) else " or "
            return "(" + between.join(map(_words, children)) + ")"
        case Not(child):
            return f"not {_words(child)}"
        case AnyFacet(facets):
            return facets[0].partition("@")[0] + "…" * (len(facets) > 1)
        case Published(after, before):
            bounds = (("after", after), ("before", before))
            return " ".join(f"{name}:{moment:%Y-%m-%dT%H:%MZ}" for name, moment in bounds if moment) or "everything"
        case Phrase(words, prefix):
            said = f'"{" ".join(words)}"' if len(words) > 1 else words[0]
            return f"{said}*" if prefix and not text.is_unspaced(words[-1]) else said
        case AnyWord(word):
            return word
    return "everything"


def fire(
    rule: Rule, terms: Terms | View, *, first_reading: bool, age: float | None,
    verdict: Literal["new", "edited", "rekeyed"] = "new",
) -> Firing | None:  # fmt: skip
    """The alert that a rule makes of a statement, or None. `held` says why it is kept and told to nobody. `age` is in
    seconds since publication, None when no believable time was stated. A change of a statement's identity says nothing
    new. An edit fires like a new statement: the archive keeps one alert a rule and statement."""
    view, held = prepare(terms), None
    if not rule.enabled or verdict == "rekeyed" or not matches(rule.query.tree, view):
        return None
    if first_reading and not rule.first_reading:
        held = "first reading of the source"
    elif age is not None and age > rule.max_age:
        held = f"older than max_age {_span(rule.max_age)}"
    return Firing(rule.name, explain(rule.query.tree, view), held)


def _span(seconds: float) -> str:
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length or (seconds == length and unit != "d"):
            return f"{seconds / length:g} {unit}"
    return f"{seconds:g} s"
