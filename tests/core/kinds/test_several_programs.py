"""Several programs on one card in one purchase: sequence, combine, groups, branches."""

import pytest

from tests.core.shop import PLAY, Shop, network_with, number, program

CARD = number(PLAY)


def off(code: str, rate: int, combine: str = "best", sequence: int = 10, **more):
    groups = {"groups": more.pop("groups")} if "groups" in more else {}
    fixed = program(code, "fixed_discount", rate=rate, **groups)
    return fixed | {"combine": combine, "sequence": sequence} | more


@pytest.mark.parametrize(
    ("first", "second", "discount"),
    [
        (("best", 500), ("best", 1000), 1000),
        (("best", 1000), ("best", 500), 1000),
        (("best", 500), ("add", 1000), 1500),
        (("best", 500), ("compound", 1000), 1450),
        (("add", 500), ("add", 1000), 1500),
        (("add", 500), ("best", 1000), 1000),
        (("add", 6000), ("add", 6000), 10000),
        (("compound", 5000), ("compound", 5000), 7500),
        (("best", 10000), ("compound", 5000), 10000),
    ],
)
def test_two_discounts(
    shop: Shop, first: tuple[str, int], second: tuple[str, int], discount: int
):
    shop.publish(
        network_with(
            off("ONE", first[1], first[0], 10), off("TWO", second[1], second[0], 20)
        )
    )
    assert shop.do("sale", CARD, 10000).discount == discount


def test_the_sequence_decides_what_is_added_to_what(shop: Shop):
    programs = [off("ADDS", 500, "add", 20), off("BEST", 1000, "best", 10)]
    shop.publish(network_with(*programs))
    assert shop.do("sale", CARD, 10000).discount == 1500
    programs = [off("ADDS", 500, "add", 10), off("BEST", 1000, "best", 20)]
    shop.publish(network_with(*programs))
    assert shop.do("sale", CARD, 10000).discount == 1000


def test_each_says_what_it_did(shop: Shop):
    shop.publish(
        network_with(
            off("FIVE", 500), off("TEN", 1000, "best", 20), off("TWO", 200, "add", 30)
        )
    )
    told = shop.do("sale", CARD, 10000).explain
    assert "Five: 5 % not used, another discount is better" in told
    assert "Ten: 10 %, 10.00 off" in told
    assert "Two: 2 %, 2.00 off" in told


def test_what_each_saved_sums_up_to_the_discount(shop: Shop):
    shop.publish(
        network_with(
            off("ONE", 333), off("TWO", 777, "add", 20), off("TRI", 555, "compound", 30)
        )
    )
    answer = shop.do("sale", CARD, 9999)
    cents = [
        int(line.rsplit(", ", 1)[1].removesuffix(" off").replace(".", ""))
        for line in answer.explain
        if line.endswith(" off")
    ]
    assert (len(cents), sum(cents)) == (3, answer.discount)


def test_groups_meet_different_programs(shop: Shop):
    shop.publish(
        network_with(
            off("FOOD", 500, groups=["food"]),
            off("BOOKS", 1000, groups=["books"]),
            off("ALL", 100, "add", 20),
        )
    )
    answer = shop.do(
        "sale", CARD, lines=[("food", 1000), ("books", 1000), ("fuel", 1000)]
    )
    assert answer.discount == 60 + 110 + 10


def test_a_branch_may_have_another_program_in_its_place(shop: Shop):
    teika = off("TEIKA", 1000) | {"branches": ["G2"], "overrides": "ONE"}
    shop.publish(network_with(off("ONE", 500), teika))
    assert shop.do("sale", CARD, 1000).discount == 50
    assert shop.do("sale", CARD, 1000, terminal="00000021").discount == 100


def test_a_program_of_one_branch_only(shop: Shop):
    shop.publish(network_with(off("ONE", 500) | {"branches": ["G2"]}))
    assert shop.do("sale", CARD, 1000, terminal="00000021").discount == 50
    elsewhere = shop.do("sale", CARD, 1000)
    assert (elsewhere.rc, elsewhere.discount) == ("57", 0)


def test_two_bonuses_and_a_turnover_live_off_one_purchase(shop: Shop):
    shop.publish(
        network_with(
            program("BYSUM", "bonus_amount", step=500),
            program("BYVISIT", "bonus_visit"),
            program("COUNT", "purchase_accounting", ticket_per=1000),
            off("FIVE", 500),
        )
    )
    answer = shop.do("sale", CARD, 2000)
    assert {e.program: e.points for e in answer.earned} == {"BYSUM": 3, "BYVISIT": 1}
    rows = {(r.program, r.unit): r.value for r in shop.do("inquire", CARD).balances}
    assert rows == {
        ("BYSUM", "points"): 3,
        ("BYVISIT", "points"): 1,
        ("BYVISIT", "visited"): 1,
        ("COUNT", "turnover"): 1900,
        ("COUNT", "purchases"): 1,
        ("COUNT", "tickets"): 1,
    }


def test_all_tenders_at_once_in_their_order(shop: Shop):
    shop.publish(
        network_with(
            program("MONEY", "gift_card"),
            program("TAB", "credit_card", credit_limit=10000),
            program("POINTS", "bonus_amount", step=100, convert_at=1, convert_to=10),
            program(
                "PRIZE", "bonus_prize", step=1000, prizes=[{"at": 1, "value": 300}]
            ),
        )
    )
    shop.do("activate", CARD)
    (voucher,) = shop.do("sale", CARD, 1000).vouchers
    shop.do("top_up", CARD, 200, program="MONEY")
    answer = shop.do(
        "sale", CARD, 1000, voucher=voucher.code, gift=200, bonus=100, credit=350
    )
    assert (answer.rc, answer.amount_due) == ("00", 50)
    assert answer.tendered == {
        "voucher": 300,
        "gift": 200,
        "bonus": 100,
        "credit": 350,
    }
    # 10.00 less 3.00 of the voucher and 1.00 of bonus money.
    assert {e.program: e.points for e in answer.earned} == {"POINTS": 6}


def test_each_tender_is_refunded_in_its_proportion_to_the_last_cent(shop: Shop):
    shop.publish(
        network_with(
            program("MONEY", "gift_card"),
            program("TAB", "credit_card", credit_limit=10000),
            program(
                "PRIZE", "bonus_prize", step=1000, prizes=[{"at": 1, "value": 300}]
            ),
            off("FIVE", 500),
        )
    )
    shop.do("activate", CARD)
    (voucher,) = shop.do("sale", CARD, 1999).vouchers
    shop.do("top_up", CARD, 201, program="MONEY")
    sale = shop.request("sale", CARD, 1234, voucher=voucher.code, gift=201, credit=350)
    paid = shop.send(sale)
    back: dict[str, int] = {"due": 0}
    for amount in (1, 333, 500, 400):
        answer = shop.do("refund", amount=amount, original=sale)
        assert answer.rc == "00"
        back["due"] += answer.amount_due
        for name, value in answer.tendered.items():
            back[name] = back.get(name, 0) + value
    assert back == {"due": paid.amount_due, **paid.tendered}


def test_a_card_of_two_types_meets_the_programs_of_both(shop: Shop):
    document = network_with(off("ONE", 500), off("TWO", 300, "add", 20))
    play, gold = document["card_types"][-2:]
    play["programs"], gold["programs"] = ["ONE"], ["TWO"]
    gold["ranges"] = play["ranges"]
    shop.publish(document)
    assert shop.do("sale", CARD, 1000).discount == 80


def test_which_program_is_loaded_is_named_or_the_first_that_fits(shop: Shop):
    shop.publish(
        network_with(
            program("AGIFT", "gift_card"),
            program("BPASS", "visit_pass", visits=10, price=5000),
            program("CTAB", "credit_card", credit_limit=10000),
        )
    )
    shop.do("activate", CARD)
    shop.do("sale", CARD, 700, credit=700)
    assert shop.do("top_up", CARD, 500).rc == "00"
    assert shop.balance(CARD, "AGIFT") == 500
    assert shop.do("top_up", CARD, 5000, program="BPASS").rc == "00"
    assert shop.balance(CARD, "BPASS", "visits") == 10
    assert shop.do("top_up", CARD, 701, program="CTAB").rc == "13"
    assert shop.do("top_up", CARD, 700, program="CTAB").rc == "00"
    assert shop.do("top_up", CARD, 700, program="OTHER").rc == "57"


# --- the purchase that gives a card


@pytest.mark.parametrize(("amount", "rc"), [(4999, "78"), (5000, "00")])
def test_a_card_is_given_with_a_purchase_of_at_least_so_much(
    shop: Shop, amount: int, rc: str
):
    shop.publish(network_with(off("FIVE", 500), qualify_amount=5000))
    answer = shop.do("sale", CARD, amount)
    assert answer.rc == rc
    told = "PLAY: 0.01 more for a card"
    assert (told in answer.explain) == (rc == "78")
    assert shop.do("sale", CARD, 100).rc == rc


@pytest.mark.parametrize(("at_once", "discount"), [(True, 250), (False, 0)])
def test_its_discount_comes_at_once_or_with_the_next_purchase(
    shop: Shop, at_once: bool, discount: int
):
    points = program("POINTS", "bonus_amount", step=1000)
    shop.publish(network_with(off("FIVE", 500), points, discount_at_once=at_once))
    first = shop.do("sale", CARD, 5000)
    assert first.discount == discount
    assert first.earned[0].points == (4 if at_once else 5)
    assert ("Five: from the next purchase on" in first.explain) == (not at_once)
    assert shop.do("sale", CARD, 5000).discount == 250


def test_a_visit_does_not_qualify(shop: Shop):
    shop.publish(network_with(program("GYM", "attendance"), qualify_amount=5000))
    assert shop.do("check_in", CARD).rc == "78"
    enrolled = shop.do("enroll", CARD)
    assert (enrolled.rc, enrolled.explain) == ("78", ("PLAY: 50.00 more for a card",))
    assert shop.do("sale", CARD, 5000).rc == "00"
    assert shop.do("check_in", CARD).rc == "00"


def test_an_authorization_that_qualifies_gives_the_card(shop: Shop):
    shop.publish(network_with(off("FIVE", 500), qualify_amount=5000))
    hold = shop.request("authorize", CARD, 5000)
    assert shop.send(hold).rc == "00"
    assert shop.do("confirm", amount=100, original=hold).rc == "00"
    assert shop.do("inquire", CARD).card_state == "active"
