"""The query's tree: one tree for search, rules, digests and feeds. `decide.query.parse` makes it, with every name
resolved; `decide.match` evaluates it on the terms of one statement and the archive compiles it for its index. Both see
the same leaves, so both give the same answer."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Everything:
    """Matches every statement: an empty query."""


@dataclass(frozen=True, slots=True)
class AnyWord:
    """A plain word: one of its stems, or the word itself, is among the statement's."""

    word: str
    stems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Phrase:
    """Surface words in a row; `prefix` lets the last one continue (`minis*`)."""

    words: tuple[str, ...]
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class AnyFacet:
    """One of these facet terms (`leader:assimi-goita`, `label:aid`) is among the statement's."""

    facets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Published:
    """Effective publication in [after, before); None is open."""

    after: datetime | None
    before: datetime | None


@dataclass(frozen=True, slots=True)
class Not:
    child: "Node"


@dataclass(frozen=True, slots=True)
class And:
    children: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    children: tuple["Node", ...]


Node = Everything | AnyWord | Phrase | AnyFacet | Published | Not | And | Or


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query beside its words as written."""

    text: str
    tree: Node
