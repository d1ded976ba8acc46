"""The frame of a diplomatic visit as one text tells it: who, where, when and how it stands, each with its words."""

from tracker.classify import dates, sides
from tracker.classify.document import Document
from tracker.classify.features import at
from tracker.classify.sides import Read
from tracker.models.statement import Party, Visit, VisitStatus, Words


def told(document: Document) -> bool:
    """Whether any word tells of going, coming, receiving or meeting, or of being at a place."""
    placed = (n for n in document.named if n.entry.kind in (*sides.TOWNS, "place", "metonym", "country") and at(n))
    return any(hit.concept in sides.TOLD for hit in document.hits) or any(placed)


def frame(document: Document) -> Visit | None:
    """The visit of a text that was found to be about one; None when neither side nor place can be told."""
    fields, lang, published = document.fields, document.lang or "en", document.utterance.published
    read = Read(document, dates.marks(fields, lang))
    host, host_words = sides.host(read)
    visitors, visitor_words = sides.visitors(read, host)
    place, place_words = sides.place(document, host)
    when = dates.choose(fields, lang, published, place_words or host_words, read.marks.get("moved"))
    status, status_words = _status(read, when)
    if not status or not (host or visitors):
        return None
    told = {"host": host_words, "visitor": visitor_words, "place": place_words, "status": status_words}
    day, end = published if status == "ongoing" else None, None
    gone = when and when.day and published and when.day < published  # a day to come of what goes on is that of talks
    if when and not (when.ahead and status == "ongoing") and not (gone and status == "announced"):
        told["date"], day, end = when.words, when.day, when.end
    people = (sides.party(read, n) for n in document.named if n.entry.kind in sides.PERSON and n.entry.code == host)
    words, speaker = tuple((name, words) for name, words in told.items() if words), document.utterance.speaker
    own = Party(speaker.name, speaker.leader, host) if host and host == document.home else None
    return Visit(status, visitors, own or next(people, Party(country=host)), place, day, end, words)


def _status(read: Read, when: dates.When | None) -> tuple[VisitStatus | None, Words | None]:
    """How a visit stands and the words that say so; None where there was none and none is to come."""
    document, marks, said = *read, read.said
    told, arrived, held = _told(read)
    if "declined" in marks or ("never" in marks and not told) or read.unreal():
        return None, None
    off = marks.get("off") or said("CANCEL", off=True)
    if put_off := marks.get("moved") or said("POSTPONE", off=not off):
        return "postponed", put_off
    if off:
        return "cancelled", off
    # a day past, unless it is "is there since Monday"; where no publication is known, the verb alone says when
    gone = when and not when.ahead and document.utterance.published not in (None, when.day) and when.told != "now"
    thanked = "over" in marks or (said("HOSPITALITY") and "more" not in marks)
    ahead = when if when and when.ahead else None
    there = marks.get("here") or (None if gone or thanked or held else said("WELCOME"))
    apart = dates.apart(document.fields, there, ahead.words) if there and ahead else dates.FAR**2
    if (there and apart >= dates.FAR ** (1 if "here" in marks else 2)) or (arrived and ahead and document.home):
        return "ongoing", there or said("ARRIVE")
    stands = marks.get("" if gone or thanked or arrived else "stands")
    if to_come := (ahead.words if ahead else marks.get("invited", stands)):
        return "announced", to_come
    if not (gone or thanked):
        if "this" not in marks and told == "future" and not said("HOSPITALITY"):
            return "announced", said("PLAN")
        away = document.home and any(n.entry.code != document.home and at(n) for n in document.named)
        goes_on = told == "now" or {"more", "this"} & marks.keys() or ((arrived or "stay" in marks) and not held)
        if goes_on or (not told and (away or said("NOW") or "visiting" in marks)):
            return "ongoing", said("NOW", "ARRIVE", "WELCOME")
    return "past", marks.get("over") or said("HOSPITALITY", "RECEIVE", "MEET")


def _told(read: Read) -> tuple[str, bool, bool]:
    """The tense of the first words of going or receiving that have one, if of an arrival, if talks are over."""
    document, tense, never = read.document, read.tense, read.marks.get("never")
    met = [(hit.concept, tense(hit, led=False)) for hit in read.hits("MEET", "TALKS", "SIGN")]
    held = ("TALKS", "past") in met or ("SIGN", "past") in met
    came = [hit for hit in read.hits("ARRIVE") if tense(hit, led=True) == "past"]
    arrived = any(-6 <= n.first - h.last <= 7 and n.field is h.field and at(n) for n in document.named for h in came)
    for hit in document.hits:
        denied = never and hit.field.name == never.field and never.start <= hit.field.starts[hit.first] < never.end
        if hit.concept in sides.MOVING and not denied and (told := tense(hit, led=True)) not in ("", "said"):
            return told, told == "past" and arrived, held
    tenses = [told for _, told in met] + [tense(named, led=False) for named in document.named if at(named)]
    told = "past" if "past" in tenses else next((one for one in tenses if one not in ("", "said")), "")
    return "" if never else told, False, held
