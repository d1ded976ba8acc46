"""How words from outside are shown: escaped, isolated, with hidden characters made visible and evidence marked."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from markupsafe import Markup

from tracker import text
from tracker.decide import compare
from tracker.models.statement import Label, Statement

#: Where a label's words stand: start, end, the label's name.
Span = tuple[int, int, str]
#: Controls, and what reorders the text around it. Joiners and single direction marks are ordinary in many scripts.
_HIDDEN = re.compile("([\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb])")
_OUTSIDE = re.compile(r"https?://[^\s<>\"\\^`{|}\x00-\x20\x7f-\x9f\u202a-\u202e\u2066-\u2069]+", re.IGNORECASE)
#: Texts beyond this many characters are shown in part on a list.
WHOLE = 640
#: Characters of a text that a page shows at most.
LONGEST = 60_000


def updated(one: Statement) -> datetime:
    """When what we know of it last changed."""
    return max(one.first_seen_at, one.post.edited_at or one.first_seen_at)


def visible(raw: str) -> Markup:
    """Escaped text; each hidden character stays, alone in an isolate that shows its code point."""
    mark, pieces = Markup('<bdi class="hidden" data-code="U+{:04X}">{}</bdi>'), enumerate(_HIDDEN.split(raw))
    return Markup("").join(mark.format(ord(p), p) if index % 2 else p for index, p in pieces)


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
    spans = [(w.start, min(w.end, len(raw)), one.name) for one in labels for w in one.words if w.field == where]
    spans = [span for span in spans if 0 <= span[0] < span[1]]
    shown = _parts(len(raw), spans) if short and len(raw) > WHOLE else [(0, len(raw))]
    pieces = [_marked(raw, start, end, spans, ranks) for start, end in shown]
    return Markup(' <span class="gap">[…]</span> ').join(pieces) + (" …" if shown[-1][1] < len(raw) else "")


def _parts(length: int, spans: Sequence[Span]) -> list[tuple[int, int]]:
    parts = [(0, 320)]
    for start, end in sorted((max(0, start - 110), min(length, end + 110)) for start, end, _ in spans)[:4]:
        if start <= parts[-1][1]:
            parts[-1] = (parts[-1][0], max(end, parts[-1][1]))
        else:
            parts.append((start, end))
    return parts


def _marked(raw: str, first: int, last: int, spans: Sequence[Span], ranks: dict[str, int]) -> Markup:
    edges = sorted({first, last, *(e for start, end, _ in spans for e in (start, end) if first < e < last)})
    pieces = []
    for start, end in pairwise(edges):
        names = list(dict.fromkeys(name for s, e, name in spans if s <= start and end <= e))
        piece, title = visible(raw[start:end]), ", ".join(names).replace("_", " ")
        mark = Markup('<mark class="l{}" title="{}">{}</mark>')
        pieces.append(mark.format(ranks.get(names[0], 0), title, piece) if names else piece)
    return Markup("").join(pieces)


def changes(old: str, new: str) -> Markup | None:
    """What an edit took away and added, word by word; None when the texts are too long to compare."""
    runs = compare.changes(*(re.findall(r"\s+|\S+", words) for words in (old, new)))
    pieces = []
    for gone, come in runs or ():
        if gone == come:
            pieces.append(visible("".join(come)))
            continue
        both = ((tag, visible("".join(words))) for tag, words in (("del", gone), ("ins", come)) if words)
        pieces += [Markup("<{0}>{1}</{0}>").format(tag, words) for tag, words in both]
    return None if runs is None else Markup("").join(pieces)


def stamp(moment: datetime | None, form: str = "%Y-%m-%d %H:%M UTC") -> Markup:
    """An instant as a <time>, in UTC; a dash for none."""
    if moment is None:
        return Markup('<span class="none">–</span>')
    exact, mark = moment.astimezone(UTC), Markup('<time datetime="{}" title="{}">{}</time>')
    return mark.format(exact.isoformat(), f"{exact:%Y-%m-%d %H:%M:%S} UTC", exact.strftime(form))


def ago(moment: datetime | None, now: datetime) -> Markup:
    """How long ago, or how long until, in the largest unit that fits."""
    if moment is None:
        return stamp(None)
    seconds = (now - moment).total_seconds()
    units = ((86400, "d"), (3600, "h"), (60, "min"))
    size, unit = next((one for one in units if abs(seconds) >= one[0]), (1, "s"))
    number = f"{abs(seconds) / size:.0f} {unit}"
    return stamp(moment, f"{number} ago" if seconds >= 0 else f"in {number}")


def toggle(words: str, term: str) -> str:
    """The query with this term added, or taken out when it is there; one country, origin and date at a time."""
    parts = words.split()
    if term in parts:
        return " ".join(part for part in parts if part != term)
    name = term.partition(":")[0] + ":"
    kept = [part for part in parts if name == "label:" or not part.startswith(name)]
    return " ".join(["(", *kept, ")", term] if "OR" in kept else [*kept, term])
