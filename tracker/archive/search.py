"""Finding statements: one tree, each engine's own index, the same set, count and date order on both.

Which plan is best depends on how many match, so a count that stops at 1,001 comes first. By relevance the newest
2,000 matches are ranked: a common word would cost seconds otherwise.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any, Literal

from sqlalchemy import Connection, text

from tracker.archive.ranges import HIGHEST, LOWEST, Range, ranges
from tracker.archive.statements import Statements
from tracker.errors import UsageError
from tracker.models.query import Everything, Node
from tracker.models.statement import Found

#: Counted exactly up to here.
COUNTED = 1_000
#: By relevance this many of the newest matches are ranked.
RANKED = 2_000


class Searching(Statements):
    """The verbs that find."""

    def search(
        self, tree: Node, *, sort: Literal["date", "relevance"] = "date", limit: int = 50, cursor: str | None = None
    ) -> Found:
        """A page of what matches, newest first or most relevant first. UsageError for a cursor of another search."""
        start = _opened(cursor, sort)
        parts = ranges(tree)
        if not parts:
            return Found((), 0)
        with self.reading() as connection:
            some = self._some(connection, parts)
            if sort == "date":
                keys = self._newest(connection, parts, some, limit + 1, below=HIGHEST if start is None else start)
                after = keys[limit - 1] if len(keys) > limit else None
            else:
                keys = self._relevant(connection, parts, some, limit + 1, start or 0)
                after = (start or 0) + limit if len(keys) > limit else None
            statements = self._at(connection, keys[:limit])
        cut = None if after is None else _closed(sort, after)
        return Found(tuple(statements), min(len(some), COUNTED), len(some) > COUNTED, cut)

    def _matching(self, connection: Connection, tree: Node, limit: int) -> list[int]:
        """The sort keys of the newest statements that match."""
        parts = ranges(tree)
        return self._newest(connection, parts, self._some(connection, parts), limit) if parts else []

    def _where(self, parts: list[Range]) -> tuple[list[str], dict[str, Any]]:
        """A condition for each part, and the parameters of all."""
        conditions, given = [], dict[str, Any]()
        for n, part in enumerate(parts):
            bounds = [("low", ">=", part.low, LOWEST), ("high", "<", part.high, HIGHEST)]
            terms = [f"{self.dialect.key} {sign} :{bound}{n}" for bound, sign, value, open_ in bounds if value != open_]
            given |= {f"{bound}{n}": value for bound, _, value, open_ in bounds if value != open_}
            if part.node != Everything():
                terms.insert(0, self.dialect.match.format(n=n))
                given[f"m{n}"] = self.dialect.render(part.node)
            conditions.append(" AND ".join(terms) or "1 = 1")
        return conditions, given

    def _some(self, connection: Connection, parts: list[Range]) -> list[int]:
        """The keys of all that matches, newest first; when they are more than can be counted, of one more, any."""
        conditions, given = self._where(parts)
        each = [f"SELECT {self.dialect.key} AS k FROM words WHERE {one} LIMIT :n" for one in conditions]  # noqa: S608
        found = connection.execute(text(_union(each)), {**given, "n": COUNTED + 1}).scalars()
        return sorted(found, reverse=True)[: COUNTED + 1]

    def _newest(
        self, connection: Connection, parts: list[Range], some: list[int], limit: int, below: int = HIGHEST
    ) -> list[int]:
        """The newest keys below one. Only a common word is worth a walk down the index."""
        if len(some) <= COUNTED:
            return [key for key in some if key < below][:limit]
        conditions, given = self._where([replace(part, high=min(part.high, below)) for part in parts])
        each = [f"SELECT {self.dialect.key} AS k FROM words WHERE {one} ORDER BY 1 DESC LIMIT :n" for one in conditions]  # noqa: S608
        found = each[0] if len(each) == 1 else f"{_union(each)} ORDER BY k DESC LIMIT :n"
        return list(connection.execute(text(found), {**given, "n": limit}).scalars())

    def _relevant(
        self, connection: Connection, parts: list[Range], some: list[int], limit: int, start: int
    ) -> list[int]:
        if len(some) > COUNTED:
            newest = self._newest(connection, parts, some, RANKED)
            parts = [replace(part, low=max(part.low, newest[-1])) for part in parts]
        conditions, given = self._where(parts)
        each = []
        for n, one in enumerate(conditions):
            score = self.dialect.rank.format(n=n) if f"m{n}" in given else "0.0"
            ranked = f"SELECT {self.dialect.key} AS k, {score} AS r FROM words WHERE {one}"  # noqa: S608  # parameters only
            each.append(f"part{n} AS MATERIALIZED ({ranked})")
        found = " UNION ALL ".join(f"SELECT k, r FROM part{n}" for n in range(len(each)))  # noqa: S608
        order = f"SELECT k FROM ({found}) AS found GROUP BY k ORDER BY max(r) DESC, k DESC LIMIT :n OFFSET :start"  # noqa: S608
        page = {"n": min(limit, max(RANKED - start, 0)), "start": start}
        return list(connection.execute(text(f"WITH {', '.join(each)} {order}"), {**given, **page}).scalars())


def _union(each: list[str]) -> str:
    """Each of the selects with a LIMIT of its own, without doubles."""
    if len(each) == 1:
        return each[0]
    return " UNION ".join(f"SELECT k FROM ({one}) AS part{n}" for n, one in enumerate(each))  # noqa: S608


def _closed(sort: str, after: int) -> str:
    return base64.urlsafe_b64encode(f"{sort[0]}{after}".encode()).decode().rstrip("=")


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
