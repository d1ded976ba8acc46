"""The journey of a digest: periods that ended become issues, issues become one mail to each recipient. An issue is made
once (its key is the digest and the local date), whoever makes it and however often. Periods slept through are made one
by one and mailed as one."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from tracker.archive import Archive
from tracker.decide import brief, period
from tracker.models.telling import Digest, Issue, Notification, Period


def make_due(archive: Archive, digests: Sequence[Digest], titles: Mapping[str, str], now: datetime) -> list[Issue]:
    """Make and mail every issue whose period has ended; the issues made."""
    made: list[Issue] = []
    for one in digests:
        last = archive.last_issue(one.name)
        begun = archive.first_match(one.name)
        if not begun and one.empty == "mail":  # before a source was first read, an empty day says nothing
            begun = min(filter(None, (source.state.first_read_at for source in archive.sources())), default=None)
        for ended in period.due(one, last, now, begun or now):
            made.append(archive.make_issue(ended, now))
        mail(archive, one, titles, now)
    return made


def make(archive: Archive, one: Digest, ended: Period, titles: Mapping[str, str], now: datetime) -> Issue:
    """Make and mail the issue of one period; doing it again gives the same issue and mails nothing again."""
    issue = archive.make_issue(ended, now)
    mail(archive, one, titles, now)
    return issue


def mail(archive: Archive, one: Digest, titles: Mapping[str, str], now: datetime) -> None:
    """Put what is made and not yet mailed into the outbox, as one notification."""
    if issues := archive.unmailed(one.name):
        archive.mail_issues(issues, written(archive, one, issues, titles, now), now)


def written(
    archive: Archive, one: Digest, issues: Sequence[Issue], titles: Mapping[str, str], now: datetime
) -> Notification | None:
    """The mail of these issues; None when there is nothing to mail."""
    statements = archive.statements([key for issue in issues for key in issue.statements])
    return brief.notification(one, issues, statements, titles, now)
