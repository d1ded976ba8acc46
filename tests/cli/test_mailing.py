"""What a digest's next mail will be, and whether mail can leave at all."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Thread

import pytest
from terminal import Desk


def test_after_an_early_close_the_preview_is_of_what_is_mailed_next_from_that_moment_on(desk: Desk) -> None:
    desk.run("correct", desk.ids["tea"], "--add", "aid")
    assert desk.json("digest", "preview", "morning")["statements"] == [desk.ids["tea"]]
    sent = desk.json("digest", "send", "morning", "--now")
    desk.run("correct", desk.ids["talks"], "--add", "aid")
    closed, following = datetime.fromisoformat(sent["end"]), datetime.fromisoformat(sent["date"]) + timedelta(days=1)
    for day in ((), ("--date", f"{following:%Y-%m-%d}")):
        shown = desk.json("digest", "preview", "morning", *day)
        assert shown["statements"] == [desk.ids["talks"]]
        assert shown["text"].splitlines()[0] == f"morning, {following.day} {following:%b %Y}"
        assert f"{closed.day} {closed:%b %Y, %H:%M} to " in shown["text"].splitlines()[1]
    mailed = desk.json("digest", "preview", "morning", "--date", sent["date"])
    assert mailed["statements"] == [desk.ids["tea"]]
    assert desk.json("digest", "send", "morning", "--now")["outcome"] == "made before, nothing mailed again"


@contextmanager
def answering(*answers: str) -> Iterator[int]:
    """The port of a mail server for one visitor: a greeting, an answer to each line, then nothing."""
    heard = list[bytes]()

    def serve(listening: socket.socket) -> None:
        visitor, _ = listening.accept()
        with visitor, visitor.makefile("rwb", buffering=0) as lines:
            for answer in answers:
                lines.write(f"{answer}\r\n".encode())
                heard.append(lines.readline())

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=serve, args=(listening,), daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(5)
    assert not any(line.upper().startswith((b"MAIL", b"RCPT", b"DATA")) for line in heard)


@pytest.mark.parametrize(("security", "answers", "ok", "said"), [
    ("none", ("220 mx", "250 mx", "221 bye"), True, "lets us in, security = none; no mail was sent"),
    ("starttls", ("220 mx", "250 mx", "221 bye"), False, "STARTTLS extension not supported by server"),
    ("starttls", ("220 mx", "250-mx\r\n250 STARTTLS", "454 no certificate today", "221 bye"), False, "454 no cert"),
    ("tls", ("220 mx",), False, "SSL"),
])  # fmt: skip
def test_the_doctor_enters_the_mail_server_as_a_mail_does(
    desk: Desk, security: str, answers: tuple[str, ...], ok: bool, said: str
) -> None:
    config = desk.folder / "tracker.toml"
    with answering(*answers) as port:
        written = config.read_text(encoding="utf-8").replace("port = 9", f"port = {port}")
        config.write_text(written.replace('security = "none"', f'security = "{security}"'), encoding="utf-8")
        _, out, _ = desk.run("doctor")
    line = next(line for line in out.splitlines() if " mail: " in line)
    assert line.startswith("ok" if ok else "LOOK")
    assert said in line
