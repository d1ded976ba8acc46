"""The tables of the config files: their keys, types and defaults. One class a table; docs/config.md explains them."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tracker import __version__
from tracker.config import values as v


class Part(BaseModel):
    """A table: unknown keys and other types than stated are problems."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Web(Part):
    host: v.Line = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    public_url: v.MaybeUrl = ""
    token: v.Reference = "env:TRACKER_WEB_TOKEN"  # noqa: S105  # where the token is, not the token


class Network(Part):
    user_agent: v.Line = f"statement-tracker/{__version__}"
    allow: list[v.Allowed] = []
    per_host_parallel: int = Field(default=1, ge=1, le=64)
    per_host_interval: v.Duration = 1.0
    deadline: v.Wait = 30.0
    connect: v.Wait = 10.0
    max_bytes: int = Field(default=10 * 2**20, ge=1024)
    max_hops: int = Field(default=5, ge=0, le=20)


class Mail(Part):
    host: v.Line
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["none", "starttls", "tls"] = "starttls"
    username: str = ""
    sender: v.Sender = Field(alias="from")
    timeout: v.Wait = 30.0


class X(Part):
    monthly_reads: int = Field(default=10_000, ge=0)
    price_per_read: float = Field(default=0.005, ge=0)


class Operator(Part):
    receivers: list[str] = []


class Tracker(Part):
    """The whole of tracker.toml."""

    database: v.Database = "sqlite:///archive.db"
    workers: int | None = Field(default=None, ge=0, le=64)
    web: Web = Web()
    network: Network = Network()
    mail: Mail | None = None
    x: X = X()
    operator: Operator = Operator()


class Tenure(Part):
    office: str
    since: date = Field(alias="from")
    until: date | None = Field(default=None, alias="to")


class Leader(Part):
    id: v.Name
    name: v.Line
    aliases: list[v.Line] = []
    short: list[v.Line] = []
    tenure: list[Tenure] = []


class Office(Part):
    id: v.Name
    title: v.Line
    country: v.Country
    aliases: list[v.Line] = []


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
    name: v.Name
    kind: Literal["webhook", "email", "apprise"]


class Webhook(Receiver):
    url: v.Url
    secret: v.Reference | None = None


class Email(Receiver):
    to: list[v.Address] = Field(min_length=1)


class Apprise(Receiver):
    """Its address holds tokens, so all of it comes from the environment."""

    url: v.Reference


RECEIVERS: dict[str, type[Webhook | Email | Apprise]] = {"webhook": Webhook, "email": Email, "apprise": Apprise}


class Rule(Part):
    name: v.Name
    query: str
    receivers: list[str] = []
    max_age: v.Wait = 86400.0
    group_wait: v.Duration = 0.0
    group_by: list[Literal["leader", "country", "label"]] = []
    quiet: list[v.Clock] | None = Field(default=None, min_length=2, max_length=2)
    timezone: v.Zone = "UTC"
    first_reading: bool = False
    enabled: bool = True


class Digest(Part):
    name: v.Name
    to: list[v.Address] = Field(min_length=1)
    at: v.Clock
    timezone: v.Zone = "UTC"
    query: str = ""
    empty: Literal["skip", "mail"] = "skip"
