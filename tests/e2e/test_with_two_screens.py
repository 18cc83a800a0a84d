"""Two cashiers with two screens and one gift card: one is paid, the other is told why.

Real Chromium, two windows with cookies of their own, keys typed as a scanner does.
"""

import json
import threading
import time

import pytest

from ekarte_stack.chromium import Chromium, picture_of_failure
from ekarte_stack.till_shop import TillShop
from tests.e2e.loose_till import LooseTill, new_uuid, number, scanned
from tests.e2e.whole_stack import WholeStack

MONEY = 50_00
GOODS = "Lielais iepirkumu grozs"  # costs as much
DIALOG = ".modal .ekarte-pay-dialog"
CONFIRM = ".modal:has(.ekarte-pay-dialog) .ekarte-confirm:enabled"
PAID = "!!document.querySelector('.receipt-screen')"
MESSAGE = f"(document.querySelector('{DIALOG} .ekarte-message')?.innerText ?? '')"


@pytest.fixture(scope="module")
def shop(run_file):
    odoo = WholeStack(run_file).run["odoo"]
    return TillShop(odoo["url"], odoo["database"])


@pytest.fixture(scope="module")
def till(shop):
    return LooseTill(shop, shop.tills()[0])


@pytest.fixture(scope="module")
def pages(shop):
    with Chromium() as browser:
        yield {till.name: shop.start(till, browser) for till in shop.tills()[:2]}


@pytest.fixture
def gift_card(till):
    value = number("9990002", int(time.time() * 10) % 90_000_000)
    till.sell_gift_card(value, MONEY)
    return value


def click_text(page, selector, text):
    """Click on what a cashier reads, when it is there."""
    found = (
        f"[...document.querySelectorAll({json.dumps(selector)})]"
        f".find((element) => element.innerText.includes({json.dumps(text)}))"
    )
    page.until(f"!!{found}", f"{text} to click")
    page.run(f"{found}.click()")


def up_to_the_card_s_money(page, value):
    """Goods in the cart, the card scanned, its money chosen; nothing is asked yet."""
    page.run("posmodel.addNewOrder()")
    click_text(page, "article.product", GOODS)
    page.until("posmodel.getOrder().lines.length === 1", "the goods in the cart")
    page.keys(value + "\n")
    page.until("posmodel.ekarte.hasCard(posmodel.getOrder())", "the card on the order")
    page.click(".pay-order-button")
    click_text(page, ".payment-screen .paymentmethod", "E-karte")
    page.until(f"!!document.querySelector('{CONFIRM}')", "the card's money")
    assert "50.00" in page.run(f"document.querySelector('{DIALOG}').innerText")


def money_on(till, value):
    answer = till.ask("ekarte_peek", new_uuid(), scanned(value))
    (row,) = [row for row in answer["card"]["balances"] if row["unit"] == "EUR"]
    return row["value"], row["available"]


def test_one_screen_is_paid_and_the_other_told_why(
    shop, till, pages, gift_card, tmp_path
):
    with picture_of_failure(pages, tmp_path):
        for page in pages.values():
            up_to_the_card_s_money(page, gift_card)
        assert money_on(till, gift_card) == (MONEY, MONEY)

        at_once = [
            threading.Thread(
                target=page.run,
                args=(f"document.querySelector('{CONFIRM}').click()",),
                daemon=True,
            )
            for page in pages.values()
        ]
        for thread in at_once:
            thread.start()
        for thread in at_once:
            thread.join()

        for name, page in pages.items():
            page.until(f"{PAID} || !!{MESSAGE}", f"{name} to be answered")
        (paid,) = [page for page in pages.values() if page.run(PAID)]
        (told,) = [page for page in pages.values() if page is not paid]
        sentence = told.run(MESSAGE)
        assert "0.00" in sentence or "enough" in sentence, sentence
        assert "50.00" in paid.run("document.querySelector('.pos-receipt').innerText")
        assert not [text for page in pages.values() for text in page.complaints]

        # The one who was refused takes other money for it.
        key = told.run("posmodel.getOrder().uuid")
        told.click(".modal .ekarte-discard")
        click_text(told, ".payment-screen .paymentmethod", "Card")
        told.click(".payment-screen .validation-button, .payment-screen .next")
        told.until(PAID, "the receipt for other money")
    assert money_on(till, gift_card) == (0, 0)
    assert shop.find("pos.order", ["uuid", "=", key], ["state", "=", "paid"])
