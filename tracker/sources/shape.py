"""JSON from outside, read with its path: a wrong type is a SourceBroken that names the field, never a traceback."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tracker.errors import SourceBroken


def load(body: bytes) -> At:
    """The document of a JSON answer in UTF-8, -16 or -32; of a key given twice the last value counts."""
    try:
        return At(json.loads(body), "")
    except RecursionError:
        raise SourceBroken("JSON nested too deeply to be read") from None
    except ValueError as error:  # bad syntax, bad encoding, a number of thousands of digits
        raise SourceBroken(f"not readable as JSON: {str(error)[:120]}") from None


@dataclass(frozen=True, slots=True)
class At:
    """A value and where it was found. Every reader takes null and an absent field as None (or empty)."""

    value: Any
    path: str

    def __getitem__(self, name: str) -> At:
        if self.value is None:
            return At(None, self._join(name))
        return At(self._is(dict, "an object").get(name), self._join(name))

    def first(self, *names: str) -> At:
        """The first of several spellings that is there."""
        found = [self[name] for name in names]
        return next((at for at in found if at.value is not None), found[0])

    def text(self) -> str | None:
        return None if self.value is None else str(self._is(str, "a text"))

    def ident(self) -> str | None:
        """An id: a text, or a whole number of any size, as text."""
        if isinstance(self.value, int) and not isinstance(self.value, bool):
            return str(self.value)
        return self.text()

    def number(self) -> float:
        """A number, 0 when there is none."""
        if self.value is None:
            return 0.0
        if isinstance(self.value, bool) or not abs(self._is((int, float), "a number")) < 1e18:
            self._fail("a number")
        return float(self.value)

    def list(self) -> list[At]:
        items = [] if self.value is None else self._is(list, "a list")
        return [At(item, f"{self.path}[{index}]") for index, item in enumerate(items)]

    def here(self) -> bool:
        return self.value is not None

    def _join(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def _is(self, wanted: type | tuple[type, ...], said: str) -> Any:
        return self.value if isinstance(self.value, wanted) else self._fail(said)

    def _fail(self, said: str) -> Any:
        raise SourceBroken(f"{self.path or 'the document'}: expected {said}, got {type(self.value).__name__}")
