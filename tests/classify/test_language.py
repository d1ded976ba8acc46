"""Language of short and mixed texts, and what happens in a language that is not classified."""

from __future__ import annotations

import pytest

from tests.classify.people import CLASSIFIER
from tracker.classify import Utterance
from tracker.classify.language import identify


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("Bonne fête nationale à nos amis", "fr"),
        ("Looking forward to our talks", "en"),
        ("Hablé con el presidente esta mañana", "es"),
        ("Conversei hoje com o presidente sobre a cúpula", "pt"),
        ("استقبلت اليوم الرئيس في القاهرة", "ar"),
        ("Президент прибыл с визитом", "ru"),
        ("النهارده قابلنا الرئيس في القاهره وكلمناه عن الشغل", "ar"),
        ("Der Bundeskanzler hat heute in Berlin den Präsidenten empfangen", "de"),
        ("Президент України прибув з візитом до Варшави", "uk"),
    ],
)
def test_the_language_is_that_of_the_words(text: str, lang: str) -> None:
    assert identify(text) == lang


@pytest.mark.parametrize(
    ("lang", "texts"),
    [
        ("fr", ["Merci !", "Félicitations !", "Bon voyage", "Sincères condoléances", "Fe\u0301licitations"]),
        ("en", ["Thank you", "God bless", "Congratulations!", "My condolences"]),
        ("es", ["Gracias a todos", "Felicidades", "Buenas noches", "Muchas felicidades"]),
        ("pt", ["Obrigado, Brasil", "Parabéns!", "Bom dia", "Boas festas", "Boa sorte"]),
        ("ru", ["Спасибо", "С праздником", "Добрый день"]),
        ("ar", ["شكرا", "شكرًا", "مبروك", "مرحبا", "رحمه الله", "تحيـــا مصر", "Shukran"]),
        ("fa", ["با تشکر", "نوروز مبارک", "خدا حافظ"]),
        ("ur", ["شکریہ", "عید مبارک ہو"]),
        ("uk", ["Дякую"]),
        ("bg", ["Честита Нова година"]),
        ("id", ["Selamat Natal"]),
        ("de", ["Vielen Dank"]),
        ("it", ["Grazie a tutti"]),
    ],
)
def test_a_few_words_of_thanks_or_wishes_are_told_by_them(lang: str, texts: list[str]) -> None:
    assert [identify(text) for text in texts] == [lang] * len(texts)
    assert [identify(text, "tr") for text in texts] == ["tr"] * len(texts)


@pytest.mark.parametrize(
    ("text", "declared", "lang"),
    [
        ("OK", "fr-FR", "fr"),
        ("🙂🙂", "en", "en"),
        ("", None, None),
        ("🙂", "und", None),
        ("🙂", "klingon", None),
        ("Le président a reçu ce matin son homologue dans la capitale", "en", "fr"),
        ("Adiada a visita do Presidente de Moçambique.", "pt", "pt"),
        ("PRESIDENT OSEI ARRIVES IN SOFIA FOR A STATE VISIT TO BULGARIA", None, "en"),
        ("LE PRÉSIDENT OSEI EST ARRIVÉ À SOFIA POUR UNE VISITE D'ÉTAT", None, "fr"),
        ("主席抵达莫斯科", "en", "zh"),
        ("שלום לכולם", "fr", "he"),
        ("Президент прибыл", "en", "ru"),
        ("وصل الرئيس", "en", "ar"),
        ("President arrived", "ru", "en"),
        ("Murakaza neza mu Burundi", None, None),
        ("#AES", None, None),
        ("O Presidente de Moçambique visita Luanda", None, "pt"),
        ("𝐋𝐞 𝐩𝐫𝐞́𝐬𝐢𝐝𝐞𝐧𝐭 𝐚 𝐫𝐞𝐜̧𝐮 𝐥𝐞 𝐦𝐢𝐧𝐢𝐬𝐭𝐫𝐞", None, "fr"),
    ],
)
def test_what_the_platform_declares_decides_only_where_the_words_do_not(
    text: str, declared: str | None, lang: str | None
) -> None:
    assert identify(text, declared) == lang


def test_a_language_that_is_not_classified_says_so_instead_of_having_no_labels() -> None:
    (found,) = CLASSIFIER.classify([Utterance("Der Präsident ist heute zu einem Staatsbesuch in Berlin eingetroffen.")])
    assert (found.lang, found.classified, found.labels, dict(found.scores)) == ("de", False, (), {})
