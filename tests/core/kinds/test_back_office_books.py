"""What the back office and the clock do to debts and gift money, in the books."""

from typing import Any

from ekarte_core import read_settlement
from tests.core.kinds.test_back_office import (
    CARD,
    asked,
    at_pump,
    office,
    paid_by,
    sold,
    tab,
    town,
    undo,
)
from tests.core.shop import GIFT, Shop, number
from tests.core.test_settlement import books, settle


def debts(shop: Shop) -> dict[str, int]:
    """What GL(ALC) and GL(ALB) must be: owed and not billed, billed and not paid."""
    ((owed, billed),) = shop.sql(
        "SELECT coalesce(-sum(posted) FILTER (WHERE unit = 'credit'), 0)::integer,"
        " coalesce(sum(posted) FILTER (WHERE unit = 'billed'), 0)::integer"
        " FROM ekarte.purse"
    )
    return {"ALC": owed - billed, "ALB": billed}


class Ledger:
    """The sums of all that was posted so far, by account of the grocer."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.sums = shop, dict[str, int]()

    def post(self) -> dict[str, int]:
        """Settle what there is; returns what it posts."""
        shop = self.shop
        shop.later(hours=1)
        number_ = shop.ledger.build_settlement(shop.network, shop.now, shop.now)
        body = dict(shop.ledger.pending_settlements()).get(number_ or 0)
        # A statement that bills nothing new moves nothing.
        posted = books(read_settlement(body)).get("GROCER", {}) if body else {}
        for account, amount in posted.items():
            self.sums[account] = self.sums.get(account, 0) + amount
        held = {key: self.sums.get(key, 0) for key in ("ALC", "ALB")}
        assert held == debts(self.shop)
        return posted


def test_a_balance_paid_out_leaves_the_liability_and_waits_for_the_payment(shop: Shop):
    town(shop)
    card = shop.gift(3000)
    shop.do("sale", card, 500)
    settle(shop)
    office(shop, "pay_out", card)
    assert books(settle(shop)) == {"GROCER": {"LGC": 2500, "TND": -2500}}


def test_a_sale_charged_back_costs_what_had_been_used(shop: Shop):
    """G10: 30.00 sold, 12.00 used: LGC 18.00, XLS 12.00, the bank gets 30.00."""
    town(shop)
    load = sold(shop)
    shop.do("sale", number(GIFT), 1200)
    settle(shop)
    back = asked(shop, "charge_back", of=load)
    shop.send(back)
    row = {"LGC": 1800, "XLS": 1200, "TND": -3000}
    assert books(settle(shop)) == {"GROCER": row}
    undo(shop, back)
    assert books(settle(shop)) == {"GROCER": {key: -sum_ for key, sum_ in row.items()}}


def test_a_card_used_to_the_end_is_all_loss(shop: Shop):
    town(shop)
    load = sold(shop)
    shop.do("sale", number(GIFT), 3000)
    settle(shop)
    office(shop, "charge_back", of=load)
    assert books(settle(shop)) == {"GROCER": {"XLS": 3000, "TND": -3000}}


def test_a_debt_goes_from_unbilled_to_billed_to_paid(shop: Shop):
    town(shop, tab())
    ledger = Ledger(shop)
    shop.do("sale", CARD, 5000)
    assert ledger.post()["ALC"] == 5000
    shop.later(days=10)  # 1 December
    shop.do("sale", CARD, 700)
    shop.ledger.clock(shop.network, shop.now)
    assert ledger.post() == {"ALC": 700 - 5000, "ALB": 5000, "REV": -579, "VATO": -121}
    payment = shop.request("top_up", CARD, 5400)
    shop.send(payment)
    assert ledger.post() == {"BNK": 5400, "ALB": -5000, "ALC": -400}
    shop.do("reverse", original=payment)
    assert ledger.post() == {"BNK": -5400, "ALB": 5000, "ALC": 400}


def test_goods_returned_lower_the_billed_part_first(shop: Shop):
    """L5: 50.00 billed, 60.00 of goods come back of 57.00 and later ones."""
    town(shop, tab())
    ledger = Ledger(shop)
    sale = shop.request("sale", CARD, 5000)
    shop.send(sale)
    ledger.post()
    shop.later(days=10)
    shop.ledger.clock(shop.network, shop.now)
    shop.do("sale", CARD, 700)
    ledger.post()
    shop.do("top_up", CARD, 4000)
    ledger.post()
    shop.do("refund", amount=1500, original=sale)
    assert ledger.post() == {"REV": 1240, "VATO": 260, "ALB": -1000, "ALC": -500}


def test_a_late_charge_is_billed_at_once(shop: Shop):
    town(shop, tab(late_charge=300))
    ledger = Ledger(shop)
    shop.do("sale", CARD, 5000)
    shop.later(days=10)
    shop.ledger.clock(shop.network, shop.now)
    ledger.post()
    shop.later(days=20)
    shop.ledger.clock(shop.network, shop.now)
    assert ledger.post() == {"ALB": 300, "RFE": -300}


def test_a_debt_written_off_uses_up_the_allowance(shop: Shop):
    """L7: 50.00 billed, 7.00 not yet: ALW 57.00 against both."""
    town(shop, tab())
    ledger = Ledger(shop)
    shop.do("sale", CARD, 5000)
    shop.later(days=10)
    shop.do("sale", CARD, 700)
    shop.ledger.clock(shop.network, shop.now)
    ledger.post()
    given_up = asked(shop, "write_off", CARD)
    shop.send(given_up)
    assert ledger.post() == {"ALW": 5700, "ALB": -5000, "ALC": -700}
    undo(shop, given_up)
    assert ledger.post() == {"ALW": -5700, "ALB": 5000, "ALC": 700}


def test_a_redemption_restored_is_the_sellers_loss(shop: Shop):
    """C5: gift money of the grocer, 20.00 at the pump."""
    town(shop)
    card = shop.gift(3000)
    sale = paid_by(shop, card, 2000)
    settle(shop)
    at_pump(shop, "restore", sale)
    assert books(settle(shop)) == {
        "FUEL": {"XLS": 2000, "CLR": -2000},
        "GROCER": {"CLR": 2000, "LGC": -2000},
    }


def test_bonus_money_restored_is_carried_as_it_was(shop: Shop):
    """C5: what stood at less than it pays stands so again."""
    town(shop)
    club = shop.club(10000)
    settle(shop)
    bonus = shop.balance(club, "BONUS")
    money = "SELECT sum(carry)::integer FROM ekarte.purse WHERE unit = 'EUR'"
    ((carried,),) = shop.sql(money)
    sale = paid_by(shop, club, 2000, bonus=bonus)
    settle(shop)
    at_pump(shop, "restore", sale)
    posted = books(settle(shop))
    assert posted["FUEL"] == {"XLS": bonus, "CLR": -bonus}
    assert posted["GROCER"] == {"CLR": bonus, "LBN": -carried, "XCL": carried - bonus}
    assert shop.sql(money) == [(carried,)]


def test_credit_restored_lowers_the_debt_of_its_issuer(shop: Shop):
    """C5: bought on the grocer's credit at the pump, billed, then restored."""
    town(shop, tab(accept_at="coalition", credit_elsewhere=True))
    ledger = Ledger(shop)
    sale = paid_by(shop, CARD, 2000)
    ledger.post()
    shop.later(days=10)
    shop.ledger.clock(shop.network, shop.now)
    ledger.post()
    at_pump(shop, "restore", sale)
    assert ledger.post() == {"CLR": 2000, "ALB": -2000}


def test_a_write_off_undone_bills_no_more_than_is_owed_by_then(shop: Shop):
    """Goods came back meanwhile: the debt that comes back is less by them."""
    town(shop, tab())
    ledger = Ledger(shop)
    first = paid_by(shop, CARD, 1000, "00000011")
    paid_by(shop, CARD, 2000, "00000011")
    shop.later(days=31)
    shop.ledger.clock(shop.network, shop.now)
    ledger.post()
    given_up = asked(shop, "write_off", CARD, 2500)
    assert shop.send(given_up).rc == "00"
    assert shop.do("refund", None, 1000, original=first).rc == "00"
    ledger.post()
    undo(shop, given_up)
    ledger.post()
    assert debts(shop) == {"ALC": 0, "ALB": 2000}
    assert shop.broken() == []
    assert shop.replayed().same


def test_many_days_of_credit_agree_with_the_cards(shop: Shop, dice: Any):
    """Purchases, returns, payments, write-offs, statements and charges at random."""
    town(shop, tab(late_charge=250))
    ledger = Ledger(shop)
    past: list[Any] = []
    for _step in range(60):
        amount = dice.randint(1, 4000)
        command = dice.choice(
            ["sale", "sale", "top_up", "refund", "reverse", "write_off"]
        )
        if command in ("refund", "reverse") and past:
            named = past.pop(dice.randrange(len(past)))
            more = {"amount": amount} if command == "refund" else {}
            request = asked(shop, command, of=named, terminal=named.terminal, **more)
        elif command == "write_off":
            request = asked(shop, command, CARD, amount)
        else:
            request = shop.request(
                "top_up" if command == "top_up" else "sale", CARD, amount
            )
        if shop.send(request).rc == "00":
            past.append(request)
            ledger.post()
        shop.later(days=dice.randint(0, 6))
        if any(shop.ledger.clock(shop.network, shop.now).values()):
            ledger.post()
    assert shop.broken() == []
    assert shop.replayed().same
