"""The exact words that led to a label: phrases of its concepts first, else the words that weigh most in the model."""

from collections.abc import Mapping, Sequence

import numpy as np

from tracker.classify import ngrams
from tracker.classify.document import Document
from tracker.classify.lexicon import Hit
from tracker.classify.model import Model
from tracker.classify.taxonomy import LabelSpec
from tracker.models.statement import Words

#: So many pieces of evidence at most for one label.
MOST = 5


def ranks_of(spec: LabelSpec, model: Model) -> dict[str, float]:
    """How much each concept's phrases say for a label; a user's own phrases come first."""
    column = model.labels.index(spec.name) if spec.name in model.labels else None
    ranks = {concept: -0.1 * place for place, concept in enumerate(spec.concepts)}
    for concept in ranks:
        row = model.vocabulary.get(f"c:{concept}")
        ranks[concept] += float(model.dense[row, column]) if row is not None and column is not None else 0.1
    return {**ranks, f"label:{spec.name}": 10.0}


def words_for(document: Document, name: str, ranks: Mapping[str, float], model: Model) -> tuple[Words, ...]:
    """Evidence in the order of the text, without overlaps; empty only for a text without words."""
    hits = [hit for hit in document.hits if hit.concept in ranks]
    hits.sort(key=lambda hit: -ranks[hit.concept] - 0.05 * (hit.last - hit.first))
    chosen = [hit.field.span(hit.first, hit.last) for hit in _apart(hits)]
    if not chosen and name in model.labels:
        chosen = _heaviest(document, model, model.labels.index(name))
    return tuple(sorted(chosen, key=lambda w: (w.field == "text", w.start)))


def _apart(ranked: Sequence[Hit]) -> list[Hit]:
    chosen: list[Hit] = []
    for hit in ranked:
        if len(chosen) == MOST:
            break
        if not any(c.field is hit.field and c.first <= hit.last and hit.first <= c.last for c in chosen):
            chosen.append(hit)
    return chosen


def _heaviest(document: Document, model: Model, column: int) -> list[Words]:
    """The one or two words with the greatest weight for the label; of one or two letters only for want of others."""
    spots = [(one, i) for one in document.fields for i in range(min(len(one.words), 300))]
    spots = [(one, i) for one, i in spots if len(one.words[i]) > 2] or spots
    if not spots:
        return []
    starts, buckets = ngrams.hashed([[one.words[i]] for one, i in spots])
    sums = np.add.reduceat(model.hashed[buckets, column], starts[:-1], dtype=np.float32) / np.sqrt(np.diff(starts))
    best = np.argsort(-sums, kind="stable")[:2]
    return [spots[i][0].span(spots[i][1], spots[i][1]) for i in best if sums[i] > 0 or i == best[0]]
