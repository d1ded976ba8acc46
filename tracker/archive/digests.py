"""Digests: which statement is in which issue, and which issues were mailed. Each issue is made and mailed once."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, update

from tracker.archive import tables as t
from tracker.archive.telling import Telling
from tracker.models.telling import Issue, Notification, Period


class Digests(Telling):
    """The verbs about digests, and the counts of everything."""

    def last_issue(self, digest: str) -> Issue | None:
        """The issue whose period ends last."""
        return next(iter(self.issues(digest, limit=1)), None)

    def issues(self, digest: str | None = None, limit: int = 50) -> list[Issue]:
        """Issues, the latest period first."""
        query = select(t.issues).order_by(t.issues.c.ends_at.desc(), t.issues.c.digest).limit(limit)
        return self._read(query if digest is None else query.where(t.issues.c.digest == digest))

    def issue(self, digest: str, day: date) -> Issue | None:
        """The issue of the period that ends on this local day; None while there is none."""
        query = select(t.issues).where(t.issues.c.digest == digest, t.issues.c.day == day.isoformat())
        return next(iter(self._read(query)), None)

    def unissued(self, digest: str, before: datetime) -> tuple[str, ...]:
        """The statements that first matched before a time and are in no issue yet, in commit order."""
        row = t.digest_matches.c
        query = select(row.statement).where(row.digest == digest, row.issue.is_(None), row.matched_at < before)
        return tuple(statement for (statement,) in self.rows(query.order_by(row.id)))

    def first_match(self, digest: str) -> datetime | None:
        """When something first matched this digest: its first period is the one that ends next after that."""
        match = t.digest_matches.c
        ((first,),) = self.rows(select(func.min(match.matched_at)).where(match.digest == digest))
        return first  # type: ignore[no-any-return]

    def make_issue(self, period: Period, now: datetime) -> Issue:
        """The issue of a period: what first matched before its end and is in no issue yet, in commit order. Made once;
        asking again gives the same."""
        row, match, day = t.issues.c, t.digest_matches.c, period.day.isoformat()
        query = select(t.issues).where(row.digest == period.digest, row.day == day)
        with self.writing() as connection:
            if not connection.execute(query).first():
                values = {"starts_at": period.start, "ends_at": period.end, "made_at": now}
                connection.execute(insert(t.issues).values(digest=period.digest, day=day, **values))
                waiting = update(t.digest_matches).where(match.digest == period.digest, match.issue.is_(None))
                connection.execute(waiting.where(match.matched_at < period.end).values(issue=day))
            return _issues(connection, query)[0]

    def unmailed(self, digest: str) -> list[Issue]:
        """Issues that were neither mailed nor closed, oldest first."""
        row = t.issues.c
        return self._read(select(t.issues).where(row.digest == digest, row.mailed_at.is_(None)).order_by(row.ends_at))

    def mail_issues(self, issues: Sequence[Issue], notification: Notification | None, now: datetime) -> None:
        """Put the mail of these issues in the outbox, in one transaction; None closes them without one. When another
        worker mailed one of them meanwhile, nothing is mailed again."""
        row = t.issues.c
        keys = [(one.digest, one.day.isoformat()) for one in issues]
        with self.writing() as connection:
            waiting = connection.execute(select(row.digest, row.day).where(row.mailed_at.is_(None)))
            if not keys or not set(map(tuple, waiting)).issuperset(keys):
                return
            if notification is not None:
                self._notify(connection, [notification])
            for digest, day in keys:
                query = update(t.issues).where(row.digest == digest, row.day == day)
                connection.execute(query.values(mailed_at=now, notification=notification.id if notification else None))

    def _read(self, query: Select[Any]) -> list[Issue]:
        with self.reading() as connection:
            return _issues(connection, query)

    def status(self) -> dict[str, Any]:
        """How much there is of what."""
        counted = (t.statements, t.versions, t.evidence, t.links, t.events, t.polls, t.issues)
        with self.reading() as connection:
            count = {table.name: connection.scalar(select(func.count()).select_from(table)) for table in counted}
            states = connection.execute(select(t.alerts.c.state, func.count()).group_by(t.alerts.c.state))
            alerts = dict(map(tuple, states))
            unrelated = select(func.count()).select_from(t.statements).where(t.statements.c.related_at.is_(None))
            waiting = connection.scalar(unrelated)
            last = connection.scalar(select(func.max(t.statements.c.first_seen_at)))
        return {**count, "alerts": alerts, "unrelated": waiting, "last_kept_at": last}


def _issues(connection: Connection, query: Select[Any]) -> list[Issue]:
    rows, match = connection.execute(query).all(), t.digest_matches.c
    found = []
    for row in rows:
        inside = select(match.statement).where(match.digest == row.digest, match.issue == row.day).order_by(match.id)
        statements = tuple(connection.scalars(inside))
        times = (row.starts_at, row.ends_at, row.made_at)
        found.append(Issue(row.digest, date.fromisoformat(row.day), *times, statements, row.notification))
    return found
