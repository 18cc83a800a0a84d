"""What people read: reasons, messages and slips, in four languages."""

import re
from string import Formatter

import msgspec
import pytest

from ekarte_core import Rc
from ekarte_core.rules.explain import Reason, language_of, money, percent, tell, text
from ekarte_core.rules.texts import LANGUAGES, TEXTS
from tests.core.shop import CLUB, Shop, network_document, number

REASONS = [key for key in TEXTS if key.startswith(("discount.", "bonus."))]
FULL = Reason(key="", name="Klubs", rate_bp=550, amount=320, count=3)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", sorted(TEXTS))
def test_every_text_is_there_in_every_language(key: str, language: str):
    assert TEXTS[key][language].strip()
    assert set(TEXTS[key]) == set(LANGUAGES)


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_every_language_tells_the_same_figures(key: str):
    asked = {
        language: sorted(name for _, name, _, _ in Formatter().parse(told) if name)
        for language, told in TEXTS[key].items()
    }
    assert len({tuple(names) for names in asked.values()}) == 1, asked


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", REASONS)
def test_a_reason_becomes_a_sentence(key: str, language: str):
    told = tell(msgspec.structs.replace(FULL, key=key), language)
    assert "Klubs" in told
    assert "{" not in told


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", list(Rc))
def test_every_answer_code_has_words(code: Rc, language: str):
    assert text(f"rc.{code.value}", language)


def test_a_name_with_braces_is_only_a_name():
    assert "{name}" in tell(Reason(key="bonus.earned", name="{name}", count=1), "en")


@pytest.mark.parametrize(
    ("amount", "told"),
    [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (1234, "12.34"), (-100, "-1.00")],
)
def test_money_for_people(amount: int, told: str):
    assert money(amount, "en") == told
    for language in ("lv", "ru", "et"):
        assert money(amount, language) == told.replace(".", ",")


@pytest.mark.parametrize(
    ("rate", "told"),
    [(500, "5 %"), (550, "5.5 %"), (525, "5.25 %"), (5, "0.05 %"), (0, "0 %")],
)
def test_rates_for_people(rate: int, told: str):
    assert percent(rate, "en") == told
    for language in ("lv", "ru", "et"):
        assert percent(rate, language) == told.replace(".", ",")


def test_the_first_wish_that_can_be_spoken_is_spoken():
    assert language_of("fi", "ru", "lv") == "ru"
    assert language_of("", "lv") == "lv"
    assert language_of("fi", "") == "en"


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "Discount: spend 3.20 more for 6 %"),
        ("lv", "Discount: vēl 3,20 līdz 6 %"),
        ("ru", "Discount: ещё 3,20 до 6 %"),
        ("et", "Discount: veel 3,20, et saada 6 %"),
    ],
)
def test_the_answer_tells_the_way_to_the_next_step(
    shop: Shop, language: str, told: str
):
    card = shop.club(4926)  # 46.80 after 5 %
    assert told in shop.do("inquire", card, language=language).explain


def test_a_sale_explains_discount_points_and_conversion(shop: Shop):
    answer = shop.do("sale", shop.club(4500), 2000)
    assert answer.explain == (
        "Discount: 5 %, 1.00 off",
        "Bonus: +3",
        "Bonus: 10 turned into 1.00",
        "Discount: spend 38.25 more for 7 %",
    )


def test_a_sale_explains_what_was_missing_for_a_point(shop: Shop):
    told = shop.do("sale", number(CLUB), 500).explain
    assert "Bonus: none, 0.25 more was missing" in told


def _texts(answer) -> list[str]:
    return [line.text for line in answer.slip]


def test_the_slip_of_a_purchase(shop: Shop):
    card = shop.club(6000)
    answer = shop.do("sale", card, 1000, bonus=100)
    assert _texts(answer) == [
        "Grocer",
        "Grocer Centre",
        "21.11.2026 12:00 00000011 1/2",
        "",
        "Purchase",
        "Card 999000******0019",
        "Amount 10.00",
        "Discount -0.60",
        "Paid by bonus 1.00",
        "",
        "To pay 8.40 EUR",
        "",
        *answer.explain,
        "",
        "Balance",
        "Bonus 0.00 EUR",
        "Bonus 2 pts",
        "",
        f"Authorization {answer.auth_code}",
        "Signature",
    ]
    assert {line.style for line in answer.slip if not line.text} == {"rule"}
    due = next(line for line in answer.slip if line.text.startswith("To pay"))
    assert (due.right, due.style, due.size) == ("8.40 EUR", "bold", "double")


def test_a_sum_is_the_end_of_its_line(shop: Shop):
    """So who knows nothing of two columns may print the text alone."""
    sheets = [shop.do("sale", shop.club(6000), 1000, bonus=100)]
    sheets.append(shop.do("sale", shop.gift(2000), 500))
    for answer in sheets:
        rows = [line for line in answer.slip if line.right]
        assert len(rows) > 5
        assert all(line.text.endswith(f" {line.right}") for line in rows)


def test_the_slip_of_a_refusal_says_why(shop: Shop):
    answer = shop.do("sale", shop.gift(2000), 3000, language="lv")
    refused, why = answer.slip[-2:]
    assert (refused.text, refused.size) == ("Noraidīts", "double")
    assert why.text == "kartē nepietiek līdzekļu (51)"
    assert answer.copies == 1


def test_the_slip_of_a_hold_asks_for_the_confirmation(shop: Shop):
    assert "Reserved, please confirm" in _texts(
        shop.do("authorize", shop.gift(2000), 100)
    )


def test_the_slip_of_a_load_and_of_a_refund(shop: Shop):
    card = number("999000200000")
    assert "Loaded 20.00 EUR" in _texts(shop.do("activate", card, 2000))
    sale = shop.request("sale", card, 1500)
    shop.send(sale)
    texts = _texts(shop.do("refund", amount=500, original=sale))
    assert "Refund" in texts
    assert "Amount 5.00" in texts
    assert "Back to the gift card 5.00" in texts
    assert "To return 0.00 EUR" in texts


def test_no_slip_when_none_is_wanted(shop: Shop):
    assert shop.do("sale", shop.gift(2000), 100, slip="none").slip == ()
    assert shop.do("echo").slip == ()


def test_a_slip_never_shows_the_number(shop: Shop):
    answer = shop.do("sale", number(CLUB), 1000)
    assert not re.search(r"\d{7,}", " ".join(_texts(answer)).replace("00000011", ""))
    assert number(CLUB) not in " ".join(_texts(answer))


def test_messages_are_in_the_issuers_language_unless_another_is_wished(shop: Shop):
    document = network_document()
    document["issuers"][0]["language"] = "ru"
    shop.publish(document)
    card = shop.gift(2000)
    assert shop.do("sale", card, 9000).message == "недостаточно средств на карте"
    assert shop.do("sale", card, 9000, language="et").message.startswith("kaardil")
    assert shop.do("sale", card, 9000, language="zz").message.startswith("недостаточно")
