"""How single values are written in a config: durations, clock times, zones, names, addresses, secrets.

Each checker returns the value, or raises ValueError with what is wrong and what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field

from tracker import gazetteer
from tracker.models.registry import INTERNATIONAL
from tracker.outside.guard import opened

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PRIVATE_HEADER = re.compile(r"auth|cookie|token|secret|key|passw|credential|session|signature", re.IGNORECASE)
_PRIVATE_VALUE = re.compile(r"(bearer|basic|digest|token)\s+\S", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_ADDRESS = r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+"
_REFERENCE = r"env:[A-Za-z_][A-Za-z0-9_]*"
_NEVER = 'a secret is never written here: write "env:NAME" and set NAME in the environment'


def line(raw: str) -> str:
    """The text on one line, with nothing that a terminal would obey."""
    return _CONTROL.sub("\ufffd", raw)


def like(pattern: str, problem: str) -> AfterValidator:
    """A text that the whole pattern describes and that is one line."""

    def check(raw: str) -> str:
        if not re.fullmatch(pattern, raw) or _CONTROL.search(raw):
            raise ValueError(problem)
        return raw

    return AfterValidator(check)


def _seconds(raw: object) -> float:
    found = re.fullmatch(r"(\d{1,9})(ms|s|m|h|d)", raw) if isinstance(raw, str) else None
    if not found:
        raise ValueError('not a duration: write "60s", "5m", "1h" or "1d"')
    return int(found[1]) * _UNITS[found[2]]


def _interval(raw: object) -> float:
    if (value := _seconds(raw)) < 1:
        raise ValueError("must be 1s or longer")
    return value


def _clock_time(raw: object) -> time:
    if not isinstance(raw, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", raw):
        raise ValueError('not a time of day: write "07:00"')
    return time.fromisoformat(raw)


def _zone(raw: str) -> str:
    try:
        ZoneInfo(raw)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f'"{line(raw)}" is no time zone: write an IANA name such as "Africa/Bamako"') from None
    return raw


def _country(raw: str) -> str:
    found = gazetteer.country_named(raw)
    if raw in INTERNATIONAL or (found == raw and len(raw) == 3):
        return raw
    hint = f" (did you mean {found}?)" if found and len(found) == 3 else ""
    raise ValueError(f'"{line(raw)}" is no country: write ISO 3166 alpha-3, or {", ".join(INTERNATIONAL)}{hint}')


def _url(raw: str) -> str:
    """An http or https address without credentials in it; the problem never shows it, since it may hold some."""
    try:
        parts = urlsplit(raw)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known or re.search(r"\s", raw) or _CONTROL.search(raw):
        raise ValueError("not a web address: write https://…")
    if "@" in parts.netloc:
        raise ValueError("a secret is never written here: take user and password out of the address")
    return raw


def _allowed(raw: str) -> str:
    try:
        opened(raw)
    except ValueError:
        raise ValueError(f'"{line(raw)}" is neither host:port nor a CIDR such as "10.0.0.0/8"') from None
    return raw


def secret(raw: str, environ: Mapping[str, str]) -> str:
    """What `env:NAME` stands for; ValueError for a literal, and for a variable that is missing or empty."""
    if not re.fullmatch(_REFERENCE, raw):
        raise ValueError(_NEVER)
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
Wait = Annotated[float, BeforeValidator(_seconds), Field(gt=0)]
Interval = Annotated[float, BeforeValidator(_interval)]
Clock = Annotated[time, BeforeValidator(_clock_time)]
Zone = Annotated[str, AfterValidator(_zone)]
Country = Annotated[str, AfterValidator(_country)]
Url = Annotated[str, AfterValidator(_url)]
MaybeUrl = Annotated[str, AfterValidator(lambda raw: raw and _url(raw))]
Allowed = Annotated[str, AfterValidator(_allowed)]
Line = Annotated[str, like(r".*\S.*", "must be one line of text")]
Name = Annotated[str, like(r"[^\W_][\w.-]{0,99}", "write letters, digits, - _ and . only, a letter or digit first")]
Language = Annotated[str, like(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", 'not a language: write its ISO 639 code, like "fr"')]
DATABASE = r"sqlite:///.+|postgres(ql)?://.+"
Database = Annotated[str, like(DATABASE, 'write "sqlite:///archive.db" or "postgresql://…"')]
Address = Annotated[str, like(_ADDRESS, "not an e-mail address")]
Sender = Annotated[str, like(rf"[^<>\"]+ <{_ADDRESS}>|{_ADDRESS}", 'write "Tracker <tracker@example.org>"')]
Reference = Annotated[str, like(_REFERENCE, _NEVER)]
Elsewhere = Annotated[str, like(r"(?!)", "never written here: set TRACKER_MAIL_PASSWORD in the environment")]
