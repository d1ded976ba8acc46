"""Brings a database to this program's schema, by the Alembic migrations of the top-level `migrations/`."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from tracker.errors import ArchiveNewer

_HERE = Path(__file__).parent
#: In the wheel they lie beside the package's other parts, in a checkout at its top.
FOLDER = next((f for f in (_HERE.parent / "migrations", _HERE.parents[1] / "migrations") if f.is_dir()), _HERE)


def revisions() -> list[str]:
    """The revisions this program knows, oldest first: the numbers their files begin with."""
    return sorted(path.name[:4] for path in (FOLDER / "versions").glob("[0-9][0-9][0-9][0-9]_*.py"))


def current(connection: Connection) -> str | None:
    """The database's revision; None for an empty one. ArchiveNewer when this program does not know it."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if revision is not None and revision not in revisions():
        raise ArchiveNewer(f"the archive has schema {revision}, not {revisions()[-1]} or older: update the program")
    return revision


def upgrade(connection: Connection) -> tuple[str | None, str] | None:
    """Migrate inside the caller's writing transaction: (from, to), or None when there was nothing to do."""
    from alembic import command  # late: only a database that is behind needs it
    from alembic.config import Config

    before, head = current(connection), revisions()[-1]
    if before == head:
        return None
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return before, head
