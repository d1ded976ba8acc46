"""Exports: all that matches, in the forms that others read, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from terminal import Desk

from tracker.app import build
from tracker.classify import Classifier
from tracker.cli import exporting
from tracker.cli.classifying import lines
from tracker.config import load
from tracker.models.registry import Registry
from tracker.models.statement import Event, Party
from tracker.models.visits import calendar, colt, plover


def test_jsonl_has_a_statement_a_line_as_show_prints_it(desk: Desk) -> None:
    code, out, _ = desk.run("export")
    assert code == 0
    lines = [json.loads(line) for line in out.splitlines()]
    assert [one["id"] for one in lines] == list(desk.ids.values())
    assert lines[0] == desk.json("show", desk.ids["talks"])
    assert desk.json("export", "source:lake-times label:diplomatic_visit") == [lines[1]]


def test_csv_is_text_in_every_cell_and_comes_back_as_it_was(desk: Desk) -> None:
    target = desk.folder / "all.csv"
    assert desk.run("export", "source:lake-times", "--format", "csv", "--output", str(target))[:2] == (0, "")
    rows = list(csv.DictReader(io.StringIO(target.read_text(encoding="utf-8"))))
    assert list(rows[0]) == list(exporting.COLUMNS)
    tea = next(row for row in rows if row["id"] == desk.ids["tea"])
    assert tea["title"] == '\'=HYPERLINK("https://evil.example")'
    assert tea["publisher"] == "Lake Times"


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1", "'=1", "''=1"])
def test_what_a_spreadsheet_would_run_is_made_inert_and_can_be_taken_back(cell: str) -> None:
    written = exporting.inert(cell)
    assert written == f"'{cell}"
    assert re.sub("^'(?='*[=+\\-@\t\r\n＝＋－＠])", "", written) == cell


@pytest.mark.parametrize("cell", ["", "a=b", "'tis", " =1", "«-1»"])
def test_any_other_cell_is_left_alone(cell: str) -> None:
    assert exporting.inert(cell) == cell


def test_more_than_a_page_is_walked_to_its_end(desk: Desk) -> None:
    tracker = build(load(desk.folder, {}), inline=True)
    walked = {
        words: [one.id for some in exporting.walk(tracker, words, size=1) for one in some]
        for words in ("", "origin:report", "xylophone")
    }
    tracker.archive.close()
    assert walked[""] == list(desk.ids.values())
    assert walked["origin:report"] == [desk.ids["tea"], desk.ids["news"]]
    assert walked["xylophone"] == []


def test_a_pipe_or_a_device_is_written_to_and_stays_what_it_is(desk: Desk) -> None:
    pipe = desk.folder / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert desk.run("export", "source:lake-times", "--format", "csv", "--output", str(pipe))[0] == 0
        assert os.read(reader, 2)
    finally:
        os.close(reader)
    assert pipe.is_fifo()


@pytest.mark.parametrize("output", ["none/such/folder.csv", "."])
def test_a_file_that_cannot_be_written_is_one_line(desk: Desk, output: str) -> None:
    code, out, err = desk.run("export", "--output", str(desk.folder / output))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "--output" in err


def test_a_visit_is_a_row_in_the_columns_of_colt(desk: Desk) -> None:
    code, out, _ = desk.run("visits", "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(out))
    assert code == 0
    expected = {
        "LeaderID": "eric-habimana", "LeaderFullName": "Eric Habimana", "LeaderCountryISO": "RWA",
        "LeaderCountryOrIGO": "Rwanda", "CountryVisited": "Kenya", "CountryVisitedISO": "KEN", "CityVisited": "Nairobi",
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected
    assert (row["TripEndDate"], row["TripDuration"]) == ("", "")
    assert desk.ids["news"] in row["Statements"].split()
    assert "https://lake-times.example/2" in row["SourceLinks"].split()


@pytest.mark.parametrize(("first", "last", "cells"), [
    (date(2026, 3, 2), date(2026, 3, 4), (2026, date(2026, 3, 2), date(2026, 3, 4), 3)),
    (date(2026, 3, 2), date(2026, 3, 2), (2026, date(2026, 3, 2), date(2026, 3, 2), 1)),
    (date(2026, 3, 2), None, (2026, date(2026, 3, 2), None, None)),
    (None, None, (None, None, None, None)),
])  # fmt: skip
def test_a_trip_has_no_end_that_no_text_tells(first: date | None, last: date | None, cells: tuple[object, ...]) -> None:
    for status in ("past", "announced", "postponed"):
        event = Event("e1", status, (Party(country="RWA"),), Party(country="KEN"), "Nairobi", first, last)
        (row,) = colt(event, Registry((), ()), {})
        assert tuple(row[name] for name in ("TripYear", "TripStartDate", "TripEndDate", "TripDuration")) == cells


def test_a_day_that_no_text_states_is_in_no_export() -> None:
    day = date(2026, 3, 2)
    event = Event("e1", "past", (Party(country="RWA"),), Party(country="KEN"), "Nairobi", day, near=day)
    (row,) = colt(event, Registry((), ()), {})
    assert (row["TripYear"], row["TripStartDate"]) == (None, None)
    assert plover(event, Registry((), ()), {})["date"] is None
    assert "VEVENT" not in calendar([event], Registry((), ()), datetime(2026, 3, 3, tzinfo=UTC))


def test_a_visit_is_a_plover_event_with_its_sources(desk: Desk) -> None:
    event = json.loads(desk.run("visits", "--format", "plover")[1])
    assert (event["event_type"], event["mode"], event["contexts"]) == ("CONSULT", "visit", ["diplomatic"])
    assert (event["actor"][0]["country"], event["recipient"][0]["country"]) == ("RWA", "KEN")
    told = {(one["id"], one["url"], one["status"]) for one in event["statements"]}
    assert (desk.ids["news"], "https://lake-times.example/2", "past") in told
    assert [one["said_at"] for one in event["statements"]] == sorted(one["said_at"] for one in event["statements"])
    assert desk.json("visits")[0]["history"][0].keys() == {"statement", "said_at", "status", "day"}
    assert desk.json("visits")[0]["id"] == event["id"]


@pytest.mark.parametrize(("words", "status", "kind"), [
    ("I will pay an official visit to Kigali next week.", "announced", "AGREE"),
    ("I arrived in Kigali yesterday on an official visit.", "past", "CONSULT"),
    ("My official visit to Kigali next week has been cancelled.", "cancelled", "CONSULT"),
])  # fmt: skip
def test_every_shape_has_the_same_plover_type(desk: Desk, words: str, status: str, kind: str) -> None:
    one = desk.json("add", words, "--speaker", "Odera", "--date", "2026-01-20")
    row = {"text": words, "author": "Amina Odera", "author_role": "president", "country": "Kenya", "date": "2026-01-20"}
    told = io.StringIO()
    lines(Classifier.load(Registry((), ())), io.StringIO(json.dumps(row)), told)
    coded = [json.loads(line) for line in desk.run("visits", "--host", "RWA", "--format", "plover")[1].splitlines()]
    shapes = [
        *desk.json("visits", "--host", "RWA"), *desk.json("show", one["id"])["events"],
        *json.loads(told.getvalue())["events"],
        *({**event, "type": event["event_type"]} for event in coded),
    ]  # fmt: skip
    assert [(each["type"], each["mode"], each["status"]) for each in shapes] == [(kind, "visit", status)] * 4


def test_visits_are_a_calendar_in_a_file(desk: Desk, tmp_path: Path) -> None:
    target = tmp_path / "visits.ics"
    assert desk.run("visits", "--format", "ics", "-o", str(target))[0] == 0
    raw = target.read_bytes().decode()
    assert raw.startswith("BEGIN:VCALENDAR\r\n")
    assert raw.endswith("END:VCALENDAR\r\n")
    assert "\n" not in raw.replace("\r\n", "")
    assert list(tmp_path.glob("*.part")) == []


def test_a_table_is_for_the_terminal(desk: Desk) -> None:
    assert "Nairobi" in desk.run("visits")[1]
    assert desk.run("visits", "-o", "visits.txt")[0] == 2
