"""Questionnaire: its effects come once, its rate stays, consents any time."""

import pytest

from tests.core.shop import PLAY, Shop, network_with, number, program

CARD = number(PLAY)
COFFEE = {"at": 10, "voucher_kind": "goods", "product": "COFFEE", "valid_days": 30}


def rate(shop: Shop) -> int:
    return shop.do("inquire", CARD).discount_rate


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("fixed_discount", {"rate": 500}),
        (
            "accumulated_discount",
            {"base_rate": 500, "step_amount": 5000, "step_rate": 100, "max_rate": 1500},
        ),
        ("calculated_discount", {"tiers": [{"from": 0, "rate": 500}]}),
        (
            "calculated_discount",
            {"tiers": [{"from": 0, "rate": 500}], "mode": "marginal"},
        ),
    ],
)
def test_it_raises_the_discount(shop: Shop, kind: str, parameters: dict):
    shop.publish(
        network_with(program("OFF", kind, questionnaire_rate=200, **parameters))
    )
    assert shop.do("sale", CARD, 1000).discount == 50
    answer = shop.do("enroll", CARD)
    assert (answer.rc, answer.explain) == ("00", ("Thank you for the questionnaire",))
    assert shop.do("sale", CARD, 1000).discount == 70
    shop.do("enroll", CARD)
    assert shop.do("sale", CARD, 1000).discount == 70


def test_nothing_costs_less_than_nothing(shop: Shop):
    off = program("OFF", "fixed_discount", rate=9900, questionnaire_rate=500)
    shop.publish(network_with(off))
    shop.do("enroll", CARD)
    answer = shop.do("sale", CARD, 1000)
    assert (answer.discount_rate, answer.amount_due) == (10000, 0)


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("bonus_amount", {"step": 500}),
        ("bonus_visit", {}),
        ("bonus_prize", {"step": 500}),
    ],
)
def test_it_gives_points_once(shop: Shop, kind: str, parameters: dict):
    given = program("POINTS", kind, questionnaire_points=25, **parameters)
    shop.publish(network_with(given))
    first = shop.do("enroll", CARD)
    assert [one.points for one in first.earned] == [25]
    assert shop.do("enroll", CARD).earned == ()
    assert shop.balance(CARD, "POINTS", "points") == 25


def test_its_points_are_converted_like_others(shop: Shop):
    points = program(
        "POINTS",
        "bonus_amount",
        step=500,
        questionnaire_points=25,
        convert_at=10,
        convert_to=100,
    )
    shop.publish(network_with(points))
    assert shop.do("enroll", CARD).converted == 200
    assert shop.balance(CARD, "POINTS", "points") == 5


def test_it_gives_a_prize_for_nothing_once(shop: Shop):
    prize = program(
        "PRIZE",
        "bonus_prize",
        step=500,
        prizes=[COFFEE, {"at": 5, "value": 300}],
        questionnaire_prize=1,
    )
    shop.publish(network_with(prize))
    (coffee,) = shop.do("enroll", CARD).vouchers
    assert (coffee.kind, coffee.product) == ("goods", "COFFEE")
    assert len(shop.do("enroll", CARD).vouchers) == 1
    assert shop.balance(CARD, "PRIZE", "points") == 0


def test_each_issuer_has_its_own(shop: Shop):
    ours = program("OURS", "fixed_discount", rate=500, questionnaire_rate=200)
    theirs = program(
        "THEIRS", "fixed_discount", "FUEL", rate=500, questionnaire_rate=200
    )
    shop.publish(network_with(ours, theirs))
    shop.do("enroll", CARD)
    assert shop.do("sale", CARD, 1000).discount == 70
    assert shop.do("sale", CARD, 1000, terminal="00000031").discount == 50


def test_it_registers_a_card_and_is_no_purchase(shop: Shop):
    shop.publish(network_with(program("COUNT", "purchase_accounting")))
    assert shop.do("enroll", CARD).card_state == "active"
    assert shop.do("inquire", CARD).balances == ()


def test_a_repeat_gives_points_once(shop: Shop):
    points = program("POINTS", "bonus_amount", step=500, questionnaire_points=25)
    shop.publish(network_with(points))
    request = shop.request("enroll", CARD)
    first, second = shop.run(request, request)
    assert first == second
    assert shop.balance(CARD, "POINTS", "points") == 25


def test_two_at_once_give_points_once(shop: Shop):
    points = program("POINTS", "bonus_amount", step=500, questionnaire_points=25)
    shop.publish(network_with(points))
    answers = shop.run(
        shop.request("enroll", CARD),
        shop.request("enroll", CARD, terminal="00000021"),
    )
    assert [a.rc for a in answers] == ["00", "00"]
    assert shop.balance(CARD, "POINTS", "points") == 25


@pytest.mark.parametrize("state", ["blocked", "lost"])
def test_a_card_that_is_not_in_use_is_not_enrolled(shop: Shop, state: str):
    shop.publish(network_with(program("OFF", "fixed_discount", rate=500)))
    shop.do("sale", CARD, 100)
    shop.do("block", CARD, reason="lost" if state == "lost" else "")
    assert shop.do("enroll", CARD).rc == ("41" if state == "lost" else "62")


# --- consents


def test_a_program_for_who_consented(shop: Shop):
    news = program("NEWS", "fixed_discount", rate=500) | {"consent": "mail"}
    shop.publish(network_with(news))
    told = shop.do("sale", CARD, 1000)
    assert (told.discount, "News: only with your consent" in told.explain) == (0, True)
    shop.do("enroll", CARD, consents={"mail": True, "phone": False})
    assert shop.do("sale", CARD, 1000).discount == 50
    shop.do("enroll", CARD, consents={"phone": True})
    assert shop.do("sale", CARD, 1000).discount == 50
    shop.do("enroll", CARD, consents={"mail": False})
    assert shop.do("sale", CARD, 1000).discount == 0


def test_a_consent_is_given_to_one_issuer(shop: Shop):
    ours = program("OURS", "fixed_discount", rate=500) | {"consent": "mail"}
    theirs = program("THEIRS", "fixed_discount", "FUEL", rate=500) | {"consent": "mail"}
    shop.publish(network_with(ours, theirs))
    shop.do("enroll", CARD, consents={"mail": True})
    assert shop.do("sale", CARD, 1000).discount == 50
    assert shop.do("sale", CARD, 1000, terminal="00000031").discount == 0


def test_consents_change_without_a_questionnaire(shop: Shop):
    """`questionnaire: no` gives nothing, and undoes no questionnaire either."""
    points = program("POINTS", "bonus_amount", step=500, questionnaire_points=25)
    news = program("NEWS", "fixed_discount", rate=500) | {"consent": "mail"}
    shop.publish(network_with(points, news))
    alone = shop.do("enroll", CARD, consents={"questionnaire": False, "mail": True})
    assert (alone.rc, alone.earned, alone.explain) == ("00", (), ())
    assert shop.do("sale", CARD, 100).discount == 5
    shop.do("enroll", CARD)
    shop.do("enroll", CARD, consents={"questionnaire": False, "mail": False})
    assert shop.do("enroll", CARD).earned == ()
    assert shop.balance(CARD, "POINTS", "points") == 25
    assert shop.do("sale", CARD, 100).discount == 0


def test_the_new_card_remembers_what_the_old_ones_holder_said(shop: Shop):
    off = program("OFF", "fixed_discount", rate=500, questionnaire_rate=200)
    points = program("POINTS", "bonus_amount", step=500, questionnaire_points=25)
    shop.publish(network_with(off, points))
    shop.do("enroll", CARD)
    new = number(PLAY, 2)
    shop.do("replace", CARD, other=new)
    assert shop.do("sale", new, 1000).discount == 70
    assert shop.do("enroll", new).earned == ()
