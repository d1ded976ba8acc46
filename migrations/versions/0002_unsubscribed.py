"""Who wants no more mail of a receiver or a digest."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE TABLE unsubscribed (receiver TEXT NOT NULL, recipient TEXT NOT NULL, at BIGINT NOT NULL, "
        "PRIMARY KEY (receiver, recipient))"
    )
