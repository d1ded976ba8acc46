"""Shares the databases and killable children of the soak tests."""

from __future__ import annotations

from tests.soak.conftest import database, killable, soak_server

__all__ = ["database", "killable", "soak_server"]
