"""`python -m benchmarks [NAME…]`: run, print one table, write it to docs/bench.md and benchmarks/results.json.

Each figure has a limit, or a peer measured in the same run. CPU is of the steady part, start-up apart. Peers that are
not installed (`pip install reader`), and engines that are not there, are said to be missing.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import farm

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Row:
    """One line of the table. `holds` is None where there is no limit or no figure."""

    what: str
    ours: str
    peer: str = ""
    limit: str = ""
    holds: bool | None = None


def module(name: str, *arguments: str) -> Any:
    """What a benchmark of this folder prints; None when it cannot run here."""
    command = [sys.executable, "-m", f"benchmarks.{name}", *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    if ran.returncode:
        print(f"  {name} {' '.join(arguments)}: {ran.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return json.loads(ran.stdout.splitlines()[-1])


def against(what: str, ours: float, unit: str, peer: str, theirs: float | None, most: float) -> Row:
    """A row that holds when ours is at most so many times the peer's."""
    if theirs is None:
        return Row(what, f"{ours:.2f} {unit}", f"{peer}: not installed", f"<= {most} x {peer}")
    ratio = ours / theirs
    return Row(
        what, f"{ours:.2f} {unit}", f"{theirs:.2f} {unit} ({peer})", f"ratio {ratio:.2f} <= {most}", ratio <= most
    )


def polls() -> Iterator[Row]:
    with farm.running(30) as port:
        bare = module("peers", "bare", str(port), "1000")["warm"]["cpu"]
        ours = module("ours", str(port), "1000")
        reader = module("peers", "reader", str(port), "1000")
    theirs = reader["warm"]["cpu"] if reader else None
    what = "warm poll of 1,000 feeds, CPU"
    yield against(what, ours["warm"]["cpu"], "s", "bare httpx client", bare, 0.7)
    yield against(what, ours["warm"]["cpu"], "s", "lemon24/reader", theirs, 0.6)
    with farm.running(1) as port:
        few, many = (module("ours", str(port), str(feeds))["warm"]["cpu"] / feeds for feeds in (1000, 5000))
    yield against("warm poll, CPU a feed: 5,000 beside 1,000", many * 1000, "ms", "1,000 feeds", few * 1000, 1.2)
    cold = reader["cold"]["wall"] if reader else None
    yield against(
        "cold poll of 1,000 feeds of 30 entries, wall", ours["cold"]["wall"], "s", "lemon24/reader", cold, 0.6
    )


def searching() -> Iterator[Row]:
    from tests import postgres

    with tempfile.TemporaryDirectory() as folder:
        yield from found("SQLite", f"sqlite:///{folder}/bench.db")
    with postgres.server() as server:
        if server is None:
            yield Row("search on PostgreSQL", "not run: no PostgreSQL here", "", "<= 30 ms")
        else:
            yield from found("PostgreSQL", server.database())


def found(engine: str, url: str) -> Iterator[Row]:
    it, what = module("searching", url, "100000"), f"search at 100,000 statements on {engine}, worst p95"
    yield below(what, it["p95_ms"], "ms", 30)
    yield Row(f"{what}: phrases of common words, the beginning of most words", f"{it['harder_p95_ms']:,.1f} ms")


def below(what: str, ours: float, unit: str, most: float) -> Row:
    return Row(what, f"{ours:,.1f} {unit}", "", f"<= {most:,} {unit}", ours <= most)


def understanding() -> Iterator[Row]:
    told = module("understanding")
    yield below("1,000 rules against a statement", told["rules_ms"], "ms", 5)
    it = told["classifier"]
    yield Row(
        "classifying in batches, one core",
        f"{it['per_second']:,.0f} a second",
        "",
        ">= 3,000",
        it["per_second"] >= 3000,
    )
    yield below("classifying one statement", it["one_ms"], "ms", 2)
    yield below("start-up of the classifier, imports included", it["start_ms"], "ms", 300)
    yield below("fingerprints of an article of 600 words", told["fingerprints_ms"], "ms", 20)
    linking = told["linking"]
    yield below("an article's quotations found among 100,000 statements, p95", linking["article_ms"], "ms", 20)
    yield below("a near-duplicate found among 100,000 statements, p95", linking["duplicate_ms"], "ms", 2)


def running() -> Iterator[Row]:
    told = module("running", "latency")
    yield below("publication to webhook, every 1 s, p95", told["p95"], "s", 2)
    told = module("running", "memory")
    yield below("memory (PSS) of the daemon, 1,000 sources polled cold, most", told["most_mb"], "MB", 250)


def starting() -> Iterator[Row]:
    tracker, took = str(Path(sys.executable).parent / "tracker"), []
    for _ in range(7):
        started = time.perf_counter()
        subprocess.run([tracker, "--help"], stdout=subprocess.DEVNULL, check=True)
        took.append(time.perf_counter() - started)
    yield below("tracker --help", sorted(took)[3], "s", 0.5)


ALL: dict[str, Callable[[], Iterator[Row]]] = {
    "polls": polls, "searching": searching, "understanding": understanding, "running": running, "starting": starting,
}  # fmt: skip


def page(rows: list[Row], machine: str) -> str:
    holds = {True: "yes", False: "**no**", None: "-"}
    lines = [f"| {r.what} | {r.ours} | {r.peer} | {r.limit} | {holds[r.holds]} |" for r in rows]
    head = "# Figures\n\nPrinted by `make bench`, all of one run on one machine; run it on yours.\n\n"
    return (
        head + f"{machine}\n\n| what | ours | peer | limit | holds |\n|---|---|---|---|---|\n" + "\n".join(lines) + "\n"
    )


def main(names: list[str]) -> int:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    machine = (
        f"{time.strftime('%Y-%m-%d')}, commit {commit.stdout.strip() or '?'}, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start"
    )
    rows: list[Row] = []
    for name in names or list(ALL):
        for row in ALL[name]():
            print(f"{row.what}: {row.ours}  {row.peer}  {row.limit}  {row.holds}", flush=True)
            rows.append(row)
    if not names:
        (ROOT / "docs" / "bench.md").write_text(page(rows, machine), encoding="utf-8")
        results = {"machine": machine, "rows": [asdict(row) for row in rows]}
        (ROOT / "benchmarks" / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return int(any(row.holds is False for row in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
