"""Commands about understanding: classify."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from tracker.cli.session import Json, session


def add_to(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(classify)


def classify(
    context: typer.Context,
    words: Annotated[str | None, typer.Argument(metavar="TEXT", help="The text; without it, standard input.")] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Read one JSON object a line, write one a line.")] = False,
    json: Json = False,
) -> None:
    """Classify a text and explain it; or, with --jsonl, many.

    Example: tracker classify "Le président du Faso est arrivé à Bamako pour une visite de travail"
    """
    from tracker.classify import Classifier, Utterance
    from tracker.cli import classifying, show

    settings = session(context).lenient_settings()
    classifier = Classifier.load(settings.registry, settings.taxonomy)
    if jsonl:
        raise typer.Exit(classifying.lines(classifier, sys.stdin, sys.stdout))
    spoken = words if words is not None else sys.stdin.read()
    understood = classifier.classify([Utterance(text=spoken)])[0]
    if json:
        show.as_json(classifying.shape(understood))
        return
    for told in classifying.explain(understood):
        show.line(told)
