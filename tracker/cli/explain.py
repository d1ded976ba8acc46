"""A statement, a classification or its versions told in lines, from the public shape: what was said, and why."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from tracker.cli.show import Shape
from tracker.decide import compare
from tracker.models.statement import Version

if TYPE_CHECKING:
    from jinja2 import Environment


def told(name: str, one: Shape) -> list[str]:
    """What the template of this name says of a value: "statement", "classification" or "labels"."""
    return [_templates().get_template(f"{name}.txt").render(one=one).removesuffix("\n")]


@cache
def _templates() -> "Environment":
    from jinja2 import Environment, PackageLoader  # late: most commands print tables

    lines = Environment(loader=PackageLoader("tracker.cli"), trim_blocks=True, lstrip_blocks=True)  # noqa: S701  # text
    lines.filters |= {"parties": parties, "second": lambda instant: f"{instant[:19].replace('T', ' ')} UTC"}
    return lines


def parties(sides: Sequence[Shape]) -> str:
    return ", ".join(f"{side['name'] or side['leader'] or '?'} ({side['country'] or '?'})" for side in sides) or "?"


def versions(found: Sequence[Version]) -> Iterator[str]:
    before: str | None = None
    for one in found:
        said = "\n".join(filter(None, (one.title, one.text)))
        yield f"version {one.version}, observed {one.observed_at:%Y-%m-%d %H:%M:%S} UTC, SHA-256 {one.hash}"
        yield (said if before is None else _changes(before.split(), said.split())) + "\n"
        before = said


def _changes(old: list[str], new: list[str]) -> str:
    """The words that went [-so-] and came {+so+}; the new words alone where there are too many to compare."""
    told: list[str] = []
    for gone, come in compare.changes(old, new) or [(new, new)]:
        if gone == come:
            told += come
            continue
        told += [f"[-{' '.join(gone)}-]"] if gone else []
        told += ["{+" + " ".join(come) + "+}"] if come else []
    return " ".join(told)
