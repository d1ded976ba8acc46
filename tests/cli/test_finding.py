"""What is found by names: those of the config, and those that it has no more but statements have."""

from __future__ import annotations

import pytest
from terminal import Desk


def _without(desk: Desk, name: str, *parts: str) -> None:
    """Take the entries that hold one of these out of a file of the config."""
    file = desk.folder / name
    entries = file.read_text(encoding="utf-8").split("\n[[")
    file.write_text("\n[[".join(one for one in entries if not any(part in one for part in parts)), encoding="utf-8")


def test_who_and_what_the_config_names_no_more_is_found_by_the_id(desk: Desk) -> None:
    asked = ("leader:eric-habimana", "about:eric-habimana", "leader:amina-odera", "office:ken-president", "host:rwa")
    asked += ("visitor:eric-habimana", "source:state-house")
    before = {query: desk.json("search", query)["statements"] for query in asked}
    visits = desk.json("visits", "--visitor", "Habimana")
    assert [len(before[query]) for query in ("leader:amina-odera", "office:ken-president")] == [1, 1]
    assert len(visits) == 1
    _without(desk, "sources.toml", "state-house")
    _without(desk, "leaders.toml", "odera", "habimana", "ken-president", "rwa-president")
    assert {query: desk.json("search", query)["statements"] for query in asked} == before
    assert desk.json("visits", "--visitor", "Eric-Habimana") == visits
    assert desk.json("coverage", "state-house")["source"] == "state-house"
    for words in (("search", "leader:eric-habiman"), ("search", "leader:RWA"), ("visits", "--visitor", "habimana")):
        code, out, err = desk.run(*words)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert "there is no leader" in err


@pytest.mark.parametrize(("name", "found"), [("Rwanda", 1), ("rwa", 1), ("odera", 0), ("habimana", 1), ("FRA", 0)])
def test_a_side_of_a_visit_goes_by_any_spelling(desk: Desk, name: str, found: int) -> None:
    assert len(desk.json("visits", "--visitor", name)) == found
