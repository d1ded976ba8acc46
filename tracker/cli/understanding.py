"""Commands about understanding: classify, correct, evaluate, taxonomy."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tracker import text
from tracker.cli import show
from tracker.cli.session import By, Key, Session, Tracker, pick
from tracker.cli.show import Answer
from tracker.errors import UsageError
from tracker.models import shape

if TYPE_CHECKING:
    from tracker.classify import Classifier


def classify(
    session: Session,
    words: Annotated[str | None, typer.Argument(metavar="TEXT", help="The text; without it, standard input.")] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Read one JSON object a line, write one a line.")] = False,
) -> Answer:
    """Classify a text and explain it; or, with --jsonl, many.
    Example: tracker classify "Le président du Faso est arrivé à Bamako pour une visite de travail" """
    from tracker.classify import Utterance
    from tracker.cli import classifying

    classifier = session.classifier()
    if jsonl:
        raise typer.Exit(classifying.lines(classifier, show.exact(sys.stdin), show.exact(sys.stdout)))
    said = Utterance(text=words if words is not None else sys.stdin.read())
    if not said.text.strip():
        raise UsageError("there is nothing to classify")
    one = classifying.shape(classifier.classify([said])[0], classifier)
    return Answer(one, show.told("classification", one))


async def correct(
    tracker: Tracker, statement: Key,
    add: Annotated[list[str] | None, typer.Option(metavar="LABEL", help="It has this label; again for more.")] = None,
    remove: Annotated[list[str] | None, typer.Option(metavar="LABEL", help="It has not.")] = None,
    by: By = "operator", note: Annotated[str, typer.Option(help="Why.")] = "",
) -> Answer:  # fmt: skip
    """Give a statement labels or take them away. No reclassifying undoes it; rules that match now fire once.
    Example: tracker correct 7hq2ka --add security_statement --remove aid --by awa"""
    come, gone = add or [], remove or []
    if not come and not gone:
        raise UsageError("say --add LABEL or --remove LABEL")
    if both := set(come) & set(gone):
        raise UsageError(f"--add and --remove both name {min(both)}")
    for name in (*come, *gone):
        pick("label", name, tracker.labels)
    by, note = (text.squeeze(words)[:200] for words in (by, note))
    one = tracker.archive.correct(statement, come, gone, by, tracker.clock.now(), note)
    alerts = (await tracker.relate())[1]
    await tracker.tell()
    told = shape.statement(tracker.archive.statement(one.id))
    return Answer({"statement": told, "alerts": alerts}, show.told("labels", told), [f"{alerts} alerts"])


def evaluate(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="Rows with text and labels; - is standard input.")],
) -> Answer:
    """How good the labels and visits of this classifier are on labelled statements.
    Example: tracker evaluate labelled.jsonl"""
    from tracker.cli import classifying

    return classifying.evaluate(session.classifier(), file)


def taxonomy_check(session: Session) -> Answer:
    """Check config/taxonomy/*.toml and list every label, with its thresholds and how many phrases it has.
    Example: tracker taxonomy check"""
    found: list[dict[str, Any]] = [
        {"name": one.name, "title": one.title, "threshold": one.threshold, "alert_threshold": one.alert_threshold,
         "plover": one.plover_type, "phrases": {lang: len(listed) for lang, listed in (one.phrases or {}).items()}}
        for one in session.classifier().labels.values()
    ]  # fmt: skip
    phrases = ("own phrases", lambda one: [f"{number} {lang}" for lang, number in one["phrases"].items()] or None)
    return show.rows(found, ("name", "title", "threshold", "alert_threshold", "plover", phrases), "no labels")


def taxonomy_test(
    session: Session,
    label: Annotated[str, typer.Argument(help="A label's name.")],
    words: Annotated[str, typer.Argument(metavar="TEXT", help="A text that should have it, or should not.")],
) -> Answer:
    """Which phrases of a label a text holds, its score, and whether that is enough.
    Example: tracker taxonomy test water_politics "Le partage des eaux du fleuve" """
    classifier = session.classifier()
    pick("label", label, classifier.labels)
    found = _hits(classifier, label, words)
    lines = [f"{hit['of']}: “{hit['exact']}” ({hit['start']}-{hit['end']})" for hit in found["phrases"]]
    score = f"{label} {found['score']:.2f} of {found['threshold']:.2f}"
    lines.append(f"language {found['lang'] or 'unknown'}: {score}: {'has' if found['labelled'] else 'has not'} it")
    return Answer(found, lines)


def _hits(classifier: "Classifier", label: str, words: str) -> dict[str, Any]:
    """What a label's own phrases and its concepts find in a text, beside its score."""
    from tracker.classify import Utterance, tokens
    from tracker.classify.lexicon import Lexicon, shipped

    spec, understood = classifier.labels[label], classifier.classify([Utterance(text=words)])[0]
    phrases = {concept: shipped()[concept] for concept in spec.concepts} | {label: spec.phrases or {}}
    lexicon, fields = Lexicon(phrases), [tokens.read("text", words)]
    found = lexicon.find(understood.lang, fields) if understood.classified and understood.lang else []
    spans = [(hit.concept, hit.field.span(hit.first, hit.last)) for hit in found]
    return {
        "label": label, "lang": understood.lang,
        "phrases": [{"of": of, "exact": w.exact, "start": w.start, "end": w.end} for of, w in spans],
        "score": understood.scores.get(label, 0.0), "threshold": spec.threshold,
        "labelled": any(one.name == label for one in understood.labels),
    }  # fmt: skip
