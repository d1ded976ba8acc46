"""Names of countries and organisations."""

from __future__ import annotations

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
