"""One utterance read once: language, words, concepts, names, and where its speaker stands to the countries it names."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from tracker.classify import language, tokens
from tracker.classify.lexicon import Hit, Lexicon
from tracker.classify.names import Named, Names
from tracker.classify.tokens import Field
from tracker.models.registry import Speaker
from tracker.models.statement import Origin

#: Concepts that are titles of persons: a name beside one of them is a person's.
TITLES = frozenset({"HEAD", "MINISTER", "COUNTERPART", "AMBASSADOR"})


@dataclass(frozen=True, slots=True)
class Utterance:
    """What is to be classified. `lang` is what the platform declares; `published` anchors relative dates."""

    text: str
    title: str | None = None
    lang: str | None = None
    speaker: Speaker = field(default_factory=Speaker)
    origin: Origin = "official"
    published: date | None = None


@dataclass(slots=True)
class Document:
    """An utterance as read. `home` is the speaker's country, None for a report."""

    utterance: Utterance
    lang: str | None
    fields: tuple[Field, ...]
    hits: list[Hit] = field(default_factory=list)
    named: list[Named] = field(default_factory=list)

    @property
    def home(self) -> str | None:
        return self.utterance.speaker.country if self.utterance.origin == "official" else None

    @property
    def classified(self) -> bool:
        return self.lang in language.CLASSIFIED

    @property
    def words(self) -> list[str]:
        """The words that are read for n-grams: no numbers, which say when and how much but not what about."""
        return [word for one in self.fields for word in one.words if not word.isdigit()]


def read_all(utterances: Sequence[Utterance], lexicon: Lexicon, names: Names) -> list[Document]:
    """Read utterances in order; never fails, whatever a text holds. Stage by stage: so each one's tables stay near."""
    spoken = [language.identify(f"{one.title}. {one.text}" if one.title else one.text, one.lang) for one in utterances]
    documents = [Document(one, lang, _fields(one)) for one, lang in zip(utterances, spoken, strict=True)]
    for document in documents:
        if document.classified and document.lang:
            document.hits = lexicon.find(document.lang, document.fields)
    for document in documents:
        if document.classified:
            titled = [(hit.field, hit.last) for hit in document.hits if hit.concept in TITLES]
            found = names.find(document.fields, titled)  # Georgia is a part of the USA, too
            document.named = [n for n in found if (document.home, n.entry.code) != ("USA", "GEO")]
    return documents


def _fields(utterance: Utterance) -> tuple[Field, ...]:
    body = tokens.read("text", utterance.text)
    return (tokens.read("title", utterance.title), body) if utterance.title else (body,)
