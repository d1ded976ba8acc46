"""What a pipe gets to see."""

from __future__ import annotations

import re

from terminal import Desk

MINUTE = r"\d{4}-\d\d-\d\d \d\d:\d\d(  |$)"


def test_a_table_in_a_pipe_has_a_row_a_line_with_times_to_the_minute(desk: Desk) -> None:
    code, said, _ = desk.run("status")
    rows = [line for line in said.splitlines() if line.startswith(("state-house", "lake-times"))]
    assert code == 0
    assert len(rows) == 2
    assert all(len(re.findall(MINUTE, row)) >= 2 for row in rows)
