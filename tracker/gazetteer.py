"""Names of countries, capitals, cities, organisations, demonyms and metonyms in six languages. Read from
`data/gazetteer.tsv`, which `scripts/build_gazetteer.py` makes (Unicode CLDR names, CIA World Factbook facts, and a
hand-made part). `data/zones.tsv`, by `scripts/build_zones.py`, has the time zones of the capitals."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

from tracker import text


@dataclass(frozen=True, slots=True)
class Name:
    """One name: `code` is ISO 3166 alpha-3 or INT:…; `kind` is country, demonym, capital, city, metonym, org, place…
    `ambiguity` is empty for a name that may match alone; else why it needs care (shared, place, person, word,
    case…)."""

    code: str
    kind: str
    lang: str
    text: str
    canonical: str
    ambiguity: str


@cache
def names() -> tuple[Name, ...]:
    """Every name of the shipped gazetteer."""
    source = resources.files("tracker").joinpath("data/gazetteer.tsv")
    with source.open("r", encoding="utf-8") as lines:
        return tuple(Name(*row) for row in csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


@cache
def _by_name() -> dict[str, str]:
    found = {text.fold(name.code): name.code for name in names() if name.code}
    for name in names():
        if name.kind in ("country", "alias", "org") and name.ambiguity in ("", "place", "case"):
            found.setdefault(text.fold(name.text), name.code)
    return found


def country_named(spelling: str) -> str | None:
    """The code of a country or organisation by any of its names or by the code itself; None when unknown."""
    return _by_name().get(text.fold(spelling))


#: The organisations that stand where a country does.
_ORGANISATIONS = {
    "INT:AU": "African Union", "INT:ECOWAS": "ECOWAS", "INT:EU": "European Union", "INT:OTHER": "International",
    "INT:UN": "United Nations",
}  # fmt: skip


@cache
def country_name(code: str) -> str:
    """A country's or organisation's common name in English; the code where there is none. That is the first that does
    not hold another one: “New Zealand” and not “Aotearoa New Zealand”."""
    named = [name.text for name in names() if (name.code, name.kind, name.lang) == (code, "country", "en")]
    common = (one for one in named if not any(other != one and other in one for other in named))
    return next(common, _ORGANISATIONS.get(code, code))


@cache
def zones() -> dict[str, str]:
    """Code of a country or organisation -> the IANA time zone of its capital or seat."""
    rows = resources.files("tracker").joinpath("data/zones.tsv").read_text(encoding="utf-8").splitlines()
    return {code: zone for code, _, zone in (row.partition("\t") for row in rows)}
