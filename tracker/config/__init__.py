"""The config folder and the environment as one checked value, or every problem at once.

What a kind of source may be told beside the common keys is its own `Options` in sources/; queries are parsed here, so
that a rule that cannot be read never starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tracker.config.load import Loading
from tracker.config.schema import MailSettings, NetworkSettings, Settings, WebSettings, XSettings
from tracker.errors import ConfigError

__all__ = ["MailSettings", "NetworkSettings", "Settings", "WebSettings", "XSettings", "load", "shipped"]


def shipped() -> Path:
    """The folder that `tracker init` copies: inside an installed package, beside it in a checkout."""
    inside = Path(__file__).parents[1] / "config_shipped"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "config"


def load(folder: Path, environ: Mapping[str, str]) -> Settings:
    """Settings of a config folder, with secrets from `environ`. Opens no socket and writes nothing.

    ConfigError holds every problem at once, one line each: `FILE: key: problem (did you mean …?)`.
    """
    if not folder.is_dir():
        raise ConfigError([f"{folder}: no such folder: `tracker init` makes one"])
    return Loading(folder.resolve(), environ).settings()
