"""The config folder and the environment as one checked value, or every problem at once. What a kind of source may be
told beside the common keys is its own `Options` in sources/; queries are parsed here, so that a rule that cannot be
read never starts."""

import os
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel

from tracker.channels import webhook
from tracker.classify import taxonomy
from tracker.config import schema
from tracker.config.read import Book, Model, keys
from tracker.config.schema import Settings
from tracker.config.values import DATABASE, NEVER, header, line, secret
from tracker.decide import query
from tracker.errors import ConfigError, QueryError
from tracker.models.query import Everything, Query
from tracker.models.registry import Leader, Office, Registry, Tenure
from tracker.models.source import Source
from tracker.models.telling import Digest, Receiver, Rule
from tracker.sources import KINDS
from tracker.text import near

__all__ = ["Settings", "load", "shipped"]

_X_TOKEN, _PASSWORD, _DATABASE = "TRACKER_X_BEARER_TOKEN", "TRACKER_MAIL_PASSWORD", "TRACKER_DATABASE_URL"
_SOURCES: dict[str, type[BaseModel]] = {name: kind.Options for name, kind in KINDS.items()}
_RECEIVERS: dict[str, type[BaseModel]] = {"webhook": schema.Webhook, "email": schema.Email}
_EVERY, _EVERY_MAX = 300.0, 21600.0
_LOOPBACK = r"localhost|::1|127\.\d+\.\d+\.\d+"
_SECRET = re.compile(r"secret|token|passw|key")
_WITH_USER = re.compile(r"[a-z0-9+]+://[^/?#]*@", re.IGNORECASE)


def shipped() -> Path:
    """The folder that `tracker init` copies: inside an installed package, beside it in a checkout."""
    inside = Path(__file__).parents[1] / "config_shipped"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "config"


def load(folder: Path, environ: Mapping[str, str]) -> Settings:
    """Settings of a config folder, with secrets from `environ`. Opens no socket and writes nothing. ConfigError holds
    every problem at once, one line each: `FILE: key: problem (did you mean …?)`."""
    if not folder.is_dir():
        raise ConfigError([f"{folder}: no such folder: `tracker init` makes one"])
    return _Loading(folder.resolve(), environ).settings()


class _Loading:
    """One reading of one folder. Every method adds what it finds wrong to `problems` and goes on with the rest."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.folder, self.environ = folder, environ
        self.problems: list[str] = []
        self.top = Book(folder / "tracker.toml", self.problems)
        self.people = Book(folder / "leaders.toml", self.problems, "leader", "office")
        self.polled = Book(folder / "sources.toml", self.problems, "source")
        self.told = Book(folder / "rules.toml", self.problems, "receiver", "rule", "digest")
        self.taxonomy = own if (own := folder / "taxonomy").is_dir() else None

    def settings(self) -> Settings:
        """The whole config. ConfigError with everything that is wrong in it."""
        top = self.top.check("", self.top.tables, schema.TrackerFile) or schema.TrackerFile()
        web, mail, database = self.web(top.web), self.mail(top.mail), self.database(top.database)
        registry = self.registry()
        sources = [self.source(place, entry) for place, entry in self.polled.entries["source"]]
        words = self.vocabulary(registry)
        receivers = self.receivers()
        rules = tuple(Rule(**made) for made in self.queried("rule", schema.Rule, words))
        digests = tuple(Digest(**made) for made in self.queried("digest", schema.Digest, words))
        self.strays()
        self.refer_all(self.top, "operator", top.operator.receivers)
        if self.problems:
            raise ConfigError(self.problems)
        return Settings(
            self.folder, database, web, top.network, mail, top.operator.receivers, registry,
            tuple(filter(None, sources)), rules, receivers, digests, self.taxonomy, top.x,
            min(4, os.cpu_count() or 1) if top.workers is None else top.workers,
        )  # fmt: skip

    def strays(self) -> None:
        """A file whose name is nearly that of one that is absent would be passed over in silence."""
        files = {book.file.removesuffix(".toml") for book in (self.top, self.people, self.polled, self.told)}
        present = {path.stem for path in self.folder.glob("*.toml")}
        for name in sorted(present - files):
            if hint := near(name, files - present):
                self.problems.append(f"{line(name)}.toml: nothing reads this file{hint.replace('?)', '.toml?)')}")

    def database(self, written: str) -> str:
        """TRACKER_DATABASE_URL, else the file's; a relative SQLite path is one of the folder's."""
        given = self.environ.get(_DATABASE)
        if given and not re.fullmatch(DATABASE, given):
            self.problems.append(f'{_DATABASE}: write "sqlite:///archive.db" or "postgresql://…"')
        elif not given and re.match(r"[a-z]+://[^/@]*:[^/@]*@", written):
            self.top.problem("database", f"a password is never written here: put the URL into {_DATABASE}")
        before, slashes, path = (given or written).partition("sqlite:///")
        return f"{slashes}{self.folder / path}" if slashes else before

    def web(self, part: schema.WebSettings) -> schema.WebSettings:
        variable = (part.token or "").removeprefix("env:")
        token, host = self.environ.get(variable) or None, self.environ.get("TRACKER_WEB_HOST") or part.host
        if not token and not re.fullmatch(_LOOPBACK, host):
            self.top.problem("web.host", f"{host} is open to others: set {variable} in the environment")
        return part.model_copy(update={"token": token, "host": host, "public_url": part.public_url.rstrip("/")})

    def mail(self, part: schema.MailSettings | None) -> schema.MailSettings | None:
        password, raw = self.environ.get(_PASSWORD) or None, self.top.tables.get("mail")
        if isinstance(raw, dict) and raw.get("username") and not password:
            self.top.problem("mail.username", f"{_PASSWORD} is not set in the environment")
        return part.model_copy(update={"password": password}) if part else None

    def needs_mail(self, place: str) -> None:
        if "mail" not in self.top.tables and not self.top.broken:
            self.told.problem(place, "tracker.toml has no [mail] to send it with")

    def registry(self) -> Registry:
        """Everybody; of an entry that is not right only the name, so that what refers to it is not called wrong too."""
        leaders, offices, held = [], [], list[tuple[Tenure, str]]()
        for place, entry in self.people.entries["office"]:
            office = self.people.check(place, entry, schema.Office)
            offices.append(Office(**dict(office)) if office else Office(str(entry.get("id")), "", ""))
        for place, entry in self.people.entries["leader"]:
            self.offices(place, entry.get("tenure"))
            if part := self.people.check(place, entry, schema.Leader):
                tenures = self.tenures(place, part)
                held += tenures
                leaders.append(Leader(**dict(part) | {"tenures": tuple(tenure for tenure, _ in tenures)}))
            else:
                leaders.append(Leader(str(entry.get("id")), str(entry.get("name"))))
        held.sort(key=lambda one: (one[0].office, one[0].since))
        for (earlier, there), (later, here) in pairwise(held):
            if earlier.office == later.office and (earlier.until is None or later.since < earlier.until):
                self.people.problem(here, f"overlaps {there}: both hold {later.office} on {later.since}")
        return Registry(tuple(leaders), tuple(offices))

    def offices(self, place: str, tenures: object) -> None:
        """The offices of tenures, whatever else is wrong with them."""
        for number, one in enumerate(tenures if isinstance(tenures, list) else (), 1):
            if isinstance(one, dict) and isinstance(office := one.get("office"), str):
                self.people.refer(f"{place}.tenure[{number}].office", office, self.people, "office")

    def tenures(self, place: str, leader: schema.Leader) -> list[tuple[Tenure, str]]:
        found = []
        for number, part in enumerate(leader.tenures, 1):
            here = f"{place}.tenure[{number}]"
            if part.until and part.until <= part.since:
                self.people.problem(f"{here}.to", f"{part.until} is not after from = {part.since}")
            else:
                found.append((Tenure(**dict(part)), here))
        return found

    def source(self, place: str, entry: dict[str, Any]) -> Source | None:
        """The source with what it needs from the environment, paused while that is missing."""
        part, options = self.kindly(self.polled, place, entry, schema.Source, _SOURCES)
        if not part:
            return None
        self.owner(place, part)
        if part.every and part.every_max and part.every_max < part.every:
            self.polled.problem(f"{place}.every_max", "must not be shorter than every")
        secrets = self.headers(place, part)
        paused = None if part.enabled else f"switched off in {self.polled.file}"
        if part.kind == "x" and (token := self.environ.get(_X_TOKEN)):
            secrets["Authorization"] = f"Bearer {token}"
        elif part.kind == "x":
            paused = paused or f"set {_X_TOKEN} in the environment to read this account"
        every = part.every or min(_EVERY, part.every_max or _EVERY)
        made = {
            "options": options, "every": every, "every_max": part.every_max or max(every, _EVERY_MAX),
            "enabled": paused is None, "paused_reason": paused, "secrets": secrets,
        }  # fmt: skip
        return Source(**part.model_dump(exclude={"headers"}) | made)

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
            elif not kind and _SECRET.search(key) and not str(value).startswith("env:"):
                book.problem(f"{place}.{line(key)}", NEVER)
        return part, options.model_dump() if options else {}

    def owner(self, place: str, part: schema.Source) -> None:
        owners = {key: name for key in ("leader", "office", "publisher") if (name := getattr(part, key)) is not None}
        if len(owners) != 1:
            has = " and ".join(owners) or "none of them"
            self.polled.problem(place, f"must have exactly one of leader, office, publisher: it has {has}")
        for key in owners.keys() - {"publisher"}:
            self.polled.refer(f"{place}.{key}", owners[key], self.people, key)

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

    def vocabulary(self, registry: Registry) -> query.Vocabulary | None:
        """The names a query may use; None when a file that holds them could not be read."""
        if self.polled.broken or self.people.broken:
            return None
        try:
            labels = [label.name for label in taxonomy.load(self.taxonomy, taxonomy.shipped())]
        except ConfigError as error:
            self.problems += error.problems
            return None
        return query.Vocabulary(registry, labels, tuple(KINDS), self.polled.names["source"])

    def receivers(self) -> dict[str, Receiver]:
        """The receivers by name; a signing secret is tried here, so that a bad one does not wait for an alert."""
        found = {}
        for place, entry in self.told.entries["receiver"]:
            part, options = self.kindly(self.told, place, entry, schema.Receiver, _RECEIVERS)
            if part and part.kind == "email":
                self.needs_mail(place)
            reference, kept = options.pop("secret", None), None
            try:
                if reference:
                    webhook.keys(kept := secret(reference, self.environ))
            except ValueError as problem:
                self.told.problem(f"{place}.secret", str(problem))
            if part:
                found[part.name] = Receiver(part.name, cast(Any, part.kind), options, kept)  # one of _RECEIVERS
        return found

    def queried(self, kind: str, model: type[Model], words: query.Vocabulary | None) -> Iterator[dict[str, Any]]:
        """What each rule or digest is made of: its keys, with the query parsed."""
        for place, entry in self.told.entries[kind]:
            if part := self.told.check(place, entry, model):
                made = dict(part)
                if "receivers" in made:
                    self.refer_all(self.told, place, made["receivers"])
                else:
                    self.needs_mail(place)
                parsed = Query(made["query"], Everything())
                try:
                    parsed = query.parse(made["query"], words) if words else parsed
                except QueryError as error:
                    self.told.problem(f"{place}.query", str(error))
                yield made | {"query": parsed}

    def refer_all(self, book: Book, place: str, receivers: tuple[str, ...]) -> None:
        for number, receiver in enumerate(receivers, 1):
            book.refer(f"{place}.receivers[{number}]", receiver, self.told, "receiver")
