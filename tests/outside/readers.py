"""What the tests of the worker processes run in them."""

from __future__ import annotations

import os
import time
from typing import Any

from tracker.errors import SourceThrottled

PREPARED: list[Any] = []


def prepare(value: Any) -> None:
    PREPARED.append(value)


def prepared() -> tuple[int, list[Any]]:
    return os.getpid(), PREPARED


def burn() -> None:
    while True:
        pass


def wait() -> None:
    time.sleep(60)


def eat() -> int:
    return len([bytes(10_000_000) for _ in range(1000)])


def end() -> None:
    os._exit(3)


def refuse() -> None:
    raise SourceThrottled("slowly", 120.0)


def stumble() -> None:
    raise UnicodeEncodeError("utf-8", "\ud83d", 0, 1, "surrogates not allowed")


def dive(depth: int = 0) -> int:
    return dive(depth + 1) + 1


def echo(value: Any) -> Any:
    return value


def linger(seconds: float) -> str:
    time.sleep(seconds)
    return "done"
