"""What the service manager is told: ready, reloading, stopping, alive (systemd's sd_notify); nothing without one."""

import os
import socket
import time
from collections.abc import Mapping


class Supervisor:
    """The other end of NOTIFY_SOCKET. `watchdog`: seconds within which it wants a sign of life; None for never."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "").replace("@", "\0", 1)
        asked = environ.get("WATCHDOG_USEC", "")
        ours = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self.watchdog = int(asked) / 1e6 if asked.isdigit() and ours else None
        self._alive_at = 0.0

    def tell(self, state: str) -> None:
        """Send one state. A manager that does not listen is no trouble of ours."""
        if self._address:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as way:
                try:
                    way.sendto(state.encode(), self._address)
                except OSError:
                    return

    def reloading(self) -> None:
        """RELOADING=1, with the time that `Type=notify-reload` wants."""
        self.tell(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def alive(self) -> None:
        """WATCHDOG=1, as often as it is wanted and no more."""
        if self.watchdog and time.monotonic() - self._alive_at > self.watchdog / 4:
            self._alive_at = time.monotonic()
            self.tell("WATCHDOG=1")
