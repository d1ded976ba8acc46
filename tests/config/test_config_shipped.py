"""The config that ships loads out of the box and has its facts right."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest

from tests.config.folders import problems
from tracker.config import Settings, load, shipped

DOCS = Path(__file__).parents[2] / "docs" / "config.md"


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load(shipped(), {})


def test_it_loads_with_an_empty_environment_and_tells_nobody(settings: Settings) -> None:
    assert settings.receivers == {}
    assert settings.rules
    assert all(rule.receivers == () for rule in settings.rules)
    assert settings.web.host == "127.0.0.1"


def test_thirty_sources_and_more_are_on_without_a_key(settings: Settings) -> None:
    on = [source for source in settings.sources if source.enabled]
    assert len(on) >= 30
    assert {source.kind for source in on} == {"feed"}
    assert len({source.options["url"] for source in on}) == len(on)
    assert sum(source.origin == "official" for source in on) >= 15


def test_every_source_says_why_it_is_believed_and_when_it_was_seen(settings: Settings) -> None:
    for source in settings.sources:
        assert source.proof, source.name
        assert re.search(r"20[12]\d|unknown", source.proof), source.proof


def test_x_accounts_are_listed_and_wait_for_the_token(settings: Settings) -> None:
    accounts = {str(source.options["handle"]): source for source in settings.sources if source.kind == "x"}
    assert (accounts["GoitaAssimi"].leader, accounts["CapitaineIb226"].leader) == ("assimi-goita", "ibrahim-traore")
    assert accounts["PresidenceMali"].office == "mli-president"
    assert not any(source.enabled for source in accounts.values())
    assert "TRACKER_X_BEARER_TOKEN" in str(accounts["GoitaAssimi"].paused_reason)
    with_token = load(shipped(), {"TRACKER_X_BEARER_TOKEN": "t"})
    assert any(source.enabled for source in with_token.sources if source.kind == "x")


@pytest.mark.parametrize(
    ("office", "day", "holder", "country"),
    [
        ("mli-president", date(2022, 11, 2), "assimi-goita", "MLI"),
        ("bfa-president", date(2022, 11, 2), "ibrahim-traore", "BFA"),
        ("bfa-president", date(2022, 6, 1), "paul-henri-sandaogo-damiba", "BFA"),
        ("ner-president", date(2023, 7, 1), "mohamed-bazoum", "NER"),
        ("ner-president", date(2026, 11, 1), "abdourahamane-tiani", "NER"),
        ("mli-prime-minister", date(2026, 11, 1), "abdoulaye-maiga", "MLI"),
        ("mli-interim-prime-minister", date(2022, 11, 2), "abdoulaye-maiga", "MLI"),
        ("sen-president", date(2022, 11, 2), "macky-sall", "SEN"),
        ("sen-president", date(2026, 11, 1), "bassirou-diomaye-faye", "SEN"),
        ("un-secretary-general", date(2026, 11, 1), "antonio-guterres", "INT:UN"),
    ],
)
def test_offices_are_held_by_who_held_them(
    settings: Settings, office: str, day: date, holder: str, country: str
) -> None:
    found = settings.registry.holder(office, day)
    assert found is not None
    assert found.id == holder
    assert settings.registry.speaker(holder, None, day).country == country


def test_the_founding_speaker_is_in_office(settings: Settings) -> None:
    speaker = settings.registry.speaker("assimi-goita", None, date(2022, 11, 2))
    assert (speaker.name, speaker.office, speaker.country) == ("Assimi Goïta", "President of the Transition", "MLI")
    for spelling in ("Goita", "GOÏTA", "Гойта", "غويتا"):
        assert settings.registry.leaders_named(spelling) == ("assimi-goita",)


def test_presidents_speak_for_their_countries_today(settings: Settings) -> None:
    day = date(2026, 11, 1)
    spoken = {
        leader.id: settings.registry.speaker(leader.id, None, day).country
        for leader in settings.registry.leaders
        if leader.id in ("assimi-goita", "ibrahim-traore", "emmanuel-macron", "charles-iii", "julius-maada-bio")
    }
    assert spoken == {
        "assimi-goita": "MLI", "ibrahim-traore": "BFA", "emmanuel-macron": "FRA", "charles-iii": "GBR",
        "julius-maada-bio": "SLE",
    }  # fmt: skip


def test_a_spelling_that_many_share_does_not_match_alone(settings: Settings) -> None:
    traore = settings.registry.leader("ibrahim-traore")
    assert traore is not None
    assert "IB" in traore.short
    assert not {"IB", "Traoré"} & set(traore.aliases)


def test_the_examples_of_the_docs_load(tmp_path: Path) -> None:
    blocks = re.findall(r"```toml\n# (\w+)\.toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    files: dict[str, str] = {}
    for name, block in blocks:
        files[name] = files.get(name, "") + block
    assert set(files) == {"tracker", "leaders", "sources", "rules"}
    environ = {"DESK_SECRET": "whsec_ZGVzaw==", "TV5_KEY": "k", "TRACKER_MAIL_PASSWORD": "p"}
    assert problems(tmp_path, environ, **files) == []


def test_the_docs_name_every_key() -> None:
    from tracker.config import schema

    tables = [table for table in vars(schema).values() if isinstance(table, type) and issubclass(table, schema.Part)]
    assert len(tables) > 10
    said = set(re.findall(r"`([a-z_]+)`", DOCS.read_text(encoding="utf-8")))
    for table in tables:
        missing = {field.alias or key for key, field in table.model_fields.items()} - said - {"password"}
        assert not missing, f"{table.__name__}: {missing}"


def test_the_shipped_files_are_valid_toml_with_comments() -> None:
    for path in shipped().glob("*.toml"):
        content = path.read_text(encoding="utf-8")
        tomllib.loads(content)
        assert content.startswith("# "), path.name
