"""The query language: words, "phrases", prefix*, -not, OR, parentheses and operators, parsed by recursive descent.

    either   = both { "OR" both }
    both     = single { ["AND"] single }          AND binds tighter than OR
    single   = ( "-" | "NOT" ) single | "(" either ")" | phrase | operator ":" values | word

One language for search, rules, digests and feeds. Every name in the tree is resolved (decide/operators.py): matching in
memory and the archive's index know no spellings. Length, depth and number of terms are bounded: a hostile query is an
error within milliseconds."""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rapidfuzz import process

from tracker import text
from tracker.decide import operators
from tracker.decide.operators import Value, Vocabulary
from tracker.errors import QueryError
from tracker.models.query import And, AnyWord, Everything, Node, Not, Or, Phrase, Query

__all__ = ["LONGEST", "Vocabulary", "parse"]

#: Characters in a query.
LONGEST = 10_000
#: Parentheses and negations inside each other: two nodes of the tree each, and FTS5's parser overflows at 15.
DEEPEST = 12
#: Words, phrases and operators in one query.
MOST_TERMS = 250

_CLOSING = {'"': '"', "“": "”", "«": "»"}
_QUOTED = r'"[^"]*"|“[^”]*”|«[^»]*»'
_TOKEN = re.compile(rf'\s*(?:(?P<phrase>{_QUOTED})|(?P<mark>[()"“«]|-(?=[^\s)]))|(?P<word>[^\s()"“«]+))')
_VALUE = rf'({_QUOTED})?([^\s(),"“«]*)'
_VALUES = re.compile(rf"(?:\A|,){_VALUE}")
_NAMED = re.compile(rf"(?P<name>[A-Za-z_]+):(?!//)(?P<values>{_VALUE}(?:,{_VALUE})*)")
_LOOKS_LIKE_TEXT = re.compile(r"https?|ftps?|mailto|urn|doi|tel|at|did|data|javascript|.", re.IGNORECASE)
_MEANT = {
    "speaker": "leader", "by": "leader", "from": "leader", "author": "leader", "person": "leader",
    "since": "after", "until": "before", "date": "after", "site": "source", "feed": "source", "language": "lang",
    "tag": "label", "category": "label", "type": "kind", "mentions": "about", "city": "place", "state": "presence",
}  # fmt: skip
_ENDS = ("OR", "AND", ")", "end")


class _Token(NamedTuple):
    """`kind` is "(", ")", "-", "OR", "AND", "NOT", "phrase", "word", "operator" or "end"; `column` counts from 1."""

    kind: str
    column: int
    text: str = ""
    values: tuple[Value, ...] = ()


def parse(written: str, words: Vocabulary) -> Query:
    """The query as a tree; an empty one matches everything. Raises QueryError, with the column and where possible the
    near spelling, for whatever cannot be understood."""
    if len(written) > LONGEST:
        raise QueryError(f"a query holds at most {LONGEST:,} characters", LONGEST + 1)
    tokens = [*_tokens(written), _Token("end", len(written) + 1)]
    return Query(written, _Parser(tokens, words).query())


def _tokens(written: str) -> Iterator[_Token]:
    at = 0
    while found := _TOKEN.match(written, at):
        start, at, word = found.start(found.lastgroup or 0), found.end(), found["word"]
        named = _NAMED.match(written, start) if word else None
        if found["phrase"]:
            yield _Token("phrase", start + 1, found["phrase"][1:-1])
        elif found["mark"] or word in ("OR", "AND", "NOT"):
            _closed(written, start)
            yield _Token(found["mark"] or word, start + 1)
        elif named and _operates(named["name"].lower(), word.partition(":")[2], written[at : at + 1], start + 1):
            at = named.end()
            yield _Token("operator", start + 1, named["name"].lower(), tuple(_values(written, named)))
        else:
            yield _Token("word", start + 1, word)


def _closed(written: str, at: int) -> None:
    if closing := _CLOSING.get(written[at : at + 1]):
        raise QueryError(f"this quote is never closed: add {closing}", at + 1)


def _values(written: str, named: re.Match[str]) -> Iterator[Value]:
    for found in _VALUES.finditer(named["values"]):
        start = named.start("values") + found.start() + found[0].startswith(",")
        value = ((found[1] or "")[1:-1] + found[2]).strip()
        if not value:
            _closed(written, start if found[1] is None else len(written))
            name = named["name"].lower()
            raise QueryError(f"{name}: needs a value, like {operators.OPERATORS[name]}", named.start() + 1)
        yield Value(value, start + 1)


def _operates(name: str, value: str, following: str, column: int) -> bool:
    """Whether `name:` is an operator. An unknown one is an error, unless it reads like ordinary text."""
    if name in operators.OPERATORS:
        return True
    if _LOOKS_LIKE_TEXT.fullmatch(name) or not (value or following in _CLOSING):
        return False
    near = process.extractOne(name, list(operators.OPERATORS), score_cutoff=70)
    meant = _MEANT.get(name) or (near[0] if near else None)
    hint = f" (did you mean {meant}: ?)" if meant else f'; to look for these words write "{name} {value}"'
    raise QueryError(f"there is no operator {name}:{hint}", column)


class _Parser:
    """Reads tokens into a tree; one method for each rule of the grammar."""

    def __init__(self, tokens: Iterable[_Token], words: Vocabulary) -> None:
        self.tokens, self.words = deque(tokens), words
        self.depth = self.terms = 0

    def query(self) -> Node:
        tree = self._either() if self.tokens[0].kind != "end" else Everything()
        if self.tokens[0].kind == ")":
            raise QueryError("this parenthesis was never opened", self.tokens[0].column)
        return tree

    def _either(self) -> Node:
        sides = [self._side(behind_or=False)]
        while self.tokens[0].kind == "OR":
            self.tokens.popleft()
            sides.append(self._side(behind_or=True))
        return sides[0] if len(sides) == 1 else Or(tuple(sides))

    def _side(self, *, behind_or: bool) -> Node:
        start = self.tokens[0]
        found, following = self._both(), self.tokens[0]
        if found:
            return found
        if start.kind == ")" and not self.depth:
            raise QueryError("this parenthesis was never opened", start.column)
        if behind_or or following.kind == "OR":
            token = following if following.kind == "OR" else start
            raise QueryError("OR needs something to look for on both sides", token.column)
        raise QueryError("there is nothing to look for here: no word holds a letter or a digit", start.column)

    def _both(self) -> Node | None:
        """Everything up to OR, a closing parenthesis or the end; None when that is nothing but punctuation."""
        parts: list[Node] = []
        while (token := self.tokens[0]).kind not in ("OR", ")", "end"):
            if token.kind != "AND":
                parts += filter(None, [self._single()])
            elif not parts or self.tokens[1].kind in _ENDS:
                raise QueryError("AND needs something to look for on both sides", token.column)
            else:
                self.tokens.popleft()
        return And(tuple(parts)) if len(parts) > 1 else next(iter(parts), None)

    def _single(self) -> Node | None:
        token = self.tokens.popleft()
        if token.kind in ("-", "NOT"):
            return self._negated(token)
        if token.kind == "(":
            return self._group(token)
        self.terms += len(token.values) or 1
        if self.terms > MOST_TERMS:
            raise QueryError(f"a query holds at most {MOST_TERMS} words and values", token.column)
        if token.kind == "operator":
            return operators.resolve(token.text, token.values, self.words)
        found = _in_a_row(token.text) if token.kind == "phrase" else _word(token.text)
        if found is None and token.kind == "phrase":
            raise QueryError("this phrase holds no letter and no digit", token.column)
        return found

    def _negated(self, token: _Token) -> Node:
        self._deeper(token)
        child = None if self.tokens[0].kind in _ENDS else self._single()
        self.depth -= 1
        if child is None:
            raise QueryError(f"{token.kind} needs something behind it to leave out", token.column)
        return Not(child)

    def _group(self, opened: _Token) -> Node:
        self._deeper(opened)
        if self.tokens[0].kind == ")":
            raise QueryError("these parentheses are empty", opened.column)
        tree = self._either() if self.tokens[0].kind != "end" else Everything()
        if self.tokens.popleft().kind != ")":
            raise QueryError("this parenthesis is never closed: add )", opened.column)
        self.depth -= 1
        return tree

    def _deeper(self, token: _Token) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise QueryError(f"parentheses and negations go at most {DEEPEST} deep", token.column)


def _word(written: str) -> Node | None:
    """A bare word: inflected forms of it, unless it is cut (`minis*`) or holds several words (`porte-parole`)."""
    found = _in_a_row(written)
    if found is None or found.prefix or len(found.words) > 1 or text.is_unspaced(found.words[0]):
        return found
    return AnyWord(found.words[0], text.query_stems(found.words[0]))


def _in_a_row(written: str) -> Phrase | None:
    """The surface words of a text; None when it has none. In unspaced scripts the last character may be continued."""
    asked, indexed = text.tokens(written, query=True), tuple(text.tokens(written))
    if not asked:
        return None
    if not text.is_unspaced(asked[-1]):
        return Phrase(indexed, prefix=written.rstrip().endswith("*"))
    single = len(asked[-1]) == 1  # inside a phrase a run of bigrams ends, as in the index, with its last character
    return Phrase(indexed if single else indexed[:-1], prefix=single)
