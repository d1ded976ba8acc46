"""Fingerprints of reports, by day: how an official statement finds the reports that quoted it before it was kept."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    compact = " WITHOUT ROWID" if op.get_bind().dialect.name == "sqlite" else ""
    op.execute(
        "CREATE TABLE report_fingerprints (day INTEGER NOT NULL, hash BIGINT NOT NULL, "
        f"seq BIGINT NOT NULL REFERENCES statements (seq), PRIMARY KEY (day, hash, seq)){compact}"
    )
