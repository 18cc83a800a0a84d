"""Sentences about bank cards, by key and language. Data, no code but the look-up."""

_TEXTS: dict[str, dict[str, str]] = {
    "card": {
        "en": "Bank card",
        "lv": "Bankas karte",
        "ru": "Банковская карта",
        "et": "Pangakaart",
    },
    "paid": {
        "en": "Paid by card",
        "lv": "Apmaksāts ar karti",
        "ru": "Оплачено картой",
        "et": "Kaardiga tasutud",
    },
    "back": {
        "en": "Back to the card",
        "lv": "Atmaksa uz karti",
        "ru": "Возврат на карту",
        "et": "Tagasi kaardile",
    },
    "approval": {
        "en": "Authorization",
        "lv": "Autorizācija",
        "ru": "Авторизация",
        "et": "Autoriseering",
    },
    "reference": {"en": "RRN", "lv": "RRN", "ru": "RRN", "et": "RRN"},
    "declined": {
        "en": "the bank has declined: nothing was booked",
        "lv": "banka noraidīja: nekas nav iegrāmatots",
        "ru": "банк отказал: ничего не проведено",
        "et": "pank keeldus: midagi ei kantud",
    },
    "silent": {
        "en": "no certain answer from the bank: nothing was booked, a charge goes back",
        "lv": "nav skaidras bankas atbildes: nekas nav iegrāmatots, maksa tiek atcelta",
        "ru": "нет ясного ответа банка: ничего не проведено, списание отменяется",
        "et": "pangalt pole selget vastust: midagi ei kantud, makse tühistatakse",
    },
}


def text(key: str, language: str) -> str:
    """Return a text; in English where the language is not known."""
    row = _TEXTS[key]
    return row.get(language, row["en"])
