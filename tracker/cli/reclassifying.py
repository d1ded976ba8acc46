"""`reclassify`: what today's classifier would change in what is kept, then the change, batch by batch."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import typer

from tracker.cli import show
from tracker.cli.exporting import walk
from tracker.cli.session import parsed

if TYPE_CHECKING:
    from tracker.app import Tracker
    from tracker.classify import Classifier
    from tracker.cli.session import Session
    from tracker.models.statement import Classification, Statement

#: Statements that the answer shows.
SAMPLE = 10


@dataclass
class Tally:
    """What differs: counts of labels, and where a person said something, whether the classifier says the same."""

    seen: int = 0
    differ: int = 0
    relabelled: int = 0
    added: Counter[str] = field(default_factory=Counter)
    removed: Counter[str] = field(default_factory=Counter)
    judged: Counter[str] = field(default_factory=Counter)
    agreed: Counter[str] = field(default_factory=Counter)
    sample: list[dict[str, Any]] = field(default_factory=list)

    def take(self, one: Statement, understood: Classification) -> bool:
        """Count one statement; whether anything about it would change."""
        now = {label.name for label in understood.labels}
        people = {label.name: True for label in one.labels if label.by == "person"}
        people |= {label.name: False for label in one.removed}
        self.seen += 1
        self.judged.update(list(people))
        self.agreed.update(name for name, has in people.items() if (name in now) is has)
        before = {label.name for label in one.labels}
        kept = {label.name for label in one.labels if label.by in ("person", "event")}
        after = (now | kept) - {label.name for label in one.removed}
        added, removed = sorted(after - before), sorted(before - after)
        self.added.update(added)
        self.removed.update(removed)
        if added or removed:
            self.relabelled += 1
            if len(self.sample) < SAMPLE:
                said = show.statement_row(one)[-1]
                self.sample.append({"statement": one.id, "added": added, "removed": removed, "said": said})
        differs = one.heeded(understood) != one.classification
        self.differ += differs
        return differs


def reclassify(session: Session, words: str, apply: bool) -> dict[str, Any]:
    """Classify what a query finds again and count what differs; `apply` writes it. Doing it again changes nothing."""
    from tracker.classify import Classifier

    tally = Tally()
    with session.tracker() as tracker:
        classifier = Classifier.load(tracker.registry, tracker.settings.taxonomy)
        with show.progress("reclassifying", _total(tracker, words)) as advance:
            for some in walk(tracker, words):
                _batch(tracker, classifier, some, tally, apply)
                advance(len(some))
    names = sorted({*tally.added, *tally.removed})
    of = {name: {"agree": tally.agreed[name], "of": n} for name, n in sorted(tally.judged.items())}
    return {
        "query": words,
        "classifier": classifier.version,
        "statements": tally.seen,
        "changed": tally.differ,
        "relabelled": tally.relabelled,
        "labels": {name: {"added": tally.added[name], "removed": tally.removed[name]} for name in names},
        "sample": tally.sample,
        "agreement": {"agree": tally.agreed.total(), "of": tally.judged.total(), "labels": of},
        "applied": apply,
    }


def _batch(tracker: Tracker, classifier: Classifier, some: list[Statement], tally: Tally, apply: bool) -> None:
    from tracker.judge import utterance

    zones = {source.name: source.timezone for source in tracker.settings.sources}
    understood = classifier.classify([utterance(one.post, zones.get(one.source)) for one in some])
    changed = [(one.id, new) for one, new in zip(some, understood, strict=True) if tally.take(one, new)]
    if apply and changed:
        tracker.archive.replace_classification(changed, tracker.clock.now())


def _total(tracker: Tracker, words: str) -> int | None:
    if not words.strip():
        return int(tracker.archive.status()["statements"])
    found = tracker.archive.search(parsed(tracker, words).tree, limit=1)
    return None if found.capped else found.total


def tell(outcome: dict[str, Any]) -> None:
    """The outcome in tables and lines."""
    show.table(
        ("label", "added", "removed"),
        [(name, f"+{n['added']}", f"-{n['removed']}") for name, n in outcome["labels"].items()],
        "no label changes",
    )
    if outcome["sample"]:
        rows = [(s["statement"], _signed(s), s["said"]) for s in outcome["sample"]]
        show.table(("statement", "labels", "said"), rows, "")
    agreement, did = outcome["agreement"], "changed" if outcome["applied"] else "would change"
    show.line(
        f"{outcome['changed']:,} of {outcome['statements']:,} statements {did}, {outcome['relabelled']:,} in their"
        f" labels (classifier {outcome['classifier']})"
    )
    if agreement["of"]:
        each = ", ".join(f"{name} {n['agree']} of {n['of']}" for name, n in agreement["labels"].items())
        show.line(f"people and classifier agree on {agreement['agree']} of {agreement['of']} corrected labels: {each}")
    if outcome["changed"]:
        hint = "the daemon, or the next poll, relates them again" if outcome["applied"] else "write it with --apply"
        typer.echo(hint, err=True)


def _signed(sample: dict[str, Any]) -> str:
    return " ".join([*(f"+{name}" for name in sample["added"]), *(f"-{name}" for name in sample["removed"])])
