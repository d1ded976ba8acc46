"""Values as JSON text for columns that are only read whole, ids made by hashing, and labels in force."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter

from tracker.models.statement import Label

T = TypeVar("T")
_adapter: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)
#: Who wins where two give the same label, the strongest last; a person's removal beats them all.
_WEIGHT = ("event", "model", "words", "person")


def dump(value: Any, *, exclude: set[str] | None = None) -> str:
    """A frozen value as JSON. Raises ValueError for text that no engine may hold (a lone surrogate)."""
    return _adapter(type(value)).dump_json(value, exclude=exclude).decode()


def load(kind: type[T], text: str) -> T:
    """The frozen value that `dump` wrote. (Decoding without pydantic takes twice as long.)"""
    value: T = _adapter(kind).validate_json(text)
    return value


def digest_of(*parts: str, length: int = 26) -> str:
    """A stable id: the first characters of lower-case base32 of BLAKE2b over the parts."""
    raw = hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass")).digest()
    return base64.b32encode(raw[: -(-length // 8) * 5]).decode().lower()[:length]


def in_force(labels: Iterable[Label], removed: Iterable[Label]) -> tuple[Label, ...]:
    """The labels in force: one a name, none that a person removed, best score first."""
    best = {label.name: label for label in sorted(labels, key=lambda one: _WEIGHT.index(one.by))}
    gone = {label.name for label in removed}
    return tuple(sorted((x for x in best.values() if x.name not in gone), key=lambda one: (-one.score, one.name)))
