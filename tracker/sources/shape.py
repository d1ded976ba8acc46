"""JSON from outside, read with its path: a wrong type is a SourceBroken that names the field, never a traceback."""

import json
from dataclasses import dataclass
from typing import Any

from tracker import text
from tracker.errors import SourceBroken


def load(body: bytes) -> "At":
    """The document of a JSON answer in UTF-8, -16 or -32; of a key given twice the last value counts."""
    try:
        return At(json.loads(body), "")
    except RecursionError:
        raise SourceBroken("JSON nested too deeply to be read") from None
    except ValueError as error:  # bad syntax, bad encoding, a number of thousands of digits
        raise SourceBroken(f"not readable as JSON: {str(error)[:120]}") from None


def complaint(document: Any) -> str:
    """What an error document of whatever shape says, on one line: title, detail and type of it and its first error."""
    inner = (document.get("errors") or document.get("error")) if isinstance(document, dict) else None
    inner = inner[0] if isinstance(inner, list) else inner
    parts = [part for part in (document, inner) if isinstance(part, dict)]
    named = [part.get(name) for part in parts for name in ("title", "detail", "message", "type", "reason")]
    named += [inner] if isinstance(inner, str) else []
    told = dict.fromkeys(str(one).rsplit("/problems/", 1)[-1] for one in named if one not in (None, "about:blank"))
    return text.visible(text.squeeze(text.clean(" · ".join(told))))[:200] or "no reason given"


@dataclass(frozen=True, slots=True)
class At:
    """A value and where it was found. Every reader takes null and an absent field as None (or empty)."""

    value: Any
    path: str

    def __getitem__(self, name: str) -> "At":
        inner = (self._is("an object", dict) or {}).get(name)
        return At(inner, f"{self.path}.{name}" if self.path else name)

    def first(self, *names: str) -> "At":
        """The first of several spellings that is there."""
        return next((at for name in names if (at := self[name]).here()), self[names[0]])

    def text(self) -> str | None:
        found: str | None = self._is("a text", str)
        return found

    def ident(self) -> str | None:
        """An id: a text, or a whole number of any size, as text."""
        return str(self.value) if type(self.value) is int else self.text()

    def number(self) -> float:
        """A number, 0 when there is none."""
        found = self._is("a number", int, float) or 0
        return float(found) if type(self.value) is not bool and abs(found) < 1e18 else float(self._fail("a number"))

    def list(self) -> list["At"]:
        items = self._is("a list", list) or []
        return [At(item, f"{self.path}[{index}]") for index, item in enumerate(items)]

    def here(self) -> bool:
        return self.value is not None

    def _is(self, said: str, *wanted: type) -> Any:
        return self.value if self.value is None or isinstance(self.value, wanted) else self._fail(said)

    def _fail(self, said: str) -> Any:
        raise SourceBroken(f"{self.path or 'the document'}: expected {said}, got {type(self.value).__name__}")
