"""Prometheus text: the process's own counters, and gauges read from the archive at each scrape."""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST as CONTENT_TYPE
from prometheus_client import REGISTRY, CollectorRegistry, Gauge, generate_latest

from tracker.archive import Archive

__all__ = ["CONTENT_TYPE", "render"]


def render(archive: Archive) -> bytes:
    """The default registry's metrics, then the archive's; ArchiveError when it is away."""
    registry = CollectorRegistry()
    of_archive = Gauge("tracker_archive_rows", "Rows of the archive", ["what"], registry=registry)
    for what, number in archive.status().items():
        if isinstance(number, int | float):
            of_archive.labels(what).set(number)
    deliveries = Gauge("tracker_outbox_deliveries", "Deliveries by state", ["state"], registry=registry)
    outbox = archive.outbox()
    for state in ("pending", "sending", "dead", "held", "sent"):
        deliveries.labels(state).set(getattr(outbox, state))
    _sources(archive, registry)
    return generate_latest(REGISTRY) + generate_latest(registry)


def _sources(archive: Archive, registry: CollectorRegistry) -> None:
    health = Gauge("tracker_source_health", "1 for the state a source is in", ["source", "state"], registry=registry)
    failures = Gauge("tracker_source_failures", "Failed polls in a row", ["source"], registry=registry)
    success = Gauge("tracker_source_last_success_timestamp_seconds", "Last success", ["source"], registry=registry)
    kept = Gauge("tracker_source_statements", "Statements kept", ["source"], registry=registry)
    for one in archive.sources():
        name, state = one.source.name, one.state
        health.labels(name, state.health).set(1)
        failures.labels(name).set(state.failures)
        kept.labels(name).set(one.statements)
        if state.last_success_at:
            success.labels(name).set(state.last_success_at.timestamp())
