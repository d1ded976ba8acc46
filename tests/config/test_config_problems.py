"""Every kind of bad config is one line with its file, its place and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.folders import RIGHT, problems, written
from tracker.config import load
from tracker.errors import ConfigError

SOURCE = '[[source]]\nname = "a"\nkind = "feed"\nurl = "https://example.org/rss"\npublisher = "P"\n'
X = '[[source]]\nname = "a"\nkind = "x"\nhandle = "GoitaAssimi"\nleader = "assimi-goita"\n'
OFFICE = '[[office]]\nid = "mli-president"\ntitle = "President"\ncountry = "MLI"\n'
GOITA = '[[leader]]\nid = "assimi-goita"\nname = "Assimi Goïta"\n'
TENURE = '[[leader.tenure]]\noffice = "mli-president"\n'
DESK = '[[receiver]]\nname = "desk"\nkind = "webhook"\nurl = "https://example.org/hook"\n'
OPS = '[[receiver]]\nname = "ops"\nkind = "email"\nto = ["ops@example.org"]\n'
RULE = '[[rule]]\nname = "r"\nquery = "visite"\n'
DIGEST = '[[digest]]\nname = "m"\nto = ["desk@example.org"]\nat = "07:00"\n'
NEVER = 'a secret is never written here: write "env:NAME" and set NAME in the environment'
NO_DURATION = 'not a duration: write "60s", "5m", "1h" or "1d"'
NO_COUNTRY = "is no country: write ISO 3166 alpha-3, or INT:UN, INT:EU, INT:AU, INT:ECOWAS, INT:OTHER"

# file, its content, the one line it must bring
CASES = [
    # tracker.toml
    ("tracker", "databse = 'sqlite:///a.db'", "tracker.toml: databse: unknown key (did you mean database?)"),
    ("tracker", "database = 'mysql://x'", 'tracker.toml: database: write "sqlite:///archive.db" or "postgresql://…"'),
    ("tracker", "database = 'postgresql://u:hunter2@db/x'",
     "tracker.toml: database: a password is never written here: put the URL into TRACKER_DATABASE_URL"),
    ("tracker", "workers = 'two'", "tracker.toml: workers: must be a whole number"),
    ("tracker", "[web]\nhots = 'x'", "tracker.toml: web.hots: unknown key (did you mean host?)"),
    ("tracker", "[web]\nport = 70000", "tracker.toml: web.port: must be less than or equal to 65535"),
    ("tracker", "[web]\nhost = '0.0.0.0'",
     "tracker.toml: web.host: 0.0.0.0 is open to others: set TRACKER_WEB_TOKEN in the environment"),
    ("tracker", "[web]\ntoken = 'hunter2'", f"tracker.toml: web.token: {NEVER}"),
    ("tracker", "[web]\ntoken = 12345", "tracker.toml: web.token: must be text"),
    ("tracker", "[web]\npublic_url = 'example.org'",
     "tracker.toml: web.public_url: not a web address: write https://…"),
    ("tracker", "web = 5", "tracker.toml: web: must be a table"),
    ("tracker", "[network]\nallow = ['localhost']",
     'tracker.toml: network.allow[1]: "localhost" is neither host:port nor a CIDR such as "10.0.0.0/8"'),
    ("tracker", "[network]\nper_host_interval = 5", f"tracker.toml: network.per_host_interval: {NO_DURATION}"),
    ("tracker", "[network]\nuser_agent = ''", "tracker.toml: network.user_agent: must not be empty"),
    ("tracker", "[mail]\nhost = 'h'", "tracker.toml: mail.from: missing"),
    ("tracker", "[mail]\nhost = 'h'\nfrom = 'Tracker'",
     'tracker.toml: mail.from: write "Tracker <tracker@example.org>"'),
    ("tracker", "[mail]\nhost = 'h'\nfrom = 'a@b.c'\nsecurity = 'startls'",
     'tracker.toml: mail.security: "startls" is not one of none, starttls, tls (did you mean starttls?)'),
    ("tracker", "[mail]\nhost = 'h'\nfrom = 'a@b.c'\npassword = 'hunter2'",
     "tracker.toml: mail.password: never written here: set TRACKER_MAIL_PASSWORD in the environment"),
    ("tracker", "[mail]\nhost = 'h'\nfrom = 'a@b.c'\nusername = 'me'",
     "tracker.toml: mail.username: TRACKER_MAIL_PASSWORD is not set in the environment"),
    ("tracker", "[operator]\nreceivers = ['desc']",
     'tracker.toml: operator.receivers[1]: no receiver "desc" (did you mean desk?)'),
    ("tracker", "[x]\nmonthly_reads = -1", "tracker.toml: x.monthly_reads: must be greater than or equal to 0"),
    ("tracker", None, "tracker.toml: no such file: `tracker init` writes one"),
    # leaders.toml
    ("leaders", "[[leaders]]", "leaders.toml: leaders: unknown key (did you mean leader?)"),
    ("leaders", "leader = 5", "leaders.toml: leader: must be a list of tables: write [[leader]]"),
    ("leaders", OFFICE.replace("MLI", "Mali"),
     f'leaders.toml: office[1] "mli-president".country: "Mali" {NO_COUNTRY} (did you mean MLI?)'),
    ("leaders", OFFICE.replace("MLI", "INT:NATO"),
     f'leaders.toml: office[1] "mli-president".country: "INT:NATO" {NO_COUNTRY}'),
    ("leaders", OFFICE.replace("mli-president", "a b"),
     'leaders.toml: office[1] "a b".id: write letters, digits, - _ and . only, a letter or digit first'),
    ("leaders", GOITA + GOITA.replace("assimi", "Assimi"),
     'leaders.toml: leader[2] "Assimi-goita".id: the same as that of leader[1]'),
    ("leaders", OFFICE + GOITA + TENURE + "from = 2021-06-07\nto = 2020-01-01",
     'leaders.toml: leader[1] "assimi-goita".tenure[1].to: 2020-01-01 is not after from = 2021-06-07'),
    ("leaders", OFFICE + GOITA + TENURE + "from = '2021'",
     'leaders.toml: leader[1] "assimi-goita".tenure[1].from: must be a date like 2021-06-07'),
    ("leaders", OFFICE + GOITA + "[[leader.tenure]]\noffice = 'mli-presidnt'\nfrom = 2021-06-07",
     'leaders.toml: leader[1] "assimi-goita".tenure[1].office: no office "mli-presidnt" (did you mean mli-president?)'),
    ("leaders", OFFICE + GOITA + TENURE + "ofice = 'mli-president'\nfrom = 2021-06-07",
     'leaders.toml: leader[1] "assimi-goita".tenure[1].ofice: unknown key (did you mean office?)'),
    ("leaders", OFFICE + GOITA + TENURE + "from = 2021-06-07\n" + GOITA.replace("goita", "x") + TENURE
     + "from = 2022-01-01",
     'leaders.toml: leader[2] "assimi-x".tenure[1]: overlaps leader[1] "assimi-goita".tenure[1]: '
     "both hold mli-president on 2022-01-01"),
    # sources.toml
    ("sources", SOURCE + "evry = '60s'", 'sources.toml: source[1] "a".evry: unknown key (did you mean every?)'),
    ("sources", SOURCE.replace("url", "ulr"), 'sources.toml: source[1] "a".ulr: unknown key (did you mean url?)'),
    ("sources", SOURCE.replace("url", "ulr"), 'sources.toml: source[1] "a".url: missing'),
    ("sources", SOURCE.replace("https", "ftp"),
     'sources.toml: source[1] "a".url: must be an http:// or https:// address'),
    ("sources", SOURCE.replace("https://", "https://u:p@"),
     'sources.toml: source[1] "a".url: a secret is never written here: take user and password out of it'),
    ("sources", X.replace("GoitaAssimi", "not a handle"),
     'sources.toml: source[1] "a".handle: must be an X handle: 1 to 15 letters, digits or underscores'),
    ("sources", SOURCE.replace('"feed"', '"fed"'),
     'sources.toml: source[1] "a".kind: no kind "fed": feed, x (did you mean feed?)'),
    ("sources", SOURCE + SOURCE, 'sources.toml: source[2] "a".name: the same as that of source[1]'),
    ("sources", SOURCE + "leader = 'assimi-goita'",
     'sources.toml: source[1] "a": must have exactly one of leader, office, publisher: it has leader and publisher'),
    ("sources", SOURCE.replace("publisher", "leader"), 'sources.toml: source[1] "a".leader: no leader "P"'),
    ("sources", SOURCE.replace('publisher = "P"', 'office = "mli-presiden"'),
     'sources.toml: source[1] "a".office: no office "mli-presiden" (did you mean mli-president?)'),
    ("sources", SOURCE + "every = '0s'", 'sources.toml: source[1] "a".every: must be 1s or longer'),
    ("sources", SOURCE + "every = 60", f'sources.toml: source[1] "a".every: {NO_DURATION}'),
    ("sources", SOURCE + "every = '1 hour'", f'sources.toml: source[1] "a".every: {NO_DURATION}'),
    ("sources", SOURCE + "every = '1h'\nevery_max = '5m'",
     'sources.toml: source[1] "a".every_max: must not be shorter than every'),
    ("sources", SOURCE + "timezone = 'Africa/Bamakoo'",
     'sources.toml: source[1] "a".timezone: "Africa/Bamakoo" is no time zone: '
     'write an IANA name such as "Africa/Bamako"'),
    ("sources", SOURCE + "lang = 'French'",
     'sources.toml: source[1] "a".lang: not a language: write its ISO 639 code, like "fr"'),
    ("sources", SOURCE + "enabled = 'yes'", 'sources.toml: source[1] "a".enabled: must be true or false'),
    ("sources", SOURCE + "headers = { Authorization = 'Bearer abc' }",
     f'sources.toml: source[1] "a".headers.Authorization: {NEVER}'),
    ("sources", SOURCE + "headers = { X-Api-Key = 'abc' }", f'sources.toml: source[1] "a".headers.X-Api-Key: {NEVER}'),
    ("sources", SOURCE + "headers = { Cookie = 'a=b' }", f'sources.toml: source[1] "a".headers.Cookie: {NEVER}'),
    ("sources", SOURCE + "headers = { X-It = 'Basic abc' }", f'sources.toml: source[1] "a".headers.X-It: {NEVER}'),
    ("sources", SOURCE + "headers = { X-Key = 'env:TV5_KEY' }",
     'sources.toml: source[1] "a".headers.X-Key: TV5_KEY is not set in the environment'),
    ("sources", SOURCE + 'headers = { Accept = "a\\r\\nHost: b" }',
     'sources.toml: source[1] "a".headers.Accept: must be one line of text'),
    ("sources", "[[source]]\nname = 'a'\n= 5", "sources.toml: Invalid statement (at line 3, column 1)"),
    # rules.toml
    ("rules", DESK.replace("webhook", "webhok"),
     'rules.toml: receiver[1] "desk".kind: no kind "webhok": webhook, email (did you mean webhook?)'),
    ("rules", DESK.replace("https://", ""), 'rules.toml: receiver[1] "desk".url: not a web address: write https://…'),
    ("rules", DESK + "secret = 'whsec_aGVsbG8='", f'rules.toml: receiver[1] "desk".secret: {NEVER}'),
    ("rules", DESK + "secret = 'env:DESK_SECRET'",
     'rules.toml: receiver[1] "desk".secret: DESK_SECRET is not set in the environment'),
    ("rules", DESK.replace("https://", "https://u:p@"),
     'rules.toml: receiver[1] "desk".url: a secret is never written here: take user and password out of the address'),
    ("rules", OPS + "secret = 'env:X'", 'rules.toml: receiver[1] "ops".secret: unknown key'),
    ("rules", DESK + "to = ['ops@example.org']", 'rules.toml: receiver[1] "desk".to: unknown key'),
    ("rules", OPS.replace("@", ""), 'rules.toml: receiver[1] "ops".to[1]: not an e-mail address'),
    ("rules", OPS.replace("ops@", "o..ps@"), 'rules.toml: receiver[1] "ops".to[1]: not an e-mail address'),
    ("rules", OPS.replace('"ops@example.org"', ""),
     'rules.toml: receiver[1] "ops".to: must have at least 1 item, not 0'),
    ("rules", RULE + "receivers = ['desk']", 'rules.toml: rule[1] "r".receivers[1]: no receiver "desk"'),
    ("rules", RULE.replace("visite", "label:diplomatic_vist"),
     'rules.toml: rule[1] "r".query: column 7: there is no label "diplomatic_vist" (did you mean diplomatic_visit?)'),
    ("rules", RULE + "quiet = ['22:00', '25:00']",
     'rules.toml: rule[1] "r".quiet[2]: not a time of day: write "07:00"'),
    ("rules", RULE + "group_by = ['leaders']",
     'rules.toml: rule[1] "r".group_by[1]: "leaders" is not one of leader, country, label (did you mean leader?)'),
    ("rules", RULE + "max_age = '0s'", 'rules.toml: rule[1] "r".max_age: must be greater than 0'),
    ("rules", DIGEST.replace("07:00", "7am"), 'rules.toml: digest[1] "m".at: not a time of day: write "07:00"'),
    ("rules", DIGEST + "timezone = 'Mars'",
     'rules.toml: digest[1] "m".timezone: "Mars" is no time zone: write an IANA name such as "Africa/Bamako"'),
    ("rules", DIGEST + "empty = 'skipp'",
     'rules.toml: digest[1] "m".empty: "skipp" is not one of skip, mail (did you mean skip?)'),
]  # fmt: skip


@pytest.mark.parametrize(("file", "content", "line"), CASES, ids=[line[:70] for _, _, line in CASES])
def test_each_mistake_is_one_line(tmp_path: Path, file: str, content: str | None, line: str) -> None:
    found = problems(tmp_path, **{file: content})
    assert line in found
    assert all("\n" not in one for one in found)
    assert not any(secret in one for one in found for secret in ("hunter2", "abc ", "aGVsbG8", "u:p@"))


def test_a_right_config_has_no_problems(tmp_path: Path) -> None:
    assert problems(tmp_path) == []


def test_every_problem_of_every_file_is_said_at_once(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        tracker="[web]\nhots = 'x'\n[network]\ndeadline = '0s'\n[operator]\nreceivers = ['nobody']",
        leaders=OFFICE + GOITA + "tenur = 5",
        sources=SOURCE + "evry = '1m'\nlang = 'French'\nheaders = { Cookie = 'x' }",
        rules=RULE.replace("visite", "leader:goita source:b") + "max_age = 5\nreceivers = ['nobody']",
    )
    assert [line.partition(": ")[2].partition(": ")[0] for line in found] == [
        "web.hots", "network.deadline", 'leader[1] "assimi-goita".tenur', 'source[1] "a".lang', 'source[1] "a".evry',
        'source[1] "a".headers.Cookie', 'rule[1] "r".max_age', 'rule[1] "r".receivers[1]', 'rule[1] "r".query',
        "operator.receivers[1]",
    ]  # fmt: skip


@pytest.mark.parametrize(("file", "content", "lines"), [
    ("tracker", "[web]\nport = 70000\nhost = '0.0.0.0'", ["web.port: must be less", "web.host: 0.0.0.0 is open"]),
    ("tracker", "[mail]\nhost = ''\nusername = 'me'\nfrom = 'a@b.c'",
     ["mail.host: must not be empty", "mail.username: TRACKER_MAIL_PASSWORD is not set"]),
    ("rules", DESK.replace("webhook", "webhok") + "secret = 'whsec_hunter2'",
     ['.kind: no kind "webhok"', f".secret: {NEVER}"]),
    ("leaders", OFFICE + GOITA + TENURE.replace("president", "presidnt") + "from = '2021'",
     ['tenure[1].office: no office "mli-presidnt"', "tenure[1].from: must be a date"]),
])  # fmt: skip
def test_a_problem_hides_no_other(tmp_path: Path, file: str, content: str, lines: list[str]) -> None:
    found = problems(tmp_path, **{file: content})
    assert [line for line in lines if not any(line in one for one in found)] == []
    assert not any("hunter2" in one for one in found)
    assert len(set(found)) == len(found)


def test_a_list_is_not_called_too_short_for_what_is_wrong_in_it(tmp_path: Path) -> None:
    found = problems(tmp_path, rules=OPS.replace("@", "") + RULE + "quiet = ['7pm', 'x']")
    assert not [line for line in found if "at least" in line]
    assert problems(tmp_path, rules=RULE + "quiet = ['22:00']")


def test_a_folder_that_is_not_there_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "nowhere", {})
    assert caught.value.problems == [f"{tmp_path / 'nowhere'}: no such folder: `tracker init` makes one"]


def test_what_refers_to_a_file_that_cannot_be_read_is_not_called_wrong_too(tmp_path: Path) -> None:
    found = problems(tmp_path, leaders="[[leader", rules=RULE.replace("visite", "leader:goita"))
    assert len(found) == 1
    assert found[0].startswith("leaders.toml: ")


def test_a_file_that_is_not_utf8_says_where(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "rules.toml").write_bytes(b"# \xff")
    with pytest.raises(ConfigError, match=r"rules\.toml: not UTF-8 text \(at byte 2\)"):
        load(tmp_path, {})


def test_email_receivers_and_digests_need_a_mail_server(tmp_path: Path) -> None:
    found = problems(tmp_path, tracker="", rules=OPS + DIGEST)
    assert found == [
        'rules.toml: receiver[1] "ops": tracker.toml has no [mail] to send it with',
        'rules.toml: digest[1] "m": tracker.toml has no [mail] to send it with',
    ]


def test_a_bad_database_variable_is_named(tmp_path: Path) -> None:
    found = problems(tmp_path, {"TRACKER_DATABASE_URL": "oracle://hunter2"})
    assert found == ['TRACKER_DATABASE_URL: write "sqlite:///archive.db" or "postgresql://…"']


def test_a_mistake_in_the_taxonomy_is_said_with_the_others(tmp_path: Path) -> None:
    (tmp_path / "taxonomy").mkdir()
    (tmp_path / "taxonomy" / "own.toml").write_text("[[lable]]\n", encoding="utf-8")
    found = problems(tmp_path, rules=RIGHT["rules.toml"] + "colour = 5")
    assert any(line.startswith("own.toml: lable") for line in found)
    assert any(line.startswith("rules.toml: rule[1]") for line in found)


def test_control_characters_of_a_file_reach_no_terminal(tmp_path: Path) -> None:
    found = problems(tmp_path, sources='[[source]]\nname = "a\\u001b[2J"\n"k\\u202ey" = 1\nkind = "\\u0007"')
    assert found
    assert not any(char in line for line in found for char in "\x1b\x07\u202e")


def test_a_webhook_secret_that_cannot_sign_is_said_before_the_first_alert(tmp_path: Path) -> None:
    found = problems(tmp_path, {"DESK": "whsec_!hunter2"}, rules=DESK + 'secret = "env:DESK"')
    assert len(found) == 1
    assert found[0].startswith('rules.toml: receiver[1] "desk".secret: ')
    assert "hunter2" not in found[0]


def test_a_file_whose_name_is_misspelt_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "source.toml").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "rules-old.toml").write_text("", encoding="utf-8")
    assert problems(tmp_path, sources=None) == ["source.toml: nothing reads this file (did you mean sources.toml?)"]
