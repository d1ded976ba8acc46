"""What a config folder says, checked, as frozen values. Times are in seconds; secrets are kept out of every `repr`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tracker.models.registry import Registry
from tracker.models.source import Source
from tracker.models.telling import Digest, Receiver, Rule


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Where the pages are served. Without a `public_url`, links that need one are off."""

    host: str
    port: int
    public_url: str
    token: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """How sources are asked. `allow`: "host:port" or CIDR that the address guard would refuse."""

    user_agent: str
    allow: tuple[str, ...]
    per_host_parallel: int
    per_host_interval: float
    deadline: float
    connect: float
    max_bytes: int
    max_hops: int


@dataclass(frozen=True, slots=True)
class MailSettings:
    """The operator's SMTP server; `sender` is the From of every mail."""

    host: str
    port: int
    security: Literal["none", "starttls", "tls"]
    username: str
    password: str | None = field(repr=False)
    sender: str
    timeout: float


@dataclass(frozen=True, slots=True)
class XSettings:
    """What may be spent on the X API in a calendar month: posts read, at `price` US dollars each."""

    monthly_reads: int
    price: float


@dataclass(frozen=True, slots=True)
class Settings:
    """A whole config. `database` is a URL, an SQLite path in it absolute; `taxonomy` a folder of the operator's own."""

    folder: Path
    database: str = field(repr=False)
    web: WebSettings
    network: NetworkSettings
    mail: MailSettings | None
    operator: tuple[str, ...]
    registry: Registry
    sources: tuple[Source, ...]
    rules: tuple[Rule, ...]
    receivers: Mapping[str, Receiver]
    digests: tuple[Digest, ...]
    taxonomy: Path | None
    x: XSettings
    workers: int
