"""How single values are written in a config: durations, clock times, zones, names, addresses, secrets. Each checker
returns the value, or raises ValueError with what is wrong and what to write instead."""

import re
from collections.abc import Callable, Mapping
from datetime import time
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

from tracker import gazetteer
from tracker.channels.email import ADDRESS
from tracker.models.registry import INTERNATIONAL
from tracker.outside.guard import opened

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PRIVATE_HEADER = re.compile(r"auth|cookie|token|secret|key|passw|credential|session|signature", re.IGNORECASE)
_PRIVATE_VALUE = re.compile(r"(bearer|basic|digest|token)\s+\S", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_REFERENCE = r"env:[A-Za-z_][A-Za-z0-9_]*"
NEVER = 'a secret is never written here: write "env:NAME" and set NAME in the environment'
_NO_URL = "not a web address: write https://…"


def line(raw: str) -> str:
    """The text on one line, with nothing that a terminal would obey."""
    return _CONTROL.sub("\ufffd", raw)


def such(test: Callable[[Any], object], problem: str) -> AfterValidator:
    """A value that passes the test, which may also raise; `{}` in the problem shows it."""

    def check(raw: Any) -> Any:
        try:
            passed = test(raw)
        except (ValueError, KeyError, OSError):
            passed = False
        if not passed:
            raise ValueError(problem.format(line(str(raw))))
        return raw

    return AfterValidator(check)


def like(pattern: str, problem: str) -> AfterValidator:
    """A text that the whole pattern describes and that is one line."""
    return such(lambda raw: re.fullmatch(pattern, raw) and not _CONTROL.search(raw), problem)


def _seconds(raw: object) -> float:
    found = re.fullmatch(r"(\d{1,9})(ms|s|m|h|d)", raw) if isinstance(raw, str) else None
    if not found:
        raise ValueError('not a duration: write "60s", "5m", "1h" or "1d"')
    return int(found[1]) * _UNITS[found[2]]


def _clock_time(raw: object) -> time:
    if not isinstance(raw, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", raw):
        raise ValueError('not a time of day: write "07:00"')
    return time.fromisoformat(raw)


def _country(raw: str) -> str:
    found = gazetteer.country_named(raw)
    if raw in INTERNATIONAL or (found == raw and len(raw) == 3):
        return raw
    hint = f" (did you mean {found}?)" if found and len(found) == 3 else ""
    raise ValueError(f'"{line(raw)}" is no country: write ISO 3166 alpha-3, or {", ".join(INTERNATIONAL)}{hint}')


def _is_url(raw: str) -> bool:
    parts = urlsplit(raw)
    one_word = not re.search(r"\s", raw) and not _CONTROL.search(raw)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and one_word


def secret(raw: str, environ: Mapping[str, str]) -> str:
    """What `env:NAME` stands for; ValueError for a literal, and for a variable that is missing or empty."""
    if not re.fullmatch(_REFERENCE, raw):
        raise ValueError(NEVER)
    variable = raw.removeprefix("env:")
    if not environ.get(variable):
        raise ValueError(f"{variable} is not set in the environment")
    return environ[variable]


def header(label: str, value: str, environ: Mapping[str, str]) -> str:
    """A request header's value; one that names or looks like a credential has to come from the environment."""
    if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", label):
        raise ValueError("not the name of a header")
    if value.startswith("env:") or _PRIVATE_HEADER.search(label) or _PRIVATE_VALUE.match(value):
        value = secret(value, environ)
    if _CONTROL.search(value):
        raise ValueError("must be one line of text")
    return value


Duration = Annotated[float, BeforeValidator(_seconds)]
Wait = Annotated[Duration, Field(gt=0)]
Interval = Annotated[Duration, such(lambda value: value >= 1, "must be 1s or longer")]
Clock = Annotated[time, BeforeValidator(_clock_time)]
Zone = Annotated[str, such(ZoneInfo, '"{}" is no time zone: write an IANA name such as "Africa/Bamako"')]
Country = Annotated[str, AfterValidator(_country)]
_USERLESS = such(
    lambda raw: "@" not in urlsplit(raw).netloc,
    "a secret is never written here: take user and password out of the address",
)
Url = Annotated[str, such(_is_url, _NO_URL), _USERLESS]
MaybeUrl = Annotated[str, such(lambda raw: not raw or _is_url(raw), _NO_URL), _USERLESS]
Allowed = Annotated[str, such(opened, '"{}" is neither host:port nor a CIDR such as "10.0.0.0/8"')]
Line = Annotated[str, such(str.strip, "must not be empty"), like(r".*", "must be one line of text")]
Name = Annotated[str, like(r"[^\W_][\w.-]{0,99}", "write letters, digits, - _ and . only, a letter or digit first")]
Language = Annotated[str, like(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", 'not a language: write its ISO 639 code, like "fr"')]
DATABASE = r"sqlite:///.+|postgres(ql)?://.+"
Database = Annotated[str, like(DATABASE, 'write "sqlite:///archive.db" or "postgresql://…"')]
Address = Annotated[str, like(ADDRESS, "not an e-mail address")]
Sender = Annotated[str, like(rf"[^<>\"]+ <{ADDRESS}>|{ADDRESS}", 'write "Tracker <tracker@example.org>"')]
Reference = Annotated[str, like(_REFERENCE, NEVER)]
Elsewhere = Annotated[str, like(r"(?!)", "never written here: set TRACKER_MAIL_PASSWORD in the environment")]
