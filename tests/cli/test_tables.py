"""What a pipe gets to see."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from terminal import Desk

from tracker.cli import show

MINUTE = r"\d{4}-\d\d-\d\d \d\d:\d\d(  |$)"


def test_a_table_in_a_pipe_has_a_row_a_line_with_times_to_the_minute(desk: Desk) -> None:
    code, said, _ = desk.run("status")
    rows = [line for line in said.splitlines() if line.startswith(("state-house", "lake-times"))]
    assert code == 0
    assert len(rows) == 2
    assert all(len(re.findall(MINUTE, row)) >= 2 for row in rows)


def test_a_visit_that_many_tell_is_a_row_that_can_be_read(desk: Desk) -> None:
    day = datetime.now(UTC).date().isoformat()
    for number in range(6):
        words = f"Report {number}: Rwandan President Eric Habimana arrived in Nairobi for an official visit to Kenya."
        assert desk.run("add", words, "--publisher", f"Paper {number}", "--date", day)[0] == 0
    (event,) = desk.json("visits", "--visitor", "habimana", "--host", "Kenya")
    assert len(event["statements"]) >= 6
    (row,) = [line for line in desk.run("visits")[1].splitlines() if "Nairobi" in line]
    assert row.rstrip().endswith(", ".join([*event["statements"][:3], "…"]))


def test_a_statement_is_told_as_it_is_with_what_a_terminal_would_obey_shown_as_marks(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    one = desk.json("show", desk.ids["talks"]) | {"text": "one\u2028two\x0bthree\x1b[31m <b>{{ four }}"}
    for line in show.told("statement", one):
        show.line(line)
    assert "one⟨U+2028⟩two␋three␛[31m <b>{{ four }}\n" in capsys.readouterr().out
