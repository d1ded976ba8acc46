"""A statement in which every text from outside is an attack."""

from __future__ import annotations

from pathlib import Path

from desk import NOW, DeskTracker, at, keep, post

from tracker.archive import Archive
from tracker.models.source import Judged, Source
from tracker.models.statement import (
    Classification,
    Event,
    EventTold,
    Firing,
    Label,
    Link,
    Media,
    Party,
    Related,
    Visit,
    Words,
)

ATTACKS = (
    '<script>window.OWNED=1</script><img src=x onerror="window.OWNED=1">CANARY',
    "\"><svg onload=window.OWNED=1>CANARY' autofocus onfocus=window.OWNED=1 x='",
    "</title></textarea></style></script><script>window.OWNED=1</script>CANARY",
    "{{7*7}} ${7*7} {% for x in ().__class__.__base__.__subclasses__() %}{% endfor %} CANARY",
    "CANARY \u202egnp.exe\u202c \u2066x\u2069 \x1b[31mred\x07 \u200f\u200b\ufeff",
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">CANARY',
    "<base href=//evil.test/><meta http-equiv=refresh content='0;url=//evil.test'><link href=//evil.test/c>CANARY",
    "CANARY ]]> <![CDATA[ &amp; &#0; <?xml version='1.0'?> <!ENTITY x SYSTEM 'file:///etc/passwd'> \x0b\ufffe\uffff",
)
ADDRESSES = (
    "javascript:window.OWNED=1", " java\nscript:alert(1)", "data:text/html,<script>alert(1)</script>",
    "//evil.test/x", "http://e.test/\"onclick=\"alert(1)", "http://e.test/\u202egnp.exe", "vbscript:x", "https://",
)  # fmt: skip


SIDE = Party(ATTACKS[0], None, "MLI")
VISIT = Visit("past", (SIDE,), SIDE, ATTACKS[1], at(6, 0, 0).date())


def open_hostile(folder: Path) -> DeskTracker:
    """An archive that holds one statement for each attack, with the attack wherever words from outside go."""
    archive = Archive.open(f"sqlite:///{folder}/archive.db", worker="test")
    source = Source("goita-x", "x", {"handle": ATTACKS[0]}, leader="assimi-goita", proof=ATTACKS[1])
    paper = Source("sahel-wire", "feed", {"url": ADDRESSES[0]}, publisher=ATTACKS[0])
    archive.sync_sources((source, paper), at(5, 0, 0))
    ids = {str(n): _said(archive, n, attack) for n, attack in enumerate(ATTACKS)}
    first, second = ids["0"], ids["1"]
    event = Event("e1", "past", (SIDE,), SIDE, ATTACKS[1], at(6, 0, 0).date())
    told = EventTold("k", event, ((first, VISIT),))
    label = (first, Label("aid", 0.5, "event", reason=ATTACKS[2]))
    archive.relate([Related(second, ((second, Link("quotes", first, ATTACKS[0], "exact")),), (told,), (label,))], NOW)
    keep(archive, "goita-x", now=NOW, state={"health": "failing", "reason": ATTACKS[0], "moved_to": ADDRESSES[0]})
    return DeskTracker(archive, ids)


def _said(archive: Archive, n: int, attack: str) -> str:
    moment = at(6, 10, n)
    source = "sahel-wire" if n % 2 else "goita-x"
    said = post(
        source, moment, attack, f"T {attack}", url=ADDRESSES[n], author=attack, published_stated=attack,
        publisher=attack if n % 2 else None, media=(Media(attack, ADDRESSES[n], attack),),
        published_inferred=attack, published_at=None,
    )  # fmt: skip
    canary = attack.index("CANARY")
    label = Label("aid", 0.9, words=(Words("text", "CANARY", canary, canary + 6), Words("text", "far", 5, 10_000)))
    read = Classification("fr", True, "<b>1</b>", (label,), visits=(VISIT,))
    judged = Judged("new", attack, said, read, firings=(Firing("rule", attack),), digests=("morning",))
    return keep(archive, source, judged, now=moment)
