"""A small world of July 2024 for the pages: real leaders and events, our own sentences, in a real archive."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx

from tracker.app import Tracker
from tracker.archive import Archive
from tracker.decide.query import Vocabulary
from tracker.errors import ArchiveAway
from tracker.models.registry import Leader, Office, Registry, Tenure
from tracker.models.source import Evidence, Judged, Reading, Source
from tracker.models.statement import (
    Classification,
    Event,
    EventTold,
    Firing,
    Label,
    Link,
    Media,
    Party,
    Post,
    Related,
    Visit,
    Words,
)
from tracker.models.telling import Delivered, Notification, Period
from tracker.web import make_app

NOW = datetime(2024, 7, 7, 16, 42, 10, tzinfo=UTC)
TITLES = {
    "diplomatic_visit": "Diplomatic visit",
    "security_statement": "Security statement",
    "diplomatic_meeting": "Diplomatic meeting",
    "agreement": "Agreement",
    "condemnation": "Condemnation",
    "sanction_or_rupture": "Sanction or rupture",
    "aid": "Aid",
    "domestic_politics": "Domestic politics",
    "ceremonial": "Ceremonial",
}
_PEOPLE = (
    ("assimi-goita", "Assimi Goïta", "mli-president", "President of the Transition", "MLI", date(2021, 6, 7)),
    ("ibrahim-traore", "Ibrahim Traoré", "bfa-president", "President of the Transition", "BFA", date(2022, 10, 21)),
    ("abdourahamane-tiani", "Abdourahamane Tiani", "ner-president", "President of the CNSP", "NER", date(2023, 7, 28)),
    ("bola-tinubu", "Bola Ahmed Tinubu", "nga-president", "President", "NGA", date(2023, 5, 29)),
    ("bassirou-faye", "Bassirou Diomaye Faye", "sen-president", "President", "SEN", date(2024, 4, 2)),
    ("abdelmadjid-tebboune", "Abdelmadjid Tebboune", "dza-president", "President", "DZA", date(2019, 12, 19)),
)
REGISTRY = Registry(
    leaders=tuple(
        Leader(key, name, (name.split()[-1],), tenures=(Tenure(office, since),))
        for key, name, office, _, _, since in _PEOPLE
    ),
    offices=tuple(Office(office, title, land) for _, _, office, title, land, _ in _PEOPLE),
)


def _source(name: str, url: str, **more: Any) -> Source:
    kind, options = ("x", {"handle": url}) if "." not in url else ("feed", {"url": f"https://{url}"})
    return Source(name, kind, options, **more)


SOURCES = {
    one.name: one
    for one in (
        _source("goita-x", "GoitaAssimi", leader="assimi-goita", proof="linked from the presidency’s site"),
        _source(
            "presidence-niger", "presidence.example/ne/feed", office="ner-president", proof="the office’s own domain"
        ),
        _source("statehouse-nigeria", "statehouse.example/ng/rss", office="nga-president"),
        _source("presidence-senegal", "presidence.example/sn/feed", office="sen-president"),
        _source("el-mouradia", "elmouradia.example/dz/rss", office="dza-president"),
        _source("burkina-sig", "sig.example/bf/feed", office="bfa-president"),
        _source("sahel-wire", "wire.example/sahel.atom", publisher="Sahel Wire"),
        _source("traore-x", "CapitaineIb226", leader="ibrahim-traore", enabled=False, paused_reason="needs a token"),
    )
}
SHARED = "Nous mettons en commun nos moyens pour défendre nos frontières"
TREATY = (
    "À Niamey, mes frères les présidents Tiani et Traoré et moi avons signé le traité qui crée la "
    "Confédération des États "
    f"du Sahel. {SHARED} et protéger nos populations. Merci au peuple nigérien pour son accueil."
)
SUMMIT = Event(
    "e1summit",
    "past",
    (Party("Assimi Goïta", "assimi-goita", "MLI"), Party("Ibrahim Traoré", "ibrahim-traore", "BFA")),
    Party("Abdourahamane Tiani", "abdourahamane-tiani", "NER"),
    "Niamey",
    date(2024, 7, 6),
)
ABUJA = Event(
    "e2abuja",
    "announced",
    (Party("a ministerial delegation, led by the minister", None, "SEN"),),
    Party(country="NGA"),
    "Abuja",
    date(2024, 7, 22),
    date(2024, 7, 24),
)


def as_told(event: Event) -> Visit:
    """A visit as one statement tells all of it."""
    return Visit(event.status, event.visitors, event.host, event.place, event.day, event.day_end)


def at(day: int, hour: int, minute: int) -> datetime:
    return datetime(2024, 7, day, hour, minute, tzinfo=UTC)


def post(source: str, moment: datetime, text: str, title: str | None = None, **more: Any) -> Post:
    """A post of that source; its key is its moment."""
    origin, key = SOURCES[source], f"{moment:%d%H%M}"
    written = {
        "external_id": key,
        "keys": (f"id:{key}",),
        "origin": origin.origin,
        "speaker": REGISTRY.speaker(origin.leader, origin.office, moment.date()),
        "publisher": origin.publisher,
        "text": text,
        "title": title,
        "hash": hashlib.sha256(f"{title}{text}".encode()).hexdigest(),
        "url": f"https://example.org/{source}/{key}",
        "effective_at": moment,
        "published_at": moment,
        "published_stated": moment.isoformat(),
    }
    return Post(**{**written, **more})


def understood(one: Post, lang: str | None, **labels: tuple[Any, ...]) -> Classification:
    """Labels by name: (score, word, word…), each found in the title or the text."""
    found = []
    for name, (score, *exact) in labels.items():
        fields = (("title", one.title or ""), ("text", one.text))
        words = [Words(f, w, t.index(w), t.index(w) + len(w)) for w in exact for f, t in fields if w in t]  # type: ignore[arg-type]
        assert len(words) >= len(exact), exact
        found.append(Label(name, score, words=tuple(words)))
    return Classification(lang, lang is not None, "2026.11", tuple(found), {"aid": 0.11, "condemnation": 0.07})


def keep(archive: Archive, source: str, *items: Judged, now: datetime, body: bytes | None = None, **more: Any) -> str:
    """Keep one reading of a source; the id of the last statement that is new or edited."""
    claim = archive.claim_due(now, 1, 60.0, names=[source])[0]
    state = replace(
        claim.state,
        health="ok",
        first_read_at=claim.state.first_read_at or now,
        last_poll_at=now,
        last_success_at=now,
        last_new_at=now if items else claim.state.last_new_at,
        next_poll_at=now + timedelta(minutes=5),
        interval=300.0,
    )
    state = replace(state, **more.pop("state", {}))
    body = repr(items).encode("utf-8", "replace") if body is None else body
    answer = {"content-type": "application/json", "etag": '"<b>1</b>"'}
    seen = Evidence(
        f"https://example.org/{source}?a=1&b=2", {}, 200, answer, body, hashlib.sha256(body).hexdigest(), now
    )
    reading = Reading(claim, state, now, now, "read", ((seen, items),) if items else (), len(items), **more)
    kept = archive.keep([reading], now)[0]
    return next(iter((*kept.edited[-1:], *kept.new[-1:])), "")


def new(
    one: Post, lang: str | None, *, firing: Firing | None = None, visit: Event | None = None, **labels: tuple[Any, ...]
) -> Judged:
    return Judged(
        "new",
        "first seen",
        one,
        replace(understood(one, lang, **labels), visits=(as_told(visit),) if visit else ()),
        firings=(firing,) if firing else (),
        digests=("morning",),
    )


def fill(archive: Archive) -> dict[str, str]:
    """Live through three days; the ids by a short name."""
    archive.sync_sources(tuple(SOURCES.values()), at(5, 0, 0))
    ids = _told(archive)
    summit = EventTold("goita:niamey:2024-07-06", SUMMIT, ((ids["treaty"], None), (ids["wire"], as_told(SUMMIT))))
    quote = (ids["wire"], Link("quotes", ids["treaty"], SHARED, "exact"))
    by_event = Label("diplomatic_visit", 0.9, "event", reason="told by the visit of 6 July to Niamey")
    archive.relate([Related(ids["wire"], (quote,), (summit,), ((ids["treaty"], by_event),))], at(7, 9, 7))
    trip = EventTold("sen:abuja:2024-07-22", ABUJA, ((ids["trip"], as_told(ABUJA)),))
    archive.relate([Related(ids["trip"], events=(trip,))], at(7, 9, 8))
    _tell(archive)
    archive.make_issue(Period("morning", date(2024, 7, 7), at(6, 7, 0), at(7, 7, 0)), at(7, 7, 0))
    keep(archive, "burkina-sig", now=NOW, state={"health": "failing", "failures": 4, "reason": "no answer within 30 s"})
    keep(archive, "el-mouradia", now=NOW, state={"health": "suspect", "reason": "200 with no item in it"})
    return ids


def _told(archive: Archive) -> dict[str, str]:
    moore = post("burkina-sig", at(5, 17, 45), "Naaba Ibrahim Traore yeela tɩ tõnd na n tũma ne taab n kogl tẽngã.")
    ids = {"moore": keep(archive, "burkina-sig", new(moore, None), now=at(5, 17, 46))}
    arabic = post(
        "el-mouradia",
        at(5, 10, 0),
        "هنأ رئيس الجمهورية عبد المجيد تبون الشعب الجزائري بمناسبة الذكرى الثانية والستين لعيد الاستقلال، "
        "وترحم على أرواح "
        "الشهداء، وأكد أن أمن الحدود مع مالي والنيجر يبقى أولوية للجيش الوطني الشعبي.",
        "رسالة رئيس الجمهورية بمناسبة عيد الاستقلال",
    )
    ids["arabic"] = keep(
        archive,
        "el-mouradia",
        new(arabic, "ar", ceremonial=(0.94, "هنأ", "عيد الاستقلال"), security_statement=(0.63, "أمن الحدود")),
        now=at(5, 10, 4),
    )
    trip = post(
        "presidence-senegal",
        at(6, 8, 20),
        "Le président Bassirou Diomaye Faye quittera Dakar ce dimanche pour Abuja, où il prendra part au "
        "sommet de la CEDEAO. "
        "Une délégation ministérielle se rendra ensuite à Abuja du 22 au 24 juillet pour le suivi des décisions.",
        "Déplacement du chef de l’État à Abuja",
        published_at=None,
        published_stated="samedi matin",
        published_inferred="first seen: the stated date cannot be read",
    )
    visiting = (0.92, "quittera Dakar", "se rendra ensuite à Abuja")
    ids["trip"] = keep(
        archive, "presidence-senegal", new(trip, "fr", visit=ABUJA, diplomatic_visit=visiting), now=at(6, 8, 20)
    )
    ids["treaty"] = _treaty(archive)
    wire = post(
        "sahel-wire",
        at(7, 9, 5),
        "Réunis samedi à Niamey, les trois chefs d’État ont acté la naissance de leur confédération. « "
        f"{SHARED} », a écrit le "
        "colonel Goïta, qui en assure la présidence pour un an.",
        "Sahel : les trois présidents scellent leur confédération à Niamey",
    )
    told = {"diplomatic_visit": (0.86, "Réunis samedi à Niamey"), "agreement": (0.71, "scellent leur confédération")}
    ids["wire"] = keep(archive, "sahel-wire", new(wire, "fr", visit=SUMMIT, **told), now=at(7, 9, 6))
    abuja = post(
        "statehouse-nigeria",
        at(7, 15, 30),
        "President Bola Tinubu, addressing the 65th ordinary session of the ECOWAS Authority in Abuja, "
        "thanked his peers for a "
        "second term as chairman. The session opened shortly after ten in the morning at the State House "
        "conference centre, "
        "with ten heads of state in the room and the others represented. A minute of silence was kept for "
        "the victims of the "
        "attacks of the past weeks in the north-east of the country and along the coast. He then urged "
        "member states to fund "
        "the regional standby force without delay so that it can confront terrorism, and asked President "
        "Bassirou Diomaye Faye "
        "of Senegal to lead talks with Mali, Burkina Faso and Niger. The communiqué is expected in the evening.",
        "Tinubu takes second term as ECOWAS chairman, calls for a standby force against terrorism",
    )
    told = {
        "diplomatic_meeting": (0.93, "ordinary session of the ECOWAS Authority", "lead talks with Mali"),
        "security_statement": (0.88, "standby force against terrorism", "confront terrorism"),
    }
    firing = Firing("sahel-security", "label:security_statement, by “standby force against terrorism”")
    ids["abuja"] = keep(archive, "statehouse-nigeria", new(abuja, "en", firing=firing, **told), now=at(7, 15, 31))
    return ids


def _treaty(archive: Archive) -> str:
    first = post(
        "goita-x",
        at(6, 18, 12),
        TREATY.replace("défendre", "garder"),
        media=(Media("photo", "https://pics.example/niamey.jpg", "Trois hommes en uniforme à une table"),),
    )
    agreed = (0.95, "avons signé le traité")
    firing = Firing("sahel-visits", "label:agreement country:MLI, by “avons signé le traité”")
    key = keep(archive, "goita-x", new(first, "fr", firing=firing, agreement=agreed), now=at(6, 18, 13))
    second = replace(first, text=TREATY, hash=hashlib.sha256(TREATY.encode()).hexdigest(), edited_at=at(6, 18, 39))
    safe = (0.91, "défendre nos frontières", "protéger nos populations")
    edit = replace(new(second, "fr", agreement=agreed, security_statement=safe), verdict="edited", statement=key)
    return keep(archive, "goita-x", edit, now=at(6, 18, 40))


def _tell(archive: Archive) -> None:
    states = {
        a.id: ("told", None) if a.rule == "sahel-visits" else ("deferred", "quiet hours until 18:00")
        for a in archive.alerts()
    }
    archive.plan((), states, at(7, 15, 32))
    for n, state in ((1, "sent"), (2, "dead")):
        archive.notify(
            Notification(f"n{n}", "statement.alert", "desk", at(7, 12, n), {}, (f"https://hooks.example/{n}",))
        )
        for delivery in archive.claim_deliveries(at(7, 12, n), 5, 60.0):
            reason = "410: asked not to be called again" if state == "dead" else None
            archive.settle([Delivered(delivery, state, reason)], at(7, 12, n))  # type: ignore[arg-type]


class Away:
    """An archive whose database is away."""

    def __getattr__(self, verb: str) -> Any:
        raise ArchiveAway("the database cannot be opened")


@dataclass
class DeskTracker:
    """What the pages need, without a daemon."""

    archive: Any
    ids: dict[str, str] = field(default_factory=dict)
    token: str | None = None
    host: str = "127.0.0.1"
    public_url: str = ""
    problems: tuple[str, ...] = ()
    registry: Registry = REGISTRY
    label_titles: dict[str, str] = field(default_factory=lambda: TITLES)
    version: str = "0.1.0"
    parsed, sides = Tracker.parsed, Tracker.sides

    @property
    def vocabulary(self) -> Vocabulary:
        names = (tuple(TITLES), ("feed", "x"), tuple(SOURCES))
        return Vocabulary(self.registry, *names, lambda some: self.archive.search(some, limit=1).total > 0)

    @property
    def clock(self) -> Any:
        return SimpleNamespace(now=lambda: NOW)

    @property
    def settings(self) -> Any:
        web = SimpleNamespace(host=self.host, port=8000, public_url=self.public_url, token=self.token)
        return SimpleNamespace(web=web, x=SimpleNamespace(monthly_reads=10_000, price=0.005))

    def health(self) -> Any:
        self.archive.sources()
        return SimpleNamespace(ok=not self.problems, problems=self.problems, detail={"late": 0})


def open_desk(folder: Path) -> DeskTracker:
    """The whole small world, on disk in that folder."""
    archive = Archive.open(f"sqlite:///{folder}/archive.db", worker="test")
    return DeskTracker(archive, fill(archive))


def visit(tracker: Any, root: str = "http://127.0.0.1:8000") -> httpx.AsyncClient:
    """A client of the app over that tracker, as from the same machine."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(make_app(tracker), raise_app_exceptions=False), base_url=root
    )
