"""Visits are told anew: their keys say other things now, and what older programs made of edits is not kept."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "UPDATE statements SET related_at = NULL, relate_until = NULL WHERE id IN (SELECT statement FROM event_members)"
    )
    op.execute("DELETE FROM labels WHERE given_by = 'event'")
    for table in ("event_members", "event_parties", "events"):
        op.execute(f"DELETE FROM {table}")  # noqa: S608  # names of our own
