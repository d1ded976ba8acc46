"""Worker processes: reading what strangers wrote, where a crash, a loop or a bomb ends one process and no more. Plain
multiprocessing and no pool library: pebble's pool breaks for good when one of its idle workers dies."""

import asyncio
import atexit
import gc
import logging
import multiprocessing
import resource
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from multiprocessing.connection import Connection
from threading import Lock
from typing import Any

from tracker.errors import SourceBroken, TrackerError

_START_SECONDS = 60.0
#: What code raises on input that it did not foresee; the log has the traceback.
_ODD = (ArithmeticError, AssertionError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError)
_log = logging.getLogger(__name__)


def attempt(function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[str, Any]:
    """Calls the function: ("done", value), ("failed", TrackerError), or ("spent", SourceBroken) without memory."""
    try:
        return "done", function(*args)
    except TrackerError as error:
        return "failed", error
    except RecursionError:
        return "failed", SourceBroken("it is nested too deeply to be read")
    except MemoryError:
        return "spent", SourceBroken("reading it takes more memory than a worker may use")
    except _ODD as error:
        _log.exception("unforeseen input")
        return "failed", SourceBroken(f"it cannot be read: {type(error).__name__}: {str(error)[:200]}")


class Workers:
    """Runs functions in at most `count` processes: each call within `seconds` of wall and CPU time, each process within
    `memory` bytes. `initializer` runs once in each new process and does not count. 0: in the caller's own thread.
    Workers ignore ^C and SIGTERM, which reach a whole process group or service: the daemon ends its calls and closes.
    """

    def __init__(
        self, count: int, initializer: Callable[..., None], initargs: Any = (), *, seconds: float, memory: int
    ) -> None:
        self._inline, self._closed = count == 0, False
        if self._inline:
            initializer(*initargs)
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__, initializer.__module__])  # memory that the processes share
        self._begin = partial(_Worker, context, seconds, memory, initializer, initargs)
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._lock = Lock()
        self._threads = ThreadPoolExecutor(max(count, 1), thread_name_prefix="worker")
        atexit.register(self.close)

    async def run(self, function: Callable[..., Any], *args: Any) -> Any:
        """The function's value, or its TrackerError; SourceBroken when a limit or its worker's death ended it."""
        if self._inline:
            kind, value = attempt(function, args)
        else:
            kind, value = await asyncio.get_running_loop().run_in_executor(self._threads, self._call, function, args)
        if self._closed:
            raise asyncio.CancelledError
        if kind != "done":
            raise value
        return value

    def close(self) -> None:
        """Ends every process at once; calls under way are cancelled."""
        with self._lock:
            self._closed = True
            for worker in self._all:
                worker.process.kill()
        self._threads.shutdown(wait=False, cancel_futures=True)
        atexit.unregister(self.close)

    def _call(self, function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[str, Any]:
        """In one of the threads: one call on an idle worker or a new one, which is put back if it is still good."""
        with self._lock:
            while self._idle and self._idle[-1].pipe.poll():  # an idle worker has nothing to say: this is its end
                self._end(self._idle.pop())
            worker = self._idle.pop() if self._idle else self._begin()
            self._all.add(worker)
        kind, value = "spent", None
        try:
            kind, value = worker.call(function, args)
        finally:  # also when the arguments cannot be pickled
            if kind == "spent" or self._closed:
                self._end(worker)
            else:
                self._idle.append(worker)
        return kind, value

    def _end(self, worker: "_Worker") -> None:
        worker.process.kill()
        worker.process.join()
        worker.pipe.close()
        self._all.discard(worker)


class _Worker:
    """One process and our end of its pipe."""

    def __init__(self, context: Any, seconds: float, *setup: Any) -> None:
        self._seconds, self._ready = seconds, False
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(
            target=_serve, args=(theirs, seconds, *setup), name="tracker-worker", daemon=True
        )
        self.process.start()
        theirs.close()

    def call(self, function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[str, Any]:
        """What `attempt` gives; ("spent", SourceBroken) when the process did not live to tell."""
        try:
            if not self._ready and not (self.pipe.poll(_START_SECONDS) and self.pipe.recv()):
                return "spent", SourceBroken("a worker did not start")
            self._ready = True
            self.pipe.send((function, args))
            if not self.pipe.poll(self._seconds):
                return "spent", SourceBroken(f"reading it takes longer than {self._seconds:g} s")
            kind, value = self.pipe.recv()
            return kind, value
        except (EOFError, OSError):
            self.process.join(1)
            code = self.process.exitcode
            why = "takes too much CPU" if code == -signal.SIGXCPU else f"ended its worker ({code})"
            return "spent", SourceBroken(f"reading it {why}")


def _serve(pipe: Connection, seconds: float, memory: int, initializer: Callable[..., None], initargs: Any) -> None:
    """The life of a worker: until its pipe ends, which it does when the daemon dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    gc.freeze()  # a collection writes into everything that it looks through, which the processes share till then
    initializer(*initargs)
    gc.collect()
    gc.freeze()
    _limit(resource.RLIMIT_DATA, memory)
    pipe.send(True)
    while True:
        try:
            function, args = pipe.recv()
        except EOFError:
            return
        _limit(resource.RLIMIT_CPU, int(time.process_time() + seconds) + 2)
        pipe.send(attempt(function, args))


def _limit(which: int, soft: int) -> None:
    resource.setrlimit(which, (soft, resource.getrlimit(which)[1]))
