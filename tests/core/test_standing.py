"""Where a card stands: the same as an inquiry says in words, as figures to draw."""

from ekarte_core import CardRef, Step, find_card, standing
from tests.core.shop import CLUB, PLAY, Shop, network_with, number, program


def steps(shop: Shop, card: str) -> dict[tuple[str, str], Step]:
    """The card's steps by program and by what counts."""
    with shop._look().cursor() as cr:
        found = find_card(cr, shop.keyring, CardRef(value=card)) or 0
        told = standing(cr, shop.network, found, shop.now)
    return {(step.program, step.counts): step for step in told}


def test_discount_says_what_it_is_and_what_is_missing_as_the_inquiry_does(shop: Shop):
    card = shop.club(5000, 1000)
    step = steps(shop, card)["DISC", "purchases"]
    answer = shop.do("inquire", card)
    assert (step.rate_bp, step.gives, step.amount) == (600, "rate", 700)
    assert answer.discount_rate == step.rate_bp
    said = f"{step.missing // 100}.{step.missing % 100:02d} more for 7 %"
    assert any(said in one for one in answer.explain)
    assert step.done + step.missing == 5000


def test_points_lead_to_money_and_a_card_of_two_issuers_stands_at_both(shop: Shop):
    card = shop.club(3500)
    shop.do("sale", card, 2000, terminal="00000041")
    told = steps(shop, card)
    points = told["BONUS", "points"]
    assert (points.done, points.missing, points.amount) == (6, 4, 100)
    books = told["BOOK-DISC", "purchases"]
    assert (books.rate_bp, books.gives, books.missing) == (500, "", 0)


def test_prizes_and_better_cards_are_steps_of_their_own(shop: Shop):
    shop.publish(
        network_with(
            program(
                "PRIZE",
                "bonus_prize",
                step=1000,
                prizes=[{"at": 5, "value": 500}, {"at": 20, "value": 2500}],
                tiers=[{"at": 3, "card_type": "PLAY-GOLD"}],
            )
        )
    )
    card = number(PLAY)
    shop.do("sale", card, 2000)
    told = steps(shop, card)
    prize, better = told["PRIZE", "points"], told["PRIZE", "earned"]
    assert (prize.done, prize.missing, prize.amount) == (2, 3, 500)
    assert (better.missing, better.what) == (1, "PLAY-GOLD")
    shop.do("sale", card, 3000)
    assert ("PRIZE", "earned") not in steps(shop, card)


def test_unknown_card_stands_nowhere(shop: Shop):
    assert steps(shop, number(CLUB, 77)) == {}
