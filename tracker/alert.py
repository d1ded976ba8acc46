"""The journey from "fired" to "in the outbox": alerts, grouped, silenced or deferred, become notifications."""

from datetime import datetime

from tracker import channels
from tracker.archive import Archive
from tracker.config import Settings
from tracker.decide import group, query
from tracker.judge import terms_of
from tracker.models import shape
from tracker.models.telling import Alert

#: Alerts planned in one transaction.
GROUP = 500


def tell(archive: Archive, settings: Settings, words: query.Vocabulary, now: datetime) -> None:
    """Plan what the firing alerts become, and put their notifications into the outbox."""
    alerts = archive.alerts(state="firing", limit=GROUP)
    if not alerts:
        return
    told = {one.id: one for one in archive.statements([alert.statement for alert in alerts if alert.statement])}
    silences = [(one, query.parse(one.query, words)) for one in archive.silences(now)]

    def silenced(alert: Alert) -> str | None:
        said = told.get(alert.statement or "")
        return group.silenced_by(silences, alert, terms_of(said) if said else None, now) if silences else None

    plan = group.plan(
        alerts,
        {rule.name: rule for rule in settings.rules},
        {name: channels.recipients(receiver) for name, receiver in settings.receivers.items()},
        now,
        statements={key: shape.statement(one) for key, one in told.items()},
        silenced=silenced,
        operators=settings.operator,
    )
    archive.plan(plan.notifications, plan.states, now)
