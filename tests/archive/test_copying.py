"""An archive copied to the other engine and back is the same archive."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from tests import postgres
from tests.archive import world as w
from tracker.archive import Archive
from tracker.archive.copying import copy
from tracker.cli import run
from tracker.errors import ArchiveError
from tracker.models.query import Phrase
from tracker.models.statement import Firing, Link, Related
from tracker.models.telling import Notification, Period

pytestmark = pytest.mark.postgresql
TEXTS = ("Nous recevons le ministre", "visite à Bamako", "我们讨论了边境安全问题", "سلام للجميع", "a" * 300, "é\n\t—🛶")


def filled(url: str) -> Archive:
    """An archive with something in every table."""
    archive = Archive.open(url, worker="first")
    items = [w.judged(w.post(n, TEXTS[n % 6] + f" mot{n}"), "aid") for n in range(60)]
    items[0] = replace(items[0], firings=(Firing("r", "because"),), digests=("morning",), fingerprints=(-5, 2**62))
    kept = w.put(archive, *items)
    w.put(archive, w.judged(w.post(1, "autre texte"), verdict="edited", statement=kept.new[1]))
    archive.relate([Related(kept.new[0], links=((kept.new[0], Link("quotes", kept.new[1], "le ministre")),))], w.T0)
    archive.notify(Notification("n1", "test", "desk", w.T0, {"é": [1]}, ("x", "y")))
    day = w.T0 + timedelta(days=1)
    archive.make_issue(Period("morning", day.date(), w.T0, day), day)
    return archive


def test_there_and_back_again_is_the_same_archive(
    tmp_path: Path, postgres_server: postgres.Server, capfd: pytest.CaptureFixture[str]
) -> None:
    first, middle, last = f"sqlite:///{tmp_path}/a.db", postgres_server.database(), f"sqlite:///{tmp_path}/b.db"
    filled(first).close()
    for pair in ((first, middle), (middle, last)):
        assert run(["migrate-database", *pair]) == 0
        done = capfd.readouterr()
        assert "60 statements" in done.out
        assert "statements: 60 of 60" in done.err
    before, between, after = (Archive.open(url, worker="a") for url in (first, middle, last))
    try:
        assert before.each_statement() == after.each_statement()
        assert before.status() == after.status()
        with between.reading() as connection:  # its planner knows how much there is
            assert connection.scalar(text("SELECT reltuples FROM pg_class WHERE relname = 'words'")) == 60
        assert before.alerts() == after.alerts()
        assert before.issues() == after.issues()
        for word in ("ministre", "bamako", "mot7", "边境"):
            assert after.search(Phrase((word,))).statements == before.search(Phrase((word,))).statements
        assert len(w.put(after, w.judged(w.post(999, "suite")), now=w.T0 + timedelta(hours=1)).new) == 1
    finally:
        for one in (before, between, after):
            one.close()


def test_what_is_written_meanwhile_is_no_part_of_a_copy_and_stops_it(
    tmp_path: Path, postgres_server: postgres.Server
) -> None:
    url = postgres_server.database()
    source, target = filled(url), Archive.open(f"sqlite:///{tmp_path}/a.db", worker="copy")

    def work(table: str, done: int, total: int) -> None:
        if table == "sources":
            w.put(source, w.judged(w.post(77, "Nous recevons encore le ministre")), now=w.T0 + timedelta(hours=1))

    with pytest.raises(
        ArchiveError, match=r"workers wrote to .*: stop every tracker run and copy again; .*still empty"
    ):
        copy(source, target, work)
    assert target.status()["statements"] == 0
    assert copy(source, target, lambda *_: None)["statements"][0] == 61
    assert source.each_statement() == target.each_statement()
    for one in (source, target):
        one.close()


def test_a_target_that_is_not_empty_or_a_source_that_is_not_there_or_in_use_is_refused(
    tmp_path: Path, postgres_server: postgres.Server, capfd: pytest.CaptureFixture[str]
) -> None:
    full, empty = f"sqlite:///{tmp_path}/a.db", postgres_server.database()
    archive = filled(full)
    assert run(["migrate-database", empty, full]) == 2
    assert "is not empty" in capfd.readouterr().err
    assert run(["migrate-database", f"sqlite:///{tmp_path}/none.db", empty]) == 2
    assert not (tmp_path / "none.db").exists()
    with archive.hold("the daemon"):
        assert run(["migrate-database", full, empty]) == 3
        assert "the daemon" in capfd.readouterr().err
    archive.close()
