"""The query language: words, "phrases", prefix*, -not, OR, parentheses and operators, parsed by recursive descent.

    either   = both { "OR" both }
    both     = single { ["AND"] single }          AND binds tighter than OR
    single   = ( "-" | "NOT" ) single | "(" either ")" | phrase | operator ":" values | word

One language for search, rules, digests and feeds. The tree it makes has every name resolved (decide/operators.py), so
that matching in memory and the archive's index need to know nothing of spellings. Length, depth and number of terms
are bounded: a hostile query is an error within milliseconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

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
_NAMED = re.compile(r"([A-Za-z_]+):(?!//)(.*)", re.DOTALL)
_LOOKS_LIKE_TEXT = re.compile(r"(https?|ftps?|mailto|urn|doi|tel|at|did|data|javascript)", re.IGNORECASE)
_MEANT = {
    "speaker": "leader", "by": "leader", "from": "leader", "author": "leader", "person": "leader",
    "since": "after", "until": "before", "date": "after", "site": "source", "feed": "source", "language": "lang",
    "tag": "label", "category": "label", "type": "kind", "mentions": "about", "city": "place", "state": "presence",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Token:
    """`kind` is "(", ")", "-", "OR", "AND", "NOT", "phrase", "word" or "operator"; `column` counts from 1."""

    kind: str
    column: int
    text: str = ""
    values: tuple[Value, ...] = ()


def parse(written: str, words: Vocabulary) -> Query:
    """The query as a tree; an empty one matches everything.

    Raises QueryError, with the column and where possible the near spelling, for whatever cannot be understood.
    """
    if len(written) > LONGEST:
        raise QueryError(f"a query holds at most {LONGEST:,} characters", LONGEST + 1)
    tokens = _Scanner(written).tokens()
    return Query(written, _Parser(tokens, words, len(written) + 1).query())


class _Scanner:
    """Cuts a query into tokens."""

    def __init__(self, written: str) -> None:
        self.written = written
        self.at = 0

    def tokens(self) -> list[_Token]:
        found: list[_Token] = []
        while self.at < len(self.written):
            if self.written[self.at].isspace():
                self.at += 1
                continue
            found.append(self._token())
        return found

    def _token(self) -> _Token:
        char, column = self.written[self.at], self.at + 1
        if char in "()":
            self.at += 1
            return _Token(char, column)
        if char == "-" and self._negates():
            self.at += 1
            return _Token("-", column)
        if char in _CLOSING:
            return _Token("phrase", column, self._quoted())
        return self._word(column)

    def _negates(self) -> bool:
        after = self.written[self.at + 1 : self.at + 2]
        return bool(after) and not after.isspace() and after != ")"

    def _quoted(self) -> str:
        start, closing = self.at, _CLOSING[self.written[self.at]]
        end = self.written.find(closing, start + 1)
        if end < 0:
            raise QueryError(f"this quote is never closed: add {closing}", start + 1)
        self.at = end + 1
        return self.written[start + 1 : end]

    def _bare(self, stops: str) -> str:
        start = self.at
        while self.at < len(self.written):
            char = self.written[self.at]
            if char.isspace() or char in stops or char in _CLOSING:
                break
            self.at += 1
        return self.written[start : self.at]

    def _word(self, column: int) -> _Token:
        word = self._bare("()")
        if word in ("OR", "AND", "NOT"):
            return _Token(word, column)
        named = _NAMED.fullmatch(word)
        if named and self._operates(named[1].lower(), named[2], column):
            self.at = column + len(named[1])  # just behind the colon
            return _Token("operator", column, named[1].lower(), self._values(named[1].lower(), column))
        return _Token("word", column, word)

    def _operates(self, name: str, value: str, column: int) -> bool:
        """Whether `name:` is an operator. An unknown one is an error, unless it reads like ordinary text."""
        if name in operators.OPERATORS:
            return True
        quoted = self.written[self.at : self.at + 1] in _CLOSING
        if _LOOKS_LIKE_TEXT.fullmatch(name) or len(name) == 1 or not (value or quoted):
            return False
        near = process.extractOne(name, list(operators.OPERATORS), score_cutoff=70)
        meant = _MEANT.get(name) or (near[0] if near else None)
        hint = f" (did you mean {meant}: ?)" if meant else f'; to look for these words write "{name} {value}"'
        raise QueryError(f"there is no operator {name}:{hint}", column)

    def _values(self, name: str, column: int) -> tuple[Value, ...]:
        values: list[Value] = []
        while True:
            start = self.at
            quoted = self.written[start : start + 1] in _CLOSING and start < len(self.written)
            value = self._quoted() + self._bare("(),") if quoted else self._bare("(),")
            if not value.strip():
                raise QueryError(f"{name}: needs a value, like {operators.OPERATORS[name]}", column)
            values.append(Value(value.strip(), start + 1))
            if self.written[self.at : self.at + 1] != ",":
                return tuple(values)
            self.at += 1


class _Parser:
    """Reads tokens into a tree; one method for each rule of the grammar."""

    def __init__(self, tokens: list[_Token], words: Vocabulary, end: int) -> None:
        self.tokens = tokens
        self.words = words
        self.end = _Token("end", end)
        self.at = 0
        self.depth = 0
        self.terms = 0

    def query(self) -> Node:
        if not self.tokens:
            return Everything()
        tree = self._either()
        if self._next.kind == ")":
            self._unopened(self._next)
        return tree

    def _unopened(self, token: _Token) -> NoReturn:
        raise QueryError("this parenthesis was never opened", token.column)

    @property
    def _next(self) -> _Token:
        return self.tokens[self.at] if self.at < len(self.tokens) else self.end

    def _take(self) -> _Token:
        token = self._next
        self.at += 1
        return token

    def _either(self) -> Node:
        sides: list[Node] = []
        while True:
            start = self._next
            side = self._both()
            if side is None:
                self._nothing(start, bool(sides))
            sides.append(side)
            if self._next.kind != "OR":
                return sides[0] if len(sides) == 1 else Or(tuple(sides))
            self._take()

    def _nothing(self, start: _Token, behind_or: bool) -> NoReturn:
        if start.kind == ")" and not self.depth:
            self._unopened(start)
        if behind_or or self._next.kind == "OR":
            column = (self._next if self._next.kind == "OR" else start).column
            raise QueryError("OR needs something to look for on both sides", column)
        raise QueryError("there is nothing to look for here: no word holds a letter or a digit", start.column)

    def _both(self) -> Node | None:
        """Everything up to OR, a closing parenthesis or the end; None when that is nothing but punctuation."""
        parts: list[Node] = []
        while self._next.kind not in ("OR", ")", "end"):
            if self._next.kind == "AND":
                self._and(bool(parts))
                continue
            part = self._single()
            if part is not None:
                parts.append(part)
        if len(parts) < 2:
            return parts[0] if parts else None
        return And(tuple(parts))

    def _and(self, has_left: bool) -> None:
        token = self._take()
        if not has_left or self._next.kind in ("OR", "AND", ")", "end"):
            raise QueryError("AND needs something to look for on both sides", token.column)

    def _single(self) -> Node | None:
        token = self._take()
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
        child = None if self._next.kind in ("OR", "AND", ")", "end") else self._single()
        self.depth -= 1
        if child is None:
            raise QueryError(f"{token.kind} needs something behind it to leave out", token.column)
        return Not(child)

    def _group(self, opened: _Token) -> Node:
        self._deeper(opened)
        if self._next.kind == ")":
            raise QueryError("these parentheses are empty", opened.column)
        if self._next.kind == "end":
            raise QueryError("this parenthesis is never closed: add )", opened.column)
        tree = self._either()
        if self._take().kind != ")":
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
    asked = text.tokens(written, query=True)
    if not asked:
        return None
    if not text.is_unspaced(asked[-1]):
        return Phrase(tuple(text.tokens(written)), prefix=written.rstrip().endswith("*"))
    indexed = text.tokens(written)  # inside a phrase a run of bigrams ends, as in the index, with its last character
    single = len(asked[-1]) == 1
    return Phrase(tuple(indexed if single else indexed[:-1]), prefix=single)
