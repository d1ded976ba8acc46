"""The archive's first tables: sources, statements, links and events, what is told, digests, and the index.

Times are microseconds since 1970 in UTC, nested values that are only read whole are JSON in a text column. A statement
goes by `seq` (commit order) inside the archive and by `id` outside. The last table is each engine's own index.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
sources (name TEXT PRIMARY KEY, kind TEXT NOT NULL, config TEXT NOT NULL, enabled INTEGER NOT NULL,
  listed INTEGER NOT NULL, state TEXT NOT NULL, next_poll_at BIGINT, lease_token TEXT, lease_until BIGINT,
  leases BIGINT NOT NULL, polls BIGINT NOT NULL, statements BIGINT NOT NULL,
  span_start BIGINT, span_end BIGINT, span_polls BIGINT NOT NULL)
spans (source TEXT NOT NULL, span_start BIGINT NOT NULL, span_end BIGINT NOT NULL, polls BIGINT NOT NULL,
  PRIMARY KEY (source, span_start)){compact}
polls (source TEXT NOT NULL, kind TEXT NOT NULL, started_at BIGINT NOT NULL, finished_at BIGINT NOT NULL,
  outcome TEXT NOT NULL, items INTEGER NOT NULL, added INTEGER NOT NULL, reads INTEGER NOT NULL,
  requests INTEGER NOT NULL, failure TEXT, failure_kind TEXT)
statements (seq BIGINT PRIMARY KEY, id TEXT NOT NULL UNIQUE, source TEXT NOT NULL, kind TEXT NOT NULL,
  origin TEXT NOT NULL, leader TEXT, office TEXT, country TEXT, hash TEXT NOT NULL,
  published_at BIGINT, effective_at BIGINT NOT NULL, first_seen_at BIGINT NOT NULL, last_seen_at BIGINT NOT NULL,
  presence TEXT NOT NULL, version INTEGER NOT NULL, first_reading INTEGER NOT NULL, sort_key BIGINT NOT NULL UNIQUE,
  related_at BIGINT, relate_until BIGINT)
identities (source TEXT NOT NULL, identity TEXT NOT NULL, seq BIGINT NOT NULL REFERENCES statements (seq),
  PRIMARY KEY (identity, source)){compact}
versions (seq BIGINT NOT NULL REFERENCES statements (seq), version INTEGER NOT NULL, observed_at BIGINT NOT NULL,
  hash TEXT NOT NULL, evidence TEXT, post TEXT NOT NULL, understood TEXT NOT NULL, PRIMARY KEY (seq, version))
evidence (sha256 TEXT NOT NULL, received_at BIGINT NOT NULL, source TEXT NOT NULL, url TEXT NOT NULL,
  status INTEGER NOT NULL, request_headers TEXT NOT NULL, headers TEXT NOT NULL, body {blob} NOT NULL,
  PRIMARY KEY (sha256, received_at, source))
labels (seq BIGINT NOT NULL REFERENCES statements (seq), name TEXT NOT NULL, given_by TEXT NOT NULL,
  removed INTEGER NOT NULL, score DOUBLE PRECISION NOT NULL, label TEXT NOT NULL, set_by TEXT, set_at BIGINT NOT NULL,
  PRIMARY KEY (seq, name, given_by)){compact}
mentions (seq BIGINT NOT NULL REFERENCES statements (seq), kind TEXT NOT NULL, ref TEXT NOT NULL,
  PRIMARY KEY (seq, kind, ref)){compact}
fingerprints (hash BIGINT NOT NULL, seq BIGINT NOT NULL REFERENCES statements (seq), PRIMARY KEY (hash, seq)){compact}
links (statement TEXT NOT NULL REFERENCES statements (id), type TEXT NOT NULL,
  other TEXT NOT NULL REFERENCES statements (id), exact TEXT, verdict TEXT,
  PRIMARY KEY (statement, type, other)){compact}
events (id TEXT PRIMARY KEY, event_key TEXT NOT NULL UNIQUE, day TEXT, told_at BIGINT NOT NULL, event TEXT NOT NULL)
event_parties (event TEXT NOT NULL REFERENCES events (id), side TEXT NOT NULL, ref TEXT NOT NULL,
  PRIMARY KEY (side, ref, event)){compact}
event_members (event TEXT NOT NULL REFERENCES events (id), statement TEXT NOT NULL REFERENCES statements (id),
  visit TEXT, PRIMARY KEY (event, statement)){compact}
alerts (id TEXT PRIMARY KEY, rule TEXT NOT NULL, statement TEXT REFERENCES statements (id), reason TEXT NOT NULL,
  fired_at BIGINT NOT NULL, state TEXT NOT NULL, state_reason TEXT, state_at BIGINT, UNIQUE (rule, statement))
notifications (id TEXT PRIMARY KEY, type TEXT NOT NULL, receiver TEXT NOT NULL, created_at BIGINT NOT NULL,
  notification TEXT NOT NULL)
deliveries (id BIGINT PRIMARY KEY, notification TEXT NOT NULL REFERENCES notifications (id), recipient TEXT NOT NULL,
  state TEXT NOT NULL, attempt INTEGER NOT NULL, due_at BIGINT NOT NULL, lease_until BIGINT, lease_token TEXT,
  reason TEXT, settled_at BIGINT, UNIQUE (notification, recipient))
silences (id TEXT PRIMARY KEY, query TEXT NOT NULL, starts_at BIGINT NOT NULL, ends_at BIGINT NOT NULL,
  comment TEXT NOT NULL, created_by TEXT NOT NULL)
issues (digest TEXT NOT NULL, day TEXT NOT NULL, starts_at BIGINT NOT NULL, ends_at BIGINT NOT NULL,
  made_at BIGINT NOT NULL, notification TEXT, mailed_at BIGINT, PRIMARY KEY (digest, day))
digest_matches (id BIGINT PRIMARY KEY, digest TEXT NOT NULL, statement TEXT NOT NULL REFERENCES statements (id),
  matched_at BIGINT NOT NULL, issue TEXT, UNIQUE (digest, statement))
"""
INDEXES = """
sources_due ON sources (next_poll_at)
polls_by_source ON polls (source, finished_at)
polls_by_kind ON polls (kind, finished_at)
statements_by_source ON statements (source, seq)
statements_by_leader ON statements (leader, effective_at)
statements_by_office ON statements (office, effective_at)
statements_unrelated ON statements (seq) WHERE related_at IS NULL
identities_by_seq ON identities (seq)
mentions_by_ref ON mentions (kind, ref, seq)
links_by_other ON links (other)
events_by_day ON events (day)
event_members_by_statement ON event_members (statement)
alerts_by_state ON alerts (state, fired_at)
alerts_by_time ON alerts (fired_at)
alerts_by_statement ON alerts (statement)
deliveries_by_state ON deliveries (state, due_at)
digest_matches_open ON digest_matches (digest, id) WHERE issue IS NULL
digest_matches_by_issue ON digest_matches (digest, issue)
"""
FTS5 = """CREATE VIRTUAL TABLE words USING fts5(surface, stems, facets, tokenize = "ascii tokenchars ':@_-.'")"""
TSVECTOR = "CREATE TABLE words (sort_key BIGINT PRIMARY KEY, terms tsvector NOT NULL)"


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    tables = TABLES.strip().replace("\n  ", " ").replace("{blob}", "BLOB" if sqlite else "BYTEA")
    tables = tables.replace("{compact}", " WITHOUT ROWID" if sqlite else "")
    if sqlite:
        tables = tables.replace("BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY")
    for table in tables.splitlines():
        op.execute(f"CREATE TABLE {table}")
    for index in INDEXES.strip().splitlines():
        op.execute(f"CREATE INDEX {index}")
    op.execute(FTS5 if sqlite else TSVECTOR)
    if not sqlite:
        op.execute("CREATE INDEX words_terms ON words USING gin (terms) WITH (gin_pending_list_limit = 1024)")
