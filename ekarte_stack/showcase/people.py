"""What customers tell companies: who they are, questionnaires, consents."""

import random
from datetime import date, timedelta
from typing import Any

from ekarte_core import CardRef, Keyring, find_card
from ekarte_stack.showcase.town import (
    CLUB,
    FAMILY,
    FLEET,
    FRIEND,
    GIFT,
    PASS,
    PRO,
    TAB,
    WASH,
    Card,
    Customer,
)

MODULE = "ekarte_loyalty"
ANSWERS, CONSENTS, WITHDRAWS = 0.8, 0.9, 0.01
KINDS = {
    "grocer": (CLUB, FAMILY, PRO, TAB, GIFT),
    "fuel": (CLUB, FLEET, WASH, PASS),
    "books": (CLUB, FRIEND),
}
OLDEST_DAYS, YOUNGEST_DAYS = 75 * 365, 19 * 365
WAYS = ("desk", "paper", "portal", "portal")


class People:
    """Partners, holders, answers and consents, made as staff would make them."""

    def __init__(
        self,
        env: Any,
        dice: random.Random,
        keyring: Keyring,
        customers: list[Customer],
    ) -> None:
        self._env, self._dice, self._keyring = env, dice, keyring
        self._customers = [one for one in customers if one.told]
        self._issuers = {
            name: env.ref(f"{MODULE}.issuer_{name}_demo") for name in KINDS
        }
        self._langs = {code for code, _name in env["res.lang"].get_installed()}
        self._partners: dict[tuple[int, str], Any] = {}
        self._asked: set[tuple[int, str]] = set()
        self._given: set[tuple[int, str]] = set()
        self._consented: list[Any] = []
        subscriber = env.ref(f"{MODULE}.user_subscriber_demo").partner_id
        self._partners.update({(0, name): subscriber for name in KINDS})

    def meet(self, today: date) -> None:
        """Register who has told a company of himself, and has bought by now."""
        for number, customer in enumerate(self._customers):
            for name, kinds in KINDS.items():
                cards = [
                    card
                    for kind, card in customer.cards.items()
                    if kind in kinds
                    and card.opened
                    and (id(card), name) not in self._given
                ]
                if cards and (number == 0 or name != "books"):
                    self._register(number, customer, name, cards, today)
        self._withdraw()

    def customers_of(self, partners: Any) -> list[Customer]:
        """Return who the grocer's partners are in the town."""
        return [
            self._customers[number]
            for (number, name), partner in self._partners.items()
            if name == "grocer" and partner in partners
        ]

    def _register(
        self, number: int, customer: Customer, name: str, cards: list[Card], today: date
    ) -> None:
        issuer = self._issuers[name]
        partner = self._partners.get((number, name))
        is_new = (number, name) not in self._asked
        if partner is None:
            partner = self._partner(customer, issuer)
            self._partners[number, name] = partner
        first = None  # the card that gets what the questionnaire promises
        for card in cards:
            found = find_card(self._env.cr, self._keyring, CardRef(value=card.number))
            record = self._env["ekarte.card"].browse(found or ())
            if issuer not in record.membership_ids.issuer_id:
                continue  # bought elsewhere only
            self._given.add((id(card), name))
            self._env["ekarte.holder"]._give(record.id, issuer, partner)
            if card.kind in (CLUB, FAMILY) and first is None and not card.lost:
                first = record
        if name == "grocer" and is_new and first:
            self._asked.add((number, name))
            if number == 0 or self._dice.random() < ANSWERS:
                self._answer(customer, issuer, partner, first, today)

    def _partner(self, customer: Customer, issuer: Any) -> Any:
        values = {
            "name": customer.name,
            "company_id": issuer.company_id.id,
            "is_company": customer.firm,
            "lang": self._lang(customer),
            "country_id": self._env.ref("base.lv").id,
            "city": "Rīga",
        }
        return self._env["res.partner"].create(values)

    def _lang(self, customer: Customer) -> str:
        return customer.lang if customer.lang in self._langs else "en_US"

    # The grocer's questionnaire

    def _answer(
        self, customer: Customer, issuer: Any, partner: Any, card: Any, today: date
    ) -> None:
        env = self._env(context={**self._env.context, "lang": self._lang(customer)})
        questionnaire = env["ekarte.questionnaire"]._of(issuer.with_env(env))
        values = {
            field.id: self._said(field, partner, today)
            for field in questionnaire.field_ids
        }
        way = self._dice.choice(WAYS)
        partner = partner.with_env(env)
        _answer, problems = env["ekarte.questionnaire.answer"]._answer(
            questionnaire, partner, values, way, card.with_env(env)
        )
        assert not problems, problems
        if self._dice.random() < CONSENTS:
            env["ekarte.consent"]._set(
                issuer.with_env(env), partner, {"news": True}, way
            )
            self._consented.append(partner)

    def _said(self, field: Any, partner: Any, today: date) -> Any:
        dice = self._dice
        if field.special == "birthday":
            age = dice.randint(YOUNGEST_DAYS, OLDEST_DAYS)
            return (today - timedelta(days=age)).isoformat()
        if field.special == "email":
            return f"customer{partner.id}@example.com"
        if field.kind == "number":
            return str(dice.choice((1, 2, 2, 3, 3, 4, 5)))
        if field.kind == "choice":
            return str(dice.choice(field.choice_ids).id)
        return ""

    def _withdraw(self) -> None:
        """Now and then somebody has had enough of the news."""
        grocer = self._issuers["grocer"]
        for partner in list(self._consented):
            if self._dice.random() < WITHDRAWS:
                self._consented.remove(partner)
                self._env["ekarte.consent"]._set(
                    grocer, partner, {"news": False}, "portal"
                )
