"""Wrong calls are one line and exit code 2; bad lines of many are named and the others count."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from typing import IO

import pytest
from terminal import Desk

from tracker.classify import Classifier
from tracker.cli.classifying import lines
from tracker.models.registry import Registry

CLASSIFIER = Classifier.load(Registry((), ()))


@pytest.mark.parametrize(("words", "said"), [
    (("search", "--limit", "0"), "--limit"),
    (("search", "x", "--sort", "loud"), "'loud' is not one of"),
    (("search", "-tea"), 'a query that begins with - goes after "--"'),
    (("show",), "Missing argument"),
    (("shwo",), "No such command 'shwo'"),
    (("poll", "--jsno"), "--json"),
    (("show", "a", "b" * 600), "unexpected extra argument"),
    (("silence", "add", "tea", "--hours", "1e300"), "--hours"),
    (("coverage", "state-house", "--days", "99999999"), "--days"),
    (("demo", "--port", "99999"), "--port"),
    (("digest", "preview", "morning", "--date", "0001-01-01"), "is not a day"),
    (("visits", "--after", "2026-13-01"), "is not a day"),
    (("visits", "--host", "Rwandia"), 'there is no leader or country "Rwandia" (did you mean Rwanda?)'),
    (("quote", ""), "it holds no words"),
    (("quote", "/nonexistent.txt"), "/nonexistent.txt: there is no such file"),
    (("classify", " "), "nothing to classify"),
    (("migrate-database", "env:NOWHERE", "sqlite:///new.db"), "tracker: NOWHERE is not set in the environment"),
    (("migrate-database", "sqlite://new.db", "sqlite:///new.db"), "tracker: a database is sqlite:///FILE or"),
])  # fmt: skip
def test_a_wrong_call_is_one_line(desk: Desk, words: tuple[str, ...], said: str) -> None:
    code, out, err = desk.run(*words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err


def test_a_query_that_begins_with_a_minus_goes_after_two(desk: Desk) -> None:
    assert desk.run("search", "--", "-tea")[0] == 0


def test_words_that_are_no_utf_8_are_kept_as_far_as_they_can_be(desk: Desk) -> None:
    assert desk.run("silence", "add", "tea", "--comment", "caf\udcff")[0] == 0
    assert [one["comment"] for one in desk.json("silence", "list")] == ["caf\ufffd"]
    assert "an empty query matches everything" in desk.run("silence", "add", "")[2]
    assert desk.json("add", "a caf\udcff of words", "--by", "caf\udcff")["text"] == "a caf\ufffd of words"


def test_many_lines_are_classified_and_the_bad_ones_named() -> None:
    asked = '{"id": 1, "text": "The president arrived in Accra on an official visit", "date": "2026-11-02"}\nnoise\n'
    asked += '{"id": "\\ud800"}\n{"id": 4, "text": "The president arrived", "date": "bad"}\n'
    told = io.StringIO()
    assert lines(CLASSIFIER, io.StringIO(asked), told) == 1
    told.getvalue().encode()
    rows = [json.loads(line) for line in told.getvalue().splitlines()]
    assert [("labels" in row, "error" in row) for row in rows] == [(True, False), *[(False, True)] * 3]
    assert rows[3] == {"id": 4, "error": "date: 'bad' is no day"}


GOOD = '{"id": 1, "text": "The president arrived in Accra on an official visit"}'


@pytest.mark.parametrize(("line", "error"), [
    (GOOD, None),
    ("\ufeff" + GOOD, None),
    (GOOD + "\r", None),
    (GOOD + " \t ", None),
    ('{"text": ""}', None),
    ('{"text": "a\u2028b"}', None),
    ('{"text": "\\ud800 \\u0000"}', None),
    ('{"text": "a", "id": null, "title": null, "lang": null, "author": null, "country": null, "date": null}', None),
    ('{"text": "a", "country": "Atlantis", "author": "x"}', None),
    ('{"text": "a", "date": 20221102}', "date: a string is needed"),
    ('{"text": "a", "date": "2022-11-02T18:10:00.000Z", "country": "Mali", "author": "x"}', None),
    ('{"text": "a", "more": ' + "[" * 500 + "]" * 500 + "}", None),
    ('{"text": "%s"}' % ("x " * 200_000), None),
    ('{"text": "a", "id": %s}' % ("9" * 4000), None),
    ('{"text": "a", "id": %s}' % ("9" * 5000), "not JSON: Exceeds the limit"),
    ('{"text": "a", "id": NaN}', "not JSON: invalid literal for int() with base 10: 'NaN'"),
    ('{"text": "a", "score": -Infinity}', "not JSON: invalid literal for int() with base 10: '-Infinity'"),
    ('{"text": "a", "id": 1e999}', "id: a string or a whole number is needed"),
    ('{"text": "a", "id": true}', "id: a string or a whole number is needed"),
    ('{"text": "a", "id": [1]}', "id: a string or a whole number is needed"),
    ("[" * 100_000, "not JSON: maximum recursion depth"),
    ('{"a":' * 100_000, "not JSON: maximum recursion depth"),
    ("[1]", "not a JSON object"),
    ("null", "not a JSON object"),
    ("{'text': 'a'}", "not JSON: Expecting property name"),
    (GOOD + GOOD, "not JSON: Extra data"),
    ('{"text": null}', "text: a string is needed"),
    ('{"Text": "a"}', "text: a string is needed"),
    ('{"text": ["a"]}', "text: a string is needed"),
    ('{"text": "a", "lang": 5}', "lang: a string is needed"),
    ('{"text": "a", "title": {}}', "title: a string is needed"),
    ('{"text": "a", "country": ["Mali"]}', "country: a string is needed"),
    ('{"text": "a", "date": "2022-13-01"}', "date: '2022-13-01' is no day"),
    ('{"text": "a", "date": "2022-11"}', "date: '2022-11' is no day"),
    ('{"text": "a", "date": [1]}', "date: a string is needed"),
    ('{"text": "a", "date": "0001-01-01T00:00:00+14:00"}', "date: '0001-01-01T00:00:00+14:00' is no day"),
    ('{"text": "Yesterday I came to Accra on a visit", "date": "0001-01-01"}', "date: '0001-01-01' is no day"),
    ('{"text": "I leave for Accra tomorrow on a visit", "date": "9999-12-31"}', "date: '9999-12-31' is no day"),
    ('{"text": "caf\udce9"}', "not UTF-8"),
])  # fmt: skip
def test_an_odd_line_is_classified_or_says_why_not(line: str, error: str | None) -> None:
    told = io.StringIO()
    code = lines(CLASSIFIER, io.StringIO(f"\ufeff\r\n \t\n{line}\r\n\n{GOOD}", newline=None), told)
    one, last = (json.loads(said, parse_constant=pytest.fail) for said in told.getvalue().splitlines())
    assert (last["id"], last["classified"], code) == (1, True, int(error is not None))
    if error:
        assert (one["id"], one["error"].startswith(error)) == (None, True)
    else:
        assert "labels" in one


def test_a_file_in_utf_16_says_so_on_every_line(desk: Desk) -> None:
    code, out, err = _outside(desk, "classify", "--jsonl", stdin=f"{GOOD}\r\n{GOOD}\r\n".encode("utf-16"))
    assert (code, err) == (1, b"")
    assert {json.loads(line)["error"] for line in out.splitlines()} == {"not UTF-8"}
    code, out, err = _outside(desk, "classify", "--jsonl", stdin=f"{GOOD}\r\n\r\n{GOOD}".encode("utf-8-sig"))
    assert (code, err, [json.loads(line)["id"] for line in out.splitlines()]) == (0, b"", [1, 1])


def test_an_author_of_the_registry_has_his_country(desk: Desk) -> None:
    row = {"text": "I received the President of Rwanda today.", "author": "@AminaOdera", "date": "2026-11-02"}
    code, out, _ = _outside(desk, "classify", "--jsonl", stdin=json.dumps(row).encode())
    (visit,) = json.loads(out)["events"]
    assert (code, visit["host"]["leader"], visit["host"]["country"]) == (0, "amina-odera", "KEN")


def test_a_rule_that_does_not_exist_is_read_as_a_query_and_said_so(desk: Desk) -> None:
    code, out, err = desk.run("rules", "test", "watre")
    assert (code, out) == (0, "nothing found\n")
    assert err == "no rule is named 'watre': read as a query (did you mean water?)\n0 found\n"
    assert "no rule" not in desk.run("rules", "test", "water")[2]


def _outside(
    desk: Desk, *words: str, stdin: bytes = b"", stdout: IO[bytes] | int = subprocess.PIPE, **environ: str
) -> tuple[int, bytes, bytes]:
    """The command in a process of its own."""
    command = [sys.executable, "-c", "from tracker.cli import main; main()", "--config", str(desk.folder), *words]
    done = subprocess.run(
        command, env={**os.environ, **environ}, input=stdin, stdout=stdout, stderr=subprocess.PIPE, check=False
    )
    return done.returncode, done.stdout or b"", done.stderr


def test_what_the_locale_has_no_sign_for_is_escaped_and_what_programs_read_is_utf_8(desk: Desk) -> None:
    written = desk.json("add", "Le président — “très” ému — 😀", "--speaker", "odera")["id"]
    for words in (("show", written), ("search",), ("digest", "preview", "morning"), ("--help",)):
        for locale in ("latin-1", "ascii"):
            code, out, err = _outside(desk, *words, PYTHONIOENCODING=locale)
            assert (code, b"Traceback" in err) == (0, False)
            out.decode(locale)
    assert (
        b"\\u2014 \\u201ctr\\xe8s\\u201d \\xe9mu \\u2014 \\U0001f600"
        in _outside(desk, "show", written, PYTHONIOENCODING="ascii")[1]
    )
    for words in (("show", written, "--json"), ("export",), ("export", "--format", "csv")):
        assert (
            _outside(desk, *words, PYTHONIOENCODING="ascii")[:2] == _outside(desk, *words, PYTHONIOENCODING="utf-8")[:2]
        )
    assert json.loads(_outside(desk, "show", written, "--json", PYTHONIOENCODING="ascii")[1])["id"] == written


@pytest.mark.parametrize("words", [("export",), ("search",), ("search", "--json"), ("leaders",), ("--help",)])
def test_whoever_reads_no_further_has_got_what_was_wanted(desk: Desk, words: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        code, _, err = _outside(desk, *words, stdout=closed, PYTHONUNBUFFERED="1" if words == ("export",) else "")
    assert (code, [line for line in err.splitlines() if b"found" not in line]) == (0, [])


def test_a_label_has_plovers_terms_beside_it(desk: Desk) -> None:
    rows = [
        {"text": "The Zambian president arrived in Sofia for a state visit."},
        {"text": "We strongly condemn the attack."},
    ]
    code, out, _ = _outside(desk, "classify", "--jsonl", stdin="\n".join(map(json.dumps, rows)).encode())
    given = {one["name"]: one["plover"] for line in out.splitlines() for one in json.loads(line)["labels"]}
    assert (code, given["diplomatic_visit"]) == (0, {"type": "CONSULT", "mode": "visit", "contexts": ["diplomatic"]})
    assert (given["condemnation"]["type"], given["condemnation"]["mode"]) == ("ACCUSE", None)
