"""What a kind of source is: how it is asked and how its answers are read. A new platform is one module with `Options`,
`ask`, `read` (and `refuse` where it has words of its own for a refusal) and one line in `KINDS`. All of it is pure: no
clock, no network; `reply.received_at` is the only time a kind knows. For each answer of a poll comes `refuse`, then
`decide.answer.check`, then `read` in a worker, with the last page's cursor. `Page.next` is sent at once; when it is
None the poll is over, and that page's cursor is what is kept."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from tracker.models.source import Page, PollState, Reply, Request, Source
from tracker.sources import identity


class Strict(BaseModel):
    """Options of a kind: unknown keys are errors, values are never coerced."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _web(url: str) -> str:
    if not identity.absolute(url) or re.search(r"[\s\x00-\x1f]", url):
        raise ValueError("must be an http:// or https:// address")
    return url


WebAddress = Annotated[str, AfterValidator(_web)]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of source. `whole`: every answer holds all there is, so that an empty one is suspect. `ask` makes the
    first request of a poll. `read` makes a Page of an answer with status 200; it raises SourceBroken, SourceRefused,
    SourceGone or SourceThrottled and nothing else. `refuse` sees every answer before the general rules do, and raises a
    SourceError when the platform's own words say more than the status. `limited` makes a request ask for no more than
    so many reads, or is None; `resumes`: the cursor of a poll that broke off says where it goes on."""

    name: str
    Options: type[Strict]
    ask: Callable[[Source, PollState], Request]
    read: Callable[[Source, PollState, Reply], Page]
    refuse: Callable[[Reply, datetime], None] = lambda *_: None
    whole: bool = True
    limited: Callable[[Request, int], Request | None] = lambda request, _: request
    resumes: bool = False
