"""What `text` calls one token is one token to FTS5, whatever a text is made of."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.archive import world as w
from tracker import terms, text
from tracker.archive import sqlite
from tracker.archive.ranges import simplify
from tracker.models.query import AnyFacet, Phrase
from tracker.models.registry import Speaker


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=80), st.text(max_size=20), st.sampled_from(["fr", "ru", "ar", None]))
def test_no_token_is_split_or_changed(migrated_file: Path, said: str, name: str, lang: str | None) -> None:
    post = w.post(1, text.clean(said), title=text.clean(name), speaker=Speaker(leader=text.clean(name)))
    found = terms.of(post, w.understood("aid", lang=lang), source=text.clean(name), kind="feed", first_seen_at=w.T0)
    file, index = sqlite3.connect(migrated_file), sqlite3.connect(":memory:")
    (made,) = file.execute("SELECT sql FROM sqlite_master WHERE name = 'words'").fetchone()
    index.execute(made)
    index.execute("CREATE VIRTUAL TABLE vocabulary USING fts5vocab(words, col)")
    index.execute(sqlite.index_insert, sqlite.index_row(1, found))
    seen = set(index.execute("SELECT col, term FROM vocabulary"))
    file.close()
    index.close()
    assert {term for column, term in seen if column == "surface"} == set(found.surface)
    assert {term for column, term in seen if column == "stems"} == set(found.stems)
    assert {term for column, term in seen if column == "facets"} == set(found.facets)
    phrase, facets = Phrase(found.surface), AnyFacet(tuple(sorted(found.facets)))
    assert (simplify(phrase), simplify(facets)) == (phrase, facets)
