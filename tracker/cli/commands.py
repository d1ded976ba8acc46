"""The tree of commands. Each module of this folder adds its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tracker.cli.session import Session

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="An archive and alarm for what leaders and institutions say officially.",
    epilog="A first look: tracker demo.  Your own: tracker init, tracker config check, tracker run.",
)


def _version(wanted: bool) -> None:
    if wanted:
        from tracker import __version__

        typer.echo(f"statement-tracker {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    config: Annotated[
        Path, typer.Option(envvar="TRACKER_CONFIG", help="The folder with tracker.toml, sources.toml, rules.toml.")
    ] = Path("config"),
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """The options that every command shares."""
    del version
    context.obj = Session(config)


from tracker.cli import collecting, finding, moving, running, telling, understanding  # noqa: E402  # they need `app`

for part in (running, collecting, finding, telling, understanding, moving):
    part.add_to(app)
