"""Scenes of the bookshop's friends: prizes to choose, evenings, the sum's discount."""

from collections.abc import Iterator

from customer import B1, BOOK_FRIEND, NO_CARD, Customer, check, named
from theatre import Scene, Theatre

MARK, MONEY = "BOOK-PRIZE/goods/bookmark", "BOOK-PRIZE/money/300"
POINTS = "BOOK-PRIZE.points"


def the_sum_decides(stage: Theatre) -> Scene:
    it = Customer("09:25", stage.card(BOOK_FRIEND))
    goods = (("books", 8000),)
    note = "80.00: nothing on 20.00, 5 % of the next 30.00, 10 % of the rest: 4.50"
    done = yield it.does(B1, "sale", note, amount=8000, lines=goods)
    check(done, discount=450, due=7550, points={"BOOK-PRIZE": 15})
    it.goes("11:45")
    goods = (("books", 3000), ("", 3333))
    note = "63.33 in two lines: 1.50 + 1.33, rounded once and spread to the cent"
    done = yield it.does(B1, "sale", note, amount=6333, lines=goods)
    check(done, discount=283, due=6050)
    bought = done.original
    it.goes("15:05")
    note = "the paper goes back, at the price that it had"
    goods = (("", 3333),)
    done = yield it.does(B1, "refund", note, lines=goods, original=bought, **NO_CARD)
    check(done, discount=149, due=3184)
    note = "20.00 alone bring no discount"
    goods = (("books", 2000),)
    done = yield it.does(B1, "sale", note, amount=2000, lines=goods)
    check(done, discount=0, rate=0)


def chosen_prizes(stage: Theatre) -> Scene:
    it = Customer("09:50", stage.card(BOOK_FRIEND))
    prize = {"program": "BOOK-PRIZE"}
    done = yield it.does(B1, "sale", "two points", amount=1200)
    check(done, points={"BOOK-PRIZE": 2}, vouchers=[])
    first = (("", 0, "1", "1"),)
    note = "a bookmark takes three points: 51"
    done = yield it.does(B1, "redeem", note, lines=first, **prize)
    check(done, rc="51")
    yield it.does(B1, "sale", "eight points now; nothing comes by itself", amount=1600)
    done = yield it.does(B1, "sale", "and two more", amount=1000)
    assert done.expected.balances[POINTS] == 7
    note = "chooses the first prize: a bookmark for three points"
    done = yield it.does(B1, "redeem", note, lines=first, **prize)
    check(done, vouchers=[MARK])
    assert done.expected.balances[POINTS] == 4
    mark = named(done, MARK)
    it.goes("12:25")
    note = "there is no bookmark in this purchase: 57"
    goods = (("books", 1100),)
    asked = {"amount": 1100, "lines": goods, "voucher": mark}
    done = yield it.does(B1, "sale", note, **asked)
    check(done, rc="57")
    note = "one of two bookmarks is free"
    goods = (("books", 1200), ("", 300, "bookmark", "2"))
    asked = {"amount": 1500, "lines": goods, "voucher": mark}
    done = yield it.does(B1, "sale", note, **asked)
    check(done, discount=150, due=1350, points={"BOOK-PRIZE": 2}, vouchers=[])
    bought = done.original
    it.goes("14:55")
    note = "the book goes back; the bookmark stays free"
    goods = (("books", 1200),)
    done = yield it.does(B1, "refund", note, lines=goods, original=bought, **NO_CARD)
    check(done, due=1200, vouchers=[])
    note = "everything is back: the voucher is there again"
    goods = (("", 300),)
    done = yield it.does(B1, "refund", note, lines=goods, original=bought, **NO_CARD)
    check(done, discount=150, due=150, vouchers=[MARK])
    it.goes("17:10")
    yield it.does(B1, "sale", "six points, at least", amount=1500)
    second = (("", 0, "2", "1"),)
    note = "chooses the second prize: 3.00 for six points"
    done = yield it.does(B1, "redeem", note, lines=second, **prize)
    check(done, vouchers=[MARK, MONEY])
    money = named(done, MONEY)
    note = "3.00 of 13.00 are paid by the voucher: two points for the other 10.00"
    done = yield it.does(B1, "sale", note, amount=1300, voucher=money)
    check(done, voucher=300, due=1000, points={"BOOK-PRIZE": 2}, vouchers=[MARK])


def forgiven_points(stage: Theatre) -> Scene:
    it = Customer("13:50", stage.card(BOOK_FRIEND))
    done = yield it.does(B1, "sale", "three points", amount=1500)
    bought = done.original
    one = (("", 0, "1", "1"),)
    note = "a bookmark for them"
    yield it.does(B1, "redeem", note, lines=one, program="BOOK-PRIZE")
    note = "all goes back: the points are gone, the shop forgives them"
    done = yield it.does(B1, "refund", note, amount=1500, original=bought)
    check(done, due=1500)
    assert done.expected.balances[POINTS] == 0


def evenings(stage: Theatre) -> Scene:
    it = Customer("18:00", stage.card(BOOK_FRIEND))
    yield it.does(B1, "sale", "buys a booklet on the way in", amount=450)
    done = yield it.does(B1, "check_in", "comes to the reading")
    check(done, rc="00", points={})
    note = "held the card to the reader twice: within the hour, 65"
    done = yield it.does(B1, "check_in", note)
    check(done, rc="65")
    note = "fills in the questionnaire: a bookmark for nothing"
    done = yield it.does(B1, "enroll", note)
    check(done, vouchers=[MARK])
    done = yield it.does(B1, "enroll", "and again: only once")
    check(done, vouchers=[MARK])


def all_readers(stage: Theatre) -> Iterator[Scene]:
    """Every scene of the bookshop's friends."""
    yield the_sum_decides(stage)
    yield chosen_prizes(stage)
    yield forgiven_points(stage)
    yield evenings(stage)
