"""What a statement says: language, labels, mentions, visits, quotations, near-duplicates. Pure; lexicons are data."""

from tracker.classify.classifier import Classifier
from tracker.classify.document import Utterance
from tracker.classify.utterance import utterance_of

__all__ = ["Classifier", "Utterance", "utterance_of"]
