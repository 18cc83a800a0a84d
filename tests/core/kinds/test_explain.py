"""Every answer explains itself in English, Latvian, Russian and Estonian."""

from collections.abc import Callable

import pytest

from ekarte_core import Line
from tests.core.shop import PLAY, PLAY_GOLD, Shop, network_with, number, program

CARD, OTHER, NEW = number(PLAY, 1), number(PLAY, 2), number(PLAY_GOLD, 1)

LANGUAGES = ("en", "lv", "ru", "et")


def prize(**parameters):
    parameters = {"step": 100, "prizes": [{"at": 10, "value": 500}]} | parameters
    return program("PRIZE", "bonus_prize", **parameters)


def sale(amount: int = 1000, **more) -> Callable[[Shop, str], tuple[str, ...]]:
    """What a purchase of so much is told, in a language."""
    return lambda shop, language: (
        shop.do("sale", CARD, amount, language=language, **more).explain
    )


def told(command: str, **more) -> Callable[[Shop, str], tuple[str, ...]]:
    return lambda shop, language: (
        shop.do(command, CARD, language=language, **more).explain
    )


NIGHT = {"hours": [{"from": "23:00", "to": "24:00"}]}
ROWS = {
    "discount applied": (
        program("OFF", "fixed_discount", rate=550),
        sale(),
        (
            "Off: 5.5 %, 0.55 off",
            "Off: 5,5 %, atlaide 0,55",
            "Off: 5,5 %, скидка 0,55",
            "Off: 5,5 %, allahindlus 0,55",
        ),
    ),
    "next step": (
        program(
            "GROWS",
            "accumulated_discount",
            base_rate=500,
            step_amount=100000,
            step_rate=100,
            max_rate=1500,
            count="gross",
            period_months=0,
            idle_days=0,
        ),
        told("inquire"),
        (
            "Grows: spend 1000.00 more for 6 %",
            "Grows: vēl 1000,00 līdz 6 %",
            "Grows: ещё 1000,00 до 6 %",
            "Grows: veel 1000,00, et saada 6 %",
        ),
    ),
    "points missing": (
        program("POINTS", "bonus_amount", step=500),
        sale(180),
        (
            "Points: none, 3.20 more was missing",
            "Points: nav, pietrūka 3,20",
            "Points: нет, не хватило 3,20",
            "Points: ei ole, puudu jäi 3,20",
        ),
    ),
    "converted": (
        program("POINTS", "bonus_amount", step=100, convert_at=10, convert_to=100),
        sale(),
        (
            "Points: 10 turned into 1.00",
            "Points: 10 pārvērsti par 1,00",
            "Points: 10 обменены на 1,00",
            "Points: 10 muudeti summaks 1,00",
        ),
    ),
    "visit too soon": (
        program("VISIT", "bonus_visit", min_gap_minutes=60),
        lambda shop, language: sale()(shop, language) and sale()(shop, language),
        (
            "Visit: too soon after the last visit",
            "Visit: pārāk drīz pēc pēdējā apmeklējuma",
            "Visit: слишком скоро после прошлого посещения",
            "Visit: eelmisest külastusest liiga vähe aega",
        ),
    ),
    "not at this time": (
        program("OFF", "fixed_discount", rate=500) | NIGHT,
        sale(),
        (
            "Off: not at this time",
            "Off: šajā laikā nedarbojas",
            "Off: в это время не действует",
            "Off: praegu ei kehti",
        ),
    ),
    "needs consent": (
        program("OFF", "fixed_discount", rate=500) | {"consent": "mail"},
        sale(),
        (
            "Off: only with your consent",
            "Off: tikai ar jūsu piekrišanu",
            "Off: только с вашего согласия",
            "Off: ainult teie nõusolekul",
        ),
    ),
    "tickets": (
        program("DRAW", "purchase_accounting", ticket_per=250),
        sale(),
        (
            "Draw: 4 tickets for the draw",
            "Draw: izlozes biļetes: 4",
            "Draw: билетов на розыгрыш: 4",
            "Draw: loosipileteid: 4",
        ),
    ),
    "better card": (
        prize(prizes=[], tiers=[{"at": 10, "card_type": "PLAY-GOLD"}]),
        sale(),
        (
            "Prize: ask for your new card, PLAY-GOLD",
            "Prize: lūdziet savu jauno karti, PLAY-GOLD",
            "Prize: попросите свою новую карту, PLAY-GOLD",
            "Prize: küsige oma uut kaarti, PLAY-GOLD",
        ),
    ),
    "questionnaire": (
        program("OFF", "fixed_discount", rate=500),
        told("enroll"),
        (
            "Thank you for the questionnaire",
            "Paldies par aizpildīto anketu",
            "Спасибо за анкету",
            "Aitäh ankeedi eest",
        ),
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("row", ROWS)
def test_what_is_told(shop: Shop, row: str, language: str):
    what, do, sentences = ROWS[row]
    shop.publish(network_with(what))
    assert sentences[LANGUAGES.index(language)] in do(shop, language)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Prize: voucher {} for 5.00"),
        ("lv", "Prize: kupons {}, vērtība 5,00"),
        ("ru", "Prize: жетон {} на 5,00"),
        ("et", "Prize: kupong {} summas 5,00"),
    ],
)
def test_a_voucher_is_told_with_its_code(shop: Shop, language: str, sentence: str):
    shop.publish(network_with(prize()))
    answer = shop.do("sale", CARD, 1000, language=language)
    assert sentence.format(answer.vouchers[0].code) in answer.explain


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "voucher {}: 2.00 not used, not kept"),
        ("lv", "kupons {}: 2,00 neizmantoti, nesaglabājas"),
        ("ru", "жетон {}: 2,00 не использовано, не сохраняется"),
        ("et", "kupong {}: 2,00 jäi kasutamata, ei säili"),
    ],
)
def test_what_a_voucher_does_not_pay_is_told(shop: Shop, language: str, sentence: str):
    shop.publish(network_with(prize()))
    (voucher,) = shop.do("sale", CARD, 1000).vouchers
    answer = shop.do("sale", CARD, 300, voucher=voucher.code, language=language)
    assert sentence.format(voucher.code) in answer.explain


@pytest.mark.parametrize(
    ("language", "message"),
    [
        ("en", "over the limit"),
        ("lv", "pārsniegts limits"),
        ("ru", "превышен лимит"),
        ("et", "limiit ületatud"),
    ],
)
def test_a_refusal_says_why(shop: Shop, language: str, message: str):
    shop.publish(network_with(program("TAB", "credit_card", credit_limit=1000)))
    shop.do("activate", CARD)
    answer = shop.do("sale", CARD, 1001, language=language)
    assert (answer.rc, answer.message) == ("61", message)
    assert any(message in line.text for line in answer.slip)


def test_a_purchase_tells_each_program_that_applied_or_did_not(shop: Shop):
    shop.publish(
        network_with(
            program("OFF", "fixed_discount", rate=500),
            program("LESS", "fixed_discount", rate=300) | {"sequence": 20},
            program("LATER", "fixed_discount", rate=900, after_spend=9000),
            program("FOOD", "fixed_discount", rate=900, groups=["food"]),
            program("POINTS", "bonus_amount", step=500),
            program("NIGHT", "bonus_amount", step=500) | NIGHT,
        )
    )
    told = shop.do("sale", CARD, lines=[Line(group="books", amount=1000)]).explain
    named = {line.split(":")[0] for line in told}
    assert named == {"Off", "Less", "Later", "Food", "Points", "Night"}
    assert "Less: 3 % not used, another discount is better" in told
    assert "Later: not yet reached" in told
    assert "Food: not for these goods" in told
    assert "Later: spend 80.50 more for 9 %" in told


def test_a_purchase_in_four_languages_has_the_same_figures(shop: Shop):
    shop.publish(network_with(program("OFF", "fixed_discount", rate=500)))
    shop.do("enroll", CARD)
    answers = [shop.do("sale", CARD, 1000, language=one) for one in LANGUAGES]
    assert {(a.discount, a.amount_due) for a in answers} == {(50, 950)}
    assert len({a.explain for a in answers}) == len(LANGUAGES)


def test_the_issuers_language_is_spoken_where_none_is_wished(shop: Shop):
    document = network_with(program("OFF", "fixed_discount", rate=500))
    document["issuers"][0]["language"] = "lv"
    shop.publish(document)
    assert "Off: 5 %, atlaide 0,50" in shop.do("sale", CARD, 1000).explain


def test_a_new_card_and_a_friend_are_told(shop: Shop):
    shop.publish(network_with(prize(referral_points=5)))
    shop.do("sale", CARD, 100)
    friend = shop.do("sale", OTHER, 100, referrer=CARD, language="ru")
    assert "Prize: друг, который вас привёл, получает 5" in friend.explain
    replaced = shop.do("replace", CARD, other=NEW, language="et")
    assert "uus kaart võtab kõik üle" in replaced.explain
