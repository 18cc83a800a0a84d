"""Random days of everything at once: no fault of ours, every invariant, every cent."""

import random
from typing import Any

import msgspec
import pytest

from ekarte_core import Line, Original, Request
from tests.core.shop import PLAY, PLAY_GOLD, Shop, network_with, number, program

CARDS = [number(PLAY, n) for n in range(1, 5)] + [number(PLAY_GOLD, n) for n in (1, 2)]
OFFICE = "00000071"
TILLS = ("00000011", "00000021", "00000031")
STEPS = 120


def programs(dice: random.Random) -> list[dict[str, Any]]:
    """Every kind on every card, with limits that are met often."""
    clawback = dice.choice(["deduct", "negative", "absorb"])
    expire = dice.choice([0, 2])
    found = [
        program("MONEY", "gift_card", accept_at="coalition"),
        program(
            "TAB",
            "credit_card",
            credit_limit=3000,
            accept_at="coalition",
            credit_elsewhere=True,
        ),
        program(
            "SUM",
            "bonus_amount",
            step=100,
            convert_at=10,
            convert_to=70,
            clawback=clawback,
            expire_days=expire,
            questionnaire_points=7,
        ),
        program(
            "VISIT",
            "bonus_visit",
            max_per_day=2,
            convert_at=3,
            convert_to=50,
            clawback=clawback,
        ),
        program(
            "PRIZE",
            "bonus_prize",
            step=100,
            prizes=[{"at": 12, "value": 400, "valid_days": expire}],
            referral_points=5,
            clawback=clawback,
            expire_days=expire,
            accept_at="coalition",
            questionnaire_prize=1,
        ),
        program(
            "CAKE",
            "bonus_prize",
            step=200,
            prizes=[{"at": 5, "voucher_kind": "goods", "product": "CAKE"}],
            clawback=clawback,
        ),
        program(
            "GROWS",
            "accumulated_discount",
            base_rate=500,
            step_amount=1000,
            step_rate=100,
            max_rate=1500,
            groups=["food", "books"],
            idle_days=1,
            idle_step_rate=100,
        ),
        program(
            "TIERS",
            "calculated_discount",
            tiers=[{"from": 0, "rate": 100}, {"from": 1000, "rate": 777}],
            mode="marginal",
        )
        | {"combine": "add", "sequence": 20},
        program("COUNT", "purchase_accounting", ticket_per=300),
        program("GYM", "attendance", min_gap_minutes=30),
        program("TEN", "visit_pass", visits=10, price=5000, valid_days=expire),
    ]
    if dice.random() < 0.5:
        found.append(
            program(
                "SWAP",
                "exchange",
                points_of="SUM",
                goods=[{"product": "95E", "points": 3, "price": 165}],
            )
        )
    return found


class Day:
    """Makes random requests; remembers what may be undone, and the codes seen."""

    def __init__(self, shop: Shop, dice: random.Random) -> None:
        self.shop, self.dice = shop, dice
        self.done: list[Request] = []
        self.holds: list[Request] = []
        self.codes: list[str] = ["NO-SUCH-CODE"]

    def step(self) -> Request:
        makers = (
            [self.buy] * 6
            + [self.hold, self.hold, self.finish, self.finish]
            + [self.give_back] * 3
            + [self.undo] * 3
            + [self.load, self.visit, self.enroll, self.swap, self.join, self.settle]
        )
        return self.dice.choice(makers)()

    def card(self) -> str:
        return self.dice.choice(CARDS)

    def goods(self) -> list[Line]:
        dice = self.dice
        return [
            Line(
                sku=dice.choice(["CAKE", "TEA"]),
                group=dice.choice(["food", "books", "fuel"]),
                quantity=dice.choice(["1", "2", "0.5"]),
                amount=dice.randrange(1, 1500),
            )
            for _ in range(dice.randrange(1, 4))
        ]

    def buy(self, command: str = "sale") -> Request:
        dice = self.dice
        more: dict[str, Any] = {"terminal": dice.choice(TILLS)}
        if dice.random() < 0.5:
            more["lines"] = self.goods()
        else:
            more["amount"] = dice.randrange(1, 3000)
        for tender in ("gift", "bonus", "credit"):
            if dice.random() < 0.3:
                more[tender] = dice.randrange(1, 300)
        if dice.random() < 0.4:
            more["voucher"] = dice.choice(self.codes)
        if dice.random() < 0.2:
            more["referrer"] = self.card()
        more["partial"] = dice.random() < 0.3
        return self.shop.request(command, self.card(), **more)

    def hold(self) -> Request:
        return self.buy("authorize")

    def finish(self) -> Request:
        if not self.holds:
            return self.buy()
        hold = self.dice.choice(self.holds)
        amount = self.dice.choice([None, None, self.dice.randrange(0, 1500)])
        return self.shop.request(
            "confirm", amount=amount, original=hold, terminal=hold.terminal
        )

    def give_back(self) -> Request:
        if not self.done:
            return self.load()
        sale = self.dice.choice(self.done)
        amount = self.dice.choice([1, 10, 333, 1000, None])
        if amount is None and sale.command in ("sale", "confirm"):
            amount = sale.amount or sum(line.amount for line in sale.lines) or 1
        return self.shop.request(
            "refund", amount=amount, original=sale, terminal=sale.terminal
        )

    def undo(self) -> Request:
        named = self.done + self.holds
        if not named:
            return self.buy()
        one = self.dice.choice(named)
        return self.shop.request("reverse", original=one, terminal=one.terminal)

    def load(self) -> Request:
        kind, amount = self.dice.choice(
            [("MONEY", 700), ("TEN", 5000), ("TAB", self.dice.randrange(1, 500))]
        )
        command = self.dice.choice(["activate", "top_up"])
        return self.shop.request(command, self.card(), amount, program=kind)

    def visit(self) -> Request:
        return self.shop.request("check_in", self.card())

    def enroll(self) -> Request:
        return self.shop.request("enroll", self.card())

    def swap(self) -> Request:
        lines = [Line(sku=self.dice.choice(["95E", "1"]), quantity="2", amount=0)]
        return self.shop.request(
            "redeem", self.card(), lines=lines, terminal=self.dice.choice(TILLS)
        )

    def join(self) -> Request:
        command = self.dice.choice(["replace", "pool", "pool", "leave", "block"])
        if command == "block":
            return self.shop.request(
                self.dice.choice(["block", "unblock"]), self.card()
            )
        other = None if command == "leave" else self.card()
        command = "pool" if command == "leave" else command
        return self.shop.request(command, self.card(), terminal=OFFICE, other=other)

    def settle(self) -> Request:
        """What the back office does; it names any operation."""
        command = self.dice.choice(["pay_out", "write_off", "restore", "charge_back"])
        if command in ("restore", "charge_back") and self.done:
            one = self.dice.choice(self.done)
            named = Original(
                batch=one.batch, operation=one.operation, terminal=one.terminal
            )
            request = self.shop.request(command, terminal=OFFICE)
            return msgspec.structs.replace(request, original=named)
        command = self.dice.choice(["pay_out", "write_off"])
        amount = self.dice.choice([None, self.dice.randrange(1, 500)])
        return self.shop.request(command, self.card(), amount, terminal=OFFICE)

    def remember(self, request: Request, answer: Any) -> None:
        if answer.rc not in ("00", "10"):
            return
        self.codes += [one.code for one in answer.vouchers]
        if request.command == "authorize":
            self.holds.append(request)
        elif request.command not in ("block", "unblock", "pool", "replace", "enroll"):
            self.done.append(request)


@pytest.mark.parametrize("day", range(3))
def test_a_wild_day(shop: Shop, dice: random.Random, day: int):
    document = network_with(*programs(dice), pool=True)
    shop.publish(document)
    wild = Day(shop, dice)
    for card in CARDS[:5]:
        shop.do("activate", card, 1000, program="MONEY")
    for step in range(STEPS):
        request = wild.step()
        answer = shop.send(request)
        assert answer.rc != "96", (step, request.command, shop.last)
        assert answer.amount_due >= 0, (step, request.command, answer)
        assert answer == shop.send(request) or answer.rc == "12"
        wild.remember(request, answer)
        if dice.random() < 0.1:
            shop.later(hours=dice.choice([0.1, 3, 24, 60]))
            shop.ledger.clock(shop.network, shop.now)
        if step % 10 == 0:
            assert shop.broken() == [], (step, request.command)
