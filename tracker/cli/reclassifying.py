"""`reclassify`: what today's classifier would change in what is kept, then the change, batch by batch."""

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from tracker.cli import show
from tracker.cli.exporting import walk
from tracker.cli.session import Tracker, Words
from tracker.cli.show import Answer
from tracker.models import shape
from tracker.models.statement import Classification, Statement

#: Statements that the answer shows.
SAMPLE = 10


class _Tally:
    """What differs: how many statements, how many times a label, and a few of them."""

    def __init__(self) -> None:
        self.statements: Counter[str] = Counter()
        self.labels: Counter[tuple[str, str]] = Counter()
        self.sample: list[dict[str, Any]] = []

    def take(self, one: Statement, understood: Classification) -> bool:
        """Count one statement; whether anything about it would change."""
        now, before = {label.name for label in understood.labels}, {label.name for label in one.labels}
        given = {label.name for label in one.labels if label.by == "person"}
        denied = {label.name for label in one.removed}
        after = (now | {label.name for label in one.labels if label.by in ("person", "event")}) - denied
        changes = {"added": sorted(after - before), "removed": sorted(before - after)}
        told = {**changes, "agree": (given & now) | (denied - now), "of": given | denied}
        self.labels.update((what, name) for what, names in told.items() for name in names)
        relabelled, differs = after != before, one.heeded(understood) != one.classification
        self.statements.update(seen=1, differ=differs, relabelled=relabelled)
        if relabelled and len(self.sample) < SAMPLE:
            self.sample.append({"statement": one.id, **changes, "said": show.said(shape.statement(one))})
        return differs

    def outcome(self) -> dict[str, Any]:
        agreement = self._by_label("agree", "of")
        total = {what: sum(counts[what] for counts in agreement.values()) for what in ("agree", "of")}
        return {
            "statements": self.statements["seen"], "changed": self.statements["differ"],
            "relabelled": self.statements["relabelled"], "labels": self._by_label("added", "removed"),
            "sample": self.sample, "agreement": {**total, "labels": agreement},
        }  # fmt: skip

    def _by_label(self, *whats: str) -> dict[str, dict[str, int]]:
        """Counts of each label that has any."""
        names = sorted({name for what, name in self.labels if what in whats})
        return {name: {what: self.labels[what, name] for what in whats} for name in names}


def reclassify(
    tracker: Tracker,
    query: Words = "",
    apply: Annotated[bool, typer.Option("--apply", help="Write it; without this nothing is changed.")] = False,
) -> Answer:
    """What today's classifier would change in what is kept, and how often people agree with it. Corrections stay.
    Example: tracker reclassify "lang:fr after:2026-01-01" --apply"""
    from tracker.classify import Classifier
    from tracker.judge import utterance

    tally, archive = _Tally(), tracker.archive
    zones = {source.name: source.timezone for source in tracker.settings.sources}
    classifier = Classifier.load(tracker.registry, tracker.settings.taxonomy)
    found = archive.search(tracker.parsed(query), limit=1)
    with show.progress("reclassifying", None if found.capped else found.total) as advance:
        for some in walk(tracker, query):
            understood = classifier.classify([utterance(one.post, zones.get(one.source)) for one in some])
            changed = [(one.id, new) for one, new in zip(some, understood, strict=True) if tally.take(one, new)]
            if apply and changed:
                archive.replace_classification(changed, tracker.clock.now())
            advance(len(some))
    outcome = {"query": query, "classifier": classifier.version, "applied": apply, **tally.outcome()}
    then = "the daemon, or the next poll, relates them again" if apply else "write it with --apply"
    return Answer(outcome, _told(outcome), [then] if outcome["changed"] else [])


def _told(outcome: dict[str, Any]) -> Iterator[str | show.Table]:
    agreement, rows = outcome["agreement"], [{"label": name, **n} for name, n in outcome["labels"].items()]
    signed = (("added", lambda row: f"+{row['added']}"), ("removed", lambda row: f"-{row['removed']}"))
    yield show.Table(rows, ("label", *signed), "no label changes")
    for one in outcome["sample"]:
        changes = [*(f"+{name}" for name in one["added"]), *(f"-{name}" for name in one["removed"])]
        yield f"{one['statement']} {' '.join(changes)}: {one['said']}"
    did, by = "changed" if outcome["applied"] else "would change", outcome["classifier"]
    of = f"{outcome['changed']:,} of {outcome['statements']:,} statements {did}"
    yield f"{of}, {outcome['relabelled']:,} in their labels (classifier {by})"
    if agreement["of"]:
        each = ", ".join(f"{name} {n['agree']} of {n['of']}" for name, n in agreement["labels"].items())
        yield f"people and classifier agree on {agreement['agree']} of {agreement['of']} corrected labels: {each}"
