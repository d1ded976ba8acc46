"""From the tables of the four files to Settings: references between them, secrets, queries."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel

from tracker.channels import webhook
from tracker.classify import taxonomy
from tracker.config import schema
from tracker.config.read import Book, Model, keys, near
from tracker.config.schema import MailSettings, Settings, TrackerFile, WebSettings
from tracker.config.values import DATABASE, header, is_loopback, line, secret
from tracker.decide import query
from tracker.errors import ConfigError, QueryError
from tracker.models.query import Everything, Query
from tracker.models.registry import Leader, Office, Registry, Tenure
from tracker.models.source import Source
from tracker.models.telling import Digest, Receiver, Rule
from tracker.sources import KINDS

_X_TOKEN, _PASSWORD, _DATABASE = "TRACKER_X_BEARER_TOKEN", "TRACKER_MAIL_PASSWORD", "TRACKER_DATABASE_URL"
_SOURCES: dict[str, type[BaseModel]] = {name: kind.Options for name, kind in KINDS.items()}
_RECEIVERS: dict[str, type[BaseModel]] = {"webhook": schema.Webhook, "email": schema.Email}
_EVERY, _EVERY_MAX = 300.0, 21600.0
_WITH_USER = re.compile(r"[a-z0-9+]+://[^/?#]*@", re.IGNORECASE)


class Loading:
    """One reading of one folder. Every method adds what it finds wrong to `problems` and goes on with the rest."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.folder, self.environ = folder, environ
        self.problems: list[str] = []
        self.top = Book(folder / "tracker.toml", self.problems, required=True)
        self.people = Book(folder / "leaders.toml", self.problems)
        self.polled = Book(folder / "sources.toml", self.problems)
        self.told = Book(folder / "rules.toml", self.problems)

    def settings(self) -> Settings:
        """The whole config. ConfigError with everything that is wrong in it."""
        top = self.top.check("", self.top.tables, TrackerFile) or TrackerFile()
        web, mail, database = self.web(top.web), self.mail(top.mail), self.database(top.database)
        registry, sources = self.registry(), self.sources()
        words = self.vocabulary(registry)
        receivers, rules, digests = self.receivers(), self.rules(words), self.digests(words)
        self.strays()
        for number, receiver in enumerate(top.operator.receivers, 1):
            self.top.refer(f"operator.receivers[{number}]", receiver, self.told.names("receiver"), "receiver")
        if self.problems:
            raise ConfigError(self.problems)
        return Settings(
            self.folder, database, web, top.network, mail, top.operator.receivers, registry, sources, rules, receivers,
            digests, self.taxonomy(), top.x, min(4, os.cpu_count() or 1) if top.workers is None else top.workers,
        )  # fmt: skip

    def strays(self) -> None:
        """A file whose name is nearly that of one that is absent would be passed over in silence."""
        files = {book.file for book in (self.top, self.people, self.polled, self.told)}
        present = {path.name for path in self.folder.glob("*.toml")}
        for name in sorted(present - files):
            if hint := near(name.removesuffix(".toml"), [file.removesuffix(".toml") for file in files - present]):
                self.problems.append(f"{line(name)}: nothing reads this file{hint.replace('?)', '.toml?)')}")

    # tracker.toml

    def database(self, written: str) -> str:
        """TRACKER_DATABASE_URL, else the file's; a relative SQLite path is one of the folder's."""
        given = self.environ.get(_DATABASE)
        if given and not re.fullmatch(DATABASE, given):
            self.problems.append(f'{_DATABASE}: write "sqlite:///archive.db" or "postgresql://…"')
        elif not given and re.match(r"[a-z]+://[^/@]*:[^/@]*@", written):
            self.top.problem("database", f"a password is never written here: put the URL into {_DATABASE}")
        before, slashes, path = (given or written).partition("sqlite:///")
        return f"{slashes}{self.folder / path}" if slashes else before

    def web(self, part: WebSettings) -> WebSettings:
        variable = (part.token or "").removeprefix("env:")
        token = self.environ.get(variable) or None
        if not token and not is_loopback(part.host):
            self.top.problem("web.host", f"{part.host} is open to others: set {variable} in the environment")
        return part.model_copy(update={"token": token, "public_url": part.public_url.rstrip("/")})

    def mail(self, part: MailSettings | None) -> MailSettings | None:
        password = self.environ.get(_PASSWORD) or None
        if part and part.username and not password:
            self.top.problem("mail.username", f"{_PASSWORD} is not set in the environment")
        return part.model_copy(update={"password": password}) if part else None

    def needs_mail(self, place: str) -> None:
        if "mail" not in self.top.tables and not self.top.broken:
            self.told.problem(place, "tracker.toml has no [mail] to send it with")

    def taxonomy(self) -> Path | None:
        own = self.folder / "taxonomy"
        return own if own.is_dir() else None

    # leaders.toml

    def registry(self) -> Registry:
        """Everybody; of an entry that is not right only the name, so that what refers to it is not called wrong too."""
        self.people.only("leader", "office")
        leaders, offices, held = [], [], list[tuple[Tenure, str]]()
        for place, entry in self.people.entries("office", "id"):
            if office := self.people.check(place, entry, schema.Office):
                offices.append(Office(office.id, office.title, office.country, tuple(office.aliases)))
            else:
                offices.append(Office(str(entry.get("id")), "", ""))
        for place, entry in self.people.entries("leader", "id"):
            if not (part := self.people.check(place, entry, schema.Leader)):
                leaders.append(Leader(str(entry.get("id")), str(entry.get("name"))))
                continue
            tenures = self.tenures(place, part.tenure)
            held += tenures
            spans = tuple(tenure for tenure, _ in tenures)
            leaders.append(Leader(part.id, part.name, tuple(part.aliases), tuple(part.short), spans))
        self.overlaps(held)
        return Registry(tuple(leaders), tuple(offices))

    def tenures(self, place: str, parts: list[schema.Tenure]) -> list[tuple[Tenure, str]]:
        found, offices = [], self.people.names("office", "id")
        for number, part in enumerate(parts, 1):
            here = f"{place}.tenure[{number}]"
            self.people.refer(f"{here}.office", part.office, offices, "office")
            if part.until and part.until <= part.since:
                self.people.problem(f"{here}.to", f"{part.until} is not after from = {part.since}")
            else:
                found.append((Tenure(part.office, part.since, part.until), here))
        return found

    def overlaps(self, held: list[tuple[Tenure, str]]) -> None:
        """Who speaks for an office that two tenures hold at once, nobody can say."""
        held.sort(key=lambda one: (one[0].office, one[0].since))
        for (earlier, there), (later, here) in pairwise(held):
            if earlier.office == later.office and (earlier.until is None or later.since < earlier.until):
                self.people.problem(here, f"overlaps {there}: both hold {later.office} on {later.since}")

    # sources.toml

    def sources(self) -> tuple[Source, ...]:
        self.polled.only("source")
        found = [self.source(place, entry) for place, entry in self.polled.entries("source")]
        return tuple(source for source in found if source)

    def source(self, place: str, entry: dict[str, Any]) -> Source | None:
        part, options = self.kindly(self.polled, place, entry, schema.Source, _SOURCES)
        if not part:
            return None
        self.owner(place, part)
        if part.every and part.every_max and part.every_max < part.every:
            self.polled.problem(f"{place}.every_max", "must not be shorter than every")
        return self.made(part, options, self.headers(place, part))

    def kindly(
        self, book: Book, place: str, entry: dict[str, Any], model: type[Model], kinds: Mapping[str, type[BaseModel]]
    ) -> tuple[Model | None, dict[str, Any]]:
        """An entry's common keys as `model`, and its other keys as the options of its kind."""
        common, called = keys(model), entry.get("kind")
        kind = kinds.get(str(called))
        if isinstance(called, str) and not kind:
            book.problem(f"{place}.kind", f'no kind "{line(called)}": {", ".join(kinds)}' + near(called, kinds))
        part = book.check(place, {key: value for key, value in entry.items() if key in common}, model)
        own = {key: value for key, value in entry.items() if key not in common}
        options: BaseModel | None = book.check(place, own, kind, also=common) if kind else None
        for key, value in own.items():
            if isinstance(value, str) and _WITH_USER.match(value):
                book.problem(f"{place}.{line(key)}", "a secret is never written here: take user and password out of it")
        return part, options.model_dump() if options else {}

    def owner(self, place: str, part: schema.Source) -> None:
        owners = {key: name for key in ("leader", "office", "publisher") if (name := getattr(part, key)) is not None}
        if len(owners) != 1:
            has = " and ".join(owners) or "none of them"
            self.polled.problem(place, f"must have exactly one of leader, office, publisher: it has {has}")
        for key in owners.keys() - {"publisher"}:
            self.polled.refer(f"{place}.{key}", owners[key], self.people.names(key, "id"), key)

    def headers(self, place: str, part: schema.Source) -> dict[str, str]:
        """All request headers, with values from the environment; a source that is switched off may lack those."""
        found = {}
        for label, value in part.headers.items():
            try:
                found[label] = header(label, value, self.environ)
            except ValueError as problem:
                if part.enabled or not value.startswith("env:"):
                    self.polled.problem(f"{place}.headers.{line(label)}", str(problem))
        return found

    def made(self, part: schema.Source, options: dict[str, Any], secrets: dict[str, str]) -> Source:
        """The source with what it needs from the environment, paused while that is missing."""
        paused = None if part.enabled else f"switched off in {self.polled.file}"
        if part.kind == "x" and (token := self.environ.get(_X_TOKEN)):
            secrets["Authorization"] = f"Bearer {token}"
        elif part.kind == "x":
            paused = paused or f"set {_X_TOKEN} in the environment to read this account"
        every = part.every or min(_EVERY, part.every_max or _EVERY)
        return Source(
            part.name, part.kind, options, part.leader, part.office, part.publisher, every,
            part.every_max or max(every, _EVERY_MAX), part.proof, part.lang, part.timezone, part.redact_on_delete,
            enabled=paused is None, paused_reason=paused, secrets=secrets,
        )  # fmt: skip

    # rules.toml

    def vocabulary(self, registry: Registry) -> query.Vocabulary | None:
        """The names a query may use; None when a file that holds them could not be read."""
        names = self.polled.names("source")
        if names is None or self.people.broken:
            return None
        try:
            labels = [label.name for label in taxonomy.load(self.taxonomy(), taxonomy.shipped())]
        except ConfigError as error:
            self.problems += error.problems
            return None
        return query.Vocabulary(registry, labels, tuple(KINDS), names)

    def receivers(self) -> dict[str, Receiver]:
        self.told.only("receiver", "rule", "digest")
        found = {}
        for place, entry in self.told.entries("receiver"):
            part, options = self.kindly(self.told, place, entry, schema.Receiver, _RECEIVERS)
            if part and part.kind == "email":
                self.needs_mail(place)
            if part:
                kept = self.secret(place, options.pop("secret", None))
                found[part.name] = Receiver(part.name, cast(Any, part.kind), options, kept)  # one of _RECEIVERS
        return found

    def secret(self, place: str, reference: str | None) -> str | None:
        """A webhook's signing secret, tried here so that a bad one does not wait for its first alert."""
        try:
            value = secret(reference, self.environ) if reference else None
            if value:
                webhook.keys(value)
        except ValueError as problem:
            self.told.problem(f"{place}.secret", str(problem))
            return None
        return value

    def rules(self, words: query.Vocabulary | None) -> tuple[Rule, ...]:
        found, receivers = [], self.told.names("receiver")
        for place, entry in self.told.entries("rule"):
            if not (part := self.told.check(place, entry, schema.Rule)):
                continue
            for number, receiver in enumerate(part.receivers, 1):
                self.told.refer(f"{place}.receivers[{number}]", receiver, receivers, "receiver")
            rule = Rule(
                part.name, self.query(place, part.query, words), tuple(part.receivers), part.max_age, part.group_wait,
                tuple(part.group_by), (part.quiet[0], part.quiet[1]) if part.quiet else None, part.timezone,
                part.first_reading, part.enabled,
            )  # fmt: skip
            found.append(rule)
        return tuple(found)

    def digests(self, words: query.Vocabulary | None) -> tuple[Digest, ...]:
        found = []
        for place, entry in self.told.entries("digest"):
            if part := self.told.check(place, entry, schema.Digest):
                self.needs_mail(place)
                asked = self.query(place, part.query, words)
                found.append(Digest(part.name, tuple(part.to), part.at, part.timezone, asked, part.empty))
        return tuple(found)

    def query(self, place: str, written: str, words: query.Vocabulary | None) -> Query:
        """The parsed query; in place of one that cannot be read, a problem."""
        try:
            return query.parse(written, words) if words else Query(written, Everything())
        except QueryError as error:
            self.told.problem(f"{place}.query", str(error))
            return Query(written, Everything())
