"""What `text` calls one token is one token to FTS5, whatever a text is made of."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine

from tests.archive import world as w
from tracker import terms, text
from tracker.archive import sqlite
from tracker.archive.ranges import simplify
from tracker.models.query import AnyFacet, Phrase
from tracker.models.registry import Speaker


def indexed(migrated_file: Path, found: terms.Terms) -> list[tuple[str, str]]:
    """The column and token of everything that FTS5 makes of some terms."""
    with sqlite3.connect(migrated_file) as file:
        (made,) = file.execute("SELECT sql FROM sqlite_master WHERE name = 'words'").fetchone()
    file.close()
    engine = create_engine("sqlite://")
    with engine.connect() as index:
        index.exec_driver_sql(made)
        index.exec_driver_sql("CREATE VIRTUAL TABLE vocabulary USING fts5vocab(words, col)")
        sqlite.index(index, [(1, found)])
        rows = [(column, term) for column, term in index.exec_driver_sql("SELECT col, term FROM vocabulary")]
    engine.dispose()
    return rows


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=80), st.text(max_size=20), st.sampled_from(["fr", "ru", "ar", None]))
def test_no_token_is_split_or_changed(migrated_file: Path, said: str, name: str, lang: str | None) -> None:
    post = w.post(1, text.clean(said), title=text.clean(name), speaker=Speaker(leader=text.clean(name)))
    found = terms.of(post, w.understood("aid", lang=lang), source=text.clean(name), kind="feed", first_seen_at=w.T0)
    seen = set(indexed(migrated_file, found))
    assert {term for column, term in seen if column == "surface"} == set(found.surface)
    assert {term for column, term in seen if column == "stems"} == set(found.stems)
    assert {term for column, term in seen if column == "facets"} == set(found.facets)
    phrase, facets = Phrase(found.surface), AnyFacet(tuple(sorted(found.facets)))
    assert (simplify(phrase), simplify(facets)) == (phrase, facets)


@given(st.text(max_size=40), st.text("aBZ `'é", max_size=200))
def test_a_text_folds_as_its_characters_do_however_few_are_beyond_ascii(odd: str, plain: str) -> None:
    said = plain + odd
    assert text.fold(said) == "".join(map(text.fold, said)) == text.fold_map(said)[0]
