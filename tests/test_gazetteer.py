"""Names of countries and organisations."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from tracker import gazetteer


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("NZL", "New Zealand"),
        ("CIV", "Côte d’Ivoire"),
        ("GNB", "Guinea-Bissau"),
        ("MLI", "Mali"),
        ("INT:UN", "United Nations"),
        ("INT:EU", "European Union"),
        ("QQQ", "QQQ"),
    ],
)
def test_a_code_has_its_common_short_name(code: str, name: str) -> None:
    assert gazetteer.country_name(code) == name


def test_every_country_has_the_zone_of_its_capital() -> None:
    zones = gazetteer.zones()
    assert {name.code for name in gazetteer.names() if len(name.code) == 3} <= zones.keys()
    assert {zones[code] for code in ("MLI", "RUS", "BRA", "AUS", "INT:EU")} == {
        "Africa/Bamako",
        "Europe/Moscow",
        "America/Sao_Paulo",
        "Australia/Sydney",
        "Europe/Brussels",
    }
    for zone in zones.values():
        assert ZoneInfo(zone).key == zone
