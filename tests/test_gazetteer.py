"""Names of countries and organisations."""

from __future__ import annotations

import pytest

from tracker import gazetteer


@pytest.mark.parametrize(
    ("code", "lang", "name"),
    [
        ("NZL", "en", "New Zealand"),
        ("NZL", "fr", "Nouvelle-Zélande"),
        ("CIV", "en", "Côte d’Ivoire"),
        ("GNB", "en", "Guinea-Bissau"),
        ("MLI", "xx", "Mali"),
        ("INT:UN", "en", "United Nations"),
        ("INT:EU", "en", "European Union"),
        ("QQQ", "en", "QQQ"),
    ],
)
def test_a_code_has_its_common_short_name(code: str, lang: str, name: str) -> None:
    assert gazetteer.country_name(code, lang) == name
