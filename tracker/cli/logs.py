"""Structured logs on standard error: JSON lines (plain on a terminal), with every secret of the config redacted."""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import structlog

from tracker import text

if TYPE_CHECKING:
    from tracker.config import Settings


def configure(settings: "Settings") -> None:
    """Set up logging for this process."""
    secrets = tuple(sorted((secret for secret in _secrets(settings) if len(secret) >= 4), key=len, reverse=True))

    def redact(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        return {key: _clean(value, secrets) for key, value in event.items()}

    last: Any = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    stamp, level = structlog.processors.TimeStamper(fmt="iso", utc=True), structlog.processors.add_log_level
    logger, out = structlog.make_filtering_bound_logger(logging.INFO), structlog.PrintLoggerFactory(sys.stderr)
    structlog.configure(processors=[level, stamp, redact, last], logger_factory=out, wrapper_class=logger)
    logging.basicConfig(level=logging.WARNING, handlers=[_Others()], force=True)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


class _Others(logging.Handler):
    """What libraries log, in the same form and as free of secrets as our own."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger(record.name)
        trace = logging.Formatter().formatException(record.exc_info) if record.exc_info else None
        log.log(record.levelno, record.getMessage(), logger=record.name, **({"traceback": trace} if trace else {}))


def _clean(value: Any, secrets: tuple[str, ...]) -> Any:
    if isinstance(value, list | tuple):
        return [_clean(one, secrets) for one in value]
    if isinstance(value, Mapping):
        return {_clean(key, secrets): _clean(one, secrets) for key, one in value.items()}
    if not isinstance(value, str):
        return value
    for secret in secrets:
        value = value.replace(secret, "[redacted]")
    return text.visible(value)


def _secrets(settings: "Settings") -> list[str]:
    found = [settings.web.token or "", urlsplit(settings.database).password or ""]
    found += [settings.mail.password or ""] if settings.mail else []
    found += [receiver.secret or "" for receiver in settings.receivers.values()]
    for source in settings.sources:
        for value in source.secrets.values():
            found += [value, value.removeprefix("Bearer ")]
    return found
