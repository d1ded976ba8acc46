"""The journey from "fired" to "in the outbox": alerts, grouped, silenced or deferred, become notifications."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime

from tracker import channels
from tracker.archive import Archive
from tracker.config import Settings
from tracker.decide import group, query
from tracker.errors import QueryError
from tracker.judge import terms_of
from tracker.models import shape
from tracker.models.query import Query
from tracker.models.telling import Alert, Silence

#: Alerts planned in one transaction, the youngest first: more than can ever wait for their groups.
MOST = 5_000


def tell(archive: Archive, settings: Settings, words: query.Vocabulary, now: datetime) -> None:
    """Plan what the firing alerts become, and put their notifications into the outbox."""
    alerts = archive.alerts(state="firing", limit=MOST)
    if not alerts:
        return
    told = {one.id: one for one in archive.statements([alert.statement for alert in alerts if alert.statement])}
    silences = [*_readable(archive.silences(now), words)]

    def silenced(alert: Alert) -> str | None:
        said = told.get(alert.statement or "")
        return group.silenced_by(silences, alert, terms_of(said) if said else None, now) if silences else None

    plan = group.plan(
        alerts, {rule.name: rule for rule in settings.rules},
        {name: channels.recipients(receiver) for name, receiver in settings.receivers.items()}, now,
        statements={key: shape.statement(one) for key, one in told.items()}, silenced=silenced,
        operators=settings.operator,
    )  # fmt: skip
    archive.plan(plan.notifications, plan.states, now)


def _readable(silences: Iterable[Silence], words: query.Vocabulary) -> Iterator[tuple[Silence, Query]]:
    """Silences with their queries. One that names what the config no longer has silences nothing: rather told."""
    for one in silences:
        with suppress(QueryError):
            yield one, query.parse(one.query, words)
