"""The demo world: small servers on loopback, told by fixtures of our own, for the real adapters and the real delivery.

`World` knows what happens when, `running(world)` serves it on free ports, `write_config` writes the config for them.
"""

from tracker.demo.folder import write_config
from tracker.demo.servers import Ports, running
from tracker.demo.world import World, WorldClock

__all__ = ["Ports", "World", "WorldClock", "running", "write_config"]
