"""Writes config folders for tests: a small one that is right, and variations of its files."""

from __future__ import annotations

from pathlib import Path

from tracker.config import Settings, load
from tracker.errors import ConfigError

RIGHT = {
    "tracker.toml": """
        database = "sqlite:///archive.db"
        [mail]
        host = "127.0.0.1"
        from = "Tracker <tracker@example.org>"
    """,
    "leaders.toml": """
        [[office]]
        id = "mli-president"
        title = "President of the Transition"
        country = "MLI"
        [[leader]]
        id = "assimi-goita"
        name = "Assimi Goïta"
        aliases = ["Ассими Гойта"]
        [[leader.tenure]]
        office = "mli-president"
        from = 2021-06-07
    """,
    "sources.toml": """
        [[source]]
        name = "goita-feed"
        kind = "feed"
        url = "https://example.org/rss"
        leader = "assimi-goita"
    """,
    "rules.toml": """
        [[receiver]]
        name = "desk"
        kind = "webhook"
        url = "https://example.org/hook"
        [[rule]]
        name = "sahel-visits"
        query = "label:diplomatic_visit country:MLI"
        receivers = ["desk"]
    """,
}


def written(folder: Path, **files: str | None) -> Path:
    """The right files, with some given anew by their first name (`sources=…`), left out where None."""
    for name, content in (RIGHT | {f"{first}.toml": content for first, content in files.items()}).items():
        if content is not None:
            (folder / name).write_text(content, encoding="utf-8")
    return folder


def loaded(folder: Path, environ: dict[str, str] | None = None, **files: str | None) -> Settings:
    return load(written(folder, **files), environ or {})


def problems(folder: Path, environ: dict[str, str] | None = None, **files: str | None) -> list[str]:
    """What is wrong, line by line; empty when nothing is."""
    try:
        loaded(folder, environ, **files)
    except ConfigError as error:
        return error.problems
    return []
