"""What a kind of source may read in a calendar month (UTC), and what that costs."""

from datetime import UTC, datetime, timedelta
from typing import Protocol

from tracker.errors import SourceThrottled


class Budget(Protocol):
    """Reads a month, and the price of one in dollars."""

    monthly_reads: int
    price: float


def month_of(now: datetime) -> datetime:
    """The instant at which this month began."""
    return now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def refusal(budget: Budget, kind: str, reads: int, now: datetime) -> SourceThrottled:
    """Why nothing more is read this month, of which so many were, and how long that lasts."""
    following = month_of(month_of(now) + timedelta(days=31))
    spent = f"the month's budget of {budget.monthly_reads:,} reads is spent ({reads:,}, ${reads * budget.price:,.2f})"
    advice = f"raise [{kind}] monthly_reads or wait until {following:%Y-%m-%d}"
    return SourceThrottled(f"{spent}: {advice}", (following - now).total_seconds())
