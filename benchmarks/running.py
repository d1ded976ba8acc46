"""`python -m benchmarks.running latency|memory`: the daemon as a process of its own, from outside.

`latency`: seconds from an item's appearance at its feed to the webhook's receipt, one source polled every second.
`memory`: proportional set size of the daemon and its workers with 1,000 sources polled, in megabytes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from benchmarks import farm, ours

ITEMS = 40
RULES = """
[[receiver]]
name = "desk"
kind = "webhook"
url = "http://127.0.0.1:{port}/hook"
secret = "env:BENCH_SECRET"
[[rule]]
name = "all"
query = ""
receivers = ["desk"]
"""


class Newsroom(BaseHTTPRequestHandler):
    """A feed that grows, and the webhook that hears of it."""

    published: dict[str, float] = {}  # noqa: RUF012  # of the whole server
    heard: dict[str, float] = {}  # noqa: RUF012

    def do_GET(self) -> None:
        items = "".join(
            f"<item><guid isPermaLink='false'>{key}</guid><title>News {key}</title>"
            f"<pubDate>{formatdate(at)}</pubDate></item>"
            for key, at in sorted(self.published.items())
        )
        body = (
            f"<rss version='2.0'><channel><title>n</title><link>http://n.example</link>{items}</channel></rss>".encode()
        )
        self.send_response(200)
        self.send_header("Content-Type", "application/rss+xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        call = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.heard.setdefault(call["data"]["statement"]["external_id"], time.time())
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def daemon(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """`tracker run` on a config folder, once it says that it is ready."""
    environment = {**os.environ, "BENCH_SECRET": "whsec_YmVuY2gtc2VjcmV0LW9mLXRoaXMtcnVu"}
    command = [str(Path(sys.executable).parent / "tracker"), "--config", str(folder), "run"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    while "is running" not in (said := process.stdout.readline()):
        if not said:
            raise SystemExit("the daemon did not start")
    try:
        yield process
    finally:
        process.terminate()
        process.wait(40)


def latency() -> dict[str, object]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Newsroom)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    Newsroom.published["first"] = time.time()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours.write_config(folder, port, 0)
        with (folder / "tracker.toml").open("a", encoding="utf-8") as config:
            config.write("[web]\nport = 0\n")
        (folder / "sources.toml").write_text(
            f'[[source]]\nname = "n"\nkind = "feed"\nurl = "http://127.0.0.1:{port}/"\npublisher = "N"\n'
            'every = "1s"\nevery_max = "1s"\n',
            encoding="utf-8",
        )
        (folder / "rules.toml").write_text(RULES.replace("{port}", str(port)), encoding="utf-8")
        with daemon(folder):
            time.sleep(5)
            for number in range(ITEMS):
                Newsroom.published[f"item-{number}"] = time.time()
                time.sleep(1.37)
            time.sleep(5)
    took = sorted(at - Newsroom.published[key] for key, at in Newsroom.heard.items() if key != "first")
    return {"heard": len(took), "of": ITEMS, "p50": took[len(took) // 2], "p95": took[int(len(took) * 0.95)]}


def pss(root: int) -> float:
    """Megabytes of a process and its descendants, shared pages counted in proportion."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(") ", 1)[1].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry.name))
    waiting, total = [root], 0
    while waiting:
        pid = waiting.pop()
        waiting += children.get(pid, [])
        try:
            for line in (Path("/proc") / str(pid) / "smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        except OSError:
            continue
    return total / 1024


def memory(feeds: int = 1000) -> dict[str, object]:
    with farm.running(30) as port, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours.write_config(folder, port, feeds)
        with (folder / "tracker.toml").open("a", encoding="utf-8") as config:
            config.write("[web]\nport = 0\n")
        with daemon(folder) as process:
            most, status = 0.0, {"statements": 0}
            deadline = time.monotonic() + 300
            while status["statements"] < feeds * 30 and time.monotonic() < deadline:
                time.sleep(2)
                most = max(most, pss(process.pid))
                told = subprocess.run(
                    [str(Path(sys.executable).parent / "tracker"), "--config", str(folder), "status", "--json"],
                    capture_output=True, text=True, check=True,
                )  # fmt: skip
                status = json.loads(told.stdout)
            time.sleep(10)
            return {"most_mb": most, "at_rest_mb": pss(process.pid), "statements": status["statements"]}


if __name__ == "__main__":
    print(json.dumps({"latency": latency, "memory": memory}[sys.argv[1]]()))
