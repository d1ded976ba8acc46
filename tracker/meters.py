"""What the daemon counts, in Prometheus's default registry. docs/operations.md lists every one; a test compares."""

from prometheus_client import Counter, Histogram

from tracker.models.source import Kept, Reading

POLLS = Counter("tracker_polls_total", "Polls by outcome", ["outcome"])
KEPT = Counter("tracker_statements_kept_total", "Statements kept: new, or a new version", ["verdict"])
ALERTS = Counter("tracker_alerts_total", "Alerts added by polls and relations")
RELATED = Counter("tracker_statements_related_total", "Statements related to those around them")
DELIVERIES = Counter("tracker_deliveries_total", "Attempts to deliver, by what became of them", ["state"])
ISSUES = Counter("tracker_digest_issues_total", "Digest issues made")
RELOADS = Counter("tracker_reloads_total", "Reloads of the config by outcome", ["outcome"])
SECONDS = Histogram("tracker_journey_seconds", "How long a run of a journey takes", ["journey"])
FAILURES = Counter("tracker_journey_failures_total", "Runs of a journey that failed", ["journey"])


def kept(reading: Reading, kept: Kept) -> None:
    """Count one poll and what it added."""
    POLLS.labels("fenced" if kept.fenced else "failed" if kept.failure else reading.outcome).inc()
    KEPT.labels("new").inc(len(kept.new))
    KEPT.labels("edited").inc(len(kept.edited))
    ALERTS.inc(kept.alerts)
