"""`correct` and `taxonomy test`: a person's word about labels, and what a label's phrases find."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tracker import text
from tracker.cli.polling import near
from tracker.errors import NotFound, UsageError

if TYPE_CHECKING:
    from tracker.app import Tracker
    from tracker.classify import Classifier
    from tracker.cli.session import Session
    from tracker.models.statement import Statement


def known(names: Sequence[str], labels: Sequence[str]) -> None:
    """NotFound for a label that the taxonomy has not."""
    for name in names:
        if name not in labels:
            raise NotFound(f"no label {name!r}{near(name, labels)}: see tracker taxonomy check")


def correct(
    session: Session, key: str, add: Sequence[str], remove: Sequence[str], by: str, note: str
) -> tuple[Statement, int]:
    """Keep a correction, relate and match the statement again, and tell; the statement, and how many alerts it made."""
    if not add and not remove:
        raise UsageError("say --add LABEL or --remove LABEL")
    if both := set(add) & set(remove):
        raise UsageError(f"--add and --remove both name {min(both)}")

    by, note = (text.squeeze(text.clean(words))[:200] for words in (by, note))

    async def whole(tracker: Tracker) -> tuple[Statement, int]:
        known([*add, *remove], tuple(tracker.labels))
        one = tracker.archive.correct(key, add, remove, by, tracker.clock.now(), note)
        alerts = (await tracker.relate())[1]
        await tracker.tell()
        return tracker.archive.statement(one.id), alerts

    return session.run(whole, inline=True)


def hits(classifier: Classifier, label: str, words: str) -> dict[str, Any]:
    """What a label's own phrases and its concepts find in a text, beside its score."""
    from tracker.classify import Utterance, tokens
    from tracker.classify.lexicon import Lexicon, shipped

    spec, understood = classifier.labels[label], classifier.classify([Utterance(text=words)])[0]
    phrases = {concept: shipped()[concept] for concept in spec.concepts} | {label: spec.phrases or {}}
    lexicon, fields = Lexicon(phrases), [tokens.read("text", words)]
    found = lexicon.find(understood.lang, fields) if understood.classified and understood.lang else []
    spans = [(hit.concept, hit.field.span(hit.first, hit.last)) for hit in found]
    return {
        "label": label,
        "lang": understood.lang,
        "phrases": [{"of": of, "exact": w.exact, "start": w.start, "end": w.end} for of, w in spans],
        "score": understood.scores.get(label, 0.0),
        "threshold": spec.threshold,
        "labelled": any(one.name == label for one in understood.labels),
    }
