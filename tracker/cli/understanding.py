"""Commands about understanding: classify, correct, reclassify, evaluate, taxonomy."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from tracker.cli.session import Json, session


def add_to(app: typer.Typer) -> None:
    """Add this module's commands."""
    for command in (classify, correct, reclassify, evaluate):
        app.command()(command)
    taxonomy = typer.Typer(no_args_is_help=True, help="The labels, and the phrases of your own.")
    taxonomy.command("check")(taxonomy_check)
    taxonomy.command("test")(taxonomy_test)
    app.add_typer(taxonomy, name="taxonomy")


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


def correct(
    context: typer.Context,
    statement: Annotated[str, typer.Argument(help="A statement's id, or the first six characters of it or more.")],
    add: Annotated[list[str] | None, typer.Option(metavar="LABEL", help="It has this label; again for more.")] = None,
    remove: Annotated[list[str] | None, typer.Option(metavar="LABEL", help="It has not.")] = None,
    by: Annotated[str, typer.Option(help="Who says so.", envvar="USER")] = "operator",
    note: Annotated[str, typer.Option(help="Why.")] = "",
    json: Json = False,
) -> None:
    """Give a statement labels or take them away. No reclassifying undoes it; rules that match now fire once.

    Example: tracker correct 7hq2ka --add security_statement --remove aid --by awa
    """
    from tracker.cli import correcting, explain, show
    from tracker.models import shape

    one, alerts = correcting.correct(session(context), statement, add or [], remove or [], by, note)
    if json:
        show.as_json({"statement": shape.statement(one), "alerts": alerts})
        return
    for told in explain.labels(one):
        show.line(told)
    typer.echo(f"{alerts} alerts", err=True)


def reclassify(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="In the query language; empty for everything.")] = "",
    apply: Annotated[bool, typer.Option("--apply", help="Write it; without this nothing is changed.")] = False,
    json: Json = False,
) -> None:
    """What today's classifier would change in what is kept, and how often people agree with it. Corrections stay.

    Example: tracker reclassify "lang:fr after:2026-01-01" --apply
    """
    from tracker.cli import reclassifying, show

    outcome = reclassifying.reclassify(session(context), query, apply)
    if json:
        show.as_json(outcome)
    else:
        reclassifying.tell(outcome)


def evaluate(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="Rows with text and labels; - is standard input.")],
    json: Json = False,
) -> None:
    """How good the labels and visits of this classifier are on labelled statements.

    Example: tracker evaluate labelled.jsonl
    """
    from tracker.classify import Classifier
    from tracker.cli import evaluating

    settings = session(context).lenient_settings()
    classifier = Classifier.load(settings.registry, settings.taxonomy)
    raise typer.Exit(evaluating.evaluate(classifier, file, json))


def taxonomy_check(context: typer.Context, json: Json = False) -> None:
    """Check config/taxonomy/*.toml and list every label, with its thresholds and how many phrases it has.

    Example: tracker taxonomy check
    """
    from tracker.classify import Classifier
    from tracker.cli import show

    settings = session(context).lenient_settings()
    specs = Classifier.load(settings.registry, settings.taxonomy).labels.values()
    shapes: list[dict[str, Any]] = [
        {"name": one.name, "title": one.title, "threshold": one.threshold, "alert_threshold": one.alert_threshold,
         "plover": one.plover_type, "phrases": {lang: len(listed) for lang, listed in (one.phrases or {}).items()}}
        for one in specs
    ]  # fmt: skip
    if json:
        show.as_json(shapes)
        return
    counts = (", ".join(f"{n} {lang}" for lang, n in s["phrases"].items()) or None for s in shapes)
    rows = [(*list(s.values())[:5], count) for s, count in zip(shapes, counts, strict=True)]
    show.table(("label", "title", "threshold", "alert", "PLOVER", "own phrases"), rows, "no labels")


def taxonomy_test(
    context: typer.Context,
    label: Annotated[str, typer.Argument(help="A label's name.")],
    words: Annotated[str, typer.Argument(metavar="TEXT", help="A text that should have it, or should not.")],
    json: Json = False,
) -> None:
    """Which phrases of a label a text holds, its score, and whether that is enough.

    Example: tracker taxonomy test water_politics "Le partage des eaux du fleuve"
    """
    from tracker.classify import Classifier
    from tracker.cli import correcting, show

    settings = session(context).lenient_settings()
    classifier = Classifier.load(settings.registry, settings.taxonomy)
    correcting.known([label], tuple(classifier.labels))
    found = correcting.hits(classifier, label, words)
    if json:
        show.as_json(found)
        return
    for hit in found["phrases"]:
        show.line(f"{hit['of']}: “{hit['exact']}” ({hit['start']}-{hit['end']})")
    verdict = "has" if found["labelled"] else "has not"
    show.line(
        f"language {found['lang'] or 'unknown'}: {label} {found['score']:.2f} of {found['threshold']:.2f}: {verdict} it"
    )
