"""The real ledger's back office against the second ledger's, at random."""

import random

import msgspec

from ekarte_core import Original, Request, decode_answer
from ekarte_stack.chaos.model import LOADS, PURCHASES
from tests.core.model_office import (
    GROCERS,
    LIMIT,
    OFFICE_COMMANDS,
    CreditCard,
    OfficeModel,
)
from tests.core.shop import PLAY, Shop, network_with, number, program
from tests.core.test_model import CARDS, _in_use, _Run

OPERATIONS = 1500
OFFICE = "00000071"
CREDIT = [number(PLAY, serial) for serial in range(4)]


def test_the_back_office_settles_as_the_model_does(shop: Shop, dice: random.Random):
    tab = program("TAB", "credit_card", credit_limit=LIMIT)
    shop.publish(network_with(tab, auto_register=False))
    run = _OfficeRun(shop, dice)
    run.until(OPERATIONS)
    run.compare_cards()
    assert shop.broken() == []
    for command in OFFICE_COMMANDS:
        assert run.settled.get((command, "00"), 0) >= 2, run.settled
    assert {"13", "25", "51", "57", "77"} <= {rc for _, rc in run.settled}, run.settled


class _OfficeRun(_Run):
    """As all terminals do, with a back office among them and credit cards."""

    def __init__(self, shop: Shop, dice: random.Random) -> None:
        super().__init__(shop, dice)
        office = OfficeModel(CREDIT)
        office.cards.update(self.model.cards)
        office.booked, office.closed = self.model.booked, self.model.closed
        office.filed = self.model.filed
        self.model = office
        self.batches[OFFICE] = 1
        self.settled: dict[tuple[str, str], int] = {}
        self.say([shop.request("activate", value) for value in CREDIT])

    def step(self) -> None:
        super().step()
        if self.dice.random() < 0.8:
            self.say([self.office()])

    def office(self) -> Request:
        if self.dice.random() < 0.3:
            mine = [past for past in self.past if past.terminal == OFFICE]
            if mine:
                return self._new("reverse", OFFICE, original=self.dice.choice(mine))
        command = self.dice.choice(OFFICE_COMMANDS)
        amount = self.dice.choice([None, None, None, 0, 50, 700, 2000])
        if command in ("pay_out", "write_off"):
            cards = [*CARDS[:-2], *CREDIT * 2]
            request = self._new(command, OFFICE, self.dice.choice(cards), amount)
        else:
            request = self._about_an_operation(command, amount)
        self.past.append(request)
        return request

    def _about_an_operation(self, command: str, amount: int | None) -> Request:
        kinds = LOADS if command == "charge_back" else PURCHASES
        likely = [
            one.request
            for one in self.model.booked.values()
            if one.approved and one.command in kinds and one.request.terminal in GROCERS
        ]
        past = likely if likely and self.dice.random() < 0.7 else [*self.past]
        of = self.dice.choice(past)
        named = Original(batch=of.batch, operation=of.operation, terminal=of.terminal)
        request = self._new(command, OFFICE, amount=amount)
        return msgspec.structs.replace(request, original=named)

    def purchase(self, terminal: str) -> Request:
        if terminal not in GROCERS or self.dice.random() < 0.6:
            return super().purchase(terminal)
        return self._new(
            self.dice.choice(["sale", "sale", "authorize"]),
            terminal,
            self.dice.choice(CREDIT),
            self.dice.choice([0, 1, 99, 700, 2500]),
            partial=self.dice.random() < 0.3,
            credit=self.dice.choice([None, None, 50, 700]),
        )

    def load(self, terminal: str) -> Request:
        if terminal not in GROCERS or self.dice.random() < 0.7:
            return super().load(terminal)
        amount = self.dice.choice([1, 500, 2000])
        return self._new("top_up", terminal, self.dice.choice(CREDIT), amount)

    def staff(self, terminal: str) -> Request:
        # Credit is given at the grocer's only: elsewhere nobody blocks these cards.
        request = super().staff(terminal)
        while terminal not in GROCERS and request.card.value in CREDIT:
            request = super().staff(terminal)
        return request

    def compare(self, request: Request, want: tuple[str, int, int], outcome) -> None:
        answer = decode_answer(outcome.answer)
        if request.command in OFFICE_COMMANDS:
            key = (request.command, answer.rc)
            self.settled[key] = self.settled.get(key, 0) + 1
            if want[0] == "00":
                assert answer.amount == want[2], "\n".join(self.told)
        super().compare(request, want, outcome)

    def compare_cards(self) -> None:
        rows = self.shop.sql(
            "SELECT c.token, c.state, coalesce(p.posted, 0), coalesce(p.held, 0) "
            "FROM ekarte.card AS c LEFT JOIN ekarte.purse AS p "
            "ON c.id = p.card_id AND p.unit IN ('EUR', 'credit')"
        )
        found = {bytes(token): tuple(rest) for token, *rest in rows}
        expected = {
            self.shop.keyring.card_token("number", value): (
                card.state,
                card.balance - LIMIT * isinstance(card, CreditCard),
                card.held,
            )
            for value, card in self.model.cards.items()
        }
        assert _in_use(found) == _in_use(expected), "\n".join(self.told)
