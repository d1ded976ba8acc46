"""How words from outside are shown: escaped, isolated, with hidden characters made visible and evidence marked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from difflib import SequenceMatcher
from itertools import pairwise

from markupsafe import Markup

from tracker import gazetteer, text
from tracker.models.statement import Label, Statement, Version

#: Controls, and what reorders the text around it. Joiners and single direction marks are ordinary in many scripts.
_HIDDEN = re.compile("([\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb])")
_OUTSIDE = re.compile(r"https?://[^\s<>\"\\^`{|}\x00-\x20\x7f-\x9f\u202a-\u202e\u2066-\u2069]+", re.IGNORECASE)
#: Texts beyond this many characters are shown in part on a list, and this many words are compared at most.
WHOLE, COMPARED = 640, 4000
#: Characters of a text that a page shows at most, and that a citation quotes.
LONGEST, QUOTED = 60_000, 220


def visible(raw: str) -> Markup:
    """Escaped text; each hidden character stays, alone in an isolate that shows its code point."""
    return Markup("").join(
        Markup('<bdi class="hidden" data-code="U+{:04X}">{}</bdi>').format(ord(p), p) if index % 2 else p
        for index, p in enumerate(_HIDDEN.split(raw))
    )


def say(raw: str | None) -> Markup:
    """A name or a line from outside, isolated from the text around it."""
    return Markup("<bdi>{}</bdi>").format(visible(raw or ""))


def plain(raw: str | None) -> str:
    """The same where no element can stand (title, attributes): one line, hidden characters replaced by marks."""
    return text.visible(text.squeeze(raw or ""), keep="")


def outside(url: str | None) -> str | None:
    """An address that may be a link: http or https alone; None for any other."""
    return url if url and _OUTSIDE.fullmatch(url) else None


def marked(raw: str, labels: Iterable[Label], where: str, ranks: dict[str, int], *, short: bool = False) -> Markup:
    """A text with the words that led to its labels marked; `short` keeps the opening and what stands around them."""
    spans = [(w.start, min(w.end, len(raw)), one) for one in labels for w in one.words if w.field == where]
    spans = [span for span in spans if 0 <= span[0] < span[1]]
    shown = _parts(len(raw), spans) if short and len(raw) > WHOLE else [(0, len(raw))]
    pieces = [_marked(raw, start, end, spans, ranks) for start, end in shown]
    tail = Markup(" …") if shown[-1][1] < len(raw) else Markup("")
    return Markup(' <span class="gap">[…]</span> ').join(pieces) + tail


def _parts(length: int, spans: Sequence[tuple[int, int, Label]]) -> list[tuple[int, int]]:
    around = sorted((max(0, start - 110), min(length, end + 110)) for start, end, _ in spans)[:4]
    parts = [(0, 320)]
    for start, end in around:
        if start <= parts[-1][1]:
            parts[-1] = (parts[-1][0], max(end, parts[-1][1]))
        else:
            parts.append((start, end))
    return parts


def _marked(raw: str, first: int, last: int, spans: Sequence[tuple[int, int, Label]], ranks: dict[str, int]) -> Markup:
    edges = sorted({first, last, *(e for start, end, _ in spans for e in (start, end) if first < e < last)})
    pieces = []
    for start, end in pairwise(edges):
        names = list(dict.fromkeys(one.name for s, e, one in spans if s <= start and end <= e))
        piece = visible(raw[start:end])
        if names:
            title = ", ".join(names).replace("_", " ")
            piece = Markup('<mark class="l{}" title="{}">{}</mark>').format(ranks.get(names[0], 0), title, piece)
        pieces.append(piece)
    return Markup("").join(pieces)


def changes(old: str, new: str) -> Markup | None:
    """What an edit took away and added, word by word; None when the texts are too long to compare."""
    before, after = re.findall(r"\s+|\S+", old), re.findall(r"\s+|\S+", new)
    if max(len(before), len(after)) > COMPARED:
        return None
    pieces = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after).get_opcodes():
        gone, come = "".join(before[a:b]), "".join(after[c:d])
        if tag == "equal":
            pieces.append(visible(gone))
            continue
        pieces += [Markup("<{0}>{1}</{0}>").format(t, visible(w)) for t, w in (("del", gone), ("ins", come)) if w]
    return Markup("").join(pieces)


def stamp(moment: datetime | None, form: str = "%Y-%m-%d %H:%M UTC") -> Markup:
    """An instant as a <time>, in UTC; a dash for none."""
    if moment is None:
        return Markup('<span class="none">–</span>')
    exact = moment.astimezone(UTC)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        exact.isoformat(), f"{exact:%Y-%m-%d %H:%M:%S} UTC", exact.strftime(form)
    )


def ago(moment: datetime | None, now: datetime) -> Markup:
    """How long ago, or how long until, in the largest unit that fits."""
    if moment is None:
        return stamp(None)
    seconds = (now - moment).total_seconds()
    size = abs(seconds)
    number, unit = next(
        (size / n, u) for n, u in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")) if size >= n or n == 1
    )
    return stamp(moment, f"{number:.0f} {unit} ago" if seconds >= 0 else f"in {number:.0f} {unit}")


def toggle(words: str, term: str) -> str:
    """The query with this term added, or taken out when it is there; one country, origin and date at a time."""
    parts = words.split()
    if term in parts:
        return " ".join(part for part in parts if part != term)
    name = term.partition(":")[0] + ":"
    kept = [part for part in parts if name == "label:" or not part.startswith(name)]
    return " ".join(["(", *kept, ")", term] if "OR" in kept else [*kept, term])


def citation(one: Statement, current: Version | None, address: str) -> str:
    """One line that a paper or a court can use: who, what, where, when, archived when, and the hash of the bytes."""
    post, speaker = one.post, one.post.speaker
    names = (speaker.name or post.author or post.publisher or one.source, speaker.office)
    who = ", ".join(filter(None, (*names, gazetteer.country_name(speaker.country) if speaker.country else None)))
    said = text.squeeze(post.title or post.text)
    said = said if len(said) <= QUOTED else said[:QUOTED].rsplit(" ", 1)[0].rstrip(".,;: ") + "…"
    when = f"{post.effective_at:%d %B %Y, %H:%M} UTC" + ("" if post.published_at else " (inferred)")
    kept = f"Archived {one.first_seen_at:%Y-%m-%d %H:%M:%S} UTC as {address}"
    proof = f", SHA-256 of the bytes received {current.evidence_sha256}" if current and current.evidence_sha256 else ""
    return plain(f"{who}: “{said}”, {one.source}, {when}, {post.url or 'no address'}. {kept}{proof}.")
