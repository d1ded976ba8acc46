"""The tree of errors, named for what the caller does next.

    TrackerError
    ├── UsageError      ConfigError, QueryError, NotFound: the caller's words; one line a problem, exit 2
    ├── ArchiveError    ArchiveLocked, ArchiveNewer, ArchiveAway, LeaseLost: the database; exit 3
    ├── SourceError     SourceUnreachable, SourceRefused, SourceThrottled, SourceGone (SourceGoneForGood), SourceBroken,
    │                   AddressRefused: one source failed, the others go on
    └── DeliveryError   DeliveryRetry, DeliveryDead (ReceiverGone), DeliveryUnknown: a message did not arrive

Raised at the door (outside/, sources/, archive/, config), caught by class in a journey or at the roof. Imports nothing.
"""


class TrackerError(Exception):
    """Base of all. `str(error)` is one line that a person can act on; it never holds a secret."""


class UsageError(TrackerError):
    """The call or the config is wrong."""


class ConfigError(UsageError):
    """Every problem of a config at once, one line each: `FILE: key: problem (did you mean …?)`."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class QueryError(UsageError):
    """A query that cannot be read; `column` says where in it, counted in characters from 1."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message, column)
        self.message, self.column = message, column

    def __str__(self) -> str:
        return f"column {self.column}: {self.message}"


class NotFound(UsageError):
    """What was named does not exist: no such source, statement, rule, receiver…"""


class ArchiveError(TrackerError):
    """The database refused."""


class ArchiveLocked(ArchiveError):
    """Another daemon holds this archive."""


class ArchiveNewer(ArchiveError):
    """The schema is newer than this program."""


class ArchiveAway(ArchiveError):
    """The database cannot be reached, is read-only, locked or full: try again later."""


class LeaseLost(ArchiveError):
    """Another worker may have by now what this one held: leave it to it."""


class _Outside(TrackerError):
    """What the other side is to blame for. `retry_after`: seconds that it asked us to wait."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message, self.retry_after = message, retry_after


class SourceError(_Outside):
    """A source could not be asked or read. `final`: it will not come back."""

    final = False


class SourceUnreachable(SourceError):
    """No answer (DNS, connection, TLS, deadline, reset) or a 5xx: back off, try again."""


class SourceRefused(SourceError):
    """An answer that says no (401, 403, a login or challenge page): back off, tell the operator."""


class SourceThrottled(SourceError):
    """Too many requests (429, 503), or a budget of ours that is spent: wait until `retry_after`."""


class SourceGone(SourceError):
    """404: it may come back, and is never a deletion."""


class SourceGoneForGood(SourceGone):
    """410: the publisher says that it will not come back."""

    final = True


class SourceBroken(SourceError):
    """An answer that cannot be read: not a feed, truncated, too large, too slow to parse."""


class AddressRefused(SourceError):
    """The address guard refused where this leads: `[network] allow` does not name it."""


class DeliveryError(_Outside):
    """A message did not arrive."""


class DeliveryRetry(DeliveryError):
    """Worth another attempt, after `retry_after` if the receiver said so."""


class DeliveryDead(DeliveryError):
    """Not worth another attempt: the receiver will never take it."""


class ReceiverGone(DeliveryDead):
    """The receiver answered 410: no further message to it until a person says so."""


class DeliveryUnknown(DeliveryError):
    """Sent, but the final answer was lost: it may have arrived."""
