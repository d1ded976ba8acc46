"""Reading TOML files, and saying what is wrong in them: one line a problem, with its place and the nearest word."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from tracker import text
from tracker.config.values import line
from tracker.text import near

Model = TypeVar("Model", bound=BaseModel)
#: What an entry is called by; any other has a name.
_CALLED_BY = {"leader": "id", "office": "id"}
_WANTED = {
    "string_type": "text", "int_type": "a whole number", "float_type": "a number", "bool_type": "true or false",
    "tuple_type": "a list", "dict_type": "a table", "model_type": "a table", "date_type": "a date like 2021-06-07",
}  # fmt: skip


def keys(model: type[BaseModel]) -> tuple[str, ...]:
    """The keys of a table as they are written."""
    return tuple(field.alias or key for key, field in model.model_fields.items())


class Book:
    """One file: its tables, and the list that its problems go to. `broken`: it could not be read at all. `kinds` are
    the lists that it may hold; other keys at its top are problems."""

    def __init__(self, path: Path, problems: list[str], *kinds: str) -> None:
        self.file, self.problems, self.broken = path.name, problems, True
        self.tables: dict[str, Any] = {}
        try:
            self.tables = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
            self.broken = False
        except FileNotFoundError:
            self.broken = not kinds
            if self.broken:
                problems.append(f"{self.file}: no such file: `tracker init` writes one")
        except tomllib.TOMLDecodeError as error:
            problems.append(f"{self.file}: {line(str(error))}")
        except UnicodeDecodeError as error:
            problems.append(f"{self.file}: not UTF-8 text (at byte {error.start})")
        except OSError as error:
            problems.append(f"{self.file}: cannot be read: {error.strerror}")
        for key in [key for key in self.tables if kinds and key not in kinds]:
            self.problem(line(key), "unknown key" + near(key, kinds))
        #: By kind, what its entries are called, valid or not, for references to them.
        self.names: dict[str, set[str]] = {kind: set() for kind in kinds}
        #: By kind, every `[[kind]]` with its place, counted from 1: `source[2] "goita-x"`.
        self.entries = {kind: list(self._entries(kind)) for kind in kinds}

    def _entries(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        found, first, by = self.tables.get(kind, []), dict[str, str](), _CALLED_BY.get(kind, "name")
        if not isinstance(found, list):
            self.problem(kind, f"must be a list of tables: write [[{kind}]]")
            return
        for number, entry in enumerate(found, 1):
            here = place = f"{kind}[{number}]"
            if not isinstance(entry, dict):
                self.problem(place, "must be a table")
                continue
            if isinstance(called := entry.get(by), str):
                self.names[kind].add(called)
                place += f' "{line(called)}"'
                if (other := first.setdefault(text.slug(called), here)) != here:
                    self.problem(f"{place}.{by}", f"the same as that of {other}")
            yield place, entry

    def problem(self, place: str, what: str) -> None:
        self.problems.append(f"{self.file}: {place}: {what}")

    def refer(self, place: str, word: str, other: Self, kind: str) -> None:
        """A reference to a name that nothing in the other file goes by is a problem."""
        if not other.broken and word not in other.names[kind]:
            self.problem(place, f'no {kind} "{line(word)}"' + near(word, other.names[kind]))

    def check(self, place: str, raw: dict[str, Any], model: type[Model], also: Iterable[str] = ()) -> Model | None:
        """A table as `model`. Of one with problems, what is left without the keys that have them, to check further;
        None where that is too little. `also`: further keys to suggest for an unknown one."""
        try:
            return model.model_validate(raw)
        except ValidationError as errors:
            found = errors.errors(include_url=False)
        inside = {error["loc"][:-1] for error in found}  # a list is too short only because of what is wrong in it
        found = [error for error in found if error["type"] != "too_short" or error["loc"] not in inside]
        for error in found:
            spot = "".join(f"[{step + 1}]" if isinstance(step, int) else f".{line(step)}" for step in error["loc"])
            self.problem((place + spot).lstrip("."), _explain(error, (*keys(_inner(model, error["loc"][:-1])), *also)))
        for deep in (True, False):  # without the keys alone, else without the tables that cannot do without them
            with suppress(ValidationError):
                return model.model_validate(_without(raw, [error["loc"] for error in found], deep))
        return None


def _without(raw: dict[str, Any], bad: Iterable[tuple[int | str, ...]], deep: bool) -> dict[str, Any]:
    """A table without the keys that these places lead to: without those inside its tables, or without those tables."""
    left = dict(raw)
    for key, *inside in bad:
        if deep and inside and isinstance(left.get(str(key)), dict):
            left[str(key)] = _without(left[str(key)], [tuple(inside)], deep)
        else:
            left.pop(str(key), None)
    return left


def _inner(model: type[BaseModel], steps: Iterable[int | str]) -> type[BaseModel]:
    """The table inside a table that the steps lead to."""
    for step in steps:
        types = {field.alias or key: field.annotation for key, field in model.model_fields.items()}
        inner = (types.get(str(step)), *get_args(types.get(str(step))))
        model = next((one for one in inner if isinstance(one, type) and issubclass(one, BaseModel)), model)
    return model


def _explain(error: Mapping[str, Any], known: Iterable[str]) -> str:
    """What pydantic found, in our words. The value is shown only where one of a few words was expected."""
    kind, key = error["type"], str(error["loc"][-1])
    if kind == "extra_forbidden":
        return "unknown key" + near(key, known)
    if kind == "literal_error" and isinstance(error["input"], str):
        words = re.findall(r"'([^']*)'", error["ctx"]["expected"])
        return f'"{line(error["input"])}" is not one of {", ".join(words)}' + near(error["input"], words)
    if kind == "value_error":
        return line(str(error["ctx"]["error"]))
    if kind in _WANTED:
        return f"must be {_WANTED[kind]}"
    said = re.sub(r"^(Input|Tuple) should (be|have)", r"must \2", error["msg"]).replace(" after validation", "")
    return "missing" if kind == "missing" else line(said)
