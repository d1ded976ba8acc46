"""The tree of commands."""

from __future__ import annotations

from inspect import isfunction
from pathlib import Path
from typing import Annotated

import typer

from tracker.cli import collecting, digesting, finding, reclassifying, running, telling, understanding
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


#: Groups of commands: what they are about, and the beginning of their functions' names.
GROUPS = {
    "config": "Look at the config.",
    "sources": "What is polled.",
    "rules": "Who is told of what.",
    "alerts": "What fired.",
    "silence": "Keep alerts quiet for a while.",
    "digest": "The morning mail.",
    "notify": "Try a receiver.",
    "taxonomy": "The labels, and the phrases of your own.",
}
groups = {name: typer.Typer(no_args_is_help=True, help=what) for name, what in GROUPS.items()}
for part in (running, collecting, finding, telling, digesting, understanding, reclassifying):
    for command in filter(isfunction, vars(part).values()):
        if command.__module__ != part.__name__ or command.__name__.startswith("_"):
            continue  # every other function of these modules is a command
        group, _, verb = command.__name__.partition("_")
        groups[group].command(verb)(command) if group in groups else app.command()(command)
for name, tree in groups.items():
    app.add_typer(tree, name=name)
