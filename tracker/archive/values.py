"""Values as JSON text for columns that are only read whole, ids made by hashing, and labels in force."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import TypeAdapter

from tracker.models.statement import Label

T = TypeVar("T")
_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}
#: Who wins where two give the same label; a person's removal beats them all.
_WEIGHT = {"person": 0, "words": 1, "model": 2, "event": 3}


def _adapter(kind: Any) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def dump(value: Any, *, exclude: set[str] | None = None) -> str:
    """A frozen value as JSON. Raises ValueError for text that no engine may hold (a lone surrogate)."""
    return _adapter(type(value)).dump_json(value, exclude=exclude).decode()


def load(kind: type[T], text: str) -> T:
    """The frozen value that `dump` wrote."""
    value: T = _adapter(kind).validate_json(text)
    return value


def digest_of(*parts: str, length: int = 26) -> str:
    """A stable id: the first characters of lower-case base32 of BLAKE2b over the parts."""
    raw = hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass")).digest()[:20]
    return base64.b32encode(raw).decode().lower()[:length]


def statement_id(source: str, first_key: str) -> str:
    """The id of a statement by the source that brought it and its strongest key."""
    return digest_of(source, first_key, length=16)


def in_force(given: Iterable[tuple[Label, bool]]) -> tuple[Label, ...]:
    """The labels in force of (label, removed) pairs: one a name, none that a person removed, best score first."""
    pairs = list(given)
    removed = {label.name for label, gone in pairs if gone}
    best: dict[str, Label] = {}
    for label in sorted((label for label, gone in pairs if not gone), key=lambda one: _WEIGHT[one.by], reverse=True):
        best[label.name] = label
    return tuple(sorted((x for x in best.values() if x.name not in removed), key=lambda one: (-one.score, one.name)))


def taken_away(given: Iterable[tuple[Label, bool]]) -> tuple[Label, ...]:
    """The labels that a person removed, of (label, removed) pairs."""
    return tuple(sorted((label for label, gone in given if gone), key=lambda one: one.name))
