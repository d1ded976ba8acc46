"""What a right config becomes."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest

from tests.config.folders import RIGHT, loaded, problems
from tracker.app import build
from tracker.config import load
from tracker.errors import ConfigError

X_SOURCE = '[[source]]\nname = "g"\nkind = "x"\nhandle = "@GoitaAssimi"\nleader = "assimi-goita"\n'
FEED = '[[source]]\nname = "t"\nkind = "feed"\nurl = "https://example.org/rss"\npublisher = "TV5MONDE"\n'


def test_defaults_are_safe(tmp_path: Path) -> None:
    settings = loaded(tmp_path, tracker="", rules=None)
    assert (settings.web.host, settings.web.port, settings.web.token) == ("127.0.0.1", 8000, None)
    assert settings.database == f"sqlite:///{tmp_path}/archive.db"
    assert settings.network.allow == ()
    assert (settings.network.deadline, settings.network.max_bytes) == (30.0, 10 * 2**20)
    assert (settings.network.per_host_parallel, settings.network.per_host_interval) == (1, 1.0)
    assert (settings.mail, settings.receivers, settings.rules, settings.digests) == (None, {}, (), ())
    assert settings.taxonomy is None
    assert settings.x.price == 0.005
    assert settings.workers >= 1


@pytest.mark.parametrize(
    ("written", "environ", "expected"),
    [
        ("sqlite:///archive.db", {}, "sqlite:///{folder}/archive.db"),
        ("sqlite:////var/archive.db", {}, "sqlite:////var/archive.db"),
        ("postgresql://db/tracker", {}, "postgresql://db/tracker"),
        ("sqlite:///archive.db", {"TRACKER_DATABASE_URL": "postgres://u:p@db/x"}, "postgres://u:p@db/x"),
        ("postgresql://db/x", {"TRACKER_DATABASE_URL": "sqlite:///other.db"}, "sqlite:///{folder}/other.db"),
    ],
)
def test_the_database_is_the_variables_else_the_files(
    tmp_path: Path, written: str, environ: dict[str, str], expected: str
) -> None:
    settings = loaded(tmp_path, environ, tracker=f'database = "{written}"', rules=None)
    assert settings.database == expected.format(folder=tmp_path)


def test_a_source_has_its_kinds_options_and_the_common_keys(tmp_path: Path) -> None:
    more = (
        'every = "60s"\nevery_max = "1h"\nlang = "fr"\nproof = "p"\ntimezone = "Africa/Bamako"\nredact_on_delete = true'
    )
    (source,) = loaded(tmp_path, sources=FEED + more).sources
    assert (source.name, source.kind, source.options) == ("t", "feed", {"url": "https://example.org/rss"})
    assert (source.publisher, source.origin, source.every, source.every_max) == ("TV5MONDE", "report", 60.0, 3600.0)
    assert (source.lang, source.proof, source.timezone, source.redact_on_delete) == ("fr", "p", "Africa/Bamako", True)
    assert source.enabled
    assert source.paused_reason is None


@pytest.mark.parametrize(
    ("keys", "every", "every_max"),
    [
        ("", 300.0, 21600.0),
        ('every = "1s"', 1.0, 21600.0),
        ('every = "1d"', 86400.0, 86400.0),
        ('every_max = "1m"', 60.0, 60.0),
        ('every = "1h"\nevery_max = "1h"', 3600.0, 3600.0),
    ],
)
def test_the_interval_has_a_floor_and_a_ceiling(tmp_path: Path, keys: str, every: float, every_max: float) -> None:
    (source,) = loaded(tmp_path, sources=FEED + keys).sources
    assert (source.every, source.every_max) == (every, every_max)


def test_x_is_off_without_its_token_and_says_what_to_set(tmp_path: Path) -> None:
    (source,) = loaded(tmp_path, sources=X_SOURCE).sources
    assert not source.enabled
    assert source.paused_reason == "set TRACKER_X_BEARER_TOKEN in the environment to read this account"
    assert source.secrets == {}


def test_x_with_its_token_carries_it_as_a_secret_header(tmp_path: Path) -> None:
    (source,) = loaded(tmp_path, {"TRACKER_X_BEARER_TOKEN": "tok"}, sources=X_SOURCE).sources
    assert source.enabled
    assert source.secrets == {"Authorization": "Bearer tok"}
    assert source.options["handle"] == "GoitaAssimi"
    assert "tok" not in repr(source)


def test_a_source_that_is_switched_off_needs_no_secret(tmp_path: Path) -> None:
    off = FEED + 'enabled = false\nheaders = { X-Key = "env:NOT_SET" }'
    (source,) = loaded(tmp_path, sources=off).sources
    assert (source.enabled, source.paused_reason) == (False, "switched off in sources.toml")


def test_headers_come_from_the_environment_or_are_plain(tmp_path: Path) -> None:
    keyed = FEED + 'headers = { X-Key = "env:TV5_KEY", Accept-Language = "fr" }'
    (source,) = loaded(tmp_path, {"TV5_KEY": "k"}, sources=keyed).sources
    assert source.secrets == {"X-Key": "k", "Accept-Language": "fr"}


def test_secrets_are_in_no_repr(tmp_path: Path) -> None:
    environ = {
        "DESK": "whsec_c2VjcmV0LWRlc2s=",
        "TRACKER_WEB_TOKEN": "s3cret-web",
        "TRACKER_MAIL_PASSWORD": "s3cret-mail",
        "TRACKER_DATABASE_URL": "postgresql://u:s3cret-db@db/x",
    }
    rules = RIGHT["rules.toml"].replace('kind = "webhook"', 'kind = "webhook"\nsecret = "env:DESK"')
    settings = loaded(tmp_path, environ, rules=rules)
    assert settings.receivers["desk"].secret == "whsec_c2VjcmV0LWRlc2s="
    assert (settings.web.token, settings.mail and settings.mail.password) == ("s3cret-web", "s3cret-mail")
    assert not any(secret in repr(settings) for secret in environ.values())


def test_a_web_host_beyond_loopback_is_fine_with_a_token(tmp_path: Path) -> None:
    environ = {"TRACKER_WEB_TOKEN": "t"}
    assert loaded(tmp_path, environ, tracker='[web]\nhost = "0.0.0.0"\nport = 0', rules=None).web.port == 0
    for host in ("127.0.0.1", "127.1.2.3", "::1", "localhost"):
        assert problems(tmp_path, tracker=f'[web]\nhost = "{host}"', rules="") == []


def test_the_environment_s_web_host_wins_and_needs_a_token_as_the_file_s_does(tmp_path: Path) -> None:
    """As docker-compose.yml sets it: in a container only the environment knows that all addresses are meant."""
    environ = {"TRACKER_WEB_HOST": "0.0.0.0", "TRACKER_WEB_TOKEN": "t"}
    assert loaded(tmp_path, environ, tracker='[web]\nhost = "127.0.0.1"', rules=None).web.host == "0.0.0.0"
    with pytest.raises(ConfigError, match=r"web\.host: 0\.0\.0\.0 is open to others: set TRACKER_WEB_TOKEN"):
        load(tmp_path, {"TRACKER_WEB_HOST": "0.0.0.0"})


def test_rules_and_digests_are_parsed(tmp_path: Path) -> None:
    more = """
        group_wait = "5m"
        group_by = ["country"]
        quiet = ["22:00", "06:30"]
        timezone = "Africa/Bamako"
        [[digest]]
        name = "morning"
        to = ["desk@example.org"]
        at = "07:00"
        timezone = "Africa/Bamako"
        query = "country:MLI"
        empty = "mail"
    """
    settings = loaded(tmp_path, rules=RIGHT["rules.toml"] + more)
    (rule,), (digest,) = settings.rules, settings.digests
    assert (rule.receivers, rule.max_age, rule.group_wait, rule.group_by) == (("desk",), 86400.0, 300.0, ("country",))
    assert (rule.quiet, rule.timezone) == ((time(22), time(6, 30)), "Africa/Bamako")
    assert (digest.at, digest.timezone, digest.empty) == (time(7), "Africa/Bamako", "mail")
    assert digest.query.text == "country:MLI"


def test_a_leader_may_leave_an_office_and_another_follow_on_the_same_day(tmp_path: Path) -> None:
    follow = """
        to = 2024-01-01
        [[leader]]
        id = "other"
        name = "Other"
        [[leader.tenure]]
        office = "mli-president"
        from = 2024-01-01
    """
    registry = loaded(tmp_path, leaders=RIGHT["leaders.toml"].rstrip() + follow).registry
    holders = [registry.holder("mli-president", day) for day in (date(2023, 12, 31), date(2024, 1, 1))]
    assert [holder.id for holder in holders if holder] == ["assimi-goita", "other"]


def test_a_label_of_the_operators_own_can_be_asked_for(tmp_path: Path) -> None:
    (tmp_path / "taxonomy").mkdir()
    own = '[[label]]\nname = "water"\ntitle = "Water"\n[label.phrases]\nen = ["dam"]\n'
    (tmp_path / "taxonomy" / "own.toml").write_text(own, encoding="utf-8")
    settings = loaded(tmp_path, rules='[[rule]]\nname = "w"\nquery = "label:water"')
    assert settings.taxonomy == tmp_path / "taxonomy"
    assert settings.rules[0].receivers == ()


def test_loading_writes_nothing(tmp_path: Path) -> None:
    loaded(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(RIGHT)


def test_the_mail_server_is_waited_for_as_long_as_the_config_says(tmp_path: Path) -> None:
    top = 'database = "sqlite:///a.db"\n[mail]\nhost = "127.0.0.1"\nfrom = "a@example.org"\ntimeout = "7s"\n'
    (tmp_path / "tracker.toml").write_text(top, encoding="utf-8")
    tracker = build(load(tmp_path, {}), inline=True)
    assert tracker.postroom.mailer
    assert tracker.postroom.mailer.timeout == 7.0
    tracker.archive.close()
