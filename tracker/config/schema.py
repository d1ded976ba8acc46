"""The tables of the config files, their keys, types and defaults, and what they make together: Settings. Times are in
seconds; no secret is in a `repr`. docs/config.md explains every key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from tracker import __version__
from tracker.config import values as v
from tracker.models import registry, source, telling

T = TypeVar("T")
Many = Annotated[tuple[T, ...], Field(strict=False)]  # TOML has lists only


class Part(BaseModel):
    """A table: unknown keys and other types than stated are problems."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class WebSettings(Part):
    """Where the pages are served. The file names a variable as `token`; loaded settings hold the token, or None."""

    host: v.Line = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    public_url: v.MaybeUrl = ""
    token: v.Reference | None = Field(default="env:TRACKER_WEB_TOKEN", repr=False)


class NetworkSettings(Part):
    """How sources are asked. `allow`: "host:port" or CIDR that the address guard would refuse."""

    user_agent: v.Line = f"statement-tracker/{__version__}"
    allow: Many[v.Allowed] = ()
    per_host_parallel: int = Field(default=1, ge=1, le=64)
    per_host_interval: v.Duration = 1.0
    deadline: v.Wait = 30.0
    connect: v.Wait = 10.0
    max_bytes: int = Field(default=10 * 2**20, ge=1024)
    max_hops: int = Field(default=5, ge=0, le=20)


class MailSettings(Part):
    """The operator's SMTP server; `sender` is the From of every mail."""

    host: v.Line
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["none", "starttls", "tls"] = "starttls"
    username: str = ""
    password: v.Elsewhere | None = Field(default=None, repr=False)
    sender: v.Sender = Field(alias="from")
    timeout: v.Wait = 30.0


class XSettings(Part):
    """What may be read from X in a calendar month, and what a read costs in US dollars."""

    monthly_reads: int = Field(default=10_000, ge=0)
    price: float = Field(default=0.005, ge=0, alias="price_per_read")


class OperatorSettings(Part):
    receivers: Many[str] = ()


class TrackerFile(Part):
    """The whole of tracker.toml."""

    database: v.Database = "sqlite:///archive.db"
    workers: int | None = Field(default=None, ge=0, le=64)
    web: WebSettings = WebSettings()
    network: NetworkSettings = NetworkSettings()
    mail: MailSettings | None = None
    x: XSettings = XSettings()
    operator: OperatorSettings = OperatorSettings()


class Tenure(Part):
    office: str
    since: date = Field(alias="from")
    until: date | None = Field(default=None, alias="to")


class Leader(Part):
    id: v.Name
    name: v.Line
    aliases: Many[v.Line] = ()
    short: Many[v.Line] = ()
    tenures: Many[Tenure] = Field(default=(), alias="tenure")


class Office(Part):
    id: v.Name
    title: v.Line
    country: v.Country
    aliases: Many[v.Line] = ()


class Source(Part):
    """What every kind has; the other keys of a [[source]] are its kind's own."""

    name: v.Name
    kind: str
    leader: str | None = None
    office: str | None = None
    publisher: v.Line | None = None
    every: v.Interval | None = None
    every_max: v.Interval | None = None
    proof: str | None = None
    lang: v.Language | None = None
    timezone: v.Zone | None = None
    redact_on_delete: bool = False
    enabled: bool = True
    headers: dict[str, str] = {}


class Receiver(Part):
    """What every kind has; the other keys of a [[receiver]] are its kind's own."""

    name: v.Name
    kind: str


class Webhook(Part):
    url: v.Url
    secret: v.Reference | None = None


class Email(Part):
    to: Many[v.Address] = Field(min_length=1)


class Rule(Part):
    name: v.Name
    query: str
    receivers: Many[str] = ()
    max_age: v.Wait = 86400.0
    group_wait: v.Duration = 0.0
    group_by: Many[Literal["leader", "country", "label"]] = ()
    quiet: Many[v.Clock] | None = Field(default=None, min_length=2, max_length=2)
    timezone: v.Zone = "UTC"
    first_reading: bool = False
    enabled: bool = True


class Digest(Part):
    name: v.Name
    to: Many[v.Address] = Field(min_length=1)
    at: v.Clock
    timezone: v.Zone = "UTC"
    query: str = ""
    empty: Literal["skip", "mail"] = "skip"


@dataclass(frozen=True, slots=True)
class Settings:
    """A whole config. `database` is a URL, an SQLite path in it absolute; `taxonomy` a folder of the operator's own."""

    folder: Path
    database: str = field(repr=False)
    web: WebSettings
    network: NetworkSettings
    mail: MailSettings | None
    operator: tuple[str, ...]
    registry: registry.Registry
    sources: tuple[source.Source, ...]
    rules: tuple[telling.Rule, ...]
    receivers: Mapping[str, telling.Receiver]
    digests: tuple[telling.Digest, ...]
    taxonomy: Path | None
    x: XSettings
    workers: int
