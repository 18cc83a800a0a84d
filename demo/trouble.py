"""Scenes of what goes wrong at tills, and how the day opens and ends."""

from customer import (
    B1,
    B1_ISO,
    BOOK_GIFT,
    F1_ISO,
    G1,
    G1_ISO,
    G2,
    G2_ISO,
    GRO_CLUB,
    GRO_GIFT,
    NOBODY,
    Customer,
    check,
)
from theatre import Scene, Theatre


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
