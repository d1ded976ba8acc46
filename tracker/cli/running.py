"""Commands that set up and run: init, config check, run, doctor, demo, migrate-database."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli import show
from tracker.cli.session import Json, Session
from tracker.cli.show import Answer
from tracker.errors import ArchiveError, DeliveryError, UsageError

if TYPE_CHECKING:
    from tracker.config import Settings

#: What was looked at, whether it is fine, and what was found or is to be done.
Finding = tuple[str, bool, str]


def init(session: Session) -> None:
    """Write the shipped config into the config folder, leaving files that are there alone.
    Example: tracker --config my-config init"""
    import shutil

    from tracker.config import shipped

    sources = sorted(path for path in shipped().rglob("*") if path.suffix in (".toml", ".md"))
    targets = {session.folder / path.relative_to(shipped()): path for path in sources}
    missing = [target for target in targets if not target.exists()]
    for target in missing:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(targets[target], target)
        typer.echo(str(target))
    typer.echo(f"{len(missing)} files written; next: tracker --config {session.folder} config check", err=True)


def config_check(session: Session) -> Answer:
    """Check the config and say every problem at once; opens no connection.
    Example: tracker config check"""
    settings = session.settings()
    off = {source.name: source.paused_reason for source in settings.sources if not source.enabled}
    on = len(settings.sources) - len(off)
    counts = {
        "leaders": len(settings.registry.leaders), "rules": len(settings.rules),
        "receivers": len(settings.receivers), "digests": len(settings.digests),
    }  # fmt: skip
    rest = ", ".join(f"{number} {what}" for what, number in counts.items())
    lines = [f"{settings.folder}: {on} sources on, {len(off)} off, {rest}: fine"]
    for reason in sorted(set(filter(None, off.values()))):
        lines.append(f"off: {list(off.values()).count(reason)} sources: {reason}")
    if not settings.receivers:
        lines.append("nobody is told of anything: no receiver is named in rules.toml")
    return Answer({"ok": True, "sources": on, "off": off, **counts}, lines)


def run(session: Session) -> None:
    """Run the daemon: poll, keep, relate, tell, digest, and serve the web page, until SIGTERM or ^C.

    SIGHUP reloads the config; one with problems is refused, and the old one stays.
    Example: tracker --config config run"""
    import asyncio

    import structlog

    from tracker.app import build
    from tracker.cli.logs import configure
    from tracker.daemon import Daemon
    from tracker.outside.notify import Supervisor

    def load() -> "Settings":
        settings = session.settings()
        configure(settings)
        return settings

    tracker = build(load())
    if tracker.archive.migrated:
        _, schema = tracker.archive.migrated
        structlog.get_logger("run").info("migrated", database=tracker.archive.shown_url, schema=schema)
    daemon = Daemon(tracker, load, Supervisor(os.environ))
    asyncio.run(daemon.run(lambda page: typer.echo(f"statement-tracker is running, page at {page}")))


def doctor(session: Session) -> Answer:
    """Look for what would stop this tracker from working, and say what to do about it.
    Example: tracker doctor"""
    settings = session.settings()
    found = [*_config(settings), *_archive(session), *_mail(settings)]
    lines = (f"{'ok  ' if ok else 'LOOK'}  {check}: {said}" for check, ok, said in found)
    value = [{"check": check, "ok": ok, "finding": said} for check, ok, said in found]
    return Answer(value, lines, failed=not all(ok for _, ok, _ in found))


def _archive(session: Session) -> Iterator[Finding]:
    try:
        with session.tracker() as tracker:
            archive = tracker.archive
            archive.ping()
            yield "database", True, f"{archive.shown_url}: {archive.status()['statements']:,} statements"
            for one in archive.sources():
                if one.source.enabled and one.state.health in ("failing", "gone", "suspect"):
                    yield f"source {one.source.name}", False, f"{one.state.health}: {one.state.reason}"
            dead = archive.outbox().dead
            yield "outbox", dead == 0, f"{dead} dead letters" + (": see tracker status" if dead else "")
    except ArchiveError as error:
        yield "database", False, str(error)


def _mail(settings: "Settings") -> Iterator[Finding]:
    """As for a mail: connect, encrypt, log in; but none is sent."""
    import asyncio

    from tracker.app import build

    mailer = build(settings).mailer
    if mailer is None:
        yield "mail", not settings.digests, "no [mail] in tracker.toml: digests and email receivers are off"
        return
    try:
        asyncio.run(replace(mailer, timeout=min(mailer.timeout, 10)).send(None))
        yield "mail", True, f"{mailer.host}:{mailer.port} lets us in, security = {mailer.security}; no mail was sent"
    except DeliveryError as error:
        yield "mail", False, f"{error}: check [mail]"


def _config(settings: "Settings") -> Iterator[Finding]:
    on = sum(source.enabled for source in settings.sources)
    yield "config", on > 0, f"{on} sources on" if on else "no source is on: add one to sources.toml"
    for reason in sorted({s.paused_reason for s in settings.sources if s.paused_reason}):
        yield "sources off", True, reason
    web, silent = settings.web, [rule.name for rule in settings.rules if not rule.receivers]
    if not settings.receivers:
        yield "receivers", False, "no receiver in rules.toml: nobody is told of anything"
    elif silent:
        yield "rules", False, f"no receivers on {', '.join(silent)}"
    else:
        yield "receivers", True, f"{len(settings.receivers)} receivers; try one with tracker notify test NAME"
    alarms = f"operator alarms go to {', '.join(settings.operator)}"
    nobody = "no [operator] receivers: nobody is told when a source fails"
    yield "operator", bool(settings.operator), alarms if settings.operator else nobody
    yield "page", True, f"http://{web.host}:{web.port}" + (", behind a token" if web.token else "")
    if not web.public_url:
        yield "public_url", True, "not set: permalinks and unsubscribe links in mail are off"
    if "TRACKER_X_BEARER_TOKEN" not in os.environ:
        yield "X", True, "TRACKER_X_BEARER_TOKEN is not set: X accounts are off"


def migrate_database(
    source: Annotated[str, typer.Argument(metavar="FROM", help="The archive's URL, or env:NAME.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="The URL of an empty database, or env:NAME.")],
) -> None:
    """Copy an archive from SQLite to PostgreSQL or back: every id stays, and both are compared at the end.

    Stop the daemon first; afterwards put the new URL into tracker.toml or TRACKER_DATABASE_URL.
    Example: tracker migrate-database sqlite:///archive.db env:NEW_DATABASE_URL"""
    from contextlib import ExitStack, closing

    from tracker.archive import Archive
    from tracker.archive.copying import copy

    def told(table: str, done: int, total: int) -> None:
        typer.echo(f"{table}: {done:,} of {total:,}", err=True)

    if missing := [url for url in (source, target) if url.startswith("env:") and not os.environ.get(url[4:])]:
        raise UsageError(f"{missing[0][4:]} is not set in the environment")
    urls = [os.environ[url[4:]] if url.startswith("env:") else url for url in (source, target)]
    if urls[0].startswith("sqlite:///") and not Path(urls[0].removeprefix("sqlite:///")).is_file():
        raise UsageError(f"{urls[0]}: there is no such file")
    with ExitStack() as stack:
        old, new = (stack.enter_context(closing(Archive.open(url, worker="migrate-database"))) for url in urls)
        for archive in (old, new):
            stack.enter_context(archive.hold(f"tracker migrate-database, process {os.getpid()}"))
        copied = copy(old, new, told)
    show.line(f"{new.shown_url}: {copied['statements'][0]:,} statements, everything as in {old.shown_url}")


def demo(
    once: Annotated[bool, typer.Option("--once", help="Run the whole route through the past days, then end.")] = False,
    json: Json = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the page; 0 picks a free one.")] = 8000,
) -> Answer | None:
    """The whole main job on a small world of sources on loopback: no key, no account, no network.
    Example: tracker demo --once --json"""
    import asyncio

    from tracker.cli import demonstration

    return asyncio.run(demonstration.once(quiet=json) if once else demonstration.live(port))
