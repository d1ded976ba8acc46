"""The same query finds the same set, count and date order on every engine and in memory."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import postgres
from tests.archive import world as w
from tracker import text
from tracker.archive import Archive
from tracker.archive.ranges import DEEPEST, Range, ranges, simplify
from tracker.archive.statements import terms_of
from tracker.errors import UsageError
from tracker.models.query import And, AnyFacet, AnyWord, Everything, Node, Not, Or, Phrase, Published
from tracker.models.statement import Statement
from tracker.terms import Terms

DAY = timedelta(days=1)
_SAID = """visite visites Bamako échange the forces armées 漢字 会談 зустрiч АРМИЯ وزير 2026 l’Élysée ไทย ﬁn İstanbul
straße a_b x:y o'b q"q back\\slash -not AND NEAR( * ¶ ـوزيرـ \U00020000\U00020001"""
WORDS = _SAID.split()
FACETS = ["label:aid", "leader:x", "kind:feed", "about:mli", "all:all", "label:aid@90"]
spoken = st.lists(st.sampled_from(WORDS) | st.text(max_size=8), max_size=12).map(" ".join)
_numbers = count(1)


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[list[Archive]]:
    path = tmp_path_factory.mktemp("search") / "archive.db"
    shutil.copy(request.getfixturevalue("migrated_file"), path)
    opened = [Archive.open(f"sqlite:///{path}", worker="w")]
    if not postgres.missing():
        server: postgres.Server = request.getfixturevalue("postgres_server")
        opened.append(Archive.open(server.database(request.getfixturevalue("migrated_database")), worker="w"))
    yield opened
    for one in opened:
        one.close()


def holds(node: Node, terms: Terms) -> bool:
    """What a tree means, said as plainly as can be."""
    match node:
        case Everything():
            return True
        case AnyWord(word, stems):
            return word in terms.surface or bool(terms.stems & set(stems))
        case Phrase(words, prefix):
            size, said = len(words), terms.surface
            rows = (said[i : i + size] for i in range(len(said) - size + 1))
            return any(
                r[:-1] == words[:-1] and (r[-1].startswith(words[-1]) if prefix else r[-1] == words[-1]) for r in rows
            )
        case AnyFacet(facets):
            return bool(terms.facets & set(facets))
        case Published(after, before):
            at = terms.effective_at
            return (after is None or after <= at) and (before is None or at < before)
        case Not(child):
            return not holds(child, terms)
        case And(children):
            return all(holds(child, terms) for child in children)
        case Or(children):
            return any(holds(child, terms) for child in children)
    raise AssertionError(node)


@st.composite
def trees(draw: st.DrawFn, words: list[str]) -> Node:
    word = st.sampled_from(words)
    moment = st.integers(-4, 4).map(lambda days: w.T0 + days * DAY)
    starts = st.integers(0, len(words) - 1)
    rows = st.builds(lambda start, size: tuple(words[start : start + size]), starts, st.integers(1, 4))
    leaves = st.one_of(
        word.map(lambda one: AnyWord(one, text.query_stems(one))),
        st.builds(Phrase, st.lists(word, min_size=1, max_size=3).map(tuple), st.booleans()),
        st.builds(Phrase, rows, st.booleans()),
        st.builds(AnyFacet, st.lists(st.sampled_from(FACETS), max_size=2).map(tuple)),
        st.builds(Published, st.none() | moment, st.none() | moment),
        st.just(Everything()),
    )
    branches = st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(Not, inner),
            st.builds(And, st.lists(inner, max_size=3).map(tuple)),
            st.builds(Or, st.lists(inner, max_size=3).map(tuple)),
        ),
        max_leaves=8,
    )
    return draw(branches)


def fill(engines: list[Archive], texts: list[str]) -> tuple[str, list[list[Statement]]]:
    name = f"s{next(_numbers)}"
    items = [
        w.judged(
            w.post(n, text.clean(said), published_at=w.T0 - (n % 5) * DAY, effective_at=w.T0 - (n % 5) * DAY),
            *["aid"][n % 2 :],
        )
        for n, said in enumerate(texts)
    ]
    kept = [w.put(archive, *items, name=name) for archive in engines]
    assert not any(one.failure for one in kept)
    return name, [archive.statements(one.new) for archive, one in zip(engines, kept, strict=True)]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), st.lists(spoken, min_size=1, max_size=6))
def test_a_query_finds_the_same_everywhere(engines: list[Archive], data: st.DataObject, texts: list[str]) -> None:
    name, kept = fill(engines, texts)
    words = [token for said in texts for token in text.tokens(text.clean(said))] or ["rien"]
    for tree in data.draw(st.lists(trees(words), min_size=5, max_size=5)):
        wanted = [one for one in kept[0] if holds(tree, terms_of(one))]
        wanted.sort(key=lambda one: (one.post.effective_at, one.seq), reverse=True)
        ids = [one.id for one in wanted]
        for archive in engines:
            scoped = And((AnyFacet((f"source:{name}",)), tree))
            found = archive.search(scoped)
            assert (archive.engine_name, [one.id for one in found.statements], found.total) == (
                archive.engine_name,
                ids,
                len(ids),
            )
            ranked = archive.search(scoped, sort="relevance")
            assert sorted(one.id for one in ranked.statements) == sorted(ids)


@pytest.mark.parametrize(
    "token", ["a b", 'a" OR "b', "'", "\\", "", "a\0b", "half\ud83d", "é*", "¶", "NOT", "x" * 5000, "'a'|!'b'"]
)
def test_whatever_stands_in_a_leaf_is_never_syntax(engines: list[Archive], token: str) -> None:
    fill(engines, ["a b c", "x:y back\\slash o'b"])
    for archive in engines:
        for leaf in (
            AnyWord(token, (token,)),
            Phrase((token, "c")),
            Phrase((token,), True),
            AnyFacet((token,)),
            Phrase(()),
        ):
            for tree in (leaf, Not(leaf), Or((leaf, Published(None, w.T0)))):
                for sort in ("date", "relevance"):
                    archive.search(tree, sort=sort)  # type: ignore[arg-type]


def test_a_word_said_more_than_a_tsvector_counts_is_still_in_its_phrases(engines: list[Archive]) -> None:
    name, _ = fill(engines, ["de la " * 900 + "de lune"])
    for archive in engines:
        for words, prefix, total in (
            (("de", "lune"), False, 1),
            (("de", "lu"), True, 1),
            (("lune", "de"), False, 0),
            (("la", "de"), False, 1),
        ):
            assert archive.search(And((AnyFacet((f"source:{name}",)), Phrase(words, prefix)))).total == total


def test_no_phrase_reaches_from_the_title_into_the_text(engines: list[Archive]) -> None:
    for archive in engines:
        w.put(archive, w.judged(w.post(1, "deux", title="un")), name="titled")
        totals = [
            archive.search(And((AnyFacet(("source:titled",)), Phrase(words)))).total
            for words in (("un",), ("un", "deux"))
        ]
        assert totals == [1, 0]


def test_what_says_more_of_what_is_asked_comes_first(engines: list[Archive]) -> None:
    filler = "de la paix et du pain " * 3
    name, kept = fill(engines, [f"aide {filler}", f"aide {filler} aide et aide", f"port {filler}", filler])
    ids = [one.id for one in kept[0]]
    for archive in engines:
        for tree, wanted in (
            (AnyWord("aide", ("aid",)), [1, 0]),
            (Or((Phrase(("aide",)), Phrase(("rien",)))), [1, 0]),
            (And((Phrase(("paix",)), Not(Phrase(("port",))), Or((Phrase(("aide", "et")), Phrase(("paix",)))))), [1]),
        ):
            scoped = And((AnyFacet((f"source:{name}",)), tree))
            found = archive.search(scoped, sort="relevance").statements
            assert [one.id for one in found][: len(wanted)] == [ids[number] for number in wanted]


@pytest.mark.parametrize("sort", ["date", "relevance"])
def test_pages_follow_one_another_without_gap_or_double(engines: list[Archive], sort: str) -> None:
    name, _ = fill(engines, [f"page {'mot ' * (n % 7)}" for n in range(23)])
    tree = And((AnyFacet((f"source:{name}",)), Phrase(("page",))))
    for archive in engines:
        whole = [one.id for one in archive.search(tree, sort=sort, limit=100).statements]  # type: ignore[arg-type]
        pages, cursor = [], None
        while True:
            found = archive.search(tree, sort=sort, limit=5, cursor=cursor)  # type: ignore[arg-type]
            pages += [one.id for one in found.statements]
            assert found.total == 23
            cursor = found.next
            if cursor is None:
                break
        assert pages == whole


@pytest.mark.parametrize(
    "cursor", ["", "x", "ZDk5", "é", "cjE", "ZDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MA", "A" * 400, "cy01"]
)
def test_a_cursor_of_nobody_is_refused(engines: list[Archive], cursor: str) -> None:
    with pytest.raises(UsageError):
        engines[0].search(Everything(), sort="date" if cursor != "ZDk5" else "relevance", cursor=cursor)


def test_the_count_is_exact_up_to_a_thousand(engines: list[Archive]) -> None:
    name, _ = fill(engines, [f"compte {n}" for n in range(1001)])
    tree = And((AnyFacet((f"source:{name}",)), Phrase(("compte",))))
    for archive in engines:
        found = archive.search(tree, limit=1)
        assert (found.total, found.capped) == (1000, True)
        fewer = archive.search(And((tree, Not(Phrase(("17",))))), limit=1)
        assert (fewer.total, fewer.capped) == (1000, False)
        assert len(archive.search(tree, sort="relevance", limit=60).statements) == 60


def test_a_query_that_only_excludes_and_two_ranges_are_one_search_each() -> None:
    word, past, now = Phrase(("a",)), Published(None, w.T0), Published(w.T0, w.T0 + DAY)
    assert ranges(Not(word)) == [Range(Not(word))]
    assert len(ranges(Or((And((word, past)), now)))) == 2
    assert ranges(And((past, now))) == []
    assert ranges(Not(And((past, Everything())))) == ranges(Published(w.T0, None))
    assert simplify(And((word, And((word, Everything()))))) == word


def test_a_query_too_deep_or_too_scattered_is_refused() -> None:
    deep: Node = Phrase(("a",))
    for _ in range(60):
        deep = Not(Or((deep, Phrase(("b",)))))
    scattered = Or(tuple(Published(w.T0 + n * DAY, w.T0 + n * DAY + DAY) for n in range(100)))
    for tree in (deep, scattered):
        with pytest.raises(UsageError):
            ranges(tree)


def nested(shape: str, levels: int) -> Node:
    """A tree as deep as can be: each level adds a word beside the rest, on either side."""
    tree: Node = Phrase(("a",))
    for number in range(levels):
        word: Node = AnyWord(f"w{number}", (f"w{number}", f"v{number}"))
        kind = shape[number % len(shape)]
        tree = (
            Not(tree) if kind == "n" else (And if kind in "aA" else Or)((word, tree) if kind in "ao" else (tree, word))
        )
    return tree


@pytest.mark.parametrize("shape", ["ao", "AO", "aoAO", "on", "an", "aon", "oan", "aonOAn", "no", "onan"])
def test_a_nesting_that_is_allowed_is_answered(engines: list[Archive], shape: str) -> None:
    deepest = nested(shape, DEEPEST - 1)
    rest = Or((nested(shape[::-1], DEEPEST - 3), nested(shape, DEEPEST - 3)))
    bushy = And((nested(shape, DEEPEST - 2), rest))
    for archive in engines:
        totals = [archive.search(tree).total for tree in (deepest, Or((Phrase(("b",)), nested(shape, DEEPEST - 2))))]
        assert min(totals) >= 0
        assert archive.search(bushy).total >= 0
    with pytest.raises(UsageError):
        engines[0].search(Not(And((deepest, Phrase(("b",))))))


def test_a_wide_query_is_answered(engines: list[Archive]) -> None:
    wide = Or(tuple(AnyWord(f"w{n}", (f"w{n}", f"v{n}")) for n in range(300)))
    for archive in engines:
        assert archive.search(And((wide, Not(wide)))).total == 0


def test_reindexing_gives_what_keeping_gave(engines: list[Archive]) -> None:
    for archive in engines:
        kept = w.put(archive, w.judged(w.post(1, "reclassé"), "aid"), name="again")
        one = archive.statement(kept.new[0])
        archive.replace_classification([(one.id, replace(one.classification, labels=()))], w.T0)
        totals = [
            archive.search(And((AnyFacet(("source:again",)), leaf))).total
            for leaf in (AnyFacet(("label:aid",)), Everything())
        ]
        assert totals == [0, 1]
