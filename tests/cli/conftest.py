"""A small archive, made once; each test works on a copy of its folder."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from terminal import FILES, Desk, fill


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    folder = tmp_path_factory.mktemp("desk")
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder, asyncio.run(fill(folder))


@pytest.fixture
def desk(filled: tuple[Path, dict[str, str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    folder = tmp_path / "config"
    shutil.copytree(filled[0], folder)
    return Desk(folder, filled[1], capsys)
