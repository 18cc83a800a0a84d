"""Accrue: a purchase paid elsewhere earns; it is not discounted and takes nothing."""

import pytest

from tests.core.shop import GIFT, PLAY, Shop, network_with, number, program
from tests.core.test_settlement import books, settle

CARD = number(PLAY)
BON = program("BON", "bonus_amount", step=100, convert_at=100, convert_to=100)
TEN_PERCENT = program(
    "TEN",
    "accumulated_discount",
    base_rate=1000,
    step_amount=100000,
    step_rate=100,
    max_rate=2000,
)


@pytest.fixture
def bonus(shop: Shop) -> Shop:
    """A point for each euro; a hundred of them become a euro."""
    shop.publish(network_with(BON, TEN_PERCENT))
    return shop


def points(shop: Shop) -> int:
    return shop.balance(CARD, "BON", "points")


def test_it_earns_like_the_purchase_would(bonus: Shop):
    answer = bonus.do("accrue", CARD, 4250)
    assert (answer.rc, answer.amount) == ("00", 4250)
    assert [(one.program, one.points) for one in answer.earned] == [("BON", 42)]
    assert points(bonus) == 42


def test_a_purchase_is_discounted_an_accrual_is_not(bonus: Shop):
    bought = bonus.do("sale", CARD, 1000)
    assert (bought.discount, bought.amount_due) == (100, 900)
    accrued = bonus.do("accrue", CARD, 1000)
    assert (accrued.discount, accrued.amount_due) == (0, 0)


def test_it_counts_towards_the_next_discount(bonus: Shop):
    bonus.do("accrue", CARD, 4250)
    assert bonus.balance(CARD, "TEN", "turnover") == 4250


def test_a_gift_card_pays_a_sale_but_no_accrual(shop: Shop):
    card = shop.gift(3000)
    assert shop.do("accrue", card, 1000).tendered == {}
    assert shop.balance(card, "GIFT") == 3000
    assert shop.do("sale", card, 1000).tendered == {"gift": 1000}


@pytest.mark.parametrize(("tender", "rc"), [({"gift": 1}, "30"), ({}, "00")])
def test_it_names_nothing_to_pay_with(shop: Shop, tender: dict, rc: str):
    card = shop.gift(3000)
    answer = shop.do("accrue", card, 1000, **tender)
    assert (answer.rc, answer.field) == (rc, "tender" if rc == "30" else "")


@pytest.mark.parametrize(("amount", "rc"), [(None, "13"), (0, "13"), (1, "00")])
def test_it_needs_an_amount(bonus: Shop, amount: int | None, rc: str):
    assert bonus.do("accrue", CARD, amount).rc == rc


@pytest.mark.parametrize(("amount", "rc"), [(1999, "78"), (2000, "00")])
def test_a_card_is_given_for_an_accrual_as_for_a_purchase(
    shop: Shop, amount: int, rc: str
):
    shop.publish(network_with(BON, qualify_amount=2000))
    assert shop.do("accrue", CARD, amount).rc == rc


def test_a_blocked_card_earns_nothing(bonus: Shop):
    bonus.do("accrue", CARD, 1000)
    bonus.do("block", CARD)
    assert bonus.do("accrue", CARD, 1000).rc == "62"


def test_reversed_it_has_never_been(bonus: Shop):
    accrual = bonus.request("accrue", CARD, 4250)
    bonus.send(accrual)
    assert bonus.do("reverse", original=accrual).rc == "00"
    assert (points(bonus), bonus.balance(CARD, "TEN", "turnover")) == (0, 0)
    assert bonus.do("refund", amount=1, original=accrual).rc == "77"


@pytest.mark.parametrize(("amount", "left"), [(1000, 32), (4250, 0)])
def test_with_the_goods_their_points_go_back(bonus: Shop, amount: int, left: int):
    accrual = bonus.request("accrue", CARD, 4250)
    bonus.send(accrual)
    back = bonus.do("refund", amount=amount, original=accrual)
    assert (back.rc, back.amount, back.amount_due) == ("00", amount, 0)
    assert points(bonus) == left


@pytest.mark.parametrize(("amount", "rc"), [(2250, "00"), (2251, "13")])
def test_no_more_comes_back_than_was_bought(bonus: Shop, amount: int, rc: str):
    accrual = bonus.request("accrue", CARD, lines=[("food", 3000), ("books", 1250)])
    bonus.send(accrual)
    assert bonus.do("refund", lines=[("food", 2000)], original=accrual).rc == "00"
    assert bonus.do("refund", amount=amount, original=accrual).rc == rc


def test_nothing_is_kept_back_for_points_that_are_used(shop: Shop):
    """The money goes back where the goods were paid: what is missing is owed."""
    shop.publish(network_with(BON | {"parameters": NEGATIVE}))
    accrual = shop.request("accrue", CARD, 20000)
    shop.send(accrual)
    assert shop.do("sale", CARD, 200, bonus=200).rc == "00"
    back = shop.do("refund", amount=20000, original=accrual)
    assert (back.kept, back.amount_due) == (0, 0)
    assert shop.balance(CARD, "BON", "owed") == 200


NEGATIVE = {"step": 100, "convert_at": 100, "convert_to": 100, "clawback": "negative"}


def test_the_books_have_the_deferral_and_no_sale(bonus: Shop):
    """10.00 paid elsewhere, 10 points worth 0.10: the sale itself is not booked."""
    bonus.do("accrue", CARD, 1000)
    document = settle(bonus)
    assert [(row.event, row.amount) for row in document.lines] == [("bonus_earn", 10)]
    assert set(books(document)["GROCER"]) == {"REV", "LBN"}


def test_a_replay_by_the_same_rules_finds_the_same(bonus: Shop):
    accrual = bonus.request("accrue", CARD, 4250)
    bonus.send(accrual)
    bonus.do("refund", amount=1000, original=accrual)
    assert bonus.replayed().same


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("lv", "Punkti par pirkumu"),
        ("ru", "Баллы за покупку"),
        ("en", "Points for a purchase"),
        ("et", "Punktid ostu eest"),
    ],
)
def test_its_slip_asks_nothing_to_be_paid(bonus: Shop, language: str, title: str):
    answer = bonus.do("accrue", CARD, 1000, language=language)
    told = [line.text for line in answer.slip]
    assert title in told
    assert not {"Apmaksai", "К оплате", "To pay", "Tasuda"} & set(told)
    assert answer.copies == 1


def test_the_batch_counts_it(bonus: Shop):
    bonus.do("accrue", number(GIFT), 1000)
    bonus.do("accrue", CARD, 1000)
    (total,) = bonus.do("close").totals
    assert (total.command, total.count, total.amount) == ("accrue", 1, 1000)
