"""`quote`: who said these words, word for word or nearly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tracker import text
from tracker.classify import quotes
from tracker.models.query import And, AnyFacet, Node, Or, Phrase

if TYPE_CHECKING:
    from tracker.app import Tracker
    from tracker.models.statement import Statement, Verdict

#: Words in a row by which a statement is looked up, how many such rows at most, and statements compared.
ROW, ROWS, COMPARED = 4, 60, 50
_MARKS = re.compile('[«»“”„"‹›「」]')


def find(tracker: Tracker, words: str) -> Iterator[tuple[Verdict, str, Statement]]:
    """(verdict, the words that were found, statement), word for word ones first. `exact` is said of all the words."""
    surface = tuple(text.tokens(words, query=True))
    if not surface:
        return
    exact = _search(tracker, Phrase(surface))
    for one in exact:
        yield "exact", words, one
    rows = [Phrase(surface[at : at + ROW]) for at in range(max(len(surface) - ROW + 1, 0))]
    near = tracker.archive.quoted(quotes.fingerprints(words)) + (
        _search(tracker, Or(tuple(rows[:ROWS]))) if rows else []
    )
    others = {one.id: one for one in near if one.id not in {same.id for same in exact}}
    quoted = _MARKS.sub(" ", words)  # marks inside would end it
    for found in quotes.find(None, f"“{quoted}”", [(o.id, o.post.text) for o in others.values()]):
        whole = len(text.tokens(found.words.exact, query=True)) >= len(surface)
        verdict = found.verdict if whole and found.verdict != "exact" else "altered"
        yield verdict, found.words.exact, others[found.statement]


def _search(tracker: Tracker, tree: Node) -> list[Statement]:
    every = AnyFacet(("all:all",))  # an official statement and a report alike
    return list(tracker.archive.search(And((every, tree)), sort="relevance", limit=COMPARED).statements)
