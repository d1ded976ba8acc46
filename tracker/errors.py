"""The tree of errors, named for what the caller does next.

    TrackerError
    ├── UsageError              the call or the config is wrong: say so in one line a problem, exit 2
    │   ├── ConfigError         `problems`: every problem of the config at once
    │   ├── QueryError          `column`: where in the query, counted from 1
    │   └── NotFound            no such source, statement, rule, receiver…
    ├── ArchiveError            the database: exit 3
    │   ├── ArchiveLocked       another daemon holds it
    │   ├── ArchiveNewer        its schema is newer than this program
    │   ├── LeaseLost           another worker may have what this one held: leave it to it
    │   └── ArchiveAway         it cannot be reached, is read-only, locked or full: try again later
    ├── SourceError             one source failed, the others go on; `state` and `retry_after` say what follows
    │   ├── SourceUnreachable   DNS, connection, TLS, deadline, reset: back off, try again
    │   ├── SourceRefused       401, 403, a login or challenge page: back off, tell the operator
    │   ├── SourceThrottled     429, 503, a spent budget: wait until `retry_after`
    │   ├── SourceGone          404 or 410: `final` for 410, never a deletion
    │   ├── SourceBroken        an answer that cannot be read: not a feed, truncated, too large, too slow to parse
    │   └── AddressRefused      a private address that `[network] allow` does not name
    └── DeliveryError           a message did not arrive
        ├── DeliveryRetry       try again, after `retry_after` seconds if the receiver said so
        ├── DeliveryDead        the receiver will never take it; `disable` when it asked not to be called again
        └── DeliveryUnknown     the final answer was lost: it may have arrived

Raised at the door (outside/, sources/, archive/, config), caught by class in a journey or at the roof. Imports nothing.
"""

from __future__ import annotations


class TrackerError(Exception):
    """Base of all. `str(error)` is one line that a person can act on; it never holds a secret."""


class UsageError(TrackerError):
    """The caller's words are wrong."""


class ConfigError(UsageError):
    """Every problem of a config at once, one line each: `FILE: key: problem (did you mean …?)`."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class QueryError(UsageError):
    """A query that cannot be read; `column` counts characters from 1."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(f"column {column}: {message}")
        self.message = message
        self.column = column

    def __reduce__(self) -> tuple[type[QueryError], tuple[str, int]]:
        return type(self), (self.message, self.column)


class NotFound(UsageError):
    """Something that was named does not exist."""


class ArchiveError(TrackerError):
    """The database refused."""


class ArchiveLocked(ArchiveError):
    """Another daemon holds this archive."""


class ArchiveNewer(ArchiveError):
    """The schema is newer than this program."""


class LeaseLost(ArchiveError):
    """What this worker held may be another's by now."""


class ArchiveAway(ArchiveError):
    """The database cannot be reached or written now."""


class SourceError(TrackerError):
    """A source could not be asked or read. `retry_after`: seconds the other side asked us to wait."""

    final = False

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[type[SourceError], tuple[str, float | None]]:
        return type(self), (self.message, self.retry_after)


class SourceUnreachable(SourceError):
    """No answer: DNS, connection, TLS, deadline, reset, 5xx."""


class SourceRefused(SourceError):
    """An answer that says no: 401, 403, a login or challenge page."""


class SourceThrottled(SourceError):
    """Too many requests, or a budget of ours that is spent."""


class SourceGone(SourceError):
    """404: it may come back."""


class SourceGoneForGood(SourceGone):
    """410: the publisher says that it will not come back."""

    final = True


class SourceBroken(SourceError):
    """An answer that cannot be read."""


class AddressRefused(SourceError):
    """The address guard refused where this leads."""


class DeliveryError(TrackerError):
    """A message did not arrive."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after


class DeliveryRetry(DeliveryError):
    """Worth another attempt."""


class DeliveryDead(DeliveryError):
    """Not worth another attempt. `disable`: the receiver asked not to be called again (410)."""

    disable = False


class ReceiverGone(DeliveryDead):
    """The receiver answered 410: no further message to it until a person says so."""

    disable = True


class DeliveryUnknown(DeliveryError):
    """Sent, but the final answer was lost."""
