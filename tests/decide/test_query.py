"""The query language: what each form means, and what each mistake is told."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker import terms, text
from tracker.decide.match import matches
from tracker.decide.operators import OPERATORS
from tracker.decide.query import Vocabulary, parse
from tracker.errors import QueryError
from tracker.models.query import And, AnyFacet, AnyWord, Everything, Node, Not, Or, Phrase, Published
from tracker.models.registry import Leader, Office, Registry

REGISTRY = Registry(
    leaders=(
        Leader("assimi-goita", "Assimi Goïta", aliases=("Ассими Гойта",), short=("Goita",)),
        Leader("ibrahim-traore", "Ibrahim Traoré", aliases=("IB Traoré",)),
        Leader("moussa-traore", "Moussa Traoré"),
        Leader("bassirou-diomaye-faye", "Bassirou Diomaye Faye"),
    ),
    offices=(
        Office("mli-president", "President of the Transition", "MLI"),
        Office("bfa-president", "President of the Transition", "BFA"),
        Office("un-sg", "Secretary-General", "INT:UN", aliases=("UN chief",)),
    ),
)
VOCABULARY = Vocabulary(
    REGISTRY, ("diplomatic_visit", "security_statement", "aid"), ("feed", "x"), ("goita-x", "tv5monde")
)


def tree(written: str) -> Node:
    return parse(written, VOCABULARY).tree


def refused(written: str) -> QueryError | None:
    try:
        parse(written, VOCABULARY)
    except QueryError as error:
        return error
    return None


def word(written: str) -> AnyWord:
    return AnyWord(written, text.query_stems(written))


def facets(*names: str) -> AnyFacet:
    return AnyFacet(names)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", Everything()),
        ("  \n ", Everything()),
        ("Échanges", word("echanges")),
        ("visite Bamako", And((word("visite"), word("bamako")))),
        ("visite AND Bamako", And((word("visite"), word("bamako")))),
        ("or not and", And((word("or"), word("not"), word("and")))),
        ("visite OR tournée OR voyage", Or((word("visite"), word("tournee"), word("voyage")))),
        ("a1 b1 OR c1 d1", Or((And((word("a1"), word("b1"))), And((word("c1"), word("d1")))))),
        ("a1 (b1 OR c1)", And((word("a1"), Or((word("b1"), word("c1")))))),
        ("((a1))", word("a1")),
        ('"conseil de Sécurité"', Phrase(("conseil", "de", "securite"))),
        ("“conseil de sécurité”", Phrase(("conseil", "de", "securite"))),
        ("« conseil de sécurité »", Phrase(("conseil", "de", "securite"))),
        ("minis*", Phrase(("minis",), prefix=True)),
        ('"premier minis*"', Phrase(("premier", "minis"), prefix=True)),
        ("porte-parole", Phrase(("porte", "parole"))),
        ("l’Élysée", Phrase(("l", "elysee"))),
        ("-domestique", Not(word("domestique"))),
        ("NOT domestique", Not(word("domestique"))),
        ("--domestique", Not(Not(word("domestique")))),
        ('-"à terme"', Not(Phrase(("a", "terme")))),
        ("-(a1 OR b1) c1", And((Not(Or((word("a1"), word("b1")))), word("c1")))),
        ("Mali - Niger", And((word("mali"), word("niger")))),
        ("Mali – !!! 🇲🇱 Niger", And((word("mali"), word("niger")))),
        ("日本", Phrase(("日本",))),
        ("日本国", Phrase(("日本", "本国"))),
        ("国", Phrase(("国",), prefix=True)),
        ('"日本 G5"', Phrase(("日本", "本", "g5"))),
        ('"G5 国"', Phrase(("g5", "国"), prefix=True)),
        ("http://example.org/a", Phrase(("http", "example", "org", "a"))),
        ("https://example.org", Phrase(("https", "example", "org"))),
        ("weird://example.org", Phrase(("weird", "example", "org"))),
        ("mailto:a@example.org", Phrase(("mailto", "a", "example", "org"))),
        ("18:30", Phrase(("18", "30"))),
        ("Sahel: visite", And((word("sahel"), word("visite")))),
    ],
)
def test_words_phrases_and_their_combinations(written: str, expected: Node) -> None:
    assert tree(written) == expected
    assert parse(written, VOCABULARY).text == written


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("leader:assimi-goita", facets("leader:assimi-goita")),
        ("leader:goita", facets("leader:assimi-goita")),
        ("LEADER:Goïta", facets("leader:assimi-goita")),
        ('leader:"Assimi Goïta"', facets("leader:assimi-goita")),
        ("leader:“Assimi Goïta”", facets("leader:assimi-goita")),
        ("leader:Гойта,Goita", facets("leader:assimi-goita")),
        ("leader:Ассими-Гойта", facets("leader:assimi-goita")),
        ("leader:traore", facets("leader:ibrahim-traore", "leader:moussa-traore")),
        ('leader:goita,"IB Traoré"', facets("leader:assimi-goita", "leader:ibrahim-traore")),
        ("office:mli-president", facets("office:mli-president")),
        ('office:"president of the transition"', facets("office:mli-president", "office:bfa-president")),
        ('office:"UN chief"', facets("office:un-sg")),
        ("country:MLI,bfa", facets("country:mli", "country:bfa")),
        ("country:INT:UN", facets("country:int:un")),
        ("about:MLI", facets("about:mli")),
        ("about:goita,mli-president", facets("about:assimi-goita", "about:mli-president")),
        ("host:ibrahim-traore", facets("host:ibrahim-traore")),
        ("visitor:traore", facets("visitor:ibrahim-traore", "visitor:moussa-traore")),
        ("-leader:faye", Not(facets("leader:bassirou-diomaye-faye"))),
        ("source:goita-x", facets("source:goita-x")),
        ("kind:feed,x", facets("kind:feed", "kind:x")),
        ("lang:FR", facets("lang:fr")),
        ("lang:pt-BR", facets("lang:pt")),
        ("origin:official", facets("origin:official")),
        ("presence:beyond-window", facets("presence:beyond_window")),
        ("label:diplomatic-visit", facets("label:diplomatic_visit")),
        ('label:"security statement",aid', facets("label:security_statement", "label:aid")),
        ("label:aid>=0.99", facets("label:aid@99", "label:aid@100")),
        ("label:aid>0.99", facets("label:aid@100")),
        ("label:aid>=.985", facets("label:aid@99", "label:aid@100")),
        ("label:aid=0.5", facets("label:aid@50")),
        ("label:aid<0.99", Not(facets("label:aid@99", "label:aid@100"))),
        ("label:aid<=0.99", Not(facets("label:aid@100"))),
        ("label:aid>=0", Everything()),
        ("label:aid<=1", Everything()),
        ("label:aid<=0.985", Not(facets("label:aid@99", "label:aid@100"))),
        ("label:diplomatic_visit,aid>=1", facets("label:diplomatic_visit", "label:aid@100")),
        ("-label:aid", Not(facets("label:aid"))),
        ("after:2022", Published(utc(2022, 1, 1), None)),
        ("after:2022-11", Published(utc(2022, 11, 1), None)),
        ("before:2022-11-02", Published(None, utc(2022, 11, 2))),
        ("after:2022-11-02T18:10", Published(utc(2022, 11, 2, 18, 10), None)),
        ("after:2022-11-02T18:10:05Z", Published(utc(2022, 11, 2, 18, 10, 5), None)),
        ("before:2022-11-02T18:10+01:00", Published(None, utc(2022, 11, 2, 17, 10))),
        ("before:2022-11-02T18:10:05.999Z", Published(None, utc(2022, 11, 2, 18, 10, 5))),
        ("seen:2022", facets("seen:2022")),
        ("seen:2022-11", facets("seen:202211")),
        ("seen:2022-11-02", facets("seen:20221102")),
        ("seen:2022-12..2024-01-02", facets("seen:202212", "seen:2023", "seen:20240101", "seen:20240102")),
        ("seen:<2001-02-02", facets("seen:2000", "seen:200101", "seen:20010201")),
        ("seen:<=2000", facets("seen:2000")),
        ("seen:>=2099-12-31", facets("seen:20991231")),
        ("seen:>2099-12-30", facets("seen:20991231")),
    ],
)
def test_operators_resolve_names_in_any_spelling(written: str, expected: Node) -> None:
    assert tree(written) == expected


@pytest.mark.parametrize(
    ("written", "column", "says"),
    [
        ("leder:goita", 1, "did you mean leader: ?"),
        ("visite lable:aid", 8, "did you mean label: ?"),
        ("speaker:goita", 1, "did you mean leader: ?"),
        ("foo:bar", 1, 'write "foo bar"'),
        ("leader:goitta", 8, "did you mean goita"),
        ("leader:goita,zzzzzz", 14, 'no leader "zzzzzz"'),
        ("leader:", 1, "needs a value"),
        ("leader: goita", 1, "needs a value"),
        ('leader:""', 1, "needs a value"),
        ("leader:goita,", 1, "needs a value"),
        ("leader:(goita)", 1, "needs a value"),
        ("label:diplomatic_visits", 7, "did you mean diplomatic_visit"),
        ("label:aid>=2", 7, "from 0 to 1"),
        ("label:aid>1", 7, "no score"),
        ("label:aid<0", 7, "no score"),
        ("label:aid=0.985", 7, "no score"),
        ("label:aid<1.5", 7, "no score"),
        ("label:aid>=", 7, "compared like"),
        ("label:aid>=much", 7, "compared like"),
        ("kind:fed", 6, "did you mean feed"),
        ("source:tv5mond", 8, "did you mean tv5monde"),
        ("country:XQZ", 9, "no country"),
        ("office:mli-presidnt", 8, "did you mean mli-president"),
        ("about:qqqqqq", 7, "no leader or country"),
        ("origin:oficial", 8, "did you mean official"),
        ("presence:gone", 10, "no presence"),
        ("lang:french", 6, "language's code"),
        ('a1 "b1 c1', 4, "never closed"),
        ('leader:"Assimi', 8, "never closed"),
        ("a1 (b1", 4, "never closed"),
        ("a1 (b1 OR (c1)", 4, "never closed"),
        ("(", 1, "never closed"),
        ("a1)", 3, "never opened"),
        (")", 1, "never opened"),
        ("()", 1, "empty"),
        ("a1 (  )", 4, "empty"),
        ('""', 1, "no letter"),
        ("!!!", 1, "nothing to look for"),
        ("a1 (!!!)", 5, "nothing to look for"),
        ("OR a1", 1, "both sides"),
        ("a1 OR", 6, "both sides"),
        ("a1 OR OR b1", 7, "both sides"),
        ("(a1 OR) b1", 7, "both sides"),
        ("a1 OR -", 7, "both sides"),
        ("AND a1", 1, "both sides"),
        ("a1 AND", 4, "both sides"),
        ("NOT", 1, "behind it"),
        ("a1 NOT OR b1", 4, "behind it"),
        ("-!!!", 1, "behind it"),
        ("after:yesterday", 7, "no date"),
        ("after:2022-13", 7, "no date"),
        ("before:2022-02-30", 8, "no date"),
        ("after:0000", 7, "no date"),
        ("before:9999-12-31T23:59-14:00", 8, "no date"),
        ("after:2022-11-02T25:00", 7, "no date"),
        ("after:2022,2023", 12, "takes one date"),
        ("seen:9999", 6, "no date"),
        ("seen:2022-11-05..2022-11-02", 6, "no day"),
        ("seen:1999", 6, "no day"),
        ("seen:2022..", 6, "no date"),
        ("seen:>=", 6, "no date"),
        ("place:!!!", 7, "needs a name"),
    ],
)
def test_mistakes_are_told_with_their_column_and_a_near_spelling(written: str, column: int, says: str) -> None:
    with pytest.raises(QueryError) as error:
        tree(written)
    assert says in error.value.message
    assert error.value.column == column


HOSTILE = {
    "parentheses": "(" * 100_000,
    "short parentheses": "(" * 9_000,
    "negations": "-" * 9_000 + "x",
    "nots": "NOT " * 2_400 + "x",
    "words": "x " * 5_000,
    "ors": "x OR " * 1_900 + "x",
    "quotes": '"' * 9_999,
    "colons": "a1:" * 3_000,
    "leaders": "leader:" + "z" * 9_000,
    "commas": "leader:" + "goita," * 1_500 + "zzz",
    "values": "place:" + "a," * 4_000 + "b",
    "digits": "label:aid>=0." + "9" * 9_000,
    "date": "after:2022-11-02T" + "0" * 9_000,
    "unspaced": "国" * 9_000,
    "unclosed": "(a1 OR " * 1_400,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_query_is_answered_at_once(name: str) -> None:
    started = time.perf_counter()
    refusal = refused(HOSTILE[name])
    assert refusal is None or len(str(refusal)) < 300
    assert time.perf_counter() - started < 0.5


def test_the_nesting_that_is_allowed_can_be_parsed_and_printed() -> None:
    written = "(" * 12 + "x1" + ")" * 12
    assert tree(written) == word("x1")
    with pytest.raises(QueryError, match="deep"):
        tree("(" * 13 + "x1" + ")" * 13)


PIECES = st.sampled_from(
    ["(", ")", '"', "-", "OR ", "AND ", "NOT ", " ", ",", ":", "*", "..", ">=", "<", "«", "”", "国", "a\u0300"]
    + ["after:", "seen:", "label:aid", "2022-11", "goita", "http://", "İ", "\x00", "\u202e", "\ud800", "0.9", "ß"]
    + [f"{name}:" for name in OPERATORS]
)


@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=25).map("".join)))
def test_any_text_is_a_query_or_a_query_error(written: str) -> None:
    refusal = refused(written)
    assert refusal is None or 1 <= refusal.column <= len(written) + 1


@given(st.lists(st.text(alphabet="abé'-国日 ", min_size=1, max_size=8), min_size=1, max_size=6), st.data())
def test_a_phrase_cut_out_of_a_text_is_found_in_it(parts: list[str], data: st.DataObject) -> None:
    body = " ".join(parts)
    surface = tuple(text.tokens(body))
    pieces = body.split(" ")
    start = data.draw(st.integers(0, len(pieces) - 1))
    piece = " ".join(pieces[start:])
    if not text.tokens(piece):
        return
    node = tree(f'"{piece}"')
    assert isinstance(node, Phrase)
    seen = terms.Terms(surface, frozenset(), frozenset({terms.ALL}), utc(2022, 1, 1))
    assert matches(node, seen)


def test_every_operator_is_documented_with_an_example() -> None:
    page = (Path(__file__).parents[2] / "docs" / "query.md").read_text(encoding="utf-8")
    for name in OPERATORS:
        assert f"`{name}:" in page
