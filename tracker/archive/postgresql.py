"""PostgreSQL through psycopg 3: one writing transaction at a time, leases that skip locked rows, tsvector with GIN.
Nothing outlives a transaction (no prepared statement, no session lock, no session setting), so that it works behind
transaction pooling. A worker that freezes in a transaction loses it after IDLE seconds: the others wait no longer. A
lexeme keeps only 256 positions: occurrence number n of a surface word is therefore indexed as `word|n/255`, and a
phrase asks for `word|` with a prefix match. Stems begin with `~`, facets with `#`, so that no prefix reaches them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, make_url

from tracker import terms
from tracker.archive.ranges import wanted
from tracker.models.query import And, AnyFacet, AnyWord, Everything, Node, Not, Or, Phrase
from tracker.terms import Terms

IDLE = "10s"
LOCK_WAIT = "20s"
#: The one writing lock: any number will do, as long as every version of the program has the same.
WRITER = 7_241_120_418
#: Positions kept of one lexeme, less one.
OCCURRENCES = 255
#: Characters of a lexeme (at most 2,046 bytes).
LONGEST = 400

name = "postgresql"
key = "sort_key"
among = "IN (SELECT CAST(value AS BIGINT) FROM json_array_elements_text(CAST(:given AS JSON)))"
#: Each statement sees what is committed anyway: a transaction around them would only cost two trips.
reading: dict[str, Any] = {"isolation_level": "AUTOCOMMIT"}
match = "terms @@ CAST(:m AS tsquery)"
#: What is common is soon found by walking down the keys, at half a microsecond a row (of a long text, several): when
#: 2,000 rows hold a fifth of what is wanted, some more hold the rest. What is rarer has a small bitmap. MATERIALIZED
#: and OFFSET 0 keep the planner from walking for it, and from matching phrases before the words.
_WALK = (
    "SELECT k FROM (SELECT sort_key AS k, terms FROM words WHERE {within} ORDER BY 1 DESC LIMIT %d) AS newest"
    " WHERE {match} LIMIT :n"
)
_WHOLE = (
    "WITH found AS MATERIALIZED (SELECT k FROM (SELECT sort_key AS k, terms FROM words"
    " WHERE terms @@ CAST(:loose AS tsquery) AND {within} OFFSET 0) AS likely WHERE {exact}) SELECT k FROM found"
    " {order} LIMIT :n"
)
newest: tuple[tuple[str, float], ...] = ((_WALK % 2_000, 0.0), (_WALK % 12_000, 0.2), (_WHOLE, 0.0))

_BEGIN = (
    f"SELECT set_config('idle_in_transaction_session_timeout', '{IDLE}', true),"
    f" set_config('lock_timeout', '{LOCK_WAIT}', true)"
)
_ALONE = f"{_BEGIN}, pg_advisory_xact_lock({WRITER})"


def engine(url: str) -> Engine:
    """A pool of connections through psycopg, whichever of the usual spellings the address has."""
    address = make_url(url).set(drivername="postgresql+psycopg")
    options = {"prepare_threshold": None, "connect_timeout": 5, "tcp_user_timeout": 20_000}
    options |= {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 2}  # a network may swallow all
    made = create_engine(address, connect_args=options, pool_pre_ping=True, pool_use_lifo=True, pool_timeout=20)

    @event.listens_for(made, "begin")
    def _begin(connection: Connection) -> None:
        """Writers come one by one: commit order is that of `seq`, and no two wait for each other's rows."""
        writes = connection.get_execution_options().get("writes")
        if writes:
            connection.exec_driver_sql(_ALONE if writes == "alone" else _BEGIN)

    return made


@contextmanager
def hold(url: str, holder: str) -> Iterator[None]:  # noqa: ARG001  # any number of workers share one database
    """Leases do it."""
    yield


def insert(connection: Connection, table: Table, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
    """Rows that are not there yet, as an array a column: one statement, whatever their number."""
    types = (table.columns[column].type.compile(dialect=connection.dialect) for column in columns)
    arrays = ", ".join(f"CAST(%s AS {type_}[])" for type_ in types)
    query = f"INSERT INTO {table.name} ({', '.join(columns)}) SELECT * FROM unnest({arrays}) ON CONFLICT DO NOTHING"  # noqa: S608
    connection.exec_driver_sql(query, tuple(map(list, zip(*rows, strict=True))))


def index(connection: Connection, entries: Iterable[tuple[int, Terms]]) -> None:
    """Statements' terms."""
    keys, vectors = zip(*((key, _vector(found)) for key, found in entries), strict=True)
    query = "SELECT k, CAST(v AS tsvector) FROM unnest(CAST(%s AS BIGINT[]), CAST(%s AS TEXT[])) AS given (k, v)"
    connection.exec_driver_sql(f"INSERT INTO words (sort_key, terms) {query}", (list(keys), list(vectors)))


def _vector(found: Terms) -> str:
    """A tsvector as text, quoted: surface words with their positions, stems and facets without."""
    places: dict[str, list[int]] = {}
    met: Counter[str] = Counter()
    for position, word in enumerate(found.surface, 1):
        places.setdefault(_lexeme(word, f"|{met[word] // OCCURRENCES or ''}"), []).append(position)
        met[word] += 1
    lexemes = [f"{word}:{','.join(map(str, at))}" for word, at in places.items()]
    lexemes += [_lexeme(f"~{stem}") for stem in found.stems]
    return " ".join([*lexemes, *(_lexeme(f"#{facet}") for facet in found.facets)])


def render(node: Node, *, loose: bool = False) -> str:
    """A tsquery. Every token is quoted: nothing of it is read as syntax. A loose one has no phrases but their words,
    and may match more: the index alone decides it, at half the cost."""
    if isinstance(node, AnyWord):
        return _joined(" | ", [_lexeme(node.word, "|"), *(_lexeme(f"~{stem}") for stem in node.stems)])
    if isinstance(node, Phrase):
        *before, last = node.words
        later = "" if loose or not before else ":*"
        end = f"{_lexeme(last)}:*" if node.prefix else _lexeme(last, "|") + later
        return _joined(" & " if loose else " <-> ", [*(_lexeme(word, "|") + later for word in before), end])
    if isinstance(node, AnyFacet):
        return _joined(" | ", [_lexeme(f"#{facet}") for facet in node.facets])
    if isinstance(node, Or):
        return _joined(" | ", [render(child, loose=loose) for child in node.children])
    children = node.children if isinstance(node, And) else (node,) if isinstance(node, Not) else ()
    found = [render(child, loose=loose) for child in children if not isinstance(child, Not)]
    unwanted = [f"!{render(child.child)}" for child in children if isinstance(child, Not)]
    if loose:
        unwanted = [one for one in unwanted if "<->" not in one]
    return _joined(" & ", [*(found or [_lexeme(f"#{terms.ALL}")]), *unwanted])


def _joined(operator: str, parts: list[str]) -> str:
    return f"({operator.join(parts)})"


def _lexeme(token: str, suffix: str = "") -> str:
    quoted = (token[:LONGEST] + suffix).replace("\\", "\\\\").replace("'", "''")
    return f"'{quoted}'"


def scores(connection: Connection, keys: list[int], node: Node) -> dict[int, float]:
    """How relevant these statements are: what they say of the words that are asked for. Of an `or` each word counts for
    itself; ranking a phrase would compare every place of one word with the other's."""
    asked = render(Or((*wanted(node), Everything())), loose=True)
    score = "sort_key || ' ' || ts_rank(terms, CAST(%s AS tsquery))"
    query = f"SELECT string_agg({score}, ' ') FROM words WHERE sort_key = ANY(CAST(%s AS BIGINT[]))"  # noqa: S608
    found = connection.exec_driver_sql(query, (asked, f"{{{','.join(map(str, keys))}}}")).scalar_one().split()
    return dict(zip(map(int, found[::2]), map(float, found[1::2]), strict=True))
