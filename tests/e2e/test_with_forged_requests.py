"""A cashier who edits what the browser sends: refused in words, and nothing is booked.

Through the real door: a cashier's session, JSON over HTTP. After test_whole_day.
"""

import itertools
import math
import time

import pytest

from ekarte_core import CardRef, Request
from ekarte_stack.odoo_door import OdooDoor, Refused
from ekarte_stack.till_shop import TillShop
from tests.e2e.loose_till import LooseTill, Purchase, new_uuid, number, scanned
from tests.e2e.secrets_search import found_in
from tests.e2e.whole_stack import WholeStack

MONEY = 50_00
TERMINAL = "00000012"
CODE = "83651947"
# New cards each time: the stack may have seen an earlier run.
SERIALS = itertools.count(int(time.time() * 10) % 90_000_000)
SHOWN = set()  # every card number that went through the door

MODELS = (
    *("ekarte.checkout", "ekarte.checkout.load", "ekarte.card", "ekarte.purse"),
    *("ekarte.operation", "ekarte.entry", "ekarte.hold", "ekarte.lot"),
    *("ekarte.membership", "ekarte.voucher", "ekarte.statement", "ekarte.terminal"),
    *("ekarte.program", "ekarte.network", "ekarte.settlement", "ekarte.issuer"),
)


@pytest.fixture(scope="module")
def stack(run_file):
    return WholeStack(run_file)


@pytest.fixture(scope="module")
def shop(stack):
    odoo = stack.run["odoo"]
    return TillShop(odoo["url"], odoo["database"])


@pytest.fixture(scope="module")
def tills(shop):
    return [LooseTill(shop, till) for till in shop.tills()[:2]]


@pytest.fixture(scope="module")
def till(tills):
    return tills[0]


@pytest.fixture(scope="module")
def neighbour(stack):
    """A till of another company, whose network is the same."""
    odoo = stack.run["odoo"]
    shop = TillShop(odoo["url"], odoo["database"], branch="F1", cashier="cashier.fuel")
    return LooseTill(shop, shop.tills()[0])


def card(prefix):
    value = number(prefix, next(SERIALS))
    SHOWN.add(value)
    return value


@pytest.fixture
def club_card():
    return card("9990001")


@pytest.fixture
def gift_card(till):
    value = card("9990002")
    till.sell_gift_card(value, MONEY)
    return value


def refused(call, *args, **named):
    """Call something that must be refused in words; return them."""
    with pytest.raises(Refused) as caught:
        call(*args, **named)
    return in_words(caught.value)


def answered_or_refused(call, *args, **named):
    """Call something that is answered, or refused in words; return an answer."""
    try:
        return call(*args, **named)
    except Refused as refusal:
        return {"rc": "refused", "held": False, "message": in_words(refusal)}


def in_words(refusal):
    """The sentence of a refusal that people can read."""
    assert refusal.is_for_people, (refusal, refusal.debug)
    assert "Traceback" not in refusal.message
    assert not [value for value in SHOWN if value in refusal.message + refusal.debug]
    return refusal.message


def money_on(till, value):
    answer = till.ask("ekarte_peek", new_uuid(), scanned(value))
    (row,) = [row for row in answer["card"]["balances"] if row["unit"] == "EUR"]
    return row["value"], row["available"]


def operations(stack, key):
    """What the ledger approved for an order, holds and their ends left out."""
    return stack.rows(
        "SELECT command FROM ekarte.operation WHERE reference = %s AND rc = '00'"
        " AND command NOT IN ('authorize', 'reverse', 'inquire')",
        key,
    )


def is_stored(till, key):
    """Tell whether there is an order under this key that counts."""
    return bool(
        till.shop.find(
            "pos.order", ["uuid", "=", key], ["state", "not in", ["draft", "cancel"]]
        )
    )


def nothing_came_of(stack, till, key):
    return not is_stored(till, key) and operations(stack, key) == []


# The honest way, so that a refusal below is not one for some other reason


def test_an_honest_order_is_stored_and_booked(stack, till, gift_card):
    purchase = till.purchase(gift_card)
    assert purchase.hold(gift=MONEY)["held"]
    till.store(purchase.order())
    assert is_stored(till, purchase.key)
    assert operations(stack, purchase.key) == [("confirm",)]
    assert money_on(till, gift_card) == (0, 0)


def test_an_honest_discount_is_stored_and_booked(stack, till, club_card):
    purchase = till.purchase(club_card)
    assert purchase.quote["discount"] == 2_50
    till.store(purchase.order())
    assert operations(stack, purchase.key) == [("sale",)]


# Discounts


def bigger(order):
    _zero, _none, line = order["lines"][-1]
    line |= {"price_unit": -30.0, "price_subtotal": -24.79, "price_subtotal_incl": -30}
    paid = round(sum(row["price_subtotal_incl"] for _, _, row in order["lines"]), 2)
    order |= {"amount_total": paid, "amount_paid": paid}
    order["payment_ids"][0][2]["amount"] = paid


def twice(order):
    line = dict(order["lines"][-1][2]) | {"uuid": new_uuid()}
    order["lines"].append([0, 0, line])
    order["amount_total"] = order["amount_paid"] = 45.0
    order["payment_ids"][0][2]["amount"] = 45.0


def other_role(order):
    order["lines"][-1][2]["ekarte_role"] = "reduction"


def other_taxes(order):
    order["lines"][-1][2]["tax_ids"] = []


def fewer_goods(order):
    order["lines"][0][2] |= {"qty": 0.1, "price_subtotal_incl": 5.0}


@pytest.mark.parametrize("forge", [bigger, twice, other_role, other_taxes, fewer_goods])
def test_a_discount_other_than_the_card_s_is_refused(stack, till, club_card, forge):
    purchase = till.purchase(club_card)
    order = purchase.order()
    forge(order)
    refused(till.store, order)
    assert nothing_came_of(stack, till, purchase.key)


def test_a_discount_without_a_card_is_refused(stack, till, club_card):
    quote = till.purchase(club_card).quote
    nobody = Purchase(till, new_uuid(), [till.line()], quote)
    refused(till.store, nobody.order())
    assert nothing_came_of(stack, till, nobody.key)


def test_the_discount_of_a_card_that_was_taken_off_is_refused(stack, till, club_card):
    purchase = till.purchase(club_card)
    till.ask("ekarte_forget", purchase.key)
    refused(till.store, purchase.order())
    assert nothing_came_of(stack, till, purchase.key)


def test_figures_of_the_browser_decide_nothing(stack, till, club_card):
    """Whoever says that the order has cost nothing has still to pay for it."""
    purchase = till.purchase(club_card)
    order = purchase.order(amount_total=0, amount_tax=0, amount_paid=0)
    order["payment_ids"] = []
    refused(till.store, order)
    assert nothing_came_of(stack, till, purchase.key)


# Payments


def test_a_payment_nobody_held_is_refused(stack, till, gift_card):
    key, lines = new_uuid(), [till.line()]
    invented = till.order(key, lines, [till.payment(till.card_method, MONEY)])
    refused(till.store, invented)
    assert nothing_came_of(stack, till, key)
    assert money_on(till, gift_card) == (MONEY, MONEY)


def test_a_payment_of_more_than_is_held_is_refused(stack, till, gift_card):
    purchase = till.purchase(gift_card)
    assert purchase.hold(gift=10_00)["held"]
    refused(till.store, purchase.order(card_minor=MONEY))
    assert nothing_came_of(stack, till, purchase.key)
    assert money_on(till, gift_card) == (MONEY, 40_00)


def test_a_held_payment_under_another_key_is_refused(stack, till, gift_card):
    purchase = till.purchase(gift_card)
    assert purchase.hold(gift=MONEY)["held"]
    order = purchase.order()
    order["payment_ids"][0][2]["uuid"] = new_uuid()
    refused(till.store, order)
    assert nothing_came_of(stack, till, purchase.key)


def test_a_payment_that_comes_twice_is_refused(stack, till, gift_card):
    purchase = till.purchase(gift_card, qty=2)
    assert purchase.hold(gift=MONEY)["held"]
    order = purchase.order()
    again = dict(order["payment_ids"][0][2]) | {"uuid": new_uuid()}
    order["payment_ids"] = [order["payment_ids"][0], [0, 0, again]]
    refused(till.store, order)
    assert nothing_came_of(stack, till, purchase.key)


def test_one_hold_does_not_pay_for_another_order(stack, till, gift_card):
    purchase = till.purchase(gift_card)
    assert purchase.hold(gift=MONEY)["held"]
    key = new_uuid()
    payment = till.payment(till.card_method, MONEY, purchase.payment)
    refused(till.store, till.order(key, [till.line()], [payment]))
    assert nothing_came_of(stack, till, key)


def test_a_payment_key_of_another_order_is_not_held_again(stack, till, gift_card):
    first, second = till.purchase(gift_card), till.purchase(card("9990001"))
    assert first.hold(gift=10_00)["held"]
    second.payment = first.payment
    refused(second.hold, bonus=1)


def test_a_card_does_not_pay_for_gift_cards(stack, till, gift_card):
    """Value for value would be a way to wash what is on a card."""
    other = card("9990002")
    key = new_uuid()
    line = till.line_of_load("gift_card", MONEY)
    words = (key, line["uuid"], scanned(other), line["product_id"], MONEY)
    assert till.ask("ekarte_load", *words)["rc"] == "00"
    answer = till.ask("ekarte_identify", key, scanned(gift_card), till.cart([line]))
    payment = new_uuid()
    if answer["rc"] == "00":
        held = till.ask("ekarte_hold", key, payment, till.cart([line]), {"gift": MONEY})
        assert not held["held"]
    order = till.order(key, [line], [till.payment(till.card_method, MONEY, payment)])
    refused(till.store, order)
    assert nothing_came_of(stack, till, key)


def test_a_stored_order_sent_again_with_other_content_changes_nothing(
    stack, till, gift_card
):
    purchase = till.purchase(gift_card)
    assert purchase.hold(gift=MONEY)["held"]
    order = purchase.order()
    till.store(order)
    more = purchase.order(card_minor=MONEY)
    more["lines"].append([0, 0, till.line()])
    more["payment_ids"].append([0, 0, till.payment(till.card_method, MONEY)])
    till.store(more)
    assert operations(stack, purchase.key) == [("confirm",)]
    (stored,) = till.shop.find("pos.order", ["uuid", "=", purchase.key])
    assert len(till.shop.read("pos.order", stored, "payment_ids")) == 1


def test_a_draft_made_paid_by_a_call_is_refused(stack, till, gift_card):
    key, lines = new_uuid(), [till.line()]
    payment = till.payment(till.card_method, MONEY)
    answered_or_refused(till.store, till.order(key, lines, [payment], state="draft"))
    found = till.shop.find("pos.order", ["uuid", "=", key])
    for order in found:
        refused(till.door.call, "pos.order", "write", [order], {"state": "paid"})
        refused(till.door.call, "pos.order", "action_pos_order_paid", [order])
    assert nothing_came_of(stack, till, key)
    assert money_on(till, gift_card) == (MONEY, MONEY)


@pytest.mark.parametrize("state", ["paid", "done"])
def test_an_order_made_by_a_call_has_no_card_payment(stack, till, state):
    key, lines = new_uuid(), [till.line()]
    order = till.order(key, lines, [till.payment(till.card_method, MONEY)])
    order |= {"state": state, "company_id": till.shop.company, "name": key}
    refused(till.door.call, "pos.order", "create", [order])
    assert nothing_came_of(stack, till, key)


def test_a_stored_order_is_not_changed_by_calls(till, gift_card):
    purchase = till.purchase(gift_card)
    assert purchase.hold(gift=20_00)["held"]
    till.store(purchase.order())
    (order,) = till.shop.find("pos.order", ["uuid", "=", purchase.key])
    (payment,) = till.shop.find("pos.payment", ["uuid", "=", purchase.payment])
    refused(till.door.call, "pos.payment", "write", [payment], {"amount": 50.0})
    refused(till.door.call, "pos.payment", "unlink", [payment])
    refused(
        till.door.call,
        *("pos.payment", "create"),
        [
            {
                "pos_order_id": order,
                "amount": 30.0,
                "payment_method_id": till.card_method,
                "uuid": new_uuid(),
            }
        ],
    )
    assert till.shop.read("pos.payment", payment, "amount") == 20.0


def test_a_discount_of_a_stored_order_is_not_changed_by_calls(till, club_card):
    purchase = till.purchase(club_card)
    till.store(purchase.order())
    (line,) = till.shop.find(
        "pos.order.line",
        ["order_id.uuid", "=", purchase.key],
        ["ekarte_role", "=", "discount"],
    )
    write = (till.door.call, "pos.order.line", "write", [line])
    for values in (
        {"price_unit": -30.0},
        {"qty": 5},
        {"ekarte_role": ""},
        {"ekarte_role": "reduction"},
        {"order_id": till.shop.find("pos.order", ["state", "=", "paid"])[-1]},
    ):
        refused(*write, values)
    refused(till.door.call, "pos.order.line", "unlink", [line])
    assert till.shop.read("pos.order.line", line, "ekarte_role") == "discount"


# Other people's things


def test_another_company_s_till_is_not_asked(till, neighbour, club_card):
    lines = till.cart([till.line()])
    refused(
        till.door.call,
        *("pos.config", "ekarte_identify", [neighbour.till.config]),
        *(new_uuid(), scanned(club_card), lines),
    )


def test_another_issuer_s_hold_is_not_touched(till, neighbour, gift_card):
    purchase = till.purchase(gift_card)
    assert purchase.hold(gift=MONEY)["held"]
    for name, words in (
        ("ekarte_release", ()),
        ("ekarte_forget", ()),
        ("ekarte_quote", (neighbour.cart([neighbour.line("301")]),)),
    ):
        refused(neighbour.ask, name, purchase.key, *words)
    told = neighbour.ask("ekarte_state", [purchase.key]).get(purchase.key, {})
    assert not any(told.values()), told
    assert money_on(till, gift_card) == (MONEY, 0)


def test_a_card_is_not_named_by_an_id_that_nobody_offered(till, gift_card):
    ids = till.shop.find("ekarte.card", ["state", "=", "active"])
    lines = till.cart([till.line()])
    for identifier in ({"card_id": ids[-1]}, {"card_id": ids[-1], "partner_id": 1}):
        refused(till.ask, "ekarte_identify", new_uuid(), identifier, lines)


@pytest.mark.parametrize("model", MODELS)
def test_a_cashier_neither_reads_nor_writes_the_ledger(till, model):
    """What a cashier may know of a card, the till's own calls tell."""
    for method, words in (
        ("search_read", ([], ["id"])),
        ("create", ([{}],)),
        ("write", ([1], {"id": 1})),
        ("unlink", ([1],)),
    ):
        refused(till.door.call, model, method, *words)


@pytest.mark.parametrize(
    ("model", "method", "words"),
    [
        ("ekarte.desk", "_execute", ["activate", "PO000001"]),
        ("ekarte.desk", "_network", []),
        ("ekarte.checkout", "_attach", []),
        ("ekarte.checkout", "_hold", [[1]]),
        ("ekarte.checkout", "_store_order", []),
        ("ekarte.checkout.load", "_plan", []),
        ("pos.config", "_ekarte_find", [[1], {"kind": "scan", "value": "1"}]),
        ("pos.config", "_load_demo_tills", []),
        ("pos.order", "_process_saved_order", [[1], False]),
        ("pos.order", "_process_order", [{}, False]),
        ("ekarte.terminal", "provision_stack", []),
        ("ekarte.tills", "set_up", [[1]]),
    ],
)
def test_what_is_private_stays_so(till, model, method, words):
    refused(till.door.call, model, method, *words)


def test_nobody_without_a_till_s_rights_asks_for_cards(stack, till, club_card):
    odoo = stack.run["odoo"]
    door = OdooDoor(
        odoo["url"], odoo["database"], "accountant.grocer", "accountant.grocer"
    )
    words = ([till.till.config], new_uuid(), scanned(club_card), [])
    refused(door.call, "pos.config", "ekarte_identify", *words)


# Access codes


def test_a_code_is_guessed_three_times_and_no_more(stack, till):
    value = card("9990002")
    [(batch,)] = stack.rows(
        "SELECT max(batch) + 1 FROM ekarte.operation WHERE terminal = %s", TERMINAL
    )
    request = Request(
        command="activate",
        terminal=TERMINAL,
        batch=batch or 1,
        operation=1,
        card=CardRef(kind="pan", value=value),
        amount=MONEY,
        access_code=CODE,
    )
    assert [answer.rc for answer in stack.send([request])] == ["00"]
    SHOWN.add(CODE)
    purchase = till.purchase(value)
    assert purchase.quote["card"]["code_asked"]
    words = (purchase.key, new_uuid(), till.cart(purchase.lines), {"gift": MONEY})
    # The right one after three wrong ones comes too late.
    answers = [
        till.ask("ekarte_hold", *words, code)
        for code in (None, "00000001", "00000002", "00000003", CODE, CODE)
    ]
    assert not any(answer["held"] for answer in answers), answers
    assert [answer["rc"] for answer in answers][1:3] == ["55", "55"]
    assert {answer["rc"] for answer in answers[4:]} == {"75"}
    assert money_on(till, value) == (MONEY, MONEY)


# Hostile content


HUGE = 10**30
CARTS = {
    "ten thousand lines": lambda line: [line | {"uuid": new_uuid()}] * 10_000,
    "a line twice": lambda line: [line, line],
    "a huge amount": lambda line: [line | {"gross": HUGE}],
    "a huge product": lambda line: [line | {"product_id": HUGE}],
    "an amount that is a float": lambda line: [line | {"gross": 50.5}],
    "an amount that is not a number": lambda line: [line | {"gross": math.nan}],
    "an endless amount": lambda line: [line | {"gross": math.inf}],
    "an amount that is a text": lambda line: [line | {"gross": "5000"}],
    "an amount that is true": lambda line: [line | {"gross": True}],
    "a quantity that is a number": lambda line: [line | {"qty": 1}],
    "a quantity in other digits": lambda line: [line | {"qty": "١"}],
    "a quantity without end": lambda line: [line | {"qty": "9" * 4000}],
    "a quantity with an exponent": lambda line: [line | {"qty": "1e9"}],
    "no lines": lambda line: {"lines": [line]},
    "lines within lines": lambda line: [[line]],
    "taxes within taxes": lambda line: [line | {"tax_ids": [[[1]]]}],
    "a role of ours": lambda line: [line | {"role": "discount"}],
    "a key with a quote": lambda line: [line | {"uuid": "'; DROP TABLE x; --"}],
    "a key with a null": lambda line: [line | {"uuid": "a\0bcdefghij"}],
}


@pytest.mark.parametrize("what", CARTS)
def test_a_cart_of_no_honest_till_is_refused(till, club_card, what):
    cart = CARTS[what](till.cart([till.line()])[0])
    refused(till.ask, "ekarte_identify", new_uuid(), scanned(club_card), cart)


IDENTIFIERS = (
    None,
    "9990001000000000",
    [],
    {"kind": "scan"},
    {"kind": "ledger", "value": "1"},
    {"kind": "scan", "value": ""},
    {"kind": "scan", "value": "9" * 100_000},
    {"kind": "scan", "value": 9990001},
    {"kind": "scan", "value": {"value": "1"}},
    {"kind": ["scan"], "value": "1"},
    {"card_id": "1"},
    {"card_id": HUGE},
    {"card_id": -1},
    {"partner_id": HUGE},
    {"partner_id": [1]},
)


@pytest.mark.parametrize("identifier", IDENTIFIERS[1:], ids=repr)
def test_an_identifier_of_no_honest_till_is_refused(till, identifier):
    refused(till.ask, "ekarte_identify", new_uuid(), identifier, [])


@pytest.mark.parametrize(
    "value", ["\0", "'; --", "%B^^?", "\u202e99900", "🂡" * 20, "9990001\n0000000"]
)
def test_a_number_that_is_none_is_answered_in_words(till, value):
    answer = answered_or_refused(
        till.ask, "ekarte_identify", new_uuid(), scanned(value), []
    )
    assert answer["rc"] != "00"
    assert answer["message"]


@pytest.mark.parametrize(
    "tender",
    [
        {"gift": -1},
        {"gift": HUGE},
        {"gift": 1.5},
        {"gift": math.nan},
        {"gift": "1"},
        {"gold": 1},
        {"voucher": ["x"]},
        {"voucher": "x" * 10_000},
        ["gift"],
        "gift",
    ],
    ids=repr,
)
def test_a_tender_of_no_honest_till_is_refused(till, gift_card, tender):
    purchase = till.purchase(gift_card)
    words = (purchase.key, new_uuid(), till.cart(purchase.lines), tender)
    refused(till.ask, "ekarte_hold", *words)
    assert money_on(till, gift_card) == (MONEY, MONEY)


@pytest.mark.parametrize("code", ["1", "1" * 10_000, 1234, ["1234"], "12\0045", "abcd"])
def test_a_code_of_no_honest_till_is_refused(till, gift_card, code):
    purchase = till.purchase(gift_card)
    words = (purchase.key, new_uuid(), till.cart(purchase.lines), {"gift": 1}, code)
    answer = answered_or_refused(till.ask, "ekarte_hold", *words)
    assert not answer["held"]
    assert len(str(code)) < 4 or str(code) not in answer["message"]
    assert money_on(till, gift_card) == (MONEY, MONEY)


@pytest.mark.parametrize("key", ["", "x", "a" * 5000, 5, None, ["a" * 36], "a b" * 12])
def test_an_order_key_of_no_honest_till_is_refused(till, key):
    refused(till.ask, "ekarte_quote", key, [])
    refused(till.ask, "ekarte_release", key)
    refused(till.ask, "ekarte_state", [key])


def test_too_many_orders_at_once_are_refused(till):
    refused(till.ask, "ekarte_state", [new_uuid() for _ in range(5000)])


# What stays behind


def test_the_logs_hold_no_number_that_was_shown(stack):
    assert SHOWN
    text = (stack.home / "log" / "odoo.log").read_text(errors="replace")
    assert found_in(text, SHOWN) == set()
    postgres = stack.home / "log" / "postgres.log"
    if postgres.exists():
        assert found_in(postgres.read_text(errors="replace"), SHOWN) == set()


def test_no_order_holds_a_number_that_was_shown(stack):
    for table in (
        *("ekarte_checkout", "ekarte_checkout_load", "pos_order", "pos_order_line"),
        *("pos_payment", "mail_message"),
    ):
        (text,) = stack.rows(
            f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t"
        )[0]
        assert found_in(text, SHOWN) == set(), table
