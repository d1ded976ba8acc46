"""A text as the classifier sees it: folded once, cut into words with their offsets, hashtags and @names taken apart."""

import re
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from tracker import text
from tracker.models.statement import Words

#: Nothing past this many characters of a field is read for labels: bounded time whatever comes.
LONGEST = 4_000
_WORD, _ASCII_WORD = re.compile(r"[^\W_]+"), re.compile("[a-z0-9]+")
_PHRASE = re.compile(r"[^\W_]+\*?|\*")
_TAG = re.compile(r"[#@＠＃][\w]+")
_HUMPS = re.compile(r"[A-ZÀ-ÞА-Я]+(?![a-zà-ÿа-яё])|[A-ZÀ-ÞА-Я]?[a-zà-ÿа-яё]+|\d+|[^\W_A-ZÀ-ÞА-Яa-zà-ÿа-яё\d]+")
_URL = re.compile(r"(?:https?://|pic\.twitter|www\.)\S+|\bt\.co/\S+")
#: Signs that fold to more or fewer characters, made one that does not: the offsets stay.
_PLAIN = (("\u2026", "."), ("\ufe0f", " "), ("\u20e3", " "))
#: Periods that end no sentence: "H.E. President Diarra".
_SHORT = re.compile(r"\b(?:H\.E|S\.E(?:\. ?M)?|Dr|Mr|Mrs|M|Hon|Gen|Amb|Col)\.(?=\s)")
_STOP = re.compile(r"[.!?؟\n|]+(?=\s|$)|\n")
_GAP = re.compile(r"[.!?؟\n|]+(?=\s|$)|\n|(?<=\S)  (?=\S)")
#: Where a line or a gap is in a sentence: a small letter follows, or a number or a short word stands before.
_WRAP = re.compile(r"(?<=[\w,])(?:\n|  )(?=[a-zà-ÿа-яё])|(?:(?<=\W[a-zà-ÿ\d])|(?<=\W[a-zà-ÿ\d]{2}))(?:\n|  )(?=\w)")
_ARABIC = re.compile(r"[\u0621-\u064a]")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
#: Conjunctions, prepositions and the article that Arabic writes on the word, longest first.
_CLITICS = (
    "وبال", "وكال", "فبال", "وال", "بال", "كال", "فال", "ولل",
    "وب", "ول", "وس", "لل", "ال", "و", "ب", "ل", "ك", "ف", "س",
)  # fmt: skip


@dataclass(slots=True)
class Field:
    """Title or text: as it came, as it is read (addresses blank, same offsets), folded, and its words."""

    name: Literal["title", "text"]
    raw: str
    seen: str
    folded: str
    words: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    sentence: list[int] = field(default_factory=list)
    _map: Sequence[int] | None = None

    def span(self, first: int, last: int) -> Words:
        """The exact characters from word `first` to word `last`, with their offsets in the raw field."""
        return self.cut(self.starts[first], self.ends[last])

    def cut(self, start: int, end: int) -> Words:
        """The exact characters behind a stretch of the folded text."""
        if self._map is None:
            self._map = text.fold_map(self.seen)[1]
        begin, final = self._map[start], self._map[end - 1] + 1
        return Words(self.name, self.raw[begin:final], begin, final)


def read(name: Literal["title", "text"], raw: str, longest: int = LONGEST) -> Field:
    """The words of one field; addresses are no words, `#BurkinaFaso` is two. What it gives is not to be changed."""
    return _read(name, raw[:longest])


@lru_cache(maxsize=96)  # classifying, fingerprints and quotations read one text after the other
def _read(name: Literal["title", "text"], raw: str) -> Field:
    seen = _URL.sub(lambda m: " " * len(m[0]), raw) if "://" in raw or "t.co" in raw or "www." in raw else raw
    for sign, plain in _PLAIN:
        seen = seen.replace(sign, plain)
    seen = _SHORT.sub(lambda m: m[0].replace(".", "-"), seen) if ". " in seen else seen
    seen = _WRAP.sub(lambda m: " \t"[: len(m[0])], seen) if "\n" in seen or "  " in seen else seen
    folded = text.fold(seen)
    spans = [match.span() for match in (_ASCII_WORD if folded.isascii() else _WORD).finditer(folded)]
    if "#" in seen or "@" in seen:
        humps = _humps(seen, folded)
        spans = [part for span in spans for part in humps.get(span[0], (span,))]
    if not spans:
        return Field(name, raw, seen, folded)
    starts, ends = map(list, zip(*spans, strict=True))
    words = [folded[start:end][: text.LONGEST_TOKEN] for start, end in spans]
    stops = [match.start() for match in (_GAP if "  " in folded else _STOP).finditer(folded)]
    sentence = [bisect(stops, start) for start in starts] if stops else [0] * len(spans)
    return Field(name, raw, seen, folded, words, starts, ends, sentence)


def _humps(raw: str, folded: str) -> dict[int, tuple[tuple[int, int], ...]]:
    """Where a hashtag's or @name's words begin and end in the folded text, by the offset of each of its runs."""
    if len(raw) != len(folded):
        return {}
    humps: dict[int, tuple[tuple[int, int], ...]] = {}
    for tag in _TAG.finditer(raw):
        for run in _WORD.finditer(raw, tag.start() + 1, tag.end()):
            parts = tuple(m.span() for m in _HUMPS.finditer(raw, *run.span()))
            if len(parts) > 1 and parts[0][0] == run.start():
                humps[run.start()] = parts
    return humps


@lru_cache(maxsize=60_000)
def keys(word: str) -> tuple[str, ...]:
    """Spellings under which a folded word may stand in a lexicon: itself, its Russian stem, without Arabic clitics."""
    if _CYRILLIC.match(word):
        # the stemmer knows "ой", which is folded here
        endings = (word, f"{word[:-1]}й") if word.endswith(("ои", "еи")) else (word,)
        return tuple(dict.fromkeys((word, *(text.stem(one, "ru") for one in endings))))
    if _ARABIC.match(word):
        bare = [word[len(c) :] for c in _CLITICS if word.startswith(c) and len(word) - len(c) >= 3]
        return tuple(dict.fromkeys((word, *bare)))
    return (word,)


def split(phrase: str) -> list[str]:
    """A lexicon entry's folded words; a trailing `*` stays on its word."""
    return _PHRASE.findall(text.fold(phrase))
