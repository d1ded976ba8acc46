"""Make tracker/data/zones.tsv: the IANA zone of the capital of every country, and of the seats of organisations.

    pip install babel && python scripts/build_zones.py

reads `zone.tab` of the tzdata package (public domain), whose first zone of a country is that of its capital but for
CAPITALS, and Unicode CLDR's alpha-2 codes (in Babel), and writes a row for every country of tracker/data/gazetteer.tsv.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.core import get_global

DATA = Path(__file__).parent.parent / "tracker" / "data"
#: Countries whose first zone is not the capital's or that zone.tab has not, and the seats of organisations.
CAPITALS = {
    "AUS": "Australia/Sydney", "BRA": "America/Sao_Paulo", "CAN": "America/Toronto", "FSM": "Pacific/Pohnpei",
    "PSE": "Asia/Hebron", "RUS": "Europe/Moscow", "UKR": "Europe/Kyiv", "UZB": "Asia/Tashkent",
    "XKX": "Europe/Belgrade",
    "INT:AU": "Africa/Addis_Ababa", "INT:ECOWAS": "Africa/Lagos", "INT:EU": "Europe/Brussels",
    "INT:UN": "America/New_York",
}  # fmt: skip


def first_zones() -> dict[str, str]:
    """Alpha-2 code -> the zone that zone.tab names first."""
    found: dict[str, str] = {}
    for line in (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            code, _, zone, *_ = line.split("\t")
            found.setdefault(code, zone)
    return found


def main() -> None:
    zones, short = first_zones(), get_global("territory_aliases")
    lines = (DATA / "gazetteer.tsv").read_text(encoding="utf-8").splitlines()
    codes = {code for line in lines if len(code := line.split("\t")[0]) == 3} | set(CAPITALS)
    rows = {code: CAPITALS.get(code) or zones[short[code][0]] for code in sorted(codes)}
    for zone in rows.values():
        ZoneInfo(zone)
    text = "".join(f"{code}\t{zone}\n" for code, zone in rows.items())
    (DATA / "zones.tsv").write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
