"""`doctor`: what would stop this tracker from working, looked at one by one."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracker.errors import ArchiveError

if TYPE_CHECKING:
    from tracker.cli.session import Session
    from tracker.config import Settings


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `finding` says what was found and, unless `ok`, what to do."""

    check: str
    ok: bool
    finding: str


def check_up(session: Session) -> list[Finding]:
    """Look at config, database, mail, receivers and page. Raises ConfigError for a config that cannot be read."""
    settings = session.settings()
    return [*_config(settings), *_archive(session), *_mail(settings), *_told(settings), *_page(settings)]


def _config(settings: Settings) -> Iterator[Finding]:
    on = sum(source.enabled for source in settings.sources)
    yield Finding("config", on > 0, f"{on} sources on" if on else "no source is on: add one to sources.toml")
    missing = sorted({s.paused_reason for s in settings.sources if s.paused_reason})
    for reason in missing:
        yield Finding("sources off", True, reason)


def _archive(session: Session) -> Iterator[Finding]:
    try:
        with session.tracker() as tracker:
            tracker.archive.ping()
            yield Finding(
                "database", True, f"{tracker.archive.shown_url}: {tracker.archive.status()['statements']:,} statements"
            )
            bad = [
                s
                for s in tracker.archive.sources()
                if s.source.enabled and s.state.health in ("failing", "gone", "suspect")
            ]
            for one in bad:
                yield Finding(f"source {one.source.name}", False, f"{one.state.health}: {one.state.reason}")
            dead = tracker.archive.outbox().dead
            yield Finding("outbox", dead == 0, f"{dead} dead letters" + (": see tracker status" if dead else ""))
    except ArchiveError as error:
        yield Finding("database", False, str(error))


def _mail(settings: Settings) -> Iterator[Finding]:
    if settings.mail is None:
        yield Finding("mail", not settings.digests, "no [mail] in tracker.toml: digests and email receivers are off")
        return
    address = (settings.mail.host, settings.mail.port)
    try:
        socket.create_connection(address, timeout=5).close()
        yield Finding("mail", True, f"{address[0]}:{address[1]} answers")
    except OSError as error:
        yield Finding("mail", False, f"{address[0]}:{address[1]} does not answer ({error}): check [mail] host and port")


def _told(settings: Settings) -> Iterator[Finding]:
    silent = [rule.name for rule in settings.rules if not rule.receivers]
    if not settings.receivers:
        yield Finding("receivers", False, "no receiver in rules.toml: nobody is told of anything")
    elif silent:
        yield Finding("rules", False, f"no receivers on {', '.join(silent)}")
    else:
        yield Finding("receivers", True, f"{len(settings.receivers)} receivers; try one with tracker notify test NAME")
    yield Finding(
        "operator",
        bool(settings.operator),
        f"operator alarms go to {', '.join(settings.operator)}"
        if settings.operator
        else "no [operator] receivers: nobody is told when a source fails",
    )


def _page(settings: Settings) -> Iterator[Finding]:
    web = settings.web
    yield Finding("page", True, f"http://{web.host}:{web.port}" + (", behind a token" if web.token else ""))
    if not web.public_url:
        yield Finding("public_url", True, "not set: permalinks and unsubscribe links in mail are off")
    if "TRACKER_X_BEARER_TOKEN" not in os.environ:
        yield Finding("X", True, "TRACKER_X_BEARER_TOKEN is not set: X accounts are off")
