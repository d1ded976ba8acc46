"""What a word is: cleaning, folding, tokens and stems, for the text wings and the archive's index alike. Pure. Folding
is case-, accent- and presentation-blind in every script; offsets are code points. Stems are Snowball's, taken of folded
words, so that `échange` and `ECHANGES` meet. CJK and other scripts without spaces are cut into bigrams."""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

#: Languages the classifier and the stems know, by ISO 639-1 code.
STEMMERS = {"fr": "french", "en": "english", "es": "spanish", "pt": "portuguese", "ar": "arabic", "ru": "russian"}
#: The index takes this many tokens of a text: PostgreSQL loses positions past 16,383.
INDEXED_TOKENS = 10_000
#: Longer runs are cut: a PostgreSQL lexeme holds at most 2,046 bytes.
LONGEST_TOKEN = 100
#: Stands between title and text among the indexed words, so that no phrase reaches across.
BREAK = "¶"

_SURROGATES = re.compile("[\ud800-\udfff]")
_JOINERS = "\u200c\u200d"
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af"
_UNSPACED += "\U00020000-\U0002fa1f"
_SPACING_MARKS = "".join(chr(c) for c in range(0x0900, 0x2000) if unicodedata.category(chr(c)) == "Mc")
_SPACED_TOKEN = re.compile(f"(?:[^\\W_]|[{_SPACING_MARKS}])+")
_TOKEN = re.compile(f"[{_UNSPACED}]+|(?:(?![{_UNSPACED}])[^\\W_]|[{_SPACING_MARKS}])+")
_ODD = re.compile("[^\x00-\x7f]")
_UNSPACED_RUN = re.compile(f"[{_UNSPACED}]+")
_ASCII_TOKEN = re.compile("[a-z0-9]+")
_BY_HAND = {
    "œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h",
    "ة": "ه", "ى": "ي", "ٱ": "ا", "ـ": "", "ک": "ك", "ی": "ي",
    "’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "‑": "-", "–": "-", "—": "-",
}  # fmt: skip


class _Fold(dict[int, str]):
    """code point -> what it folds to, filled as characters are met."""

    def __missing__(self, code: int) -> str:
        parts = chr(code) if chr(code) in _BY_HAND else unicodedata.normalize("NFKD", chr(code)).casefold()
        folded = "".join(_fold_char(part) for part in parts)
        self[code] = folded
        return folded


def _fold_char(char: str) -> str:
    if char in _BY_HAND:
        return _BY_HAND[char]
    return "" if unicodedata.category(char) in ("Mn", "Cf") else char


_FOLD = _Fold()


def clean(raw: str) -> str:
    """The text as it may be stored on every engine: NUL removed, lone surrogates replaced, nothing else touched."""
    bare = raw.replace("\x00", "")
    return bare if bare.isascii() else _SURROGATES.sub("\ufffd", bare)


def fold(raw: str) -> str:
    """Case, accents, ligatures, Arabic and presentation variants, zero-width characters and quote styles made one."""
    if raw.isascii():
        return raw.lower().replace("`", "'")
    if 5 * len(coded := raw.encode("utf-8", "surrogatepass")) > 6 * len(raw):
        return raw.translate(_FOLD)
    # few signs beyond ASCII: half the cost of looking each character up
    coded = _ODD.sub(lambda odd: _FOLD[ord(odd[0])], raw).encode("utf-8", "surrogatepass")
    return coded.lower().replace(b"`", b"'").decode("utf-8", "surrogatepass")


def fold_map(raw: str) -> tuple[str, Sequence[int]]:
    """The folded text, and for each of its characters (and its end) the offset in `raw` that it came from."""
    folded = fold(raw)
    if raw.isascii() or (len(folded) == len(raw) and all(len(_FOLD[ord(c)]) == 1 for c in set(raw))):
        return folded, range(len(raw) + 1)
    offsets: list[int] = []
    for index, char in enumerate(raw):
        offsets.extend([index] * len(_FOLD[ord(char)]))
    offsets.append(len(raw))
    return folded, offsets


def visible(raw: str, keep: str = "\n\t") -> str:
    """The text with control, bidi and other format characters shown as marks: inert in a terminal, subject or page.
    Line breaks and tabs stay where `keep` has them; zero-width joiners stay, since scripts need them."""
    inert = (c in keep or c in _JOINERS or unicodedata.category(c) not in ("Cc", "Cf", "Zl", "Zp") for c in raw)
    return "".join(c if stays else _mark(c) for c, stays in zip(raw, inert, strict=True))


def _mark(char: str) -> str:
    code = ord(char)
    return chr(0x2400 + code) if code < 0x20 else "\u2421" if code == 0x7F else f"\u27e8U+{code:04X}\u27e9"


def squeeze(raw: str) -> str:
    """White space runs made one space, ends trimmed."""
    return " ".join(raw.split())


def shorten(raw: str, length: int) -> str:
    """One line of about this many characters, cut between words."""
    said = squeeze(raw)
    return said if len(said) <= length else said[:length].rsplit(" ", 1)[0].rstrip(".,;: ") + "…"


def near(word: str, known: Iterable[str]) -> str:
    """` (did you mean …?)` with the most similar known word, or nothing."""
    spellings = {fold(candidate): candidate for candidate in known}
    found = difflib.get_close_matches(fold(word), spellings, n=1)
    return f" (did you mean {spellings[found[0]]}?)" if found else ""


@lru_cache(maxsize=20_000)
def slug(raw: str) -> str:
    """A facet's value: folded, with everything but letters, digits and `.:@-` made `_`."""
    return re.sub(r"[^\w.:@-]+", "_", fold(raw)).strip("_")


def tokens(raw: str, *, query: bool = False) -> list[str]:
    """The folded words of a text in order. A run of unspaced script becomes bigrams, and in a text its last character.
    >>> tokens("L’Élysée reçoit #Bamako") ['l', 'elysee', 'recoit', 'bamako']"""
    folded = fold(raw)
    if folded.isascii():  # most texts of Latin script, and a third of the cost
        return [run[:LONGEST_TOKEN] for run in _ASCII_TOKEN.findall(folded)]
    if not _UNSPACED_RUN.search(folded):
        return [run[:LONGEST_TOKEN] for run in _SPACED_TOKEN.findall(folded)]
    found: list[str] = []
    for run in _TOKEN.findall(folded):
        if _UNSPACED_RUN.match(run):
            found.extend(_bigrams(run, query))
        else:
            found.append(run[:LONGEST_TOKEN])
    return found


def _bigrams(run: str, query: bool) -> list[str]:
    if len(run) == 1:
        return [run]
    pairs = [run[i : i + 2] for i in range(len(run) - 1)]
    return pairs if query else [*pairs, run[-1]]


def is_unspaced(token: str) -> bool:
    """Whether a token is of a script that is indexed as bigrams."""
    return bool(_UNSPACED_RUN.match(token))


@lru_cache(maxsize=200_000)
def stem(token: str, lang: str) -> str:
    """The stem of one folded token; the token itself in a language without a stemmer."""
    stemmer = _stemmer(lang)
    return stemmer.stemWord(token) if stemmer else token


@lru_cache(maxsize=16)
def _stemmer(lang: str):  # type: ignore[no-untyped-def]  # PyStemmer ships no types
    import Stemmer  # late: a command that stems nothing need not load it

    return Stemmer.Stemmer(STEMMERS[lang], maxCacheSize=0) if lang in STEMMERS else None


def stems(words: Iterable[str], lang: str | None) -> frozenset[str]:
    """The stems of a text's tokens in its own language; empty for a language without a stemmer."""
    if lang not in STEMMERS:
        return frozenset()
    return frozenset(stem(word, lang) for word in set(words))


def query_stems(word: str) -> tuple[str, ...]:
    """The stems a folded word has in any known language: what a plain query word may match."""
    return tuple(sorted({stem(word, lang) for lang in STEMMERS}))
