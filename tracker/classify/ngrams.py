"""Hashed word and character n-grams of many texts at once, in numpy: no vocabulary, so no text, is kept."""

from collections.abc import Sequence
from functools import cache

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
Codes = NDArray[np.uint32]
Flags = NDArray[np.bool_]


def hashed(texts: Sequence[Sequence[str]]) -> tuple[Ints, Ints]:
    """(start of each text's entries, buckets): a bucket stands as often as it is met. At most 65,535 texts."""
    joined = "\n".join(f" {' '.join(words)[:LONGEST]} " for words in texts)
    codes = np.frombuffer(joined.encode("utf-32-le", "replace"), dtype=np.uint32)
    codes = np.where((codes >= 48) & (codes <= 57), np.uint32(48), codes)
    ups, downs = _powers(1 << len(codes).bit_length())
    with np.errstate(over="ignore"):
        sums = np.zeros(len(codes) + 1, np.uint64)
        np.cumsum((codes + np.uint64(1)) * downs[: len(codes)], out=sums[1:])
        document = np.cumsum(codes == 10)
        blank = (codes == 32) | (codes == 10)
        grams = [*_characters(codes, blank, sums, ups, document), *_words(blank, sums, ups, document)]
        rows = np.concatenate([row for row, _ in grams])
        hashes = np.concatenate([h for _, h in grams])
        hashes = (hashes ^ (hashes >> _FOLD)) * _MIX
    return _grouped(rows, (hashes >> _SHIFT).astype(np.int64), len(texts))


@cache
def _powers(size: int) -> tuple[Hashes, Hashes]:
    """The powers of the base and of its inverse: a run's hash does not hang on where it stands."""
    with np.errstate(over="ignore"):
        return tuple(np.cumprod(np.full(size + 1, base, np.uint64), dtype=np.uint64) for base in (_BASE, _INVERSE))  # type: ignore[return-value]  # two


def _characters(codes: Codes, blank: Flags, sums: Hashes, ups: Hashes, document: Ints) -> list[tuple[Ints, Hashes]]:
    """Runs of 3 to 5 characters that reach over no space, except at their ends."""
    size, inner, lines = len(codes), ~blank, codes != 10
    found = []
    for length in (3, 4, 5):
        count = size - length + 1
        if count < 1:
            break
        keep = lines[:count] & lines[length - 1 :]
        for place in range(1, length - 1):
            keep &= inner[place : place + count]
        keep_at = np.flatnonzero(keep)
        runs = sums[keep_at + length] - sums[keep_at]
        found.append((document[keep_at], runs * ups[keep_at + length] + np.uint64(length)))
    return found


def _words(blank: Flags, sums: Hashes, ups: Hashes, document: Ints) -> list[tuple[Ints, Hashes]]:
    """Words and pairs of words."""
    edge = np.flatnonzero(blank[:-1] & ~blank[1:]) + 1
    ends = np.flatnonzero(~blank[:-1] & blank[1:]) + 1
    hashes = (sums[ends] - sums[edge]) * ups[ends] * _PAIR
    rows = document[edge]
    same = rows[:-1] == rows[1:]
    return [(rows, hashes), (rows[:-1][same], (hashes[:-1] * _PAIR + hashes[1:])[same])]


def _grouped(rows: Ints, buckets: Ints, texts: int) -> tuple[Ints, Ints]:
    """By text; numpy sorts short keys by their digits, which costs next to nothing."""
    order = np.argsort(rows.astype(np.uint16), kind="stable")
    return np.searchsorted(rows, np.arange(texts + 1), sorter=order), buckets[order]
