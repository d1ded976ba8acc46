"""The labels: names, thresholds, PLOVER terms and evidence. Shipped as data, extended by `config/taxonomy/*.toml`.

A file adds labels, or phrases and thresholds to shipped ones:

    [[label]]
    name = "water_politics"
    title = "Water politics"
    threshold = 0.6            # optional, as are alert_threshold, plover_type, plover_mode, contexts
    [label.phrases]
    fr = ["partage des eaux", "barrage*"]
    en = ["water sharing", "dam"]"""

import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from tracker.classify.lexicon import shipped as concepts
from tracker.classify.tokens import split
from tracker.errors import ConfigError
from tracker.text import STEMMERS, near

_NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")
#: A `*` that neither ends a word nor stands for a whole one after another.
_STAR = re.compile(r"^\W*\*|\*[\w*]|[^\w\s]\*")
#: Characters of a phrase.
LONGEST = 200
#: Score of a label from a user's phrases: one phrase, then each further one takes half of the doubt.
_ONE_PHRASE = 0.8


@dataclass(frozen=True, slots=True)
class LabelSpec:
    """One label. A statement has it from `threshold` up; alerts may ask for `alert_threshold`."""

    name: str
    title: str
    threshold: float = 0.5
    alert_threshold: float = 0.8
    plover_type: str | None = None
    plover_mode: str | None = None
    contexts: tuple[str, ...] = ()
    concepts: tuple[str, ...] = ()
    phrases: Mapping[str, tuple[str, ...]] | None = None


@cache
def _read() -> Mapping[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("data/taxonomy.toml").read_text(encoding="utf-8"))


@cache
def shipped() -> tuple[LabelSpec, ...]:
    """The nine labels, in order."""
    return tuple(LabelSpec(**_given(item)) for item in _read()["label"])


def load(folder: Path | None, labels: Sequence[LabelSpec]) -> tuple[LabelSpec, ...]:
    """The labels with what the folder's files (or one file) add. ConfigError names every problem at once."""
    known = {label.name: label for label in labels}
    problems: list[str] = []
    for path in _files(folder):
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError, RecursionError) as error:
            why = "not UTF-8: save it as UTF-8" if isinstance(error, UnicodeDecodeError) else error
            problems.append(f"{path.name}: {why}")
            continue
        problems += _unknown(f"{path.name}: ", raw, ("label",))
        items = raw.get("label", [])
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            problems.append(f"{path.name}: label: write [[label]], once for each label")
            continue
        for number, item in enumerate(items, 1):
            found = _problems(f"{path.name}: label[{number}]", item, known)
            problems += found
            if not found:
                known[item["name"]] = _joined(known.get(item["name"]), item)
    if problems:
        raise ConfigError(problems)
    return tuple(known.values())


def phrase_score(hits: int) -> float:
    """Score that a label gets from so many phrases of a user's own."""
    return round(1 - (1 - _ONE_PHRASE) * 0.5 ** (hits - 1), 2) if hits else 0.0


def _files(folder: Path | None) -> list[Path]:
    if folder is None or not folder.exists():
        return []
    return [folder] if folder.is_file() else sorted(folder.glob("*.toml"))


def _joined(old: LabelSpec | None, item: Mapping[str, Any]) -> LabelSpec:
    given, before, added = _given(item), (old.phrases if old else None) or {}, item.get("phrases", {})
    given["phrases"] = {lang: (*before.get(lang, ()), *added.get(lang, ())) for lang in {**before, **added}} or None
    if "threshold" in given and "alert_threshold" not in given:
        given["alert_threshold"] = max(given["threshold"], old.alert_threshold if old else 0.8)
    title = item["name"].replace("_", " ").capitalize()
    return replace(old, **given) if old else LabelSpec(**{"title": title, **given})


def _given(item: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in item.items()}


def _problems(where: str, item: Mapping[str, Any], known: Mapping[str, LabelSpec]) -> list[str]:
    found = _unknown(f"{where}.", item, [field.name for field in fields(LabelSpec)])
    name = item.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        found.append(f"{where}.name: must be lower-case letters, digits and _, 2 to 40 of them")
    elif name not in known and not item.get("phrases"):
        found.append(f"{where}.phrases: a new label needs phrases{near(name, known)}")
    for key in ("threshold", "alert_threshold"):
        value = item.get(key, 0.5)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
            found.append(f"{where}.{key}: must be a number above 0 and up to 1")
    if not found and item.get("alert_threshold", 1) < item.get("threshold", 0):
        found.append(f"{where}.alert_threshold: must not be below the threshold")
    if not isinstance(item.get("title", ""), str):
        found.append(f"{where}.title: must be text")
    found += _term_problems(where, item, known.get(str(name)))
    return found + _phrase_problems(where, item.get("phrases", {}))


def _term_problems(where: str, item: Mapping[str, Any], old: LabelSpec | None) -> list[str]:
    """What is wrong with the terms of PLOVER, and with the names of concepts."""
    plover, kind, found = _read()["plover"], str(item.get("plover_type", old and old.plover_type)), list[str]()
    for key, what, known in (
        ("plover_type", "event type", plover["modes"]), ("contexts", "context", plover["contexts"].split()),
        ("plover_mode", f"mode of {kind}", plover["modes"].get(kind, "").split()), ("concepts", "concept", concepts()),
    ):  # fmt: skip
        one = key.startswith("plover")
        names = [item[key]] if one and key in item else item.get(key, [])
        if not _texts(names):
            found.append(f"{where}.{key}: must be {'text' if one else 'a list of texts'}")
            continue
        all_of_them = f"; known: {', '.join(known) or 'none'}" if what != "concept" else ""
        wrong = [name for name in names if name not in known]
        found += [f"{where}.{key}: unknown {what} {name[:40]!r}{near(name, known)}{all_of_them}" for name in wrong]
    return found


def _phrase_problems(where: str, phrases: object) -> list[str]:
    if not isinstance(phrases, dict):
        return [f"{where}.phrases: must be a table of languages, each with a list of phrases"]
    found = _unknown(f"{where}.phrases.", phrases, STEMMERS, "language")
    for lang, listed in phrases.items():
        place = f"{where}.phrases.{lang}"
        if _texts(listed) and listed:
            wrong = ((number, phrase, _wrong(phrase)) for number, phrase in enumerate(listed, 1))
            found += [f"{place}[{number}]: {phrase[:40]!r} {why}" for number, phrase, why in wrong if why]
        else:
            found.append(f"{place}: must be a list of phrases")
    return found


def _wrong(phrase: str) -> str | None:
    """What is wrong with a phrase."""
    if len(phrase) > LONGEST:
        return f"is longer than {LONGEST} characters"
    if not any(word.strip("*") for word in split(phrase)):
        return "has no word"
    return "has a * that neither ends a word nor stands for a whole one after another" if _STAR.search(phrase) else None


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _unknown(where: str, item: Mapping[str, Any], keys: Collection[str], what: str = "key") -> list[str]:
    known = f"; known: {', '.join(keys)}" if what != "key" else ""
    return [f"{where}{key}: unknown {what}{near(key, keys)}{known}" for key in item if key not in keys]
