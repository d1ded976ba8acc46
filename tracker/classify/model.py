"""Linear models over named features and hashed n-grams, with numpy alone; calibrated scores.

The weights are `data/weights.npz`, made by `scripts/train.py`. It holds numbers and names of features, no text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracker.classify import ngrams

Floats = NDArray[np.float32]


@dataclass(slots=True)
class Model:
    """`dense` and `hashed` are weights (feature or bucket by label); `knots` map a margin to a probability."""

    version: str
    labels: tuple[str, ...]
    vocabulary: dict[str, int]
    dense: Floats
    hashed: NDArray[Any]
    bias: Floats
    knots_x: Floats
    knots_y: Floats
    thresholds: Floats
    alerts: Floats

    @classmethod
    def load(cls) -> Model:
        """The shipped weights."""
        with (
            resources.as_file(resources.files(__package__).joinpath("data/weights.npz")) as path,
            np.load(path, allow_pickle=False) as saved,
        ):
            names = str(saved["names"]).split("\n")
            return cls(
                version=str(saved["version"]),
                labels=tuple(str(saved["labels"]).split("\n")),
                vocabulary={name: index for index, name in enumerate(names)},
                dense=saved["dense"].astype(np.float32),
                hashed=saved["hashed"].astype(np.float32) * saved["scale"].astype(np.float32),
                bias=saved["bias"],
                knots_x=saved["knots_x"],
                knots_y=saved["knots_y"],
                thresholds=saved["thresholds"],
                alerts=saved["alerts"],
            )

    def margins(self, features: Sequence[Mapping[str, float]], words: Sequence[Sequence[str]]) -> Floats:
        """Raw sums of weights, a row a text."""
        starts, buckets, values = ngrams.hashed(words)
        sums = np.zeros((len(words), len(self.labels)), dtype=np.float32)
        np.add.at(sums, _owners(starts), self.hashed[buckets] * values[:, None])
        for row, named in enumerate(features):
            known = [(self.vocabulary[name], value) for name, value in named.items() if name in self.vocabulary]
            if known:
                at, value = zip(*known, strict=True)
                sums[row] += np.asarray(value, np.float32) @ self.dense[list(at)]
        return sums + self.bias

    def scores(self, margins: Floats) -> Floats:
        """Calibrated probabilities, a row a text."""
        return np.stack(
            [np.interp(margins[:, i], self.knots_x[i], self.knots_y[i]) for i in range(len(self.labels))], axis=1
        ).astype(np.float32)


def _owners(starts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.repeat(np.arange(len(starts) - 1), np.diff(starts))
