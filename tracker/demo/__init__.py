"""A world on loopback: `World` knows what happens when, `running` serves it, `write_config` names it in a config."""

from tracker.demo.servers import running, write_config
from tracker.demo.world import World, WorldClock

__all__ = ["World", "WorldClock", "running", "write_config"]
