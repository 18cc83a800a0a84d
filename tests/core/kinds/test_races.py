"""Two gateways at once: vouchers, friends, replacements and pools lose nothing."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from ekarte_core import Answer, LedgerConnection, Line, Request, decode_answer
from tests.core.shop import PLAY, PLAY_GOLD, Shop, network_with, number, program

ONE, TWO, NEW = number(PLAY, 1), number(PLAY, 2), number(PLAY_GOLD, 1)
OFFICE = "00000071"
TRIES = 6


def send(shop: Shop, gateway: LedgerConnection, request: Request) -> Answer:
    """Send until the answer is one: who finds a card locked is asked to come again."""
    for _try in range(200):
        (outcome,) = gateway.run([request], shop.network, shop.now)
        answer = decode_answer(outcome.answer)
        if answer.rc != "91":
            return answer
    raise AssertionError("busy for ever")


def at_once(
    shop: Shop, gateways: list[LedgerConnection], *requests: Request
) -> list[Answer]:
    with ThreadPoolExecutor(len(requests)) as pool:
        jobs = [
            pool.submit(send, shop, gateway, request)
            for gateway, request in zip(gateways, requests, strict=False)
        ]
        return [job.result(timeout=60) for job in jobs]


@pytest.fixture
def town(shop: Shop) -> Shop:
    """Money, points, prizes and friends; cards may pool."""
    shop.publish(
        network_with(
            program("MONEY", "gift_card"),
            program(
                "PRIZE",
                "bonus_prize",
                step=100,
                referral_points=5,
                prizes=[{"at": 1, "value": 300}, {"at": 1, "value": 400}],
            ),
            pool=True,
        )
    )
    return shop


def voucher(shop: Shop, card: str) -> str:
    known = {one.code for one in shop.do("inquire", card).vouchers}
    lines = [Line(sku="1", amount=0)]
    answer = shop.do("redeem", card, lines=lines, program="PRIZE")
    (code,) = (one.code for one in answer.vouchers if one.code not in known)
    return code


def test_one_voucher_is_used_once(town: Shop, gateways: list[LedgerConnection]):
    town.do("sale", ONE, 5000)
    for _ in range(TRIES):
        code = voucher(town, ONE)
        answers = at_once(
            town,
            gateways,
            *(
                town.request("sale", ONE, 300, voucher=code, terminal=terminal)
                for terminal in ("00000011", "00000012", "00000021")
            ),
        )
        assert sorted(a.rc for a in answers) == ["00", "57", "57"]


def test_friends_that_bring_each_other_do_not_wait_crosswise(
    town: Shop, gateways: list[LedgerConnection]
):
    for place in range(TRIES):
        left, right = number(PLAY, 100 + place), number(PLAY, 200 + place)
        for card in (left, right):
            town.do("enroll", card)
        answers = at_once(
            town,
            gateways,
            town.request("sale", left, 100, referrer=right),
            town.request("sale", right, 100, referrer=left, terminal="00000021"),
        )
        assert [a.rc for a in answers] == ["00", "00"]
        points = [town.balance(card, "PRIZE", "points") for card in (left, right)]
        assert points == [6, 6]


def test_a_card_is_replaced_while_it_pays(town: Shop, gateways: list[LedgerConnection]):
    for place in range(TRIES):
        old, new = number(PLAY, 300 + place), number(PLAY, 400 + place)
        town.do("activate", old, 1000)
        replaced, sold = at_once(
            town,
            gateways,
            town.request("replace", old, other=new),
            town.request("sale", old, 400, gift=400, terminal="00000021"),
        )
        assert (replaced.rc, sold.rc) in (("00", "00"), ("00", "54"))
        assert town.balance(new, "MONEY") == (600 if sold.rc == "00" else 1000)


def test_one_card_is_not_replaced_by_two(town: Shop, gateways: list[LedgerConnection]):
    for place in range(TRIES):
        old = number(PLAY, 500 + place)
        first, second = number(PLAY, 600 + place), number(PLAY, 700 + place)
        town.do("activate", old, 1000)
        answers = at_once(
            town,
            gateways,
            town.request("replace", old, other=first),
            town.request("replace", old, other=second, terminal="00000021"),
        )
        assert sorted(a.rc for a in answers) == ["00", "05"]


def test_a_card_joins_a_pool_while_both_pay(
    town: Shop, gateways: list[LedgerConnection]
):
    for place in range(TRIES):
        main, joiner = number(PLAY, 800 + place), number(PLAY, 900 + place)
        town.do("activate", main, 1000)
        town.do("activate", joiner, 1000)
        answers = at_once(
            town,
            gateways,
            town.request("pool", joiner, terminal=OFFICE, other=main),
            town.request("sale", main, 700, gift=700),
            town.request("sale", joiner, 700, gift=700, terminal="00000021"),
        )
        assert [a.rc for a in answers] == ["00", "00", "00"]
        assert town.balance(joiner, "MONEY") == town.balance(main, "MONEY") == 600


def test_two_that_join_each_other_make_one_pool(
    town: Shop, gateways: list[LedgerConnection]
):
    for place in range(TRIES):
        left, right = number(PLAY, 100 + place), number(PLAY, 200 + place)
        for card in (left, right):
            town.do("activate", card, 1000)
        answers = at_once(
            town,
            gateways,
            town.request("pool", left, terminal=OFFICE, other=right),
            town.request("pool", right, terminal=OFFICE, other=left),
        )
        # The second finds them together already.
        assert [a.rc for a in answers] == ["00", "00"]
        assert town.balance(left, "MONEY") == town.balance(right, "MONEY") == 2000


def test_a_chain_of_pools_made_at_once_has_one_main_card(
    town: Shop, gateways: list[LedgerConnection]
):
    for place in range(TRIES):
        cards = [number(PLAY, 100 + 10 * place + n) for n in range(3)]
        for card in cards:
            town.do("activate", card, 1000)
        at_once(
            town,
            gateways,
            *(
                town.request("pool", card, terminal=OFFICE, other=cards[(n + 1) % 3])
                for n, card in enumerate(cards)
            ),
        )
        leaning = town.sql(
            "SELECT count(*) FROM ekarte.card AS c JOIN ekarte.card AS a "
            "ON a.id = c.account_id WHERE a.account_id <> a.id"
        )
        assert leaning == [(0,)]


def test_a_hurry_of_everything_keeps_every_cent(
    town: Shop, gateways: list[LedgerConnection], dice: random.Random
):
    cards = [number(PLAY, 10 + n) for n in range(5)]
    for card in cards:
        town.do("activate", card, 10000)
    makers: list[Callable[[], Request]] = [
        lambda: town.request("sale", dice.choice(cards), 300, gift=100),
        lambda: town.request(
            "sale", dice.choice(cards), 100, referrer=dice.choice(cards)
        ),
        lambda: town.request(
            "pool", dice.choice(cards), terminal=OFFICE, other=dice.choice(cards)
        ),
        lambda: town.request("pool", dice.choice(cards), terminal=OFFICE),
        lambda: town.request(
            "redeem",
            dice.choice(cards),
            lines=[Line(sku="1", amount=0)],
            program="PRIZE",
        ),
        lambda: town.request(
            "replace",
            dice.choice(cards),
            other=number(PLAY, dice.randrange(15, 20)),
        ),
    ]
    booked = 0
    for _ in range(20):
        requests = [dice.choice(makers)() for _ in range(4)]
        answers = at_once(town, gateways, *requests)
        assert not {a.rc for a in answers} & {"96", "91"}
        booked += sum(a.tendered.get("gift", 0) for a in answers)
    rows = town.sql("SELECT sum(posted) FROM ekarte.purse WHERE unit = 'EUR'")
    assert rows == [(5 * 10000 - booked,)]
