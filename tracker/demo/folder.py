"""The demo's config folder: the templates of config/ filled with the ports of a running world."""

from __future__ import annotations

from datetime import datetime
from importlib import resources
from pathlib import Path
from string import Template

from tracker.demo.servers import Ports
from tracker.demo.x import BEARER

_DESK_SECRET = "whsec_ZGVtby13b3JsZC1kZXNrLXNlY3JldC0yMDI2"  # noqa: S105  # of the demo's own sink, and published here


def write_config(folder: Path, ports: Ports, now: datetime, web_port: int = 8000) -> dict[str, str]:
    """Write tracker.toml, leaders.toml, sources.toml and rules.toml; returns the environment that they refer to."""
    folder.mkdir(parents=True, exist_ok=True)
    values = {name.replace("-", "_"): ports.url(name) for name in ports.of}
    values |= {
        "allow": ", ".join(f'"127.0.0.1:{port}"' for port in ports.of.values()),
        "mail_port": str(ports.of["mail"]),
    }
    values |= {"day": f"{now:%Y-%m-%d}", "web_port": str(web_port)}
    for template in (resources.files("tracker.demo") / "config").iterdir():
        text = Template(template.read_text(encoding="utf-8")).substitute(values)
        (folder / template.name).write_text(text, encoding="utf-8")
    return {"TRACKER_X_BEARER_TOKEN": BEARER, "DEMO_DESK_SECRET": _DESK_SECRET}
