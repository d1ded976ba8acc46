"""The registry: who holds which office, from when to when, under which spellings."""

from dataclasses import dataclass, field
from datetime import date

from tracker import text
from tracker.models.value import Value

INTERNATIONAL = ("INT:UN", "INT:EU", "INT:AU", "INT:ECOWAS", "INT:OTHER")


@dataclass(frozen=True, slots=True)
class Office:
    """An office: `country` is ISO 3166 alpha-3 or one of INTERNATIONAL."""

    id: str
    title: str
    country: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tenure:
    """Who holds an office: from `since` (inclusive) to `until` (exclusive, None while it lasts)."""

    office: str
    since: date
    until: date | None = None

    def covers(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True)
class Leader:
    """A person we follow. `aliases` match alone; `short` aliases only beside an office, a title or a country."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    short: tuple[str, ...] = ()
    tenures: tuple[Tenure, ...] = ()

    def tenure_on(self, day: date) -> Tenure | None:
        """The latest begun tenure that covers the day."""
        held = [tenure for tenure in self.tenures if tenure.covers(day)]
        return max(held, key=lambda tenure: tenure.since) if held else None


@dataclass(frozen=True, slots=True)
class Speaker(Value):
    """Who speaks in a statement, in office at its time. All None for a publisher's report."""

    leader: str | None = None
    name: str | None = None
    office_id: str | None = None
    office: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Registry:
    """Leaders and offices, looked up by id or by any spelling."""

    leaders: tuple[Leader, ...] = ()
    offices: tuple[Office, ...] = ()
    _leaders: dict[str, Leader] = field(init=False, repr=False, compare=False)
    _offices: dict[str, Office] = field(init=False, repr=False, compare=False)
    _spellings: dict[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        spellings: dict[str, set[str]] = {}
        for leader in self.leaders:
            surname = leader.name.split()[-1:]
            for spelling in (leader.id, leader.name, *leader.aliases, *leader.short, *surname):
                spellings.setdefault(text.fold(spelling), set()).add(leader.id)
        object.__setattr__(self, "_leaders", {leader.id: leader for leader in self.leaders})
        object.__setattr__(self, "_offices", {office.id: office for office in self.offices})
        object.__setattr__(self, "_spellings", {k: tuple(sorted(v)) for k, v in spellings.items()})

    def leader(self, leader_id: str) -> Leader | None:
        return self._leaders.get(leader_id)

    def office(self, office_id: str) -> Office | None:
        return self._offices.get(office_id)

    def leaders_named(self, spelling: str) -> tuple[str, ...]:
        """Ids of the leaders who go by this spelling, case- and accent-blind; an id names its leader alone."""
        if spelling in self._leaders:
            return (spelling,)
        return self._spellings.get(text.fold(spelling), ())

    def leader_called(self, name: str, country: str | None) -> Leader | None:
        """The one leader of a spelling; by a lone word only who has held an office of the country, if one is given."""
        found = [self._leaders[one] for one in self.leaders_named(name)]
        if country and " " not in name:
            posts = {post.id for post in self.offices if post.country == country}
            found = [one for one in found if any(tenure.office in posts for tenure in one.tenures)]
        return found[0] if len(found) == 1 else None

    def leader_spellings(self) -> tuple[str, ...]:
        """Every known spelling, folded: for "did you mean"."""
        return tuple(self._spellings)

    def holder(self, office_id: str, day: date) -> Leader | None:
        """Who held the office on that day."""
        held = ((one, tenure) for one in self.leaders for tenure in one.tenures if tenure.office == office_id)
        return next((one for one, tenure in held if tenure.covers(day)), None)

    def speaker(self, leader: str | None, office: str | None, day: date) -> Speaker:
        """Who speaks from a source that belongs to a leader or to an office, on that day."""
        person = self._leaders.get(leader) if leader else (self.holder(office, day) if office else None)
        tenure = person.tenure_on(day) if person and not office else None
        post = self._offices.get(office or (tenure.office if tenure else ""))
        who = (person.id, person.name) if person else (None, None)
        return Speaker(*who, *((post.id, post.title, post.country) if post else ()))
