"""However many match, and wherever among thousands they stand: the same statements, in order, on every engine."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.archive import world as w
from tracker.archive import Archive
from tracker.models.query import And, AnyFacet, Everything, Node, Not, Or, Phrase, Published

MANY = 3_300
#: One in so many says the word; `row` says two words in a row where one in three says both.
EACH = {"half": 2, "quarter": 4, "tenth": 10, "few": 400}


def said(n: int) -> str:
    both = ("aa bb", "bb aa", "aa cc")[n % 3]
    return " ".join([both, *(word for word, each in EACH.items() if n % each == 0), "old" if n < 1_200 else "new"])


def place(n: int) -> int:
    """Where in time the statement of a number stands: not in the order of their coming."""
    return n * 7 % MANY


@pytest.fixture
def filled(archive: Archive) -> Archive:
    items = [
        w.judged(w.post(n, said(place(n)), published_at=at, effective_at=at), *(["aid"] if place(n) % 5 == 0 else []))
        for n in range(MANY)
        for at in [w.T0 - timedelta(minutes=MANY - place(n))]
    ]
    assert len(w.put(archive, *items, name="many").new) == MANY
    return archive


def test_pages_of_many_hold_all_of_them_in_order(filled: Archive) -> None:
    middle = w.T0 - timedelta(minutes=MANY // 2)
    cases: list[tuple[Node, set[int]]] = [
        (Everything(), set(range(MANY))),
        *((Phrase((word,)), set(range(0, MANY, each))) for word, each in EACH.items()),
        (Phrase(("old",)), set(range(1_200))),
        (Phrase(("aa", "bb")), set(range(0, MANY, 3))),
        (And((Phrase(("aa", "bb")), Phrase(("tenth",)))), set(range(0, MANY, 30))),
        (And((Phrase(("aa",)), Not(Phrase(("aa", "bb"))))), set(range(MANY)) - set(range(0, MANY, 3))),
        (Not(Phrase(("new",))), set(range(1_200))),
        (Not(Or((Phrase(("aa",), prefix=True), Phrase(("old",))))), set()),
        (And((AnyFacet(("label:aid",)), Published(None, middle))), set(range(0, MANY // 2, 5))),
        (
            Or((And((Phrase(("few",)), Published(None, middle))), And((Phrase(("half",)), Published(middle, None))))),
            set(range(0, MANY // 2, 400)) | set(range(MANY // 2, MANY, 2)),
        ),
    ]
    for tree, wanted in cases:
        pages: list[int] = []
        cursor, total = None, min(len(wanted), 1_000)
        while True:
            found = filled.search(tree, limit=700, cursor=cursor)
            assert (found.total, found.capped) == (total, len(wanted) > 1_000)
            pages += [MANY - (w.T0 - one.post.effective_at) // timedelta(minutes=1) for one in found.statements]
            cursor = found.next
            if cursor is None:
                break
        assert pages == sorted(wanted, reverse=True)
        ranked = filled.search(tree, sort="relevance", limit=1_000).statements
        newest = {MANY - (w.T0 - one.post.effective_at) // timedelta(minutes=1) for one in ranked}
        assert newest == set(pages[:1_000])
