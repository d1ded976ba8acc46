"""Which words of one text stand in another: quotations in any marks, unmarked runs, near-duplicates, fingerprints."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from operator import itemgetter

import numpy as np
from rapidfuzz import fuzz

from tracker.classify.tokens import Field, read
from tracker.models.statement import Mention, Verdict, Words
from tracker.text import fold

#: Fingerprints: hashes of 4 words, the least of every 5 in a row, so that a common run of 8 words shares one.
_SHINGLE, _WINDOW = 4, 5
_BASE = np.uint64(0x9E3779B97F4A7C15)
#: An unmarked run is a quotation from this many words on; one in quotation marks from so many.
RUN, MARKED = 8, 4
#: How alike (of 100) the words in quotation marks must be to some stretch of the original.
_ALIKE = 85.0
#: How often one run of words is looked at, should a text say the same again and again.
_SAME = 5
#: Characters and words of a text that are compared.
_LONGEST = 40_000
_MOST = 6_000
_MARKS = re.compile(
    r"«([^«»]{8,900})»|“([^“”]{8,900})[”“]|„([^„“”]{8,900})[“”]|\"([^\"\n]{8,900})\"|‹([^‹›]{8,900})›|「([^「」]{4,900})」|(?<!\w)[‘']([^‘’'\n]{8,300}(?:['’]\w[^‘’'\n]{0,300})*)[’'](?!\w)"
)
#: Beginnings of words by which a report says that somebody said something, folded.
_VERB = (
    r"(?:(?:dit|dire|dice|dijo|disse|diz|told|promet|promis)\b|sa(?:id|ys)|state|selon|segun|sostuv|declar|affirm|afirm|assur|"
    r"asegur|estim|lanc|ajout|anad|soulign|annonc|indiqu|expliqu|ecri|escri|escrev|writ|wrote|martel|insist|rappel|repond|repl|"
    r"denonc|tweet|post|accord|added|warn|vow|قال|صرح|اكد|كتب|اضاف|сказал|заяв|напис|отмет|подчерк|добав|слов)"
)
_SAYS = re.compile(rf"\b{_VERB}|:\s*$")
#: Between a leader and the words, folded: somebody else says them ("…, an analyst said", ", said an aide to").
_ANOTHER = re.compile(
    rf"[,;]\s*(?:(?:an?|the|une?|les?|la|el|um|uma?|una|os?) |l')(?:[\w'-]+ ){{1,4}}?{_VERB}|"
    rf"\b{_VERB}\w*\s+(?:an?|une?|una?|uma?)\s+[\w' -]+\b(?:to|of|for|from|who|de|du|des|d|da|do|del|au|a)\b"
)
#: Before a leader who is only spoken of ("Asked about Kofi Ansah, …").
_ABOUT = re.compile(r"\b(?:speaking|asked|parlant|interrog\w+|propos) (?:of|about|on|d[eu]|sur) (?:[\w.]+ ){0,3}$")
_AGAIN = re.compile(r"\b(?:il|elle|he|she|ella|ele|ela|он|она)\b")
_STOP = re.compile(r"[.!?؟]\s|\n")
_CUT = re.compile(r"\[?\(?(?:\.{3}|…)\)?\]?")


@dataclass(frozen=True, slots=True)
class Quote:
    """A stretch of one text found in a statement; `words` are as the quoting text has them."""

    statement: str
    words: Words
    verdict: Verdict


def fingerprints(text: str) -> tuple[int, ...]:
    """Winnowed hashes (below 2**63, sorted): two texts that share a run of 8 words share one of them at least."""
    each = np.array([_hash(word) for word in read("text", text, _LONGEST).words], np.uint64)
    size = len(each) - _SHINGLE + 1
    if size < 1:
        return ()
    hashes = np.zeros(size, np.uint64)
    for place in range(_SHINGLE):
        hashes = hashes * _BASE + each[place : place + size]
    hashes = ((hashes ^ (hashes >> np.uint64(32))) * _BASE) >> np.uint64(1)
    rows = max(size - _WINDOW + 1, 1)
    least = np.minimum.reduce([hashes[place : place + rows] for place in range(min(_WINDOW, size))])
    return tuple(np.unique(least).tolist())


@lru_cache(maxsize=50_000)
def _hash(word: str) -> int:
    return int.from_bytes(blake2b(word.encode("utf-8", "replace"), digest_size=8).digest())


def find(title: str | None, text: str, candidates: Iterable[tuple[str, str]]) -> list[Quote]:
    """The longest stretch of each candidate (id, text) that the title or text quotes; none for the others."""
    fields = [read("title", title, _LONGEST)] if title else []
    fields.append(read("text", text, _LONGEST))
    spans = [(words, _parts(words.exact)) for one in fields for words in marked(one)]
    windows = [(one, _windows(one)) for one in fields]
    found = []
    for statement, original in candidates:
        source = read("text", original, _LONGEST)
        plain = f" {' '.join(source.words[:_MOST])} "
        said = ((words, _verdict(words.exact, parts, plain)) for words, parts in spans)
        quotes = [Quote(statement, words, verdict) for words, verdict in said if verdict]
        quotes += (quote for one, places in windows for quote in _runs(one, places, source, statement))
        if best := max(quotes, key=lambda q: (len(q.words.exact), q.verdict == "exact"), default=None):
            found.append(best)
    return found


def marked(one: Field) -> Iterator[Words]:
    """What stands between quotation marks, of any style."""
    for match in _MARKS.finditer(one.raw):
        group = next(i for i in range(1, 8) if match.group(i) is not None)
        exact = match[group].strip()
        start = match.start(group) + match[group].find(exact)
        yield Words(one.name, exact, start, start + len(exact))


def attributed(report: str, mentions: Iterable[Mention]) -> list[tuple[Words, str | None]]:
    """What a report has between marks, from MARKED words on, and the leader whom it gives the words to.

    That is who is named nearest to them in their sentence, beside a word for saying of which nobody else is the
    subject; of `he` or `elle` who spoke last."""
    spans = [words for words in marked(read("text", report, _LONGEST)) if _parts(words.exact)]
    edges = [0, *(edge for words in spans for edge in (words.start, words.end)), len(report)]
    named = [one for one in mentions if one.kind == "leader"]
    found: list[tuple[Words, str | None]] = []
    for number, words in enumerate(spans):
        before = _STOP.split(report[edges[2 * number] : words.start])[-1]
        after = _STOP.split(report[words.end : edges[2 * number + 3]])[0]
        begin, end = words.start - len(before), words.end + len(after)
        near = [
            (max(words.start - one.words.end, one.words.start - words.end), one.ref, one.words)
            for one in named
            if begin <= one.words.start < one.words.end <= words.start or words.end <= one.words.start < end
        ]
        beside = [fold(after), fold(before)]
        last = found[-1][1] if found and any(map(_AGAIN.search, beside)) else None
        who = last
        if near:
            _, who, name = min(near, key=itemgetter(0))
            between = report[name.end : words.start] if name.end <= words.start else report[words.end : name.start]
            aside = between.startswith(",") and _ABOUT.search(fold(report[begin : name.start]))
            who = None if aside or _ANOTHER.search(fold(between)) else who
        found.append((words, who if any(map(_SAYS.search, beside)) else None))
    return found


def _parts(quoted: str) -> list[str]:
    """The words between marks, parted where some were left out; nothing when they are too few to tell."""
    parts = [" ".join(read("text", part).words) for part in _CUT.split(quoted)]
    return [part for part in parts if part] if sum(len(part.split()) for part in parts) >= MARKED else []


def _verdict(quoted: str, parts: Sequence[str], plain: str) -> Verdict | None:
    """How the words between marks stand to the original's words, None when they are not its."""
    if not parts:
        return None
    whole = " ".join(parts)
    at = 0
    for part in parts:
        at = plain.find(f" {part} ", at)
        if at < 0:
            break
    else:
        return "exact" if len(parts) == 1 and not _CUT.search(quoted) else "truncated"
    if (
        len(whole.split()) >= 6
        and fuzz.partial_ratio(whole, plain, score_cutoff=_ALIKE) >= _ALIKE
        and len(whole) <= len(plain)
    ):
        return "altered"
    return None


def _windows(one: Field) -> dict[tuple[str, ...], list[int]]:
    """Where each run of RUN words of the quoting text begins."""
    places: dict[tuple[str, ...], list[int]] = defaultdict(list)
    words = one.words[:_MOST]
    for i in range(len(words) - RUN + 1):
        if len(places[window := tuple(words[i : i + RUN])]) < _SAME:
            places[window].append(i)
    return places


def _runs(one: Field, places: dict[tuple[str, ...], list[int]], source: Field, statement: str) -> Iterable[Quote]:
    """Common runs of RUN words and more that say something (four longer words at least)."""
    ours, theirs = one.words[:_MOST], source.words[:_MOST]
    at = 0
    while at <= len(theirs) - RUN:
        starts = places.get(tuple(theirs[at : at + RUN]), ())
        if not starts:
            at += 1
            continue
        length, start = max((_common(ours, begin, theirs, at), -begin) for begin in starts)
        if len({word for word in theirs[at : at + length] if len(word) > 3}) >= 4:
            yield Quote(statement, one.span(-start, -start + length - 1), "exact")
        at += length


def _common(ours: Sequence[str], i: int, theirs: Sequence[str], j: int) -> int:
    length = 0
    while i + length < len(ours) and j + length < len(theirs) and ours[i + length] == theirs[j + length]:
        length += 1
    return length


def alike(a: str, b: str) -> bool:
    """Whether two texts of one language say the same, but for links, small edits or a cut end."""
    first, second = read("text", a).words, read("text", b).words
    short, long = sorted((first, second), key=len)
    if len(short) < 5:
        return first == second and len(short) >= 3
    if len(short) / len(long) < 0.5:
        return False
    if " ".join(long).startswith(" ".join(short[:-1])) and len(short) >= 12:
        return True
    return fuzz.ratio(short, long, score_cutoff=88.0) >= 88.0
