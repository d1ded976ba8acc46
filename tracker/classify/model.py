"""Linear models over named features and hashed n-grams, with numpy alone; calibrated scores. The weights are
`data/weights.npz`, made by `scripts/train.py`. It holds numbers and names of features, no text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from hashlib import blake2b
from importlib import resources
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tracker.classify import ngrams

Floats = NDArray[np.float32]


class Vocabulary(dict[str, int]):
    """Name of a feature -> its row of weights; an unknown one's is the last row, which is all zeros."""

    def __missing__(self, _name: str) -> int:
        return -1


@dataclass(slots=True)
class Model:
    """`dense`, and `hashed` times `scale`, weigh a feature or bucket for each label; `knots` map margins to scores."""

    version: str
    labels: tuple[str, ...]
    vocabulary: Vocabulary
    dense: Floats
    hashed: NDArray[np.int8]
    scale: Floats
    bias: Floats
    knots_x: Floats
    knots_y: Floats
    thresholds: Floats
    alerts: Floats

    @classmethod
    def load(cls) -> Self:
        """The shipped weights."""
        with (
            resources.as_file(resources.files(__package__).joinpath("data/weights.npz")) as path,
            np.load(path, allow_pickle=False) as saved,
        ):
            names = str(saved["names"]).split("\n")
            vocabulary = Vocabulary(zip(names, range(len(names)), strict=True))
            dense = np.pad(saved["dense"].astype(np.float32), ((0, 1), (0, 0)))
            rest = {one.name: saved[one.name] for one in fields(cls)[4:]}
            version = f"{saved['version']}.{_rules()}"
            return cls(version, tuple(str(saved["labels"]).split("\n")), vocabulary, dense, **rest)

    def margins(self, features: Sequence[Mapping[str, float]], words: Sequence[Sequence[str]]) -> Floats:
        """Raw sums of weights, a row a text."""
        starts, buckets = ngrams.hashed(words)
        length: Floats = np.sqrt(np.maximum(np.diff(starts), 1), dtype=np.float32)
        sums = _summed(self.hashed.take(buckets, 0), starts) * self.scale / length[:, None]
        rows: list[int] = []
        cells: list[float] = []
        ends = [0]
        for named in features:
            rows.extend(map(self.vocabulary.__getitem__, named))
            cells.extend(named.values())
            ends.append(len(rows))
        sums += _summed(self.dense.take(rows, 0) * np.array(cells, np.float32)[:, None], np.array(ends))
        return sums + self.bias

    def scores(self, margins: Floats) -> Floats:
        """Calibrated probabilities, a row a text."""
        return np.stack(
            [np.interp(margins[:, i], self.knots_x[i], self.knots_y[i]) for i in range(len(self.labels))], axis=1
        ).astype(np.float32)


def _rules() -> str:
    """Which code and phrases read a text beside the weights: what they change is told by another version too."""
    package, found = Path(__file__).parent, blake2b(digest_size=4)
    for file in sorted((*package.glob("*.py"), *package.glob("data/*.toml"), *package.parent.glob("data/*.tsv"))):
        found.update(file.read_bytes())
    return found.hexdigest()


def _summed(weights: NDArray[Any], starts: NDArray[np.int64]) -> Floats:
    """For each text the sum of its rows of weights."""
    sums = np.zeros((len(starts) - 1, weights.shape[1]), dtype=np.float32)
    filled = np.flatnonzero(np.diff(starts))
    if len(filled):
        sums[filled] = np.add.reduceat(weights, starts[filled], axis=0, dtype=np.float32)
    return sums
