"""Finding statements: one tree, each engine's own index, the same set, count and date order on both. A search begins
with the keys of up to 1,001 matches, of which the newest are the first page, or are ranked, and the others only
counted: ranking a common word whole would cost seconds."""

import base64
from dataclasses import replace
from typing import Literal

from sqlalchemy import Connection, text

from tracker.archive.ranges import HIGHEST, LOWEST, Range, ranges, wanted
from tracker.archive.statements import Statements
from tracker.errors import UsageError
from tracker.models.query import Everything, Node, Or
from tracker.models.statement import Found

#: Counted exactly, and ranked, up to here.
COUNTED = 1_000


class Searching(Statements):
    """The verbs that find."""

    def search(
        self, tree: Node, *, sort: Literal["date", "relevance"] = "date", limit: int = 50, cursor: str | None = None
    ) -> Found:
        """A page of what matches, newest first or most relevant first. UsageError for a cursor of another search."""
        start, parts = _opened(cursor, sort), ranges(tree)
        with self.reading() as connection:
            page = COUNTED if sort == "relevance" else limit + 1 if start is None else 0
            some = self._newest(connection, parts, COUNTED + 1, page)
            if sort == "date":
                below = HIGHEST if start is None else start
                keys = sorted((key for key in some if key < below), reverse=True)
                if len(some) > COUNTED and not len(some) > page > 0:
                    keys = self._newest(connection, parts, limit + 1, below=below)
                after = keys[limit - 1] if len(keys) > limit else None
            else:
                start = start or 0
                keys = self._relevant(connection, parts, some[:COUNTED])[start : start + limit + 1]
                after = start + limit if len(keys) > limit else None
            statements = self._at(connection, keys[:limit])
        cut = None if after is None else base64.urlsafe_b64encode(f"{sort[0]}{after}".encode()).decode().rstrip("=")
        return Found(tuple(statements), min(len(some), COUNTED), len(some) > COUNTED, cut)

    def _matching(self, connection: Connection, tree: Node, limit: int) -> list[int]:
        """The sort keys of the newest statements that match."""
        return self._newest(connection, ranges(tree), limit)

    def _newest(
        self, connection: Connection, parts: list[Range], limit: int, page: int = HIGHEST, below: int = HIGHEST
    ) -> list[int]:
        """Keys below one: the newest for a page, and for the count any others."""
        found = list[int]()
        for part in reversed(parts):
            others = len(found)
            for query, share in self.dialect.newest:
                high, missing = min(part.high, below, *found[-1:]), limit - len(found)
                if part.low < high and missing > 0 and len(found) - others >= share * limit:
                    order = "ORDER BY 1 DESC" if len(found) < page else ""
                    found += self._find(connection, replace(part, high=high), missing, query, order)
        return found

    def _find(self, connection: Connection, part: Range, limit: int, query: str, order: str) -> list[int]:
        """The sort keys of what is in a part: so many, as the query has them."""
        key, render = self.dialect.key, self.dialect.render
        strict, loose = render(part.node), render(part.node, loose=True)
        bounds = [("low", ">=", part.low, LOWEST), ("high", "<", part.high, HIGHEST)]
        within = " AND ".join(f"{key} {sign} :{bound}" for bound, sign, value, open_ in bounds if value != open_)
        match = "1 = 1" if part.node == Everything() else self.dialect.match
        exact = "1 = 1" if strict == loose else match
        filled = query.format(match=match, exact=exact, within=within or "1 = 1", order=order)
        given = {"n": limit, "low": part.low, "high": part.high, "m": strict, "loose": loose}
        return list(connection.execute(text(filled), given).scalars().all())

    def _relevant(self, connection: Connection, parts: list[Range], keys: list[int]) -> list[int]:
        """These keys, the most relevant first."""
        tree = Or(tuple(part.node for part in parts))
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
