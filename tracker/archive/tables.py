"""The tables as SQLAlchemy Core sees them (`migrations/` makes them; a test holds the two together), and their values.
Core and no ORM: rows never leave the archive, values do, and an executemany upsert costs a tenth of an ORM add. Nested
values that are only read whole are JSON text."""

import base64
import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import BigInteger, Column, Float, Integer, LargeBinary, MetaData, Table, Text, TypeDecorator

from tracker.models.statement import Label

T = TypeVar("T")
_adapter: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(moment: datetime) -> int:
    """Microseconds since 1970, UTC. A naive time is an error."""
    return (moment - EPOCH) // timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware time as microseconds since 1970 in UTC: the same order and digits on every engine."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:  # noqa: ARG002  # SQLAlchemy's
        return None if value is None else micros(value)

    def process_result_value(self, value: Any, dialect: Any) -> datetime | None:  # noqa: ARG002
        return None if value is None else EPOCH + timedelta(microseconds=value)


_METADATA = MetaData()
_TYPES: dict[str, Any] = {"t": Text, "i": Integer, "b": BigInteger, "f": Float, "x": LargeBinary, "@": Instant}


def _table(name: str, columns: str) -> Table:
    """A table of `name:type` columns; without a type it is text."""
    pairs = (column.partition(":") for column in columns.split())
    return Table(name, _METADATA, *(Column(column, _TYPES[kind or "t"]()) for column, _, kind in pairs))


sources = _table(
    "sources",
    "name kind config enabled:i listed:i state next_poll_at:@ lease_token lease_until:@ leases:b polls:b statements:b"
    " span_start:@ span_end:@ span_polls:b",
)
spans = _table("spans", "source span_start:@ span_end:@ polls:b")
polls = _table(
    "polls", "source kind started_at:@ finished_at:@ outcome items:i added:i reads:i requests:i failure failure_kind"
)
statements = _table(
    "statements",
    "seq:b id source kind origin leader office country hash published_at:@ effective_at:@ first_seen_at:@"
    " last_seen_at:@ presence version:i first_reading:i sort_key:b related_at:@ relate_until:@",
)
identities = _table("identities", "source identity seq:b")
versions = _table("versions", "seq:b version:i observed_at:@ hash evidence post understood")
evidence = _table("evidence", "sha256 received_at:@ source url status:i request_headers headers body:x")
labels = _table("labels", "seq:b name given_by removed:i score:f label set_by set_at:@")
mentions = _table("mentions", "seq:b kind ref")
fingerprints = _table("fingerprints", "hash:b seq:b")
#: Those of reports, by the day of publication: they come in the order of the table, and only days near are looked at.
report_fingerprints = _table("report_fingerprints", "day:i hash:b seq:b")
links = _table("links", "statement type other exact verdict")
events = _table("events", "id event_key day told_at:@ event")
event_parties = _table("event_parties", "event side ref")
event_members = _table("event_members", "event statement visit")
alerts = _table("alerts", "id rule statement reason fired_at:@ state state_reason state_at:@")
notifications = _table("notifications", "id type receiver created_at:@ notification")
deliveries = _table(
    "deliveries",
    "id:b notification recipient state attempt:i due_at:@ lease_until:@ lease_token reason settled_at:@",
)
unsubscribed = _table("unsubscribed", "receiver recipient at:@")
silences = _table("silences", "id query starts_at:@ ends_at:@ comment created_by")
issues = _table("issues", "digest day starts_at:@ ends_at:@ made_at:@ notification mailed_at:@")
digest_matches = _table("digest_matches", "id:b digest statement matched_at:@ issue")

#: Who wins where two give the same label, the strongest last; a person's removal beats them all.
_WEIGHT = ("event", "model", "words", "person")


def dump(value: Any, *, exclude: set[str] | None = None) -> str:
    """A frozen value as JSON. Raises ValueError for text that no engine may hold (a lone surrogate)."""
    return _adapter(type(value)).dump_json(value, exclude=exclude).decode()


def load(kind: type[T], text: str) -> T:
    """The frozen value that `dump` wrote. (Decoding without pydantic takes twice as long.)"""
    value: T = _adapter(kind).validate_json(text)
    return value


def digest_of(*parts: str, length: int = 26) -> str:
    """A stable id: the first characters of lower-case base32 of BLAKE2b over the parts."""
    raw = hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass")).digest()
    return base64.b32encode(raw[: -(-length // 8) * 5]).decode().lower()[:length]


def in_force(labels: Iterable[Label], removed: Iterable[Label]) -> tuple[Label, ...]:
    """The labels in force: one a name, none that a person removed, best score first."""
    best = {label.name: label for label in sorted(labels, key=lambda one: _WEIGHT.index(one.by))}
    gone = {label.name for label in removed}
    return tuple(sorted((x for x in best.values() if x.name not in gone), key=lambda one: (-one.score, one.name)))
