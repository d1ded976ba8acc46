"""Documentation cannot rot: what it names exists, and what it shows runs."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from typer.main import get_command

from tracker.classify import Classifier, Utterance
from tracker.cli.commands import app
from tracker.config import load
from tracker.models.registry import Registry

ROOT = Path(__file__).parents[1]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]


def commands() -> Iterator[tuple[str, object]]:
    def walk(path: str, command: object) -> Iterator[tuple[str, object]]:
        inside = getattr(command, "commands", None)
        if inside is None:
            yield path, command
        else:
            for name, one in inside.items():
                yield from walk(f"{path} {name}".strip(), one)

    yield from walk("", get_command(app))


COMMANDS = dict(commands())


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_has_help_with_an_example_that_names_it(path: str) -> None:
    told = getattr(COMMANDS[path], "help", "") or ""
    example = re.search(r"Example: (tracker .*)", told)
    assert example, f"tracker {path} --help shows no example"
    words = [word for word in shlex.split(example[1]) if not word.startswith("-")]
    assert path in " ".join(words)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_tracker_command_on_a_page_exists(page: Path) -> None:
    for line in re.findall(r"^tracker ([^\n#`]+)", page.read_text(encoding="utf-8"), re.MULTILINE):
        words = [word for word in shlex.split(line) if not word.startswith("-")]
        assert any(" ".join(words[:n]) in COMMANDS for n in (1, 2)), f"{page.name}: tracker {line}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_on_a_page_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_examples_of_sources_md_load(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    examples = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert examples
    for example in examples:
        tomllib.loads(example)
    (tmp_path / "tracker.toml").write_text('database = "sqlite:///archive.db"\n', encoding="utf-8")
    (tmp_path / "leaders.toml").write_bytes((ROOT / "config" / "leaders.toml").read_bytes())
    (tmp_path / "sources.toml").write_text("\n".join(examples), encoding="utf-8")
    settings = load(tmp_path, {})
    assert [source.kind for source in settings.sources] == ["feed", "x"]
    assert settings.sources[1].paused_reason


def test_the_errors_that_classification_md_tells_of_are_still_made() -> None:
    page = (ROOT / "docs" / "classification.md").read_text(encoding="utf-8")
    rows = re.findall(r'^\| "(.+)" \| (.+?) \| .+ \|$', page.split("## Where it errs")[1], re.MULTILINE)
    assert len(rows) >= 8
    classifier, day = Classifier.load(Registry()), date(2026, 11, 20)
    for (text, said), found in zip(
        rows, classifier.classify([Utterance(text, published=day) for text, _ in rows]), strict=True
    ):
        labels = {label.name for label in found.labels}
        told = {name for name in classifier.labels if name in said}
        if said == "nothing":
            assert not labels, text
        elif told:
            assert told <= labels, text
        elif said.startswith("announced"):
            assert [visit.status for visit in found.visits] == ["announced"], text


def test_makefile_and_ci_say_what_readme_says() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", readme, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
