"""What is remembered: the only SQL, on SQLite and PostgreSQL alike. `Archive` is its one name; rows never leave."""

from tracker.archive.digests import Digests
from tracker.archive.sources import Sources

__all__ = ["Archive"]


class Archive(Digests, Sources):
    """All verbs of the archive, over one open database."""
