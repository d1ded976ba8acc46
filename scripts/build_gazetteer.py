"""Make tracker/data/gazetteer.tsv: names of countries, capitals, cities, organisations, demonyms and metonyms.

    python scripts/build_gazetteer.py ../shared/registry

reads the research tables gazetteer.csv (Unicode CLDR names, CIA World Factbook facts, i18n-nationality demonyms,
hand-made rows) and leaders.csv (names of office holders), and the hand-made scripts/data/cities.tsv, countries.tsv,
demonyms.tsv, organisations.tsv and persons.tsv, and writes rows of code, kind, lang, text, canonical, ambiguity, sorted
and unique.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

HERE = Path(__file__).parent
TARGET = HERE.parent / "tracker" / "data" / "gazetteer.tsv"
LANGS = ("fr", "en", "es", "pt", "ar", "ru")
#: Organisations that have a code of their own; every other one is INT:OTHER.
CODES = {
    "United Nations": "INT:UN", "United Nations HQ": "INT:UN", "UN mission": "INT:UN", "UNHCR": "INT:UN",
    "WHO": "INT:UN", "UNESCO": "INT:UN", "IAEA": "INT:UN",
    "European Union": "INT:EU", "EU institutions": "INT:EU",
    "African Union": "INT:AU", "ECOWAS": "INT:ECOWAS",
}  # fmt: skip
#: The table's remarks about ambiguity -> the words that tracker.gazetteer knows.
CARE = {"": "", "low": "", "none": "", "place": "place", "shared": "shared", "case": "case", "historic": ""}
#: Seats that the table calls metonyms, whose town is the European capital as well.
NOT_METONYMS = {"Brussels", "Bruxelles"}
#: Rows of the table that are mistaken: a demonym of another country, or a remark in place of one.
MISTAKEN = {("WLF", "gallois"), ("GUY", "guyanais"), ("SWZ", "still used among English speakers")}
#: Everyday words in one of the six languages.
WORDS = {"San", "Ber", "Nara", "Manga", "Pama", "Bol", "Mao", "Dori", "Kati", "Kaya", "Bosso", "Nice", "Lille", "Cali",
         "Kara", "Beira", "Porto", "Florence", "Sofia", "Salvador", "Rio", "Victoria", "Georgetown", "Kingston",
         "Le Cap", "Carthage", "Medina", "Granada", "Atar", "Rosso", "Bali", "le Quai", "la Marina", "Valencia",
         "Saná", "Sana", "Santiago", "San José", "Brest", "America", "Marina", "la Villa", "the Villa"}  # fmt: skip


def researched(path: Path) -> list[tuple[str, ...]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return [row for item in csv.DictReader(lines) if (row := _row(item))]


def _row(item: dict[str, str]) -> tuple[str, ...] | None:
    code, kind, canonical = item["iso3"], item["type"], item["canonical"]
    if (
        item["lang"] not in LANGS
        or (kind == "metonym" and item["text"] in NOT_METONYMS)
        or ((code, item["text"].strip()) in MISTAKEN)
    ):
        return None
    if code in ("INT", "EUU"):
        code = CODES.get(canonical, "INT:EU" if code == "EUU" else "INT:OTHER")
        canonical = item["text"] if canonical.startswith(("international", "armed", "Russian")) else canonical
    elif code == "AFR":
        code = ""
    ambiguity = CARE.get(item["ambiguity"], "person" if item["ambiguity"] == "person" else "generic")
    if item["ambiguity"] == "high":
        ambiguity = "word"
    return _checked(code, kind, item["lang"], item["text"].strip(), canonical, ambiguity)


def _checked(code: str, kind: str, lang: str, text: str, canonical: str, ambiguity: str) -> tuple[str, ...]:
    if text in WORDS:
        ambiguity = "word"
    elif kind == "org" and ambiguity == "case" and not _acronym(text):
        ambiguity = ""
    elif kind in ("org", "alias", "country") and _acronym(text) and len(text.replace(".", "")) <= 3:
        ambiguity = "case"
    elif ambiguity == "generic" and (canonical == "European Union" and text != "the bloc"):
        ambiguity = "case" if _acronym(text) else ""
    if canonical == "United States" and kind == "country" and text in ("US", "U.S."):
        ambiguity = "case"
    return code, kind, lang, text, canonical, ambiguity


def _acronym(text: str) -> bool:
    return text.replace(".", "").replace(" ", "").isupper() and " " not in text


def handmade(path: Path) -> list[tuple[str, ...]]:
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        code, kind, lang, text, canonical = line.split("\t")
        code = CODES.get(canonical, "INT:OTHER") if code == "INT" else code
        rows.append(_checked(code, kind, lang, text, canonical, ""))
    return rows


def persons(path: Path) -> list[tuple[str, ...]]:
    """People who sign or are named in statements, so that a text tells whose president it means without a registry."""
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        code, name, *spelled = line.split("\t")
        rows.append((code, "person", "en", name, name, ""))
        for lang, spellings in zip(("en", "ru", "ar"), spelled, strict=True):
            rows += [(code, "person", lang, text, name, "") for text in spellings.split(";") if text]
    return rows


def office_holders(path: Path, known: dict[str, str]) -> list[tuple[str, ...]]:
    """Holders of offices: full names match alone, surnames and short aliases only beside a title or their country."""
    rows = []
    with path.open(encoding="utf-8", newline="") as lines:
        for item in csv.DictReader(lines):
            name, code = item["person"].strip(), item["country_iso3"]
            if " " not in name or code in ("INT", "EUU") or known.get(name, code) != code:
                continue
            full = [("en", text) for text in (name, *item["aliases_latin"].split(";")) if " " in text.strip()]
            full += [
                (lang, text)
                for lang in ("ar", "ru")
                for text in item[f"aliases_{lang}"].split(";")
                if " " in text.strip()
            ]
            rows += [(code, "person", lang, text.strip(), name, "") for lang, text in full]
            short = {text.strip() for text in item["aliases_need_context"].split(";")} | {name.split()[-1]}
            rows += [(code, "person", "en", text, name, "person") for text in sorted(short) if len(text) > 3]
    return rows


def main(argv: list[str]) -> int:
    if len(argv) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    unique: dict[tuple[str, ...], tuple[str, ...]] = {}
    folder, own = Path(argv[0]), HERE / "data"
    people = persons(own / "persons.tsv")
    tables = (
        handmade(own / "cities.tsv"),
        handmade(own / "countries.tsv"),
        handmade(own / "demonyms.tsv"),
        handmade(own / "organisations.tsv"),
        researched(folder / "gazetteer.csv"),
        people,
        office_holders(folder / "leaders.csv", {row[4]: row[0] for row in people}),
    )
    for row in (row for table in tables for row in table):
        unique.setdefault((row[0], row[1], row[2], row[3]), row)
    rows = sorted(unique.values())
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")
    print(f"{TARGET.name}: {len(rows)} names of {len({row[0] for row in rows})} codes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
