"""The tree of commands, and how each is called: what it is given, and what becomes of its answer."""

from collections.abc import Callable
from functools import partial
from inspect import Parameter, Signature, getdoc, iscoroutinefunction, isfunction, signature
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from tracker import text
from tracker.cli import adding, collecting, finding, reclassifying, running, telling, understanding
from tracker.cli.session import Json, Session
from tracker.cli.show import Answer

app = typer.Typer(
    no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="An archive and alarm for what leaders and institutions say officially.",
    epilog="A first look: tracker demo.  Your own: tracker init, tracker config check, tracker run.",
)  # fmt: skip
#: Groups of commands: what they are about, and the beginning of their functions' names.
GROUPS = {
    "config": "Look at the config.", "sources": "What is polled.", "rules": "Who is told of what.",
    "alerts": "What fired.", "silence": "Keep alerts quiet for a while.", "digest": "The morning mail.",
    "notify": "Try a receiver.", "taxonomy": "The labels, and the phrases of your own.",
}  # fmt: skip
Folder = Annotated[
    Path, typer.Option(envvar="TRACKER_CONFIG", help="The folder with tracker.toml, sources.toml, rules.toml.")
]


def _version(wanted: bool) -> None:
    if wanted:
        from tracker import __version__

        typer.echo(f"statement-tracker {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    config: Folder = Path("config"),
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """The options that every command shares."""
    context.obj = Session(config)


def called(command: Callable[..., Any]) -> Callable[..., None]:
    """A command as Typer calls it. Its first parameter may be the `session` or the open `tracker`; an `async` one runs
    in a loop of its own. Words come as they may be kept. What it answers is printed, as one document with --json, and
    is exit code 1 where it failed."""
    own = signature(command).parameters
    hints = get_type_hints(command, include_extras=True)
    wanted = {name: own[name].replace(annotation=hints[name]) for name in own if name not in ("session", "tracker")}
    if hints["return"] is Answer:
        wanted["json"] = Parameter("json", Parameter.POSITIONAL_OR_KEYWORD, default=False, annotation=Json)

    def call(context: typer.Context, **words: Any) -> None:
        session: Session = context.obj
        json = words["json"] if "json" in own else words.pop("json", False)
        said = {name: text.clean(value) if isinstance(value, str) else value for name, value in words.items()}
        answer = _answer(session, command, partial(command, **said), next(iter(own), ""))
        if isinstance(answer, Answer) and answer.printed(json).failed:
            raise typer.Exit(1)

    context = Parameter("context", Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    call.__signature__ = Signature([context, *wanted.values()])  # type: ignore[attr-defined]
    call.__annotations__ = {name: one.annotation for name, one in wanted.items()} | {"context": typer.Context}
    return call


def _answer(session: Session, command: Callable[..., Any], ready: Callable[..., Any], given: str) -> Any:
    if iscoroutinefunction(command):
        return session.run(ready, inline=command is not collecting.poll)  # what strangers sent is judged in workers
    if given == "tracker":
        with session.tracker() as tracker:
            return ready(tracker)
    return ready(session) if given == "session" else ready()


groups = {name: typer.Typer(no_args_is_help=True, help=what) for name, what in GROUPS.items()}
for part in (running, collecting, finding, adding, telling, understanding, reclassifying):
    for command in filter(isfunction, vars(part).values()):
        if command.__module__ != part.__name__ or command.__name__.startswith("_"):
            continue  # every other function of these modules is a command
        group, _, verb = command.__name__.partition("_")
        tree, name = (groups[group], verb) if group in groups else (app, command.__name__.replace("_", "-"))
        what, _, example = (getdoc(command) or "").partition("Example:")
        tree.command(name, help=f"{what.strip()}\n\nExample:{example}")(called(command))
for name, tree in groups.items():
    app.add_typer(tree, name=name)
