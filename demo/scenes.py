"""The told part of the day: each scene shows one thing that must hold.

The figures of the first scenes are those of the people who ordered this system:
7.00 gives one bonus, 17.50 three, 4.99 none; ten bonuses become 1.00; after 49.99 the
discount is 5 %, after 50.00 it is 6 % from the next purchase.
"""

from collections.abc import Iterator

from theatre import Played, Scene, Step, Theatre, clock

GRO_CLUB, GRO_GIFT, FUEL_CLUB = "9990001", "9990002", "9990003"
BOOK_CLUB, BOOK_GIFT, NOBODY = "9990004", "9990005", "9990009"
G1, G1_ISO, G2, G2_ISO = "00000011", "00000012", "00000021", "00000022"
PUMP, F1_ISO, B1, B1_ISO = "00000031", "00000032", "00000041", "00000042"
PAUSE_S = 50


class Customer:
    """Somebody with a card, at one time of the day."""

    def __init__(self, at: str, card: str, kind: str = "pan") -> None:
        self.now = clock(at)
        self.card = card
        self.kind = kind

    def does(
        self, terminal: str, command: str, note: str = "", **fields: object
    ) -> Step:
        """The next step, a little later than the last."""
        self.now += PAUSE_S
        send, key = str(fields.pop("send", "")), fields.pop("key", None)
        known = {"card": self.card, "kind": self.kind} if self.card else {}
        assert key is None or isinstance(key, tuple)
        return Step(self.now, terminal, command, note, {**known, **fields}, send, key)

    def goes(self, at: str) -> None:
        """Come back at this time."""
        self.now = max(self.now, clock(at))


def check(played: Played, **wanted: object) -> None:
    """The scene's own claim, in figures that a person can check on paper."""
    for name, value in wanted.items():
        found = getattr(played.expected, name)
        assert found == value, f"{played.step.note}: {name} {found}, not {value}"


def bonus_figures(stage: Theatre) -> Scene:
    it = Customer("08:20", stage.card(GRO_CLUB))
    for gross, net, points in ((737, 700, 1), (1842, 1750, 3), (525, 499, 0)):
        note = f"paid {net / 100:.2f}: {points} bonus points"
        done = yield it.does(G1, "sale", note, amount=gross)
        check(done, due=net, points={"GRO-BONUS": points} if points else {})
    it = Customer("08:31", stage.card(FUEL_CLUB))
    for gross, points in ((999, 0), (1000, 1), (2999, 2)):
        note = f"fuel {gross / 100:.2f}: {points} points of the fuel company"
        goods = (("fuel", gross),)
        done = yield it.does(F1_ISO, "sale", note, amount=gross, lines=goods)
        check(done, due=gross, points={"FUEL-BONUS": points} if points else {})


def ten_points_become_money(stage: Theatre) -> Scene:
    it = Customer("08:40", stage.card(GRO_CLUB))
    done = yield it.does(G1_ISO, "sale", "nine points", amount=4799)
    check(done, due=4559, points={"GRO-BONUS": 9}, converted=0)
    note = "9 + 3 = 12: ten erased, 1.00 credited, 2 left"
    done = yield it.does(G1_ISO, "sale", note, amount=1842)
    check(done, points={"GRO-BONUS": 3}, converted=100, discount=92)
    check(done, balances={"GRO-BONUS": 100, "GRO-BONUS.points": 2})
    it.goes("12:10")
    note = "bonus money of the grocer pays at the fuel company"
    goods = (("fuel", 1500),)
    done = yield it.does(PUMP, "sale", note, amount=1500, lines=goods, bonus=60)
    check(done, bonus=60, due=1440, points={"FUEL-BONUS": 1})
    it.goes("15:10")
    note = "the rest of it pays at the bookshop"
    goods = (("books", 1250),)
    done = yield it.does(B1, "sale", note, amount=1250, lines=goods, bonus=40)
    check(done, bonus=40, discount=63, due=1147)
    note = "nothing of it is left: 51"
    done = yield it.does(B1, "sale", note, amount=500, bonus=1)
    check(done, rc="51")


def steps_of_the_discount(stage: Theatre) -> Scene:
    it = Customer("09:00", stage.card(GRO_CLUB))
    done = yield it.does(G1, "sale", "collects 49.99", amount=5262)
    check(done, due=4999, rate=500)
    done = yield it.does(G1, "sale", "after 49.99: still 5 %", amount=1000)
    check(done, due=950, rate=500)
    it = Customer("09:10", stage.card(GRO_CLUB))
    done = yield it.does(G1, "sale", "collects exactly 50.00 at 5 %", amount=5263)
    check(done, due=5000, rate=500)
    done = yield it.does(G1, "sale", "after 50.00: 6 % from now on", amount=1000)
    check(done, due=940, rate=600)
    it.goes("09:40")
    note = "the same card in Teika, which has a rule of its own: 3 % + 1 %"
    done = yield it.does(G2_ISO, "sale", note, amount=1000)
    check(done, due=960, rate=400)
    it = Customer("09:20", stage.card(GRO_CLUB))
    note = "a big party: 700.00 collected at one go, still at 5 %"
    done = yield it.does(G1_ISO, "sale", note, amount=73684)
    check(done, due=70000, rate=500)
    done = yield it.does(G1_ISO, "sale", "15 % is the most", amount=2000)
    check(done, due=1700, rate=1500)
    it.goes("10:05")
    done = yield it.does(G2, "sale", "in Teika 10 % is the most", amount=2000)
    check(done, due=1800, rate=1000)


def a_truck_fills_up(stage: Theatre) -> Scene:
    it = Customer("09:35", stage.card(FUEL_CLUB))
    goods = (("fuel", 46000),)
    note = "46 points of the fuel company: forty become 2.00, six are left"
    done = yield it.does(F1_ISO, "sale", note, amount=46000, lines=goods)
    check(done, points={"FUEL-BONUS": 46}, converted=200)
    check(done, balances={"FUEL-BONUS": 200, "FUEL-BONUS.points": 6})
    it.goes("12:50")
    note = "the fuel company's bonus buys bread: no discount, no points here"
    done = yield it.does(G1_ISO, "sale", note, amount=120, bonus=120)
    check(done, due=0, bonus=120, rate=0)
    it.goes("13:40")
    note = "and a postcard; 0.20 too much is asked: 51"
    done = yield it.does(B1_ISO, "sale", note, amount=150, bonus=100)
    check(done, rc="51")
    done = yield it.does(B1_ISO, "sale", "and a postcard", amount=150, bonus=80)
    check(done, bonus=80, due=70, balances={"FUEL-BONUS": 0})


def a_rule_of_its_own(stage: Theatre) -> Scene:
    it = Customer("09:30", stage.card(GRO_CLUB))
    done = yield it.does(G2, "sale", "a new card in Teika: 3 %", amount=2000)
    check(done, due=1940, rate=300)
    it.goes("10:15")
    done = yield it.does(G1, "sale", "the same card in Centrs: 5 %", amount=2000)
    check(done, due=1900, rate=500)
    it = Customer("10:20", stage.card(BOOK_CLUB))
    goods = (("books", 2000),)
    done = yield it.does(B1, "sale", "5 % of 20.00", amount=2000, lines=goods)
    check(done, due=1900, rate=500)


def fuel_after_hundred(stage: Theatre) -> Scene:
    it = Customer("08:45", stage.card(FUEL_CLUB))
    goods = (("fuel", 9999),)
    done = yield it.does(F1_ISO, "sale", "spends 99.99", amount=9999, lines=goods)
    check(done, discount=0, points={"FUEL-BONUS": 9})
    it.goes("11:30")
    goods = (("fuel", 5000),)
    note = "99.99 is not 100.00: no discount yet"
    done = yield it.does(F1_ISO, "sale", note, amount=5000, lines=goods)
    check(done, discount=0, rate=0)
    it.goes("16:30")
    note = "from 100.00 on 2 % off fuel, coffee stays as it is"
    goods = (("fuel", 5000), ("food", 350))
    done = yield it.does(PUMP, "sale", note, amount=5350, lines=goods)
    check(done, discount=100, due=5250, rate=200)


def gift_card_travels(stage: Theatre) -> Scene:
    it = Customer("09:05", stage.card(GRO_GIFT))
    done = yield it.does(G1_ISO, "activate", "a gift card of 30.00", amount=3000)
    check(done, due=3000, balances={"GRO-GIFT": 3000})
    it.goes("11:10")
    note = "the grocer's gift card pays for fuel"
    goods = (("fuel", 1250),)
    done = yield it.does(F1_ISO, "sale", note, amount=1250, lines=goods)
    check(done, gift=1250, due=0, balances={"GRO-GIFT": 1750})
    it.goes("12:20")
    goods = (("books", 990),)
    note = "and for a book"
    done = yield it.does(B1, "sale", note, amount=990, lines=goods)
    check(done, gift=990, balances={"GRO-GIFT": 760})
    book = done.original
    note = "it runs short: 51, nothing is held"
    done = yield it.does(B1, "sale", note, amount=3000)
    check(done, rc="51")
    done = yield it.does(B1, "inquire", "all 7.60 are still there")
    check(done, balances={"GRO-GIFT": 760})
    note = "the till takes what is there: 10"
    done = yield it.does(B1, "sale", note, amount=1000, partial=True)
    check(done, rc="10", gift=760, due=240, balances={"GRO-GIFT": 0})
    it.goes("17:45")
    note = "a part of the book's price goes back to the card"
    done = yield it.does(B1, "refund", note, amount=400, original=book)
    check(done, gift=400, due=0, balances={"GRO-GIFT": 400})
    note = "more than is left of the purchase: 13"
    done = yield it.does(B1, "refund", note, amount=600, original=book)
    check(done, rc="13")
    note = "the rest of the price"
    done = yield it.does(B1, "refund", note, amount=590, original=book)
    check(done, gift=590, balances={"GRO-GIFT": 990})
    done = yield it.does(G1_ISO, "top_up", "loaded again", amount=2000)
    check(done, balances={"GRO-GIFT": 2990})


def thirty_on_twenty(stage: Theatre) -> Scene:
    it = Customer("10:00", stage.card(GRO_GIFT), "barcode")
    yield it.does(G2, "activate", "a gift card of 20.00", amount=2000)
    it.goes("13:00")
    done = yield it.does(G2, "sale", "30.00 on 20.00: 51", amount=3000)
    check(done, rc="51")
    note = "12.00 by the card, the rest in cash"
    done = yield it.does(G2, "sale", note, amount=3000, gift=1200)
    check(done, gift=1200, due=1800, balances={"GRO-GIFT": 800})
    done = yield it.does(G2, "refund", "all of it", amount=3000, original=done.original)
    check(done, gift=1200, due=1800, balances={"GRO-GIFT": 2000})
    it.goes("18:00")
    note = "in three parts of a third: 3.33, 3.33, 3.34"
    done = yield it.does(G2, "sale", note, amount=1000)
    bought = done.original
    for part in (333, 333, 334):
        done = yield it.does(G2, "refund", note, amount=part, original=bought)
        check(done, gift=part)
    check(done, balances={"GRO-GIFT": 2000})


def access_code(stage: Theatre) -> Scene:
    it = Customer("09:15", stage.card(GRO_GIFT))
    note = "a gift card with an access code"
    yield it.does(G1, "activate", note, amount=5000, code="47110815")
    it.goes("11:00")
    done = yield it.does(G1, "sale", "the right code", amount=800, code="47110815")
    check(done, gift=800)
    for _ in range(3):
        done = yield it.does(
            G1, "sale", "a wrong code: 55", amount=800, code="11748051"
        )
        check(done, rc="55")
    note = "three wrong codes: the right one comes too late, 75"
    done = yield it.does(G1, "sale", note, amount=800, code="47110815")
    check(done, rc="75")
    yield it.does(G1, "unblock", "the operator forgives")
    done = yield it.does(G1, "sale", "and it works again", amount=800, code="47110815")
    check(done, rc="00", balances={"GRO-GIFT": 3400})
    it = Customer("10:30", stage.card(GRO_GIFT))
    yield it.does(G1_ISO, "activate", note="", amount=2500, code="80861978")
    it.goes("14:30")
    note = "a wrong code on a card terminal: 55"
    done = yield it.does(F1_ISO, "sale", note, amount=1000, code="80861987")
    check(done, rc="55")
    done = yield it.does(F1_ISO, "sale", "the right one", amount=1000, code="80861978")
    check(done, gift=1000)


def blocked_card(stage: Theatre) -> Scene:
    it = Customer("10:10", stage.card(GRO_GIFT))
    yield it.does(B1_ISO, "activate", "sold by the bookshop", amount=4000)
    it.goes("12:30")
    yield it.does(G1, "block", "lost in the shop: the operator blocks it")
    done = yield it.does(F1_ISO, "sale", "blocked: 62", amount=1000)
    check(done, rc="62")
    it.goes("13:30")
    yield it.does(G1_ISO, "unblock", "found again")
    done = yield it.does(F1_ISO, "sale", "it pays", amount=1000)
    check(done, gift=1000, balances={"GRO-GIFT": 3000})


def strangers(stage: Theatre) -> Scene:
    it = Customer("10:40", stage.card(NOBODY))
    done = yield it.does(G1, "sale", "nobody's card: 14", amount=1000)
    check(done, rc="14")
    done = yield it.does(F1_ISO, "sale", "nobody's card: 14", amount=1000)
    check(done, rc="14")
    good = stage.card(GRO_CLUB)
    it.card = good[:-1] + str((int(good[-1]) + 5) % 10)
    it.kind = "keyed"
    done = yield it.does(G2, "sale", "typed with a wrong digit: 14", amount=1000)
    check(done, rc="14")
    it = Customer("10:50", stage.card(GRO_GIFT))
    done = yield it.does(B1_ISO, "sale", "a gift card nobody sold: 78", amount=1000)
    check(done, rc="78")
    done = yield it.does(G1, "activate", "below the least load: 13", amount=300)
    check(done, rc="13")
    done = yield it.does(G1, "activate", "sold at last", amount=1000)
    check(done, rc="00")
    done = yield it.does(G1, "activate", "sold already: 05", amount=1000)
    check(done, rc="05")
    note = "over the highest balance: 61"
    done = yield it.does(G1, "top_up", note, amount=49001)
    check(done, rc="61")
    it = Customer("11:20", stage.card(BOOK_GIFT))
    done = yield it.does(B1, "activate", "not a denomination: 13", amount=1500)
    check(done, rc="13")
    done = yield it.does(B1, "activate", "the bookshop's gift card", amount=2000)
    check(done, rc="00")
    note = "the bookshop's card does not pay at the grocer's: 57"
    done = yield it.does(G1, "sale", note, amount=1000)
    check(done, rc="57")


def repeats(stage: Theatre) -> Scene:
    for at, terminal, kind in (("09:45", G1, "pan"), ("09:50", G2_ISO, "track2")):
        number = stage.card(GRO_CLUB)
        seen = f";{number}=30121010000000000?" if kind == "track2" else number
        it = Customer(at, seen, kind)
        done = yield it.does(terminal, "sale", "the answer gets lost", amount=2300)
        same = {"amount": 2300, "key": done.original, "send": "repeat"}
        again = yield it.does(terminal, "sale", "so it asks again", **same)
        assert again.expected == done.expected
        same["amount"], same["send"] = 3200, "conflict"
        note = "the same number, another sum: 94"
        again = yield it.does(terminal, "sale", note, **same)
        check(again, rc="94")
        missed = (terminal, done.original[1], done.original[2] + 90_000)
        asked = {"card": "", "kind": ""}
        yield it.does(
            terminal, "status", "what became of it?", original=done.original, **asked
        )
        done = yield it.does(
            terminal, "status", "never heard of: 25", original=missed, **asked
        )
        check(done, rc="25")


def reversals(stage: Theatre) -> Scene:
    no_card = {"card": "", "kind": ""}
    it = Customer("10:25", stage.card(GRO_GIFT))
    yield it.does(G1_ISO, "activate", amount=6000)
    done = yield it.does(G1_ISO, "authorize", "held", amount=1500)
    check(done, gift=1500)
    note = "the customer changes his mind: the hold is undone"
    yield it.does(G1_ISO, "reverse", note, original=done.original, **no_card)
    done = yield it.does(G1_ISO, "inquire", "all of it is there")
    check(done, balances={"GRO-GIFT": 6000})
    done = yield it.does(G1_ISO, "sale", "booked", amount=2100)
    note = "a booked sale is undone"
    undone = yield it.does(G1_ISO, "reverse", note, original=done.original, **no_card)
    check(undone, balances={"GRO-GIFT": 6000})
    note = "undone a second time: nothing more happens"
    yield it.does(G1_ISO, "reverse", note, original=done.original, **no_card)
    for at, terminal in (("11:40", G2), ("11:45", F1_ISO)):
        it = Customer(at, stage.card(GRO_CLUB))
        lost = stage.reserve(terminal)
        note = "undo a sale that never arrived: remembered"
        yield it.does(terminal, "reverse", note, original=lost, **no_card)
        note = "the sale arrives after all, too late: 05"
        done = yield it.does(terminal, "sale", note, amount=5000, key=lost, send="late")
        check(done, rc="05")
    it = Customer("11:50", stage.card(GRO_CLUB))
    yield it.does(G1, "sale", "nine points", amount=4799)
    done = yield it.does(G1, "sale", "three more: 1.00", amount=1842)
    check(done, converted=100)
    note = "undone: the points are back, the 1.00 is not there any more"
    done = yield it.does(G1, "reverse", note, original=done.original, **no_card)
    check(done, balances={"GRO-BONUS": 0, "GRO-BONUS.points": 9})


def goods_come_back_elsewhere(stage: Theatre) -> Scene:
    it = Customer("15:30", stage.card(GRO_CLUB))
    done = yield it.does(G1_ISO, "sale", "bought in Centrs", amount=4000)
    check(done, discount=200, due=3800, points={"GRO-BONUS": 7})
    bought, none = done.original, {"card": "", "kind": ""}
    note = "a bookshop cannot take the grocer's goods back: 25"
    done = yield it.does(B1, "refund", note, amount=1000, original=bought, **none)
    check(done, rc="25")
    note = "brought back in Teika, at the price paid in Centrs"
    done = yield it.does(G2, "refund", note, amount=1000, original=bought, **none)
    check(done, discount=50, due=950, points={"GRO-BONUS": -2})


def goods_come_back(stage: Theatre) -> Scene:
    it = Customer("12:00", stage.card(GRO_CLUB))
    done = yield it.does(G1, "sale", "six points", amount=3300)
    check(done, discount=165, due=3135, points={"GRO-BONUS": 6})
    bought = done.original
    note = "a third goes back: two points, a third of the discount"
    done = yield it.does(G1, "refund", note, amount=1100, original=bought)
    check(done, discount=55, due=1045, points={"GRO-BONUS": -2})
    note = "the rest: exactly the rest"
    done = yield it.does(G1, "refund", note, amount=2200, original=bought)
    check(done, discount=110, due=2090, points={"GRO-BONUS": -4})
    it = Customer("12:40", stage.card(GRO_CLUB))
    done = yield it.does(G1, "sale", "nine points", amount=4799)
    done = yield it.does(G1, "sale", "twelve: 1.00 and two points", amount=1842)
    bought = done.original
    note = "spends the 1.00"
    yield it.does(G1, "sale", note, amount=400, bonus=100)
    note = "brings back what gave three points: two are left, the third costs 0.10"
    done = yield it.does(G1, "refund", note, amount=1842, original=bought)
    check(done, points={"GRO-BONUS": -3}, due=1740)


def the_pump(stage: Theatre) -> Scene:
    it = Customer("09:25", stage.card(FUEL_CLUB), "track2")
    it.card = f";{it.card}=29051010000000000?"
    no_card = {"card": "", "kind": ""}
    goods = (("fuel", 8000),)
    done = yield it.does(
        PUMP, "authorize", "the pump asks for 80.00", amount=8000, lines=goods
    )
    note = "54.63 went into the tank"
    done = yield it.does(
        PUMP, "confirm", note, amount=5463, original=done.original, **no_card
    )
    check(done, due=5463, points={"FUEL-BONUS": 5})
    it = Customer("13:20", stage.card(GRO_GIFT))
    yield it.does(F1_ISO, "activate", "sold by the fuel company", amount=10000)
    done = yield it.does(
        PUMP, "authorize", "the gift card at the pump", amount=8000, lines=goods
    )
    held = done.original
    check(done, gift=8000)
    done = yield it.does(G1, "sale", "held is held: 51", amount=3000)
    check(done, rc="51")
    note = "more than was authorized: 13"
    done = yield it.does(PUMP, "confirm", note, amount=8001, original=held, **no_card)
    check(done, rc="13")
    note = "32.10 went into the tank, the rest is free again"
    done = yield it.does(PUMP, "confirm", note, amount=3210, original=held, **no_card)
    check(done, gift=3210, due=0, balances={"GRO-GIFT": 6790})
    note = "confirmed twice under another number: 77"
    done = yield it.does(PUMP, "confirm", note, amount=3210, original=held, **no_card)
    check(done, rc="77")
    it = Customer("19:30", stage.card(FUEL_CLUB))
    goods = (("fuel", 6000),)
    note = "drives away without fuel: the hold ends by itself after an hour"
    yield it.does(PUMP, "authorize", note, amount=6000, lines=goods)


def two_tenders(stage: Theatre) -> Scene:
    it = Customer("13:10", stage.card(GRO_CLUB))
    done = yield it.does(G1, "sale", "a big basket", amount=14000)
    check(done, points={"GRO-BONUS": 26}, converted=200)
    it.goes("14:10")
    note = "asks to pay more than is due: 13"
    done = yield it.does(G2_ISO, "sale", note, amount=150, bonus=200)
    check(done, rc="13")
    note = "holds 2.00 of bonus money"
    done = yield it.does(G2_ISO, "authorize", note, amount=2000, bonus=200)
    check(done, rate=500, discount=100, bonus=200, due=1700)
    held, none = done.original, {"card": "", "kind": ""}
    note = "the cashier confirms; 5 % in Teika, earned on 17.00"
    done = yield it.does(G2_ISO, "confirm", note, original=held, **none)
    check(done, due=1700, bonus=200, points={"GRO-BONUS": 3})


def one_cent_short(
    totals: tuple[tuple[str, int, int], ...],
) -> tuple[tuple[str, int, int], ...]:
    """Totals that a cashier has miscounted."""
    (name, count, amount), *others = totals
    return ((name, count, amount - 1), *others)


def shift_ends(stage: Theatre) -> Scene:
    it = Customer("14:00", "")
    note = "the shift ends one cent short: 95 and the host's figures"
    done = yield it.does(G1, "close", note, totals=one_cent_short)
    check(done, rc="95")
    done = yield it.does(G1, "close", "counted again, now it agrees")
    check(done, rc="00")
    closed = done.original
    stage.next_batch(G1)
    late = Customer("14:05", stage.card(GRO_CLUB))
    key = (G1, closed[1], closed[2] + 50)
    note = "a sale for the closed batch: 95"
    done = yield late.does(G1, "sale", note, amount=1000, key=key)
    check(done, rc="95")


def opening(terminal: str, minute: int) -> Scene:
    yield Customer(f"08:{minute:02}", "").does(terminal, "echo", "good morning")


def closing(terminal: str, minute: int, *, wrong: bool) -> Scene:
    it = Customer(f"20:{minute:02}", "")
    if wrong:
        note = "totals that do not agree: 95 and the host's figures"
        done = yield it.does(terminal, "close", note, totals=one_cent_short)
        check(done, rc="95")
    done = yield it.does(terminal, "close", "good night")
    check(done, rc="00")


def all_scenes(stage: Theatre) -> Iterator[Scene]:
    """Every told scene of the day."""
    for told in (
        bonus_figures,
        ten_points_become_money,
        steps_of_the_discount,
        a_truck_fills_up,
        a_rule_of_its_own,
        fuel_after_hundred,
        gift_card_travels,
        thirty_on_twenty,
        access_code,
        blocked_card,
        strangers,
        repeats,
        reversals,
        goods_come_back,
        goods_come_back_elsewhere,
        the_pump,
        two_tenders,
        shift_ends,
    ):
        yield told(stage)
    for number, terminal in enumerate(stage.oracle.rules.terminals):
        yield opening(terminal, number)
        yield closing(terminal, 50 + number, wrong=terminal == B1_ISO)
