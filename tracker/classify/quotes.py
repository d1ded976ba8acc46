"""Which words of one text stand in another: quotations in any marks, unmarked runs, near-duplicates, fingerprints."""

import re
import tomllib
from bisect import bisect
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from hashlib import blake2b
from importlib import resources
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
from rapidfuzz import fuzz

from tracker.classify.tokens import Field, read
from tracker.models.statement import Mention, Verdict, Words
from tracker.text import fold

#: Fingerprints: hashes of 4 words, the least of every 3 in a row, or of every 5, which are some of the former.
_SHINGLE, _WINDOW, _SPARSE, _BASE = 4, 3, 5, np.uint64(0x9E3779B97F4A7C15)
#: Words of a quotation without marks and in marks, at least; how alike (of 100) these are to a stretch of the original.
RUN, MARKED, _ALIKE = 8, 4, 85.0
#: Characters and words of a text that are compared; characters beside words that may tell whose they are.
_LONGEST, _MOST, _NEAR = 40_000, 6_000, 400
_DATA = tomllib.loads(resources.files(__package__).joinpath("data/saying.toml").read_text(encoding="utf-8"))
_MARKS, _STOP = re.compile(rf"(?=[^\w\s])(?:{'|'.join(_DATA['marks'])})"), re.compile(r"[.!?؟]\s|\n")
_CUT = re.compile(r"[\[(]?\s?(?:(?:\.\s?){3}|…)\s?[)\]]?")  # words left out
_NAMES = re.compile(r"[A-ZÀ-ÞА-ЯЁ][\w'’-]+(?:\s+[A-ZÀ-ÞА-ЯЁ][\w'’-]+)+|[\ue000-\uf8ff]")  # of several words
#: Before words that are quoted: what turns them round, and characters of a report that may say as much.
_NOT, _DENIED, _CLOSE = re.compile(rf" (?:{_DATA['not']})$"), re.compile(rf"\b(?:{_DATA['not']})\b"), 60
_LEADER, _NAME, _COUNTRY, _QUOTED = "\ue100", "\ue001", "\ue003", "\ue004"  # signs of data/saying.toml


class Quote(NamedTuple):
    """A stretch of one text found in a statement; `words` are as the quoting text has them."""

    statement: str
    words: Words
    verdict: Verdict


def fingerprints(text: str, origin: str = "official") -> tuple[int, ...]:
    """Winnowed hashes (below 2**63, sorted), all of what is in marks: 6 words in common share one, 8 of a report's."""
    one = read("text", text, _LONGEST)
    inside, hashes = [_hashes(read("text", words.exact).words) for words in marked(one)], _hashes(one.words)
    window = min(_WINDOW if origin == "official" else _SPARSE, max(len(hashes), 1))
    least = np.minimum.reduce([hashes[at : len(hashes) - window + 1 + at] for at in range(window)])
    return tuple(np.unique(np.concatenate([least, *inside])).tolist())


def _hashes(words: list[str]) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """One hash for each run of _SHINGLE words."""
    each = np.array([_hash(word) for word in words], np.uint64)
    hashes = np.zeros(max(len(each) - _SHINGLE + 1, 0), np.uint64)
    for place in range(_SHINGLE):
        hashes = hashes * _BASE + each[place : place + len(hashes)]
    return ((hashes ^ (hashes >> np.uint64(32))) * _BASE) >> np.uint64(1)


@lru_cache(maxsize=50_000)
def _hash(word: str) -> int:
    return int.from_bytes(blake2b(word.encode("utf-8", "replace"), digest_size=8).digest())


def find(title: str | None, text: str, candidates: Iterable[tuple[str, str]]) -> list[Quote]:
    """What is quoted of each candidate (id, text), between marks or RUN words and more that none parts: what is altered
    before what is not, the longest first."""
    fields = [read("title", title or "", _LONGEST), read("text", text, _LONGEST)]
    spans = [(words, _parts(words.exact)) for one in fields for words in marked(one)]
    windows = [(one, _windows(one)) for one in fields]
    found = []
    for statement, original in candidates:
        source = read("text", original, _LONGEST).words[:_MOST]
        plain = f" {' '.join(source)} "
        said = [(words, _verdict(parts, plain, fields[words.field == "text"], words)) for words, parts in spans]
        said += [(run, "exact") for one, places in windows for run in _runs(one, places, source)]
        quotes = [Quote(statement, words, verdict) for words, verdict in said if verdict]
        found += sorted(quotes, key=lambda q: (q.verdict != "altered", -len(q.words.exact), q.verdict != "exact"))[:1]
    return found


def marked(one: Field, start: int = 0, end: int = _LONGEST) -> Iterator[Words]:
    """What stands between quotation marks, of any style, and within these between others."""
    for match in _MARKS.finditer(one.raw, start, end):
        exact = match[match.lastindex or 0].strip()
        begin = match.start() + match[0].find(exact)
        yield Words(one.name, exact, begin, begin + len(exact))
        yield from marked(one, begin, begin + len(exact))


def attributed(report: str, mentions: Iterable[Mention]) -> list[tuple[Words, str | None]]:
    """What a report has between marks, from MARKED words on, and the leader whom it gives them to: the subject of a
    word for saying in their sentence, or whom they are according to; where it is `he`, who spoke last."""
    named = [one for one in mentions if one.words.field == "text"]
    signs = [(one.words, chr(ord(_LEADER) + at) if one.kind == "leader" else _COUNTRY) for at, one in enumerate(named)]
    signs += [(words, _QUOTED) for words in marked(read("text", report, _LONGEST)) if _parts(words.exact)]
    line, at, spans, found, (rewrites, frames) = "", 0, list[Words](), list[tuple[Words, str | None]](), _ways()
    for words, sign in sorted(signs, key=lambda pair: (pair[0].start, -pair[0].end)):
        if words.start >= at:
            line += fold(_NAMES.sub(_NAME, report[at : words.start])) + sign
            at, spans = words.end, [*spans, words] if sign == _QUOTED else spans
    line += fold(_NAMES.sub(_NAME, report[at:]))
    for pattern, to in rewrites:
        line = pattern.sub(to, line)
    between = [[x.strip(_DATA["edges"]) for x in _STOP.split(part)] for part in line.replace("@", "").split(_QUOTED)]
    for words, (*earlier, before), (after, *_) in zip(spans, between, between[1:], strict=False):
        sides = {"before": (_QUOTED if found and not earlier else "") + before[-_NEAR:], "after": after[:_NEAR]}
        said = next(filter(None, (frame.search(sides[side]) for side, frame in frames)), None)
        last = found[-1][1] if found else None
        found.append((words, said and (named[ord(said[1]) - ord(_LEADER)].ref if said.re.groups else last)))
    return found


@cache
def _ways() -> tuple[list[tuple[re.Pattern[str], str]], list[tuple[str, re.Pattern[str]]]]:
    """How a sentence is made plain, and in which frames it says whose the words are: `data/saying.toml`."""

    def spelt(way: str) -> str:
        return re.sub(r"<(\w+)>", lambda match: f"(?:{spelt(_DATA['words'][match[1]])})", way)

    frames = [(side, re.compile(spelt(way))) for frame in _DATA["frame"] for side, way in frame.items()]
    return [(re.compile(spelt(one["of"])), one["to"]) for one in _DATA["rewrite"]], frames


def _parts(quoted: str) -> list[str]:
    """The words between marks, parted where some were left out; nothing when they are too few to tell."""
    parts = [" ".join(read("text", part).words) for part in _CUT.split(quoted)]
    return [part for part in parts if part] if sum(len(part.split()) for part in parts) >= MARKED else []


def _verdict(parts: list[str], plain: str, report: Field, words: Words) -> Verdict | None:
    """How the words between a report's marks stand to the original's words, None when they are not its; altered too
    where a "not" that stands right before them there is neither between the marks nor before them."""
    at, whole = first, _ = plain.find(f" {parts[0]} ") if parts else -1, " ".join(parts)
    for part in parts:
        at = plain.find(f" {part} ", at) if at >= 0 else at
    if at >= 0:
        before = fold(report.raw[max(words.start - _CLOSE, 0) : words.start])
        if _NOT.search(plain[:first]) and not _DENIED.search(before):
            return "altered"
        return "truncated" if len(parts) > 1 else "exact"
    able = whole.count(" ") >= 5 and len(whole) <= len(plain)
    near = able and (fuzz.partial_ratio(whole, plain, score_cutoff=_ALIKE) >= _ALIKE or _joined(whole.split(), plain))
    return "altered" if near else None


def _joined(words: list[str], plain: str) -> bool:
    """Whether they are two stretches of the original, of three words at least, with no sign between."""
    most = 3
    while (at := plain.find(f" {' '.join(words[:most])} ")) >= 0 and f" {' '.join(words[: most + 1])} " in plain:
        most += 1
    return at >= 0 and len(words) >= most + 3 and f" {' '.join(words[most:])} " in plain[at:]


def _windows(one: Field) -> Mapping[tuple[str, ...], list[int]]:
    """Where each run of RUN words begins that no quotation mark parts."""
    edges = sorted({edge for words in marked(one) for edge in (words.start, words.end)})
    words, places = one.words[:_MOST], dict[tuple[str, ...], list[int]]()
    parts = [bisect(edges, one.span(i, i).start) if edges else 0 for i in range(len(words))]
    for i, window in enumerate(zip(*(words[place:] for place in range(RUN)), strict=False)):
        if parts[i] == parts[i + RUN - 1]:
            places.setdefault(window, []).append(i)
    return places


def _runs(one: Field, places: Mapping[tuple[str, ...], list[int]], source: list[str]) -> Iterator[Words]:
    """Common runs of RUN words and more that say something (four longer words at least)."""
    shared = set(zip(*(source[place:] for place in range(RUN)), strict=False)) & places.keys()
    starts = sorted(start for window in shared for start in places[window])
    for _, group in groupby(enumerate(starts), lambda pair: pair[1] - pair[0]):
        run = [start for _, start in group]
        if len({word for word in one.words[run[0] : run[-1] + RUN] if len(word) > 3}) >= 4:
            yield one.span(run[0], run[-1] + RUN - 1)


def alike(a: str, b: str) -> bool:
    """Whether two texts of one language say the same, but for links, small edits or a cut end."""
    short, long = sorted((read("text", a).words, read("text", b).words), key=len)
    if len(short) < 5:
        return short == long and len(short) >= 3
    cut = len(short) >= 12 and short[:-1] == long[: len(short) - 1]
    return 2 * len(short) >= len(long) and (cut or fuzz.ratio(short, long, score_cutoff=88.0) >= 88.0)
