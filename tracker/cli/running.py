"""Commands that set up and run: init, config check, run, poll, status, doctor, demo."""

from __future__ import annotations

import asyncio
import os
import shutil
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli.session import Json, session

if TYPE_CHECKING:
    from tracker.config import Settings


def add_to(app: typer.Typer) -> None:
    """Add this module's commands."""
    config = typer.Typer(no_args_is_help=True, help="Look at the config.")
    config.command("check")(config_check)
    app.add_typer(config, name="config")
    for command in (init, run, poll, status, doctor, demo):
        app.command()(command)


def init(context: typer.Context) -> None:
    """Write the shipped config into the config folder, leaving files that are there alone.

    Example: tracker --config my-config init
    """
    from tracker.config import shipped

    folder = session(context).folder
    written = []
    for source in sorted(path for path in shipped().rglob("*") if path.suffix in (".toml", ".md")):
        target = folder / source.relative_to(shipped())
        if target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        written.append(str(target))
    for path in written:
        typer.echo(path)
    typer.echo(f"{len(written)} files written; next: tracker --config {folder} config check", err=True)


def config_check(context: typer.Context, json: Json = False) -> None:
    """Check the config and say every problem at once; opens no connection.

    Example: tracker config check
    """
    from tracker.cli import show

    settings = session(context).settings()
    on = [source for source in settings.sources if source.enabled]
    off = [source for source in settings.sources if not source.enabled]
    if json:
        show.as_json(
            {
                "ok": True,
                "sources": len(on),
                "off": {s.name: s.paused_reason for s in off},
                "leaders": len(settings.registry.leaders),
                "rules": len(settings.rules),
                "receivers": len(settings.receivers),
                "digests": len(settings.digests),
            }
        )
        return
    show.line(
        f"{settings.folder}: {len(on)} sources on, {len(off)} off, {len(settings.registry.leaders)} leaders, "
        f"{len(settings.rules)} rules, {len(settings.receivers)} receivers, {len(settings.digests)} digests: fine"
    )
    for reason in sorted({source.paused_reason for source in off if source.paused_reason}):
        show.line(f"off: {sum(s.paused_reason == reason for s in off)} sources: {reason}")
    if not settings.receivers:
        show.line("nobody is told of anything: no receiver is named in rules.toml")


def run(context: typer.Context) -> None:
    """Run the daemon: poll, keep, relate, tell, digest, and serve the web page, until SIGTERM or ^C.

    SIGHUP reloads the config; one with problems is refused, and the old one stays.

    Example: tracker --config config run
    """
    import structlog

    from tracker.app import build
    from tracker.cli.logs import configure
    from tracker.daemon import Daemon
    from tracker.outside.notify import Supervisor

    def load() -> Settings:
        settings = session(context).settings()
        configure(settings)
        return settings

    tracker = build(load())
    if tracker.archive.migrated:
        _, schema = tracker.archive.migrated
        structlog.get_logger("run").info("migrated", database=tracker.archive.shown_url, schema=schema)
    daemon = Daemon(tracker, load, Supervisor(os.environ))
    asyncio.run(daemon.run(lambda page: typer.echo(f"statement-tracker is running, page at {page}")))


def poll(
    context: typer.Context,
    sources: Annotated[list[str] | None, typer.Argument(help="Names of sources; without one, whatever is due.")] = None,
    json: Json = False,
) -> None:
    """Ask the named sources now, or else what is due; then relate and deliver what became due.

    Example: tracker poll goita-x tv5monde
    """
    from tracker.cli.polling import poll_once

    raise typer.Exit(poll_once(session(context), sources or None, json))


def status(context: typer.Context, json: Json = False) -> None:
    """How the archive, the sources, the outbox and the digests stand.

    Example: tracker status --json
    """
    from tracker.cli import show
    from tracker.cli.polling import status_shape

    with session(context).tracker() as tracker:
        shape = status_shape(tracker)
    if json:
        show.as_json(shape)
        return
    show.line(f"statement-tracker {shape['version']}, {shape['database']}: {shape['statements']:,} statements")
    show.table(
        ("source", "kind", "state", "last success", "last new", "next poll", "failures", "reason"),
        [
            (
                s["name"],
                s["kind"],
                s["state"],
                s["last_success_at"],
                s["last_new_at"],
                s["next_poll_at"],
                s["failures"],
                s["reason"],
            )
            for s in shape["sources"]
        ],
        "no sources: name some in sources.toml",
    )
    outbox = shape["outbox"]
    show.line("outbox: " + ", ".join(f"{outbox[state]} {state}" for state in ("pending", "sending", "held", "dead")))
    for dead in outbox["dead_letters"]:
        show.line(f"  dead: {dead['receiver']} {dead['recipient']}: {dead['reason']}")
    for kind, reads in shape["reads"].items():
        show.line(f"{kind}: {reads['reads']:,} of {reads['budget']:,} reads this month, ${reads['dollars']:,.2f}")


def doctor(context: typer.Context, json: Json = False) -> None:
    """Look for what would stop this tracker from working, and say what to do about it.

    Example: tracker doctor
    """
    from tracker.cli import show
    from tracker.cli.checkup import check_up

    findings = check_up(session(context))
    if json:
        show.as_json([{"check": f.check, "ok": f.ok, "finding": f.finding} for f in findings])
    else:
        for finding in findings:
            show.line(f"{'ok  ' if finding.ok else 'LOOK'}  {finding.check}: {finding.finding}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="Run the whole route through the world's days, then end.")
    ] = False,
    json: Json = False,
    port: Annotated[int, typer.Option(help="Port of the page; 0 picks a free one.")] = 8000,
) -> None:
    """The whole main job on a small world of sources on loopback: no key, no account, no network.

    Example: tracker demo --once --json
    """
    from tracker.cli.demonstration import demonstrate, demonstrate_once

    raise typer.Exit(demonstrate_once(json) if once else demonstrate(port))
