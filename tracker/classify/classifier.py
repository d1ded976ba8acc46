"""The classifier: utterances in, classifications out, each explained by the words that led to it."""

import gc
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from tracker.classify import document, evidence, features, taxonomy, visits
from tracker.classify.document import Document, Utterance
from tracker.classify.lexicon import Lexicon, common, shipped
from tracker.classify.model import Model
from tracker.classify.names import Names
from tracker.classify.taxonomy import LabelSpec
from tracker.models.registry import Registry
from tracker.models.statement import Classification, Label, Mention

VISIT = "diplomatic_visit"
#: Mentions that are kept of one text.
MOST_MENTIONS = 40
#: How many texts go through the arithmetic at once.
BATCH = 256


class Classifier:
    """Built by `load`. Classifies any text in bounded time; never raises for what a text holds."""

    def __init__(self, registry: Registry, specs: Sequence[LabelSpec], model: Model) -> None:
        self._model, self.registry = model, registry
        self._names = Names(registry)
        own = {f"label:{spec.name}": spec.phrases for spec in specs if spec.phrases}
        self._lexicon = Lexicon({**shipped(), **own}) if own else common()
        self._own = {spec.name for spec in specs if spec.phrases}
        self.labels: Mapping[str, LabelSpec] = {spec.name: spec for spec in specs}
        self._ranks = {spec.name: evidence.ranks_of(spec, model) for spec in specs}
        self.version = model.version

    @classmethod
    def load(cls, registry: Registry, taxonomy_path: Path | None = None) -> Self:
        """The shipped classifier with the labels that a folder of taxonomy files adds; ConfigError if one is wrong."""
        gc.disable()  # many small lasting things are made: looking through them again and again doubles the start-up
        try:
            model = Model.load()
            low, high = ([round(float(one), 2) for one in level] for level in (model.thresholds, model.alerts))
            at = {name: place for place, name in enumerate(model.labels)}
            specs = [
                replace(spec, threshold=low[at[spec.name]], alert_threshold=high[at[spec.name]])
                for spec in taxonomy.shipped()
            ]
            return cls(registry, taxonomy.load(taxonomy_path, specs), model)
        finally:
            gc.enable()

    def classify(self, utterances: Sequence[Utterance]) -> list[Classification]:
        """One classification for each utterance, in order."""
        found: list[Classification] = []
        for start in range(0, len(utterances), BATCH):
            documents = document.read_all(utterances[start : start + BATCH], self._lexicon, self._names)
            found.extend(self._judge(documents))
        return found

    def _judge(self, documents: Sequence[Document]) -> list[Classification]:
        known = [one for one in documents if one.classified]
        named = [features.of(one) for one in known]
        scores: Any = self._model.scores(self._model.margins(named, [one.words for one in known])) if known else ()
        judged = iter(
            self._classification(one, dict(zip(self._model.labels, map(float, row), strict=True)))
            for one, row in zip(known, scores, strict=True)
        )
        return [next(judged) if one.classified else Classification(one.lang, False, self.version) for one in documents]

    def _classification(self, one: Document, scores: dict[str, float]) -> Classification:
        scores = {name: round(score, 2) for name, score in scores.items()} if any(f.words for f in one.fields) else {}
        if scores and not visits.told(one):
            scores[VISIT] = min(scores[VISIT], 0.1)  # whatever its n-grams are like
        for name in self._own:
            hits = sum(hit.concept == f"label:{name}" for hit in one.hits)
            scores[name] = max(scores.get(name, 0.0), taxonomy.phrase_score(hits))
        given = [spec for spec in self.labels.values() if scores.get(spec.name, 0.0) >= spec.threshold]
        words = [evidence.words_for(one, spec.name, self._ranks[spec.name], self._model) for spec in given]
        labels = tuple(Label(s.name, scores[s.name], "words", w) for s, w in zip(given, words, strict=True))
        frame = visits.frame(one) if any(label.name == VISIT for label in labels) else None
        told = (frame,) if frame else ()
        return Classification(one.lang, True, self.version, labels, scores, _mentions(one), told)


def _mentions(one: Document) -> tuple[Mention, ...]:
    found: dict[tuple[str, str, str, int], Mention] = {}
    for mention in filter(None, (named.mention for named in one.named)):
        found.setdefault((mention.kind, mention.ref, mention.words.field, mention.words.start), mention)
    return tuple(found.values())[:MOST_MENTIONS]
