"""One day of a shop on a real ledger: a slip of every kind, in every language."""

from datetime import datetime, timezone
from typing import Any

import psycopg2

from ekarte_core import (
    Answer,
    BatchTotal,
    CardRef,
    Keyring,
    LedgerConnection,
    Original,
    Request,
    Tender,
    decode_answer,
    publish,
)
from tests.gateway import town

NOON = datetime(2026, 11, 22, 10, 15, tzinfo=timezone.utc)
LANGUAGES = ("lv", "ru", "en", "et")
_FOOT = {
    "lv": ["Paldies par pirkumu!", "Uz redzēšanos Zaļajā grozā!"],
    "ru": ["Спасибо за покупку!", "Ждём вас снова в «Зелёной корзине»!"],
    "en": ["Thank you for your purchase!"],
    "et": ["Aitäh ostu eest!", "Tulge jälle!"],
}
_HEAD = ['SIA "Zaļais grozs"', "Reģ. Nr. 40000000011", "PVN LV40000000011"]
_POOL = {"lv": "Baseins", "ru": "Бассейн", "en": "Swimming pool", "et": "Ujula"}
_NAMES = {
    "lv": ("Dāvanu karte", "Bonuss", "Kluba atlaide"),
    "ru": ("Подарочная карта", "Бонус", "Клубная скидка"),
    "en": ("Gift card", "Bonus", "Club discount"),
    "et": ("Kinkekaart", "Boonus", "Klubi allahindlus"),
}


def document(language: str, barcode: str = "qr") -> dict[str, Any]:
    """The gateway tests' network, with slips as a grocer would have them."""
    whole = town.document()
    whole["issuers"][0] |= {
        "language": language,
        "slip_header": _HEAD,
        "slip_footer": ["-"],
        "slip_texts": {spoken: {"footer": foot} for spoken, foot in _FOOT.items()},
        "slip_barcode": barcode,
    }
    whole["branches"][0] |= {"name": "Centrs", "address": "Brīvības iela 21, Rīga"}
    for program, name in zip(whole["programs"], _NAMES[language], strict=True):
        program["name"] = name
    pool = {
        "code": "GRO-POOL",
        "issuer": "GROCER",
        "kind": "visit_pass",
        "name": _POOL[language],
        "parameters": {"visits": 10, "price": 5000},
    }
    whole["programs"].append(pool)
    whole["card_types"][0]["programs"].append("GRO-POOL")
    return whole


class Day:
    """Sends what a terminal would and keeps the answers by name."""

    def __init__(
        self, dsn: str, keyring: Keyring, language: str, barcode: str, batch: int
    ) -> None:
        connection = psycopg2.connect(dsn)
        with connection, connection.cursor() as cr:
            publish(cr, document(language, barcode), NOON)
        connection.close()
        self._ledger = LedgerConnection(dsn, keyring)
        self._network = self._ledger.network(None)
        self._operation, self._batch = 0, batch
        self.answers: dict[str, Answer] = {}

    def ask(self, name: str, command: str, **fields: Any) -> Request:
        self._operation += 1
        if isinstance(fields.get("card"), str):
            fields["card"] = CardRef(value=fields["card"])
        request = Request(
            command=command,
            terminal=town.HTTP_1,
            batch=self._batch,
            operation=400 + self._operation,
            slip="text:32",
            **fields,
        )
        (outcome,) = self._ledger.run([request], self._network, NOON)
        self.answers[name] = decode_answer(outcome.answer)
        return request

    def close(self) -> None:
        self._ledger.close()


def whole_day(
    dsn: str, keyring: Keyring, language: str, barcode: str = "qr", batch: int = 3
) -> dict[str, Answer]:
    """Return the answers of a day by name: sale, hold, refund, load, visit and more."""
    day = Day(dsn, keyring, language, barcode, batch)
    gift, club = town.gift_number(), town.club_number()
    day.ask("load", "activate", card=gift, amount=5000)
    day.ask("earlier", "sale", card=club, amount=6000)
    sale = day.ask("sale", "sale", card=club, amount=1750, tender=Tender(bonus=100))
    signed = day.ask("signed", "sale", card=gift, amount=1162)
    day.ask("hold", "authorize", card=gift, amount=1500)
    day.ask("refund", "refund", amount=500, original=_of(signed))
    day.ask("reversal", "reverse", original=_of(sale))
    day.ask("pass", "top_up", card=club, amount=5000, program="GRO-POOL")
    day.ask("visit", "check_in", card=club)
    day.ask("refused", "sale", card=gift, amount=99_999)
    day.ask("balance", "inquire", card=gift)
    totals = (BatchTotal(command="sale", count=1, amount=1162),)
    day.ask("differs", "close", totals=totals)
    day.ask("closed", "close", totals=day.answers["differs"].totals)
    day.close()
    return day.answers


def _of(request: Request) -> Original:
    return Original(batch=request.batch, operation=request.operation)
