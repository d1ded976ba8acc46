"""Reading TOML files, and saying what is wrong in them: one line a problem, with its place and the nearest word."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from tracker import text
from tracker.config.values import line

Model = TypeVar("Model", bound=BaseModel)
_WANTED = {
    "string_type": "text", "int_type": "a whole number", "float_type": "a number", "bool_type": "true or false",
    "list_type": "a list", "tuple_type": "a list", "dict_type": "a table", "model_type": "a table",
    "date_type": "a date like 2021-06-07",
}  # fmt: skip


def near(word: str, known: Iterable[str]) -> str:
    """` (did you mean …?)` with the most similar known word, or nothing."""
    spellings = {text.fold(candidate): candidate for candidate in known}
    found = difflib.get_close_matches(text.fold(word), spellings, n=1)
    return f" (did you mean {spellings[found[0]]}?)" if found else ""


def keys(model: type[BaseModel]) -> tuple[str, ...]:
    """The keys of a table as they are written."""
    return tuple(field.alias or key for key, field in model.model_fields.items())


class Book:
    """One file: its tables, and the list that its problems go to. `broken`: it could not be read at all."""

    def __init__(self, path: Path, problems: list[str], *, required: bool = False) -> None:
        self.file, self.problems, self.broken = path.name, problems, False
        self.tables: dict[str, Any] = {}
        self._names: dict[str, frozenset[str]] = {}
        try:
            self.tables = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
        except FileNotFoundError:
            if required:
                self._refuse("no such file: `tracker init` writes one")
        except tomllib.TOMLDecodeError as error:
            self._refuse(line(str(error)))
        except UnicodeDecodeError as error:
            self._refuse(f"not UTF-8 text (at byte {error.start})")
        except OSError as error:
            self._refuse(f"cannot be read: {error.strerror}")

    def _refuse(self, what: str) -> None:
        self.broken = True
        self.problems.append(f"{self.file}: {what}")

    def problem(self, place: str, what: str) -> None:
        self.problems.append(f"{self.file}: {place}: {what}")

    def only(self, *known: str) -> None:
        """Other keys at the top of the file are problems."""
        for key in self.tables:
            if key not in known:
                self.problem(line(key), "unknown key" + near(key, known))

    def names(self, key: str, by: str = "name") -> frozenset[str] | None:
        """The names of all `[[key]]`, valid or not, for references to them; None when the file could not be read."""
        if self.broken:
            return None
        if key not in self._names:
            entries = found if isinstance(found := self.tables.get(key), list) else []
            self._names[key] = frozenset(str(entry[by]) for entry in entries if isinstance(entry, dict) and by in entry)
        return self._names[key]

    def refer(self, place: str, word: str, known: frozenset[str] | None, what: str) -> None:
        """A reference to a name that nothing goes by is a problem."""
        if known is not None and word not in known:
            self.problem(place, f'no {what} "{line(word)}"' + near(word, known))

    def entries(self, key: str, by: str = "name") -> Iterator[tuple[str, dict[str, Any]]]:
        """Every `[[key]]` with its place, counted from 1: `source[2] "goita-x"`. A name given twice is a problem."""
        found, seen = self.tables.get(key, []), dict[str, str]()
        if not isinstance(found, list):
            self.problem(key, f"must be a list of tables: write [[{key}]]")
            return
        for number, entry in enumerate(found, 1):
            place = f"{key}[{number}]"
            if not isinstance(entry, dict):
                self.problem(place, "must be a table")
                continue
            if isinstance(called := entry.get(by), str):
                first = seen.setdefault(text.slug(called), place)
                place += f' "{line(called)}"'
                if not place.startswith(first + " "):
                    self.problem(f"{place}.{by}", f"the same as that of {first}")
            yield place, entry

    def check(self, place: str, raw: Any, model: type[Model], also: Iterable[str] = ()) -> Model | None:
        """A table as `model`. Of one with problems, what is left without the keys that have them, to check further;
        None where that is too little. `also`: further keys to suggest for an unknown one."""
        try:
            return model.model_validate(raw)
        except ValidationError as errors:
            found = errors.errors(include_url=False)
            for error in found:
                spot = "".join(f"[{step + 1}]" if isinstance(step, int) else f".{line(step)}" for step in error["loc"])
                known = (*keys(_inner(model, error["loc"][:-1])), *also)
                self.problem((place + spot).lstrip("."), _explain(error, known))
        bad = {error["loc"][0] for error in found if error["loc"]}
        try:
            return model.model_validate({key: value for key, value in raw.items() if key not in bad}) if bad else None
        except ValidationError:
            return None


def _inner(model: type[BaseModel], steps: Iterable[int | str]) -> type[BaseModel]:
    """The table inside a table that the steps lead to."""
    for step in steps:
        for key, field in model.model_fields.items():
            if step == (field.alias or key):
                inner = (field.annotation, *get_args(field.annotation))
                model = next((one for one in inner if isinstance(one, type) and issubclass(one, BaseModel)), model)
                break
    return model


def _explain(error: Mapping[str, Any], known: Iterable[str]) -> str:
    """What pydantic found, in our words. The value is shown only where one of a few words was expected."""
    kind, key = error["type"], str((error["loc"] or ("",))[-1])
    if kind == "extra_forbidden":
        return "unknown key" + near(key, known)
    if kind == "literal_error" and isinstance(error["input"], str):
        words = re.findall(r"'([^']*)'", error["ctx"]["expected"])
        return f'"{line(error["input"])}" is not one of {", ".join(words)}' + near(error["input"], words)
    if kind == "value_error":
        return line(str(error["ctx"]["error"]))
    if kind in _WANTED:
        return f"must be {_WANTED[kind]}"
    said = re.sub(r"^(Input|List|Tuple) should (be|have)", r"must \2", error["msg"]).replace(" after validation", "")
    return "missing" if kind == "missing" else line(said)
