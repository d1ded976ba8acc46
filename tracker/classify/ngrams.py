"""Hashed word and character n-grams of many texts at once, in numpy: no vocabulary, so no text, is kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

#: Size of the table of weights.
BITS = 17
#: Characters of the words that are read for n-grams.
LONGEST = 1_500
_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 1 << 64)
_MIX = np.uint64(0xD6E8FEB86659FD93)
_PAIR = np.uint64(0xC2B2AE3D27D4EB4F)
_SHIFT = np.uint64(64 - BITS)
_FOLD = np.uint64(29)

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]


def hashed(texts: Sequence[Sequence[str]]) -> tuple[Ints, Ints, NDArray[np.float32]]:
    """(start of each text's entries, buckets, values). Values are 1 + log(count), each text's of length 1."""
    joined = "\n".join(f" {' '.join(words)[:LONGEST]} " for words in texts)
    codes = np.frombuffer(joined.encode("utf-32-le", "replace"), dtype=np.uint32).astype(np.uint64)
    codes[(codes >= 48) & (codes <= 57)] = 48
    size = len(codes)
    with np.errstate(over="ignore"):
        powers = np.cumprod(np.full(size + 1, _BASE, dtype=np.uint64), dtype=np.uint64)
        down = np.cumprod(np.full(size, _INVERSE, dtype=np.uint64), dtype=np.uint64)
        sums = np.concatenate((np.zeros(1, np.uint64), np.cumsum((codes + np.uint64(1)) * down)))
        line = codes == 10
        document = np.cumsum(line)
        grams = [*_characters(codes, sums, powers), *_words(codes, sums, powers, document)]
        rows = np.concatenate([document[at] for at, _ in grams])
        hashes = np.concatenate([h for _, h in grams])
        hashes = (hashes ^ (hashes >> _FOLD)) * _MIX
    return _counted(rows, (hashes >> _SHIFT).astype(np.int64), len(texts))


def _characters(codes: Hashes, sums: Hashes, powers: Hashes) -> list[tuple[Ints, Hashes]]:
    """Runs of 3 to 5 characters that reach over no space, except at their ends."""
    spaces = np.concatenate((np.zeros(1, np.int64), np.cumsum((codes == 32) | (codes == 10))))
    found = []
    for length in (3, 4, 5):
        starts = np.arange(max(len(codes) - length + 1, 0))
        keep = starts[
            (spaces[starts + length - 1] == spaces[starts + 1])
            & (codes[starts] != 10)
            & (codes[starts + length - 1] != 10)
        ]
        found.append((keep, (sums[keep + length] - sums[keep]) * powers[keep + length] + np.uint64(length)))
    return found


def _words(codes: Hashes, sums: Hashes, powers: Hashes, document: Ints) -> list[tuple[Ints, Hashes]]:
    """Words and pairs of words."""
    blank = (codes == 32) | (codes == 10)
    edge = np.flatnonzero(blank[:-1] & ~blank[1:]) + 1
    ends = np.flatnonzero(~blank[:-1] & blank[1:]) + 1
    hashes = (sums[ends] - sums[edge]) * powers[ends] * _PAIR
    same = document[edge[:-1]] == document[edge[1:]]
    pairs = (hashes[:-1] * _PAIR + hashes[1:])[same]
    return [(edge, hashes), (edge[:-1][same], pairs)]


def _counted(rows: Ints, buckets: Ints, texts: int) -> tuple[Ints, Ints, NDArray[np.float32]]:
    keys, counts = np.unique((rows << BITS) | buckets, return_counts=True)
    rows, buckets = keys >> BITS, keys & ((1 << BITS) - 1)
    values = 1 + np.log(counts)
    starts = np.searchsorted(rows, np.arange(texts + 1))
    length = np.sqrt(np.bincount(rows, values * values, texts))
    return starts, buckets, (values / np.maximum(length[rows], 1e-9)).astype(np.float32)
