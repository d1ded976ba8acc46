"""Finding statements: one tree, each engine's own index, the same set, count and date order on both.

Which plan is best depends on how many match, so a count that stops at 1,001 comes first. By relevance the newest
1,000 matches are ranked: a common word would cost seconds otherwise.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, text

from tracker.archive.ranges import HIGHEST, LOWEST, Range, ranges, wanted
from tracker.archive.statements import Statements
from tracker.archive.tables import NEWEST
from tracker.errors import UsageError
from tracker.models.query import Everything, Node, Or
from tracker.models.statement import Found

#: Counted exactly, and ranked, up to here.
COUNTED = 1_000


class _Some(NamedTuple):
    """Keys of what matches, newest first: all of them, or one more than can be counted. Are they the newest?"""

    keys: list[int]
    newest: bool


class Searching(Statements):
    """The verbs that find."""

    def search(
        self, tree: Node, *, sort: Literal["date", "relevance"] = "date", limit: int = 50, cursor: str | None = None
    ) -> Found:
        """A page of what matches, newest first or most relevant first. UsageError for a cursor of another search."""
        start = _opened(cursor, sort)
        with self.reading() as connection:
            parts = ranges(tree)
            some = self._some(connection, parts)
            if sort == "date":
                keys = self._newest(connection, parts, some, limit + 1, below=HIGHEST if start is None else start)
                after = keys[limit - 1] if len(keys) > limit else None
            else:
                start = start or 0
                keys = self._relevant(connection, parts, some)[start : start + limit + 1]
                after = start + limit if len(keys) > limit else None
            statements = self._at(connection, keys[:limit])
        cut = None if after is None else base64.urlsafe_b64encode(f"{sort[0]}{after}".encode()).decode().rstrip("=")
        return Found(tuple(statements), min(len(some.keys), COUNTED), len(some.keys) > COUNTED, cut)

    def _matching(self, connection: Connection, tree: Node, limit: int) -> list[int]:
        """The sort keys of the newest statements that match."""
        parts = ranges(tree)
        return self._newest(connection, parts, self._some(connection, parts), limit)

    def _find(self, connection: Connection, parts: list[Range], limit: int, query: str) -> list[int]:
        """The sort keys of what is in any of these parts: so many, as the query of one part has them."""
        key, each, given = self.dialect.key, list[str](), dict[str, Any](n=limit)
        for n, part in enumerate(parts):
            bounds = [("low", ">=", part.low, LOWEST), ("high", "<", part.high, HIGHEST)]
            within = [f"{key} {sign} :{bound}{n}" for bound, sign, value, open_ in bounds if value != open_]
            given |= {f"{bound}{n}": value for bound, _, value, open_ in bounds if value != open_}
            match = "1 = 1" if part.node == Everything() else self.dialect.match.format(n=n)
            if part.node != Everything():
                given[f"m{n}"] = self.dialect.render(part.node)
            each.append(query.format(key=key, match=match, within=" AND ".join(within) or "1 = 1"))
        if len(each) > 1:
            each = [f"SELECT k FROM ({one}) AS part{n}" for n, one in enumerate(each)]  # noqa: S608  # ours
        return list(connection.execute(text(" UNION ".join(each)), given).scalars()) if each else []

    def _some(self, connection: Connection, parts: list[Range]) -> _Some:
        found, query = list[int](), ""
        for query in self.dialect.some:
            found = self._find(connection, parts, COUNTED + 1, query)
            if len(found) > COUNTED:
                break
        ordered = len(found) <= COUNTED or (len(parts) == 1 and query == self.dialect.some[0])
        return _Some(sorted(found, reverse=True)[: COUNTED + 1], ordered)

    def _newest(
        self, connection: Connection, parts: list[Range], some: _Some, limit: int, below: int = HIGHEST
    ) -> list[int]:
        """The newest keys below one. Only a common word is worth a walk down the index."""
        keys = some.keys
        if len(keys) > COUNTED and (below < HIGHEST or not some.newest):
            parts = [replace(part, high=min(part.high, below)) for part in parts]
            query = NEWEST if limit < COUNTED else self.dialect.newest
            keys = sorted(self._find(connection, parts, limit, query), reverse=True)
        return [key for key in keys if key < below][:limit]

    def _relevant(self, connection: Connection, parts: list[Range], some: _Some) -> list[int]:
        """The newest keys, the most relevant first."""
        keys, tree = self._newest(connection, parts, some, COUNTED), Or(tuple(part.node for part in parts))
        if not keys or not any(True for _ in wanted(tree)):
            return keys
        scores = self.dialect.scores(connection, keys, tree)
        return sorted(keys, key=lambda key: (-scores[key], -key))


def _opened(cursor: str | None, sort: str) -> int | None:
    """Where a page begins: a sort key, or how many came before."""
    if cursor is None:
        return None
    try:
        said = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
        after = int(said[1:])
    except ValueError:
        raise UsageError("the cursor is not one of ours") from None
    if said[:1] != sort[0] or not LOWEST < after < HIGHEST or (sort != "date" and after < 0):
        raise UsageError("the cursor belongs to another search")
    return after
