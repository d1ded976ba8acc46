"""No secret of the config reaches a log, whoever writes it and however deep it lies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.soak import world as w
from tests.soak.child import ENVIRON

LOGGING = """
import logging, os, sys
from pathlib import Path
import structlog
from tracker.cli.logs import configure
from tracker.config import load
configure(load(Path(sys.argv[1]), os.environ))
log = structlog.get_logger("tracker")
for secret in sys.argv[2:]:
    log.info("said", plain=f"a {secret} b", deep=[{"key": (secret, f"Bearer {secret}")}])
    logging.getLogger("library").warning("it has %s", secret)
    try:
        raise ValueError(secret)
    except ValueError:
        logging.getLogger("library").exception("failed")
"""


async def test_no_secret_reaches_a_log(tmp_path: Path) -> None:
    async with w.world(tmp_path, "sqlite:///archive.db", feeds=1):
        sources = (tmp_path / "sources.toml").read_text()
        (tmp_path / "sources.toml").write_text(f'{sources}headers = {{ "X-Key" = "env:FEED_KEY" }}\n')
        main = (tmp_path / "tracker.toml").read_text().replace("[web]\n", '[web]\ntoken = "env:TRACKER_WEB_TOKEN"\n')
        (tmp_path / "tracker.toml").write_text(main)
        environ = {
            **ENVIRON,
            "FEED_KEY": "hush-feed",
            "TRACKER_WEB_TOKEN": "hush-page",
            "TRACKER_MAIL_PASSWORD": "hush-m",
        }
        secrets = ["hush-database", *environ.values()]
        environ["TRACKER_DATABASE_URL"] = "postgresql://me:hush-database@127.0.0.1:9/x"
        logged = subprocess.run(
            [sys.executable, "-c", LOGGING, str(tmp_path), *secrets], cwd=w.ROOT, env={**os.environ, **environ},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert logged.returncode == 0, logged.stderr
    assert len(lines := [json.loads(line) for line in logged.stderr.splitlines()]) == 3 * len(secrets)
    assert {line["event"] for line in lines} == {"said", "it has [redacted]", "failed"}
    assert not [secret for secret in secrets if secret in logged.stderr]
