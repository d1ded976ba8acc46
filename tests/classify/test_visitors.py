"""Who counts as the visitor of a visit: the one who travels and who is named beside them, each once."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from tracker import events
from tracker.classify import Classifier, Utterance
from tracker.models.registry import Leader, Office, Registry, Speaker, Tenure
from tracker.models.statement import Classification, Party, Post, Statement, Visit

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
REGISTRY = Registry(
    (
        Leader("juliette-oke", "Juliette Oké", tenures=(Tenure("gha-president", date(2020, 1, 1)),)),
        Leader("paul-mensah", "Paul Mensah", tenures=(Tenure("gha-minister", date(2020, 1, 1)),)),
    ),
    (Office("gha-president", "President", "GHA"), Office("gha-minister", "Minister", "GHA")),
)


@pytest.mark.parametrize(
    ("told", "visitors"),
    [
        ("Juliette Oké est arrivée à Dakar pour une visite officielle. Son ministre Paul Mensah est resté à Accra.",
         ["juliette-oke"]),
        ("Juliette Oké et Paul Mensah sont arrivés à Dakar en visite officielle.", ["juliette-oke", "paul-mensah"]),
    ],
)  # fmt: skip
def test_a_visitor_is_who_travels_and_not_everybody_of_that_country(told: str, visitors: list[str]) -> None:
    one = Utterance(told, origin="report", published=date(2026, 3, 1))
    (found,) = Classifier.load(REGISTRY).classify([one])
    assert [party.leader for party in found.visits[0].visitors] == visitors


@pytest.mark.parametrize(
    ("told", "visitors", "host"),
    [
        ("Les présidents Modibo Sy du Mali et Ali Garba du Niger sont arrivés à Ouagadougou en visite de travail.",
         ["MLI", "NER"], "BFA"),
        ("Les présidents nigérien et malien sont arrivés à Ouagadougou pour une visite officielle.",
         ["NER", "MLI"], "BFA"),
        ("Le président du Mali et son homologue du Niger sont attendus à Ouagadougou en visite officielle.",
         ["MLI", "NER"], "BFA"),
        ("The presidents of Zambia and Malawi arrived in Harare for a joint working visit.", ["ZMB", "MWI"], "ZWE"),
        ("The Estonian and Finnish foreign ministers travelled to Lusaka for an official visit.",
         ["EST", "FIN"], "ZMB"),
        ("Los presidentes de Chile y Uruguay llegaron a La Paz en visita oficial.", ["CHL", "URY"], "BOL"),
        ("Los presidentes de Guatemala y México llegaron a San José en visita de trabajo.", ["GTM", "MEX"], "CRI"),
        ("Os presidentes de Angola e de Moçambique chegaram a Lisboa em visita oficial.", ["AGO", "MOZ"], "PRT"),
        ("Президенты Казахстана и Узбекистана прибыли в Бишкек с официальным визитом.", ["KAZ", "UZB"], "KGZ"),
        ("وصل رئيسا السنغال وموريتانيا إلى باماكو في زيارة رسمية.", ["SEN", "MRT"], "MLI"),
        ("The president of Zambia received the prime ministers of Nepal and Bhutan in Lusaka on an official visit.",
         ["NPL", "BTN"], "ZMB"),
        ("The president of Zambia and the prime minister of Nepal met in Lusaka during an official visit.",
         ["NPL"], "ZMB"),
        ("Le président malien a quitté Bamako pour Accra et Lomé en visite officielle.", ["MLI"], "GHA"),
        ("Le président malien est arrivé à Accra en visite officielle. Le Niger et le Tchad saluent.", ["MLI"], "GHA"),
        ("The Zambian president and the Malawian president landed together in Harare on Sunday.", ["ZMB", "MWI"],
         "ZWE"),
        ("The Estonian foreign minister and his Finnish counterpart arrived in Lusaka.", ["EST", "FIN"], "ZMB"),
        ("Nepal's president and Bhutan's prime minister arrived in Colombo on a visit.", ["NPL", "BTN"], "LKA"),
        ("The Peruvian president, the Bolivian president and the Chilean foreign minister arrived in Quito.",
         ["PER", "BOL", "CHL"], "ECU"),
        ("The Estonian foreign minister and his Zambian counterpart held talks in Lusaka.", ["EST"], "ZMB"),
    ],
)  # fmt: skip
def test_visitors_of_several_countries_are_those_on_one_list(told: str, visitors: list[str], host: str) -> None:
    (found,) = Classifier.load(REGISTRY).classify([Utterance(told, origin="report", published=date(2026, 3, 1))])
    (visit,) = found.visits
    assert ([party.country for party in visit.visitors], visit.host.country) == (visitors, host)


@pytest.mark.parametrize(
    ("told", "home", "visitor", "host", "place"),
    [
        ("Zambia president to begin Maputo visit on Saturday", None, "ZMB", "MOZ", "Maputo"),
        ("Nepal PM calls off Qatar trip amid floods", None, "NPL", "QAT", None),
        ("Italian interior minister's Tripoli visit wrapped up with a pact", None, "ITA", "LBY", "Tripoli"),
        ("Gaborone is dressed in flags for the state visit: the Namibian president has just landed.", "BWA", "NAM",
         "BWA", "Gaborone"),
        ("Самарканд встречает гостей: самолёт президента Турции приземлился с визитом.", "UZB", "TUR", "UZB",
         "Самарканд"),
        ("Venu de Paris, le ministre français de la Coopération a été reçu à Libreville en visite officielle.", "GAB",
         "FRA", "GAB", "Libreville"),
        ("Procedente de Brasilia, el canciller brasileño llegó ayer a La Paz en visita oficial.", None, "BRA", "BOL",
         "La Paz"),
        ("وصل رئيس مجلس السيادة السوداني إلى القاهرة قادما من أسمرة في زيارة رسمية", None, "SDN", "EGY", "القاهرة"),
        ("La présidente de la Commission européenne et le Premier ministre danois se sont rendus à Kiev.", None,
         "INT:EU", "UKR", "Kiev"),
        ("NATO Secretary General begins two-day visit to Sarajevo", None, "INT:OTHER", "BIH", "Sarajevo"),
        ("Une mission de l'Union européenne séjourne à Conakry en visite de travail.", "GIN", "INT:EU", "GIN",
         "Conakry"),
        ("Delegations from 30 countries have been arriving in Kingston for the summit on peace in Sudan.", "JAM", None,
         "JAM", "Kingston"),
        ("В Ашхабад на саммит съедутся главы государств региона, обсудят мир в Судане.", None, None, "TKM", "Ашхабад"),
        ("The Maputo summit was attended by the presidents of Tanzania and Malawi on Wednesday.", "PRT", "TZA", "MOZ",
         "Maputo"),
        ("Arrivée du président du Liberia à Abidjan pour une visite officielle.", "CIV", "LBR", "CIV", "Abidjan"),
        ("A visita da ministra australiana dos Negócios Estrangeiros a Díli terminou ontem.", "TLS", "AUS", "TLS",
         "Díli"),
        ("The president of Tonga, expected in Wellington on Friday on a state visit, will make a stopover in Suva.",
         "FJI", "TON", "FJI", "Suva"),
        ("En route pour Paris, le président bissau-guinéen a fait escale hier à Dakar, où je l'ai reçu.", "SEN", "GNB",
         "SEN", "Dakar"),
        ("Le Premier ministre indien est arrivé à Port-Louis en visite officielle.", None, "IND", "MUS", "Port-Louis"),
        ("The visit of the Namibian president to Gaborone starts on Friday.", None, "NAM", "BWA", "Gaborone"),
        ("The trip by Nepal's prime minister to Doha was announced yesterday.", None, "NPL", "QAT", "Doha"),
        ("The working visit of the Italian foreign minister to Tripoli ended Friday.", None, "ITA", "LBY", "Tripoli"),
        ("The state visit of the Peruvian president to Rome will begin soon.", None, "PER", "ITA", "Rome"),
        ("De regresso de Jacarta, o primeiro-ministro de Timor-Leste falou da visita oficial.", None, "TLS", "IDN",
         "Jacarta"),
    ],
)  # fmt: skip
def test_whose_a_title_is_and_where_a_journey_leads(
    told: str, home: str | None, visitor: str | None, host: str | None, place: str | None
) -> None:
    speaker = Speaker(name="Own", office="minister", country=home) if home else Speaker()
    one = Utterance(told, speaker=speaker, origin="official" if home else "report", published=date(2026, 3, 1))
    (visit,) = Classifier.load(REGISTRY).classify([one])[0].visits
    first = visit.visitors[0].country if visit.visitors else None
    assert (first, visit.host.country, visit.place) == (visitor, host, place)


def test_of_each_visiting_country_an_event_keeps_who_is_known() -> None:
    parties = (Party("Juliette Oké", "juliette-oke", "GHA"), Party(None, None, "TGO"), Party("A. Kodjo", None, "TGO"))
    visit = Visit("past", (*parties, Party("J. Oké", None, "GHA")), Party(country="SEN"), day=NOW.date())
    assert events.of([(telling(), visit)]).visitors == (parties[0], parties[2])


@pytest.mark.parametrize(
    ("told", "country"),
    [
        ("وصل الرئيس المصري إلى عمان في زيارة رسمية.", "JOR"),
        ("وصل الرئيس المصري إلى العاصمة الأردنية عمان في زيارة رسمية.", "JOR"),
        ("استقبل وزير الخارجية الأردني في عمان نظيره التركي في زيارة رسمية.", "JOR"),
        ("يزور وزير الخارجية التركي عمّان غدا.", "JOR"),
        ("يزور وزير الخارجية التركي عُمان غدا.", "OMN"),
        ("وصل الرئيس المصري إلى سلطنة عمان في زيارة رسمية.", "OMN"),
        ("وصل الرئيس المصري إلى عمان بدعوة من السلطان.", "OMN"),
        ("استقبل وزير الخارجية العماني في عمان نظيره التركي في زيارة رسمية.", "OMN"),
        ("وصل الرئيس المصري إلى مسقط، عاصمة عمان، في زيارة رسمية.", "OMN"),
        ("وزير خارجية عمان يصل إلى القاهرة في زيارة رسمية.", "OMN"),
    ],
)
def test_amman_and_oman_are_told_apart(told: str, country: str) -> None:
    (found,) = Classifier.load(REGISTRY).classify([Utterance(told, origin="report", published=date(2026, 3, 1))])
    (visit,) = found.visits
    assert country in {visit.host.country, *(party.country for party in visit.visitors)}
    other = {"JOR", "عمّان"} if country == "OMN" else {"OMN"}
    assert not other & {mention.ref for mention in found.mentions}


def telling() -> Statement:
    post = Post("1", ("id:1",), "report", Speaker(), "Le Soir", "Visite.", "h", NOW)
    return Statement("s", 1, "soir", "feed", post, NOW, NOW, 1, 1, "live", Classification("fr", True, "1"))


def test_a_leader_told_under_two_names_is_one_visitor_from_the_first_telling_on() -> None:
    twice = (Party("Juliette Oké", "juliette-oke", "GHA"), Party("J. Oké", None, "GHA"))
    visit = Visit("past", twice, Party(country="SEN"), day=NOW.date())
    assert events.of([(telling(), visit)]).visitors == twice[:1]


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ("La présidente Juliette Oké arrive à Dakar pour une visite officielle.", "ongoing"),
        ("Le ministre de Juliette Oké est arrivé à Dakar pour une visite officielle.", "ongoing"),
        ("Le ministre de Juliette Oké est arrivé samedi à Dakar pour une visite officielle.", "past"),
        ("Arrivé à la tête du Ghana en mars, Juliette Oké s'est rendue à Dakar en visite officielle.", "past"),
        ("Juliette Oké s'est rendue à Dakar en visite officielle. Ils ont eu cet après-midi des échanges.",
         "past"),
    ],
)  # fmt: skip
def test_who_arrives_is_on_a_visit_and_who_arrived_was(told: str, status: str) -> None:
    (found,) = Classifier.load(REGISTRY).classify([Utterance(told, origin="report", published=date(2026, 3, 1))])
    assert found.visits[0].status == status


@pytest.mark.parametrize(
    ("told", "status", "day"),
    [
        ("Juliette Oké effectuera une visite officielle à Dakar vendredi.", "announced", date(2026, 3, 6)),
        ("Juliette Oké will travel to Dakar on Friday for a state visit.", "announced", date(2026, 3, 6)),
        ("Juliette Oké travelled to Dakar on Friday for a state visit.", "past", date(2026, 2, 27)),
        (
            "Juliette Oké paid a state visit to Dakar on Friday. Upcoming talks will be planned.",
            "past",
            date(2026, 2, 27),
        ),
    ],
)
def test_a_visit_to_come_is_not_put_on_the_weekday_before(told: str, status: str, day: date) -> None:
    (found,) = Classifier.load(REGISTRY).classify([Utterance(told, origin="report", published=date(2026, 3, 1))])
    assert (found.visits[0].status, found.visits[0].day) == (status, day)
