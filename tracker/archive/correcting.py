"""What a person or a newer classifier says of a statement: it replaces what was understood, never a person's word."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import Connection, bindparam, delete, select, update

from tracker.archive import tables as t
from tracker.archive.around import ITEM
from tracker.archive.relate import Relating, label_row, mention_rows
from tracker.archive.tables import dump
from tracker.models.statement import VISIT, Classification, Label, Statement


class Correcting(Relating):
    """The verbs that change what is understood. The statements are then related again."""

    def correct(
        self, id: str, add: Sequence[str], remove: Sequence[str], by: str, now: datetime, note: str = ""
    ) -> Statement:
        """Labels a person gives or takes away; reclassifying never undoes it. Saying it again changes the name only.
        Who takes the visit's label away says that this statement tells of no visit: it leaves its events."""
        with self.writing() as connection:
            whole = self._whole(connection, id)
            seq = self._seqs(connection, [whole])[whole]
            decided = [*((name, 0, "set") for name in add), *((name, 1, "removed") for name in remove)]
            row, why, names = t.labels.c, f" by {by}{': ' * bool(note)}{note}", [name for name, *_ in decided]
            connection.execute(delete(t.labels).where(row.seq == seq, row.given_by == "person", row.name.in_(names)))
            said = [(Label(name, 1.0, "person", reason=what + why), gone) for name, gone, what in decided]
            self.add(connection, t.labels, [label_row(seq, label, now, by, gone) for label, gone in said])
            left = self._leave_events(connection, [whole], now) if VISIT in remove else ()
            self._again(connection, {whole, *left})
            return self._of_ids(connection, [whole])[0]

    def replace_classification(self, pairs: Sequence[tuple[str, Classification]], now: datetime) -> None:
        """What a newer classifier understands of these statements' current versions; what a person said stays."""
        with self.writing() as connection:
            seqs = self._seqs(connection, [key for key, _ in pairs])
            found = [(seqs[key], understood) for key, understood in pairs if key in seqs]
            self._drop_mentions(connection, [seq for seq, _ in found])
            self.add(connection, t.mentions, [row for one in found for row in mention_rows(*one)])
            newest = select(t.statements.c.version).where(t.statements.c.seq == bindparam("new_seq")).scalar_subquery()
            understood = [{"seq": seq, "understood": dump(one)} for seq, one in found]
            self.change(connection, t.versions, "seq", understood, t.versions.c.version == newest)
            self._again(connection, {*seqs, *self._leave_events(connection, seqs, now, same_words=True)})

    def _drop_mentions(self, connection: Connection, seqs: Sequence[int]) -> None:
        if seqs:
            mention = t.mentions.c
            connection.execute(delete(t.mentions).where(mention.seq.in_(seqs), mention.kind != ITEM))

    def _leave_events(
        self, connection: Connection, ids: Collection[str], now: datetime, *, same_words: bool = False
    ) -> set[str]:
        """Take statements that tell a visit otherwise now, or only belonged to one, out of their events. These events
        become what is still told; one that nobody tells is gone. Who belonged to them loses the label that came by it.
        Those who must be related again: it makes again what still holds."""
        row, label, event = t.event_members.c, t.labels.c, t.events.c
        query = select(row.event, row.statement, row.visit).where(row.statement.in_(list(ids)))
        members = connection.execute(query).all()
        found = self._of_ids(connection, {member.statement for member in members})
        tell = {one.id: {dump(visit) for visit in one.classification.visits} for one in found}
        told = [one for one in members if one.visit or not same_words]  # who only belongs does so by its words
        otherwise = [one for one in told if one.visit not in tell[one.statement]]
        events = {one.event for one in otherwise}
        belong = select(row.statement).where(row.event.in_(events), row.visit.is_(None))
        left = {one.statement for one in otherwise} | set(connection.scalars(belong))
        connection.execute(delete(t.event_members).where(row.event.in_(events), row.statement.in_(left)))
        seqs = self._seqs(connection, left).values()
        connection.execute(delete(t.labels).where(label.seq.in_(list(seqs)), label.given_by == "event"))
        keys = list(connection.scalars(select(event.event_key).where(event.id.in_(events))))
        for key, *days in (key.rsplit("|", 2) for key in keys):
            self._reindex(connection, self._retell(connection, key, map(date.fromisoformat, days), (), now))
        return left

    def _again(self, connection: Connection, ids: Collection[str]) -> None:
        """Index them as they are now, and let them be related again."""
        again = update(t.statements).where(t.statements.c.id.in_(ids))
        connection.execute(again.values(related_at=None, relate_until=None))
        self._reindex(connection, ids)
