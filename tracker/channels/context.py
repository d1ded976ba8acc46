"""What every channel is told beside the notification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Context:
    """`sender` is the From of mails; without a `public_url` there are no permalinks and no unsubscribe links.

    `titles` are the taxonomy's labels by name; `timezone` is the zone of an alert's times (a digest has its own).
    """

    sender: str
    public_url: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)
    timezone: str = "UTC"
