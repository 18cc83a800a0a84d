"""Reasons as data and their sentences in the languages of the slips.

A reason is a key with figures; `tell` makes the sentence. Every answer carries the
sentences, so that a cashier can say why. Texts: English, Latvian, Russian, Estonian.
"""

import msgspec

from ekarte_core.rules.texts import LANGUAGES, TEXTS

TWO_DIGITS = tuple(f"{number:02d}" for number in range(100))
"""00 to 99: to look one up takes half the time of formatting it."""


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """One reason; amounts in minor units, rates in basis points."""

    key: str
    name: str = ""
    rate_bp: int = 0
    amount: int = 0
    count: int = 0
    what: str = ""  # a code, a product, a card type


def language_of(*wishes: str) -> str:
    """Return the first wish that the slips can speak, else English."""
    for wish in wishes:
        if wish in LANGUAGES:
            return wish
    return "en"


def tell(reason: Reason, language: str) -> str:
    """Return the reason as a sentence."""
    sentence = TEXTS[reason.key][language]
    return sentence.format(
        name=reason.name,
        rate=percent(reason.rate_bp, language) if "{rate}" in sentence else "",
        amount=money(reason.amount, language) if "{amount}" in sentence else "",
        count=reason.count,
        what=reason.what,
    )


def text(key: str, language: str) -> str:
    """Return a fixed text."""
    return TEXTS[key][language]


def texts_of(language: str) -> dict[str, str]:
    """Return the fixed texts of answers and slips, by key."""
    return {
        key: row[language]
        for key, row in TEXTS.items()
        if key.startswith(("rc.", "slip.")) and language in row
    }


def money(amount_minor: int, language: str) -> str:
    """Write minor units for people: -1234 is '-12.34', '-12,34' but in English."""
    if amount_minor < 0:
        return f"-{money(-amount_minor, language)}"
    whole, part = divmod(amount_minor, 100)
    return f"{whole}{'.' if language == 'en' else ','}{TWO_DIGITS[part]}"


def percent(rate_bp: int, language: str) -> str:
    """Write basis points for people: 550 is '5.5 %', '5,5 %' but in English."""
    whole, part = divmod(rate_bp, 100)
    decimals = f"{_point(language)}{part:02d}".rstrip("0") if part else ""
    return f"{whole}{decimals} %"


def _point(language: str) -> str:
    return "." if language == "en" else ","
