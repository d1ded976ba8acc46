"""Makes config/leaders.toml and config/sources.toml again from the CSV files of a registry.

    python scripts/build_config.py REGISTRY_FOLDER [CONFIG_FOLDER]

Facts are carried over (names, offices, dates, handles, addresses); config/README.md names where they come from. What
this page adds: ids, which sources are on, and (data/config_owners.toml) which offices accounts and feeds belong to.
"""

from __future__ import annotations

import csv
import re
import sys
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tracker import gazetteer, text

Row = dict[str, str]
WEST = ("BEN", "CIV", "CPV", "GHA", "GIN", "GMB", "GNB", "LBR", "NGA", "SEN", "SLE", "TGO")
SAHEL = ("MLI", "BFA", "NER", "TCD", "MRT")
#: The P5 and the G20: their former holders are kept as the African ones are, for statements of earlier years.
BIG = (
    "USA",
    "RUS",
    "CHN",
    "FRA",
    "GBR",
    "DEU",
    "ITA",
    "JPN",
    "CAN",
    "BRA",
    "IND",
    "TUR",
    "SAU",
    "KOR",
    "AUS",
    "IDN",
    "MEX",
    "ARG",
)
#: Chairs that rotate among presidents: beside the presidency they would hide the country that speaks.
ROTATING = ("Chairperson of the African Union", "Chair of the ECOWAS Authority",
            "President of the Confederation of Sahel States (AES)",
            "Acting President of the G5 Sahel")  # fmt: skip
#: Heads of several states speak for their own.
AT_HOME = (("Charles III", "GBR"), ("Emmanuel Macron", "FRA"))
ENGLISH = {
    "head_of_state": "head-of-state", "head_of_government": "head-of-government",
    "foreign_minister": "foreign-ministry", "defence_minister": "defence-ministry",
}  # fmt: skip
#: Second addresses of the same items, and feeds of other subjects.
LEFT_OUT = (
    "africa/index.xml", "afrique/index.xml", "fr.africanews.com/feed/rss", "thisdaylive.com/feed", "icilome.com/rss",
    "actualite.cd/feed", "/business/headlines", "cybersecurity", "federalreserve", "ecb.europa", "hm-treasury",
    "events/all/feed", "topic/health", "wto.org", "agenciapacourondo", "ip.gov.py", "unep.org", "ustr.gov",
    "reliefweb.int/headlines",
)  # fmt: skip
#: Surnames that are words or first names too: they do not match alone.
TOO_COMMON = ("Cleverly", "Philippe", "Isaias", "Lacroix", "Colonna", "Barrow", "Barrot", "Burnham", "Carney", "Фай")
#: What the owner of an account is called -> (end of the office's id, its title where leaders.csv has none).
BODIES_SAY = (
    (r"Vice |Communications|Foreign Minister UAE", "", ""),
    (r"Defence|Department of War", "defence-ministry", "Ministry of Defence"),
    (r"Foreign|trangères|DFAT|DIRCO|FCDO|External|Department of State|foreign minister", "foreign-ministry",
     "Ministry of Foreign Affairs"),
    (r"Présid|Presiden[ct]|State House|Executive Mansion|Villa|Urugwiro|Casa Rosada|White House$", "president",
     "Presidency"),
    (r"Prime Minister|Moncloa|Chigi|Chief of Government|Chancell", "prime-minister", "Prime Minister"),
    (r"^Gou?v|^UAE Gov|New Zealand Gov|portal", "government", ""),
)  # fmt: skip
#: Voices of the world that report what others say.
BROADCASTERS = ("BBC World", "DW News", "RFI (France, français)", "Al Jazeera")
#: Answered 403 to an honest user agent in a later test.
REFUSING = ("state.gov",)
#: Whose X accounts are on as soon as there is a token, beside those of the Sahel and West Africa: reading is billed.
FIVE = ("USA", "RUS", "CHN", "FRA", "GBR")
BODIES = ("united-nations", "african-union", "ecowas-commission", "antonio-guterres", "eu-external-action")
_OWNERS = tomllib.loads((Path(__file__).parent / "data" / "config_owners.toml").read_text(encoding="utf-8"))
OFFICIAL, ORGANISATIONS, IO_OFFICES, TITLES = (_OWNERS[part] for part in ("feed", "account", "role", "title"))
AFRICA: set[str] = set()


def slug(raw: str) -> str:
    plain = (
        unicodedata.normalize("NFKD", raw.replace("ø", "o").replace("ł", "l").replace("ı", "i"))
        .encode("ascii", "ignore")
        .decode()
    )
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def day(raw: str) -> str:
    """A date as precise as TOML needs: a year or a month begins on its first day."""
    return raw + {4: "-01-01", 7: "-01", 10: ""}[len(raw)]


def country(row: Row) -> str:
    code, body = row["country_iso3"], row["organisation"]
    if code == "EUU":
        return "INT:EU"
    if code != "INT" and row["role_type"] not in ("io_head", "envoy"):
        return code
    if "African Union" in body:
        return "INT:AU"
    if "ECOWAS" in body:
        return "INT:ECOWAS"
    return "INT:UN" if body in ("United Nations", "UN Peacekeeping", "UNOWAS", "MINUSMA", "WHO") else "INT:OTHER"


def office_id(row: Row, newest: Row) -> str:
    """`mli-president`: the country and what its newest holder is called."""
    kind, role, code = row["role_type"], newest["role"], row["country_iso3"].lower()
    if kind not in ENGLISH:
        own = "-" + slug(row["person"]) if kind == "spokesperson" else ""  # several hold such a post at once
        return IO_OFFICES.get(
            row["role"], slug((f"{code} " if kind == "spokesperson" else "") + row["role"].split("(")[0]) + own
        )
    if row["role"] == "Interim Prime Minister" and row["country_iso3"] == "MLI":
        return "mli-interim-prime-minister"  # acted while the prime minister was on leave: both held office
    words = {
        "head_of_state": ("president", "king", "queen", "emir", "amir", "pope", "sultan"),
        "head_of_government": ("prime minister", "chancellor"),
    }
    found = next((word for word in words.get(kind, ()) if re.search(rf"\b{word}\b", role.lower())), None)
    if kind == "head_of_government" and found is None:
        found = "head-of-government"
    return f"{code}-{slug(found or ENGLISH[kind])}"


def wanted(row: Row) -> bool:
    if row["role"].startswith("Mediator"):
        return False
    elsewhere = any(name in row["person"] and row["country_iso3"] != home for name, home in AT_HOME)
    if row["role"] in ROTATING or elsewhere or not row["from"]:
        return False
    if row["as_of_newest"] in ("yes", "unverified"):
        return True
    place = AFRICA | {*BIG, "INT", "EUU"}
    return row["as_of_newest"] == "no" and bool(row["to"]) and row["country_iso3"] in place


class Offices:
    """Offices by id, with title, country and aliases; and who held them."""

    def __init__(self) -> None:
        self.made: dict[str, dict[str, Any]] = {}
        self.held: defaultdict[str, list[list[Any]]] = defaultdict(list)

    def institution(self, spec: tuple[str, str, str]) -> str:
        key, title, code = spec
        self.made.setdefault(key, {"title": TITLES.get(key, title or key), "country": code, "aliases": []})
        return key


def people(rows: list[Row], offices: Offices) -> dict[str, dict[str, Any]]:
    newest: dict[tuple[str, str], Row] = {}
    for row in sorted(rows, key=lambda r: r["from"]):
        newest[row["country_iso3"], row["role_type"]] = row
    found: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda r: (r["leader_id"], r["from"])):
        name = re.sub(r" \(.*\)$", "", row["person"])
        person = found.setdefault(
            slug(row["person"]), {"name": name, "id": slug(row["person"]), "rows": [], "qid": row["wikidata_qid"]}
        )
        person["rows"].append(row)
        key = office_id(row, newest[row["country_iso3"], row["role_type"]])
        title = row["role"].split(", then ")[-1]
        office = offices.made.setdefault(key, {"title": title, "country": country(row), "aliases": [], "from": ""})
        if row["from"] >= office.get("from", ""):
            office |= {"title": TITLES.get(key, title), "from": row["from"]}
        seat = re.sub(r" \(.*\)$", "", row["organisation"])
        if (
            re.match(r"(Présid|Primat|Presid|State House|MAE|MNE|MFA|Govern)", seat)
            and seat not in office["aliases"]
            and "," not in seat
        ):
            office["aliases"].append(seat)
        offices.held[key].append(
            [day(row["from"]), day(row["to"]) if row["to"] else "", len(row["from"]), slug(row["person"])]
        )
    return found


def settle(held: list[list[Any]]) -> Iterator[tuple[str, str, str]]:
    """Tenures of one office that follow each other: a vague later date gives way to an exact earlier one."""
    held.sort()
    for earlier, later in pairwise(held):
        if not earlier[1] or earlier[1] > later[0]:
            if later[2] < 10 and earlier[1] and (not later[1] or earlier[1] < later[1]):
                later[0] = earlier[1]
            else:
                earlier[1] = later[0]
    for since, until, _, leader in held:
        if not until or until > since:
            yield leader, since, until


def spellings(rows: Iterable[Row], name: str) -> tuple[list[str], list[str]]:
    """(aliases that match alone, aliases that need an office, title or country beside them), each spelling once."""
    short: dict[str, str] = {}
    alone: dict[str, str] = {}
    common = {text.fold(word) for word in TOO_COMMON}
    for row in rows:
        for alias in filter(None, (part.strip() for part in row["aliases_need_context"].split(";"))):
            short.setdefault(text.fold(alias), alias)
        for column in ("aliases_latin", "aliases_ar", "aliases_ru"):
            for alias in filter(None, (part.strip() for part in row[column].split(";"))):
                (short if text.fold(alias) in common else alone).setdefault(text.fold(alias), alias)
    return [a for f, a in alone.items() if f not in short and f != text.fold(name)], list(short.values())


def quoted(raw: str) -> str:
    return '"' + raw.replace("\\", "\\\\").replace('"', '\\"') + '"'


def listed(values: Iterable[str]) -> str:
    return "[" + ", ".join(quoted(value) for value in values) + "]"


def leaders_toml(found: dict[str, dict[str, Any]], offices: Offices) -> str:
    tenures: defaultdict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for key, held in offices.held.items():
        for leader, since, until in settle(held):
            tenures[leader].append((since, until, key))
    out = [
        "# Who holds which office, from when to when, under which spellings. Made by scripts/build_config.py; facts",
        "# and their sources: config/README.md. `aliases` match alone, `short` ones only beside an office, a title or",
        "# a country. `to` is the first day after the tenure. A date that is known by month or year begins it.",
        "", "# ---- offices: one that nobody holds is an institution that speaks for itself",
    ]  # fmt: skip
    for key in sorted(offices.made):
        office = offices.made[key]
        out += [
            "",
            "[[office]]",
            f"id = {quoted(key)}",
            f"title = {quoted(office['title'])}",
            f"country = {quoted(office['country'])}",
        ]
        out += [f"aliases = {listed(office['aliases'])}"] if office["aliases"] else []
    out += ["", "# ---- leaders"]
    for leader, person in sorted(found.items(), key=lambda one: one[1]["id"]):
        alone, short = spellings(person["rows"], person["name"])
        out += [
            "",
            "[[leader]]" + (f"  # {person['qid']}" if person["qid"] else ""),
            f"id = {quoted(person['id'])}",
            f"name = {quoted(person['name'])}",
        ]
        out += [f"aliases = {listed(alone)}"] if alone else []
        out += [f"short = {listed(short)}"] if short else []
        for since, until, key in sorted(tenures[leader]):
            out += ["[[leader.tenure]]", f"office = {quoted(key)}", f"from = {since}"] + (
                [f"to = {until}"] if until else []
            )
    return "\n".join(out) + "\n"


def witness(evidence: str) -> str:
    """Who tested it: the file ids and repositories that the evidence names."""
    named = re.findall(r"GitHub file ids? \d+(?:, \d+)*|\b[a-z][\w.-]+/[A-Za-z][\w.-]*", evidence)
    return ", ".join(dict.fromkeys(name for name in named if name != "leader/office")) or "registry"


def feed_sources(rows: list[Row], offices: Offices) -> Iterator[tuple[str, str, list[str]]]:
    order = {"Sahel": 0, "West Africa": 1, "Africa (pan)": 2, "World": 3, "Africa (other)": 4}
    for row in sorted(rows, key=lambda r: (order[r["region"]], r["country_iso3"], r["title"])):
        url, official = row["url"], row["url"] in OFFICIAL
        world = row["region"] == "World"
        if (
            row["status"] != "ok"
            or row["enable_by_default"] != "yes"
            or any(part in url for part in LEFT_OUT)
            or not row["last_verified"]
        ):
            continue
        voices = (
            ("news agency", *BROADCASTERS)
            if world
            else ("news agency", "newspaper", "broadcaster", "international org")
        )
        if (
            not official
            and row["kind"] not in voices
            and row["title"] not in voices
            and "news.un.org" not in url
            and "crisisgroup" not in url
            and "reliefweb.int/updates" not in url
        ):
            continue
        why = f"on {urlsplit(url).hostname}, the body's own domain" if official else "the publisher's own feed"
        lines = [f"url = {quoted(url)}"]
        if official:
            lines.append(f"office = {quoted(offices.institution(OFFICIAL[url]))}")
        else:
            lines.append(f"publisher = {quoted(re.sub(r' [(]state daily[)]', '', row['publisher']))}")
        lines += [f"lang = {quoted(row['language'])}"] if re.fullmatch("[a-z]{2}", row["language"]) else []
        proof = f"{why}; answered {row['last_verified']} ({witness(row['evidence'])})"
        lines.append(f"proof = {quoted(proof)}")
        far = row["region"] == "Africa (other)"
        if far or any(part in url for part in REFUSING):
            lines.append("enabled = false" + ("" if far else "  # answered 403 to honest user agents in 2026-09"))
        wish = OFFICIAL[url][0] if official else re.sub(r" [(–].*$| Information$", "", row["title"])
        yield slug(wish), slug(f"{wish} {row['language']}"), lines


def owner(row: Row, found: dict[str, dict[str, Any]], offices: Offices) -> tuple[str, str] | None:
    """("leader" or "office", id) of an account; None where the registry does not say whose it is."""
    code, name = row["country_iso3"].lower(), row["owner"]
    if row["owner_type"] == "person":
        folded = text.fold(re.sub(r"^King |^.*\((.*)\)$", lambda m: m[1] or "", name))
        for person in found.values():
            if folded in {text.fold(s) for s in (person["name"], *spellings(person["rows"], "")[0])}:
                return "leader", person["id"]
        return None
    if name in ORGANISATIONS:
        return "office", offices.institution(ORGANISATIONS[name])
    if row["country_iso3"] in ("INT", "EUU") or row["owner_type"] not in ("office", "ministry"):
        return None
    kind, title = next(((kind, title) for pattern, kind, title in BODIES_SAY if re.search(pattern, name)), ("", ""))
    if kind == "prime-minister":
        known = ("prime-minister", "chancellor", "head-of-government", "president")
        kind = next((one for one in known if f"{code}-{one}" in offices.made), kind)
    if kind == "government":
        title = f"Government of {gazetteer.country_name(row['country_iso3'])}"
    return ("office", offices.institution((f"{code}-{kind}", title, row["country_iso3"]))) if kind else None


def x_sources(
    rows: list[Row], found: dict[str, dict[str, Any]], offices: Offices
) -> Iterator[tuple[str, str, list[str]]]:
    rank = {code: number for number, code in enumerate((*SAHEL, *WEST))}
    chosen = [row for row in rows if row["platform"] == "x" and row["confidence"] in ("high", "medium")]
    holding = {held[-1][3] for held in map(sorted, offices.held.values()) if not held[-1][1]}

    def order(row: Row) -> tuple[int, str, bool, str]:
        code = row["country_iso3"]
        return rank.get(code, 50 if code in AFRICA else 60), code, "(" in row["owner"], row["handle_or_url"]

    for row in sorted(chosen, key=order):
        whose = owner(row, found, offices)
        if whose is None:
            continue
        checked = f", account id {row['platform_id']}" if row["platform_id"] else ""
        seen_by = witness(f"{row['sources']} {row['official_evidence']}")
        proof = f"{row['confidence']} confidence, as of {row['as_of'] or 'unknown'}{checked} ({seen_by})"
        lines = [
            f"handle = {quoted(row['handle_or_url'])}",
            f"{whose[0]} = {quoted(whose[1])}",
            f"proof = {quoted(proof)}",
        ]
        ended = whose[0] == "leader" and whose[1] not in holding
        far = row["country_iso3"] not in (*SAHEL, *WEST, *FIVE) and whose[1] not in BODIES
        if row["enable_by_default"] != "yes" or ended or far or "old handle" in row["owner"]:
            lines.append("enabled = false")
        yield f"{whose[1]}-x", slug(f"{whose[1]} x {row['handle_or_url']}"), lines


def sources_toml(feeds: Iterable[tuple[str, str, list[str]]], accounts: Iterable[tuple[str, str, list[str]]]) -> str:
    out = [
        "# What is polled. Made by scripts/build_config.py; facts and their sources: config/README.md. Every feed was",
        "# reachable on the day that `proof` names, in the test that it names; none of them needs a key. A source",
        "# belongs to a leader, to an office (whoever holds it on the day of a post speaks) or to a publisher.",
        "", "# ---- feeds: the Sahel, West Africa, pan-African voices, the world; the rest of Africa is listed and off",
    ]  # fmt: skip
    names: set[str] = set()
    for kind, part in (("feed", feeds), ("x", accounts)):
        if kind == "x":
            out += [
                "",
                "# ---- X accounts: off until TRACKER_X_BEARER_TOKEN is set. X bills what is read ([x] in",
                "# tracker.toml caps it): a first reading takes one page; Sahel, West Africa, P5, a few bodies are on.",
                "# Its terms ask that what is deleted there goes here too: text and evidence, not id, times and hash.",
            ]  # fmt: skip
        for wish, otherwise, lines in part:
            name = wish if wish not in names else otherwise
            names.add(name)
            out += ["", "[[source]]", f"name = {quoted(name)}", f"kind = {quoted(kind)}", *lines]
            out += ['every = "5m"', "max_pages = 1", "redact_on_delete = true"] if kind == "x" else []
    return "\n".join(out) + "\n"


def read(folder: Path, name: str) -> list[Row]:
    with (folder / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def main(registry: Path, config: Path) -> None:
    feeds, accounts = read(registry, "feeds.csv"), read(registry, "accounts.csv")
    AFRICA.update({*SAHEL, *WEST}, (row["country_iso3"] for row in feeds if row["region"] == "Africa (other)"))
    offices = Offices()
    found = people([row for row in read(registry, "leaders.csv") if wanted(row)], offices)
    sources = sources_toml(feed_sources(feeds, offices), x_sources(accounts, found, offices))
    (config / "sources.toml").write_text(sources, encoding="utf-8")
    (config / "leaders.toml").write_text(leaders_toml(found, offices), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parents[1] / "config")
