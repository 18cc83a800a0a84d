"""What the back office settles: pay out, charge back, write off, restore."""

from typing import Any

import msgspec
import pytest

from ekarte_core import LedgerConnection, Original, Request, decode_answer
from tests.core.shop import GIFT, PLAY, Shop, network_with, number, program

OFFICE = "00000071"
PUMP = "00000031"
CARD = number(PLAY)


def town(shop: Shop, *programs: dict[str, Any], **more: Any) -> None:
    """A network with a back office, and a card of the grocer's with these programs."""
    document = network_with(*programs, auto_register=False, **more)
    pump = {"id": "00000072", "branch": "F1", "protocol": "odoo"}
    shop.publish(document | {"terminals": [*document["terminals"], pump]})
    if programs:
        assert shop.do("activate", CARD).rc == "00"


def tab(**more: Any) -> dict[str, Any]:
    return program("TAB", "credit_card", credit_limit=10000, **more)


def asked(shop: Shop, command: str, *args: Any, of: Request | None = None, **kw: Any):
    """A request of the back office; `of`: an operation of whichever terminal."""
    request = shop.request(command, *args, **{"terminal": OFFICE} | kw)
    if of is None:
        return request
    named = Original(batch=of.batch, operation=of.operation, terminal=of.terminal)
    return msgspec.structs.replace(request, original=named)


def office(shop: Shop, command: str, *args: Any, **kw: Any) -> Any:
    return shop.send(asked(shop, command, *args, **kw))


def undo(shop: Shop, request: Request) -> str:
    return office(shop, "reverse", of=request, terminal=request.terminal).rc


def money(shop: Shop, card: str) -> int:
    return shop.balance(card, "GIFT")


def purses(shop: Shop, unit: str) -> list[int]:
    rows = shop.sql("SELECT posted FROM ekarte.purse WHERE unit = %s ORDER BY id", unit)
    return [row[0] for row in rows]


COMMANDS = ["pay_out", "charge_back", "write_off", "restore"]


@pytest.mark.parametrize("command", COMMANDS)
def test_no_terminal_but_the_back_office_may_do_it(shop: Shop, command: str):
    town(shop)
    card = shop.gift(2000)
    sale = shop.request("sale", card, 500)
    shop.send(sale)
    for terminal in ("00000011", "00000012"):
        answer = office(shop, command, card, of=sale, terminal=terminal)
        assert (answer.rc, answer.field) == ("12", "command")
    assert money(shop, card) == 1500


# --- pay out


def test_a_balance_is_paid_out_and_nothing_is_left(shop: Shop):
    town(shop)
    card = shop.gift(3000)
    shop.do("sale", card, 500)
    answer = office(shop, "pay_out", card)
    assert (answer.rc, answer.amount, answer.amount_due) == ("00", 2500, 2500)
    assert answer.explain == ("Gift card: 25.00 paid out",)
    assert (money(shop, card), shop.do("sale", card, 1).rc) == (0, "51")
    assert shop.broken() == []


@pytest.mark.parametrize(("amount", "rc"), [(2500, "00"), (2501, "51")])
def test_a_part_is_paid_out_but_no_more_than_is_there(shop: Shop, amount: int, rc: str):
    town(shop)
    card = shop.gift(2500)
    assert office(shop, "pay_out", card, amount).rc == rc
    assert money(shop, card) == (0 if rc == "00" else 2500)


def test_an_empty_card_has_nothing_to_pay_out(shop: Shop):
    town(shop)
    card = shop.gift(500)
    shop.do("sale", card, 500)
    assert office(shop, "pay_out", card).rc == "51"


def test_what_is_held_is_not_paid_out(shop: Shop):
    town(shop)
    card = shop.gift(2500)
    assert shop.do("authorize", card, 2000).rc == "00"
    assert office(shop, "pay_out", card, 501).rc == "51"
    assert office(shop, "pay_out", card).amount == 500
    assert shop.broken() == []


def test_a_card_of_another_issuer_is_not_paid_out(shop: Shop):
    town(shop)
    card = shop.gift(2500)
    assert shop.do("pay_out", card, terminal="00000072").rc == "57"
    assert office(shop, "pay_out", card).rc == "00"


def test_what_is_left_when_the_program_is_over_is_paid_out(shop: Shop):
    town(shop, program("MONEY", "gift_card"))
    assert shop.do("top_up", CARD, 2000).rc == "00"
    over = program("MONEY", "gift_card") | {"valid_to": "2026-11-01T00:00:00Z"}
    shop.publish(network_with(over, auto_register=False))
    assert shop.do("sale", CARD, 100).rc == "57"
    assert office(shop, "pay_out", CARD).amount == 2000


def test_a_pay_out_is_reversed_and_not_refunded(shop: Shop):
    town(shop)
    card = shop.gift(2500)
    paid = shop.request("pay_out", card, terminal=OFFICE)
    shop.send(paid)
    assert shop.do("refund", original=paid, terminal=OFFICE).rc == "77"
    assert undo(shop, paid) == "00"
    assert money(shop, card) == 2500
    assert undo(shop, paid) == "00"  # again: nothing more comes back
    assert (money(shop, card), shop.broken()) == (2500, [])


def test_a_repeat_pays_once_and_other_content_is_refused(shop: Shop):
    town(shop)
    card = shop.gift(2500)
    paid = shop.request("pay_out", card, 1000, terminal=OFFICE)
    first, second = shop.send(paid), shop.send(paid)
    assert (first, money(shop, card)) == (second, 1500)
    other = shop.request(
        "pay_out", card, 500, terminal=OFFICE, operation=paid.operation
    )
    assert shop.send(other).rc == "94"


def test_many_desks_never_pay_out_more_than_there_is(
    shop: Shop, gateways: list[LedgerConnection]
):
    town(shop)
    card = shop.gift(2500)
    wanted = [shop.request("pay_out", card, 700, terminal=OFFICE) for _ in range(8)]
    wanted += [shop.request("sale", card, 700) for _ in range(8)]
    found = []
    for place, request in enumerate(wanted):
        (outcome,) = gateways[place % 4].run([request], shop.network, shop.now)
        found.append(decode_answer(outcome.answer).rc)
    assert sorted(found) == ["00"] * 3 + ["51"] * 13
    assert (money(shop, card), shop.broken()) == (400, [])


# --- charge back


def sold(shop: Shop, amount: int = 3000, card: str = number(GIFT)) -> Request:
    load = shop.request("activate", card, amount)
    assert shop.send(load).rc == "00"
    return load


def test_an_unused_card_is_charged_back_and_closed(shop: Shop):
    town(shop)
    load = sold(shop)
    answer = office(shop, "charge_back", of=load)
    assert (answer.rc, answer.amount, answer.card_state) == ("00", 3000, "closed")
    assert (money_of(shop), purses(shop, "lost")) == (0, [])
    assert shop.do("sale", number(GIFT), 1).rc == "54"
    assert shop.broken() == []


def money_of(shop: Shop) -> int:
    (row,) = shop.sql(
        "SELECT sum(posted)::integer FROM ekarte.purse WHERE unit = 'EUR'"
    )
    return row[0]


def test_what_had_been_used_is_lost_and_the_rest_goes_off_the_card(shop: Shop):
    town(shop)
    load = sold(shop)
    shop.do("sale", number(GIFT), 1200)
    answer = office(shop, "charge_back", of=load)
    assert answer.explain == ("Gift card: 12.00 had been used already",)
    assert (money_of(shop), purses(shop, "lost")) == (0, [1200])
    assert shop.broken() == []


def test_a_card_used_to_the_end_is_charged_back_all_the_same(shop: Shop):
    town(shop)
    load = sold(shop)
    shop.do("sale", number(GIFT), 3000)
    assert office(shop, "charge_back", of=load).amount == 3000
    assert (purses(shop, "lost"), shop.broken()) == ([3000], [])


def test_what_was_refunded_before_is_not_charged_back(shop: Shop):
    town(shop)
    load = sold(shop)
    assert shop.do("refund", amount=1000, original=load).rc == "00"
    assert office(shop, "charge_back", amount=3000, of=load).rc == "13"
    assert office(shop, "charge_back", of=load).amount == 2000
    assert office(shop, "charge_back", of=load).rc == "77"
    assert shop.do("refund", original=load).rc == "51"
    assert shop.broken() == []


def test_a_load_is_charged_back_or_reversed_never_both(shop: Shop):
    town(shop)
    load = sold(shop)
    back = asked(shop, "charge_back", of=load)
    assert shop.send(back).rc == "00"
    assert undo(shop, load) == "77"
    assert undo(shop, back) == "00"
    assert (money(shop, number(GIFT)), purses(shop, "lost")) == (3000, [])
    assert undo(shop, load) == "00"
    assert shop.broken() == []


def test_a_reversed_charge_back_gives_everything_back_and_opens_the_card(shop: Shop):
    town(shop)
    load = sold(shop)
    shop.do("sale", number(GIFT), 1200)
    back = asked(shop, "charge_back", of=load)
    shop.send(back)
    assert undo(shop, back) == "00"
    assert (money(shop, number(GIFT)), purses(shop, "lost")) == (1800, [0])
    assert shop.do("sale", number(GIFT), 1800).rc == "00"
    assert shop.broken() == []


def test_a_card_with_an_open_authorization_waits(shop: Shop):
    town(shop)
    load = sold(shop)
    hold = shop.request("authorize", number(GIFT), 500)
    shop.send(hold)
    assert office(shop, "charge_back", of=load).rc == "51"
    shop.do("reverse", original=hold)
    assert office(shop, "charge_back", of=load).rc == "00"


@pytest.mark.parametrize("what", ["sale", "credit", "pass"])
def test_only_the_sale_of_gift_money_is_charged_back(shop: Shop, what: str):
    town(shop, tab(), program("PASS", "visit_pass", visits=10, price=3000))
    if what == "sale":
        named = shop.request("sale", CARD, 500, credit=500)
    elif what == "credit":
        shop.do("sale", CARD, 500, credit=500)
        named = shop.request("top_up", CARD, 500, program="TAB")
    else:
        named = shop.request("top_up", CARD, 3000, program="PASS")
    assert shop.send(named).rc == "00"
    assert office(shop, "charge_back", of=named).rc == "77"


def test_a_card_sold_for_another_issuer_is_not_charged_back_by_the_seller(shop: Shop):
    town(shop)
    load = shop.request("activate", number(GIFT), 2000, terminal=PUMP)
    assert shop.send(load).rc == "00"
    assert office(shop, "charge_back", of=load, terminal="00000072").rc == "57"
    assert office(shop, "charge_back", of=load).rc == "25"


# --- write off


def owing(shop: Shop, amount: int = 2500, **more: Any) -> None:
    town(shop, tab(**more))
    assert shop.do("sale", CARD, amount).rc == "00"


def debt(shop: Shop) -> int:
    return -shop.balance(CARD, "TAB", "credit", terminal=OFFICE)


def test_a_debt_is_written_off_whole(shop: Shop):
    owing(shop)
    answer = office(shop, "write_off", CARD)
    assert (answer.rc, answer.amount) == ("00", 2500)
    assert answer.explain == ("TAB: 25.00 written off",)
    assert (debt(shop), shop.broken()) == (0, [])


@pytest.mark.parametrize(("amount", "rc"), [(2500, "00"), (2501, "13")])
def test_no_more_is_written_off_than_is_owed(shop: Shop, amount: int, rc: str):
    owing(shop)
    assert office(shop, "write_off", CARD, amount).rc == rc
    assert debt(shop) == (0 if rc == "00" else 2500)


def test_without_a_debt_nothing_is_written_off(shop: Shop):
    town(shop, tab())
    assert office(shop, "write_off", CARD).rc == "57"


@pytest.mark.parametrize("reason", ["", "lost", "closed"])
def test_the_debt_of_a_stopped_card_is_written_off(shop: Shop, reason: str):
    owing(shop)
    assert shop.do("block", CARD, reason=reason).rc == "00"
    assert office(shop, "write_off", CARD).rc == "00"


def test_a_debt_to_another_issuer_is_not_ours_to_give_up(shop: Shop):
    owing(shop, accept_at="coalition", credit_elsewhere=True)
    assert office(shop, "write_off", CARD, terminal="00000072").rc == "57"
    assert office(shop, "write_off", CARD).rc == "00"


def test_who_pays_after_all_owes_again_first(shop: Shop):
    owing(shop)
    given_up = asked(shop, "write_off", CARD)
    shop.send(given_up)
    assert shop.do("top_up", CARD, 2500).rc == "13"
    assert shop.do("refund", original=given_up, terminal=OFFICE).rc == "77"
    assert undo(shop, given_up) == "00"
    assert shop.do("top_up", CARD, 2500).rc == "00"
    assert (debt(shop), shop.broken()) == (0, [])


# --- restore


def paid_by(shop: Shop, card: str, amount: int, terminal: str = PUMP, **tender: Any):
    sale = shop.request("sale", card, amount, terminal=terminal, **tender)
    assert shop.send(sale).rc == "00"
    return sale


def at_pump(shop: Shop, command: str, of: Request, **kw: Any) -> Any:
    return office(shop, command, of=of, terminal="00000072", **kw)


def test_a_disputed_redemption_comes_back_to_the_card_without_goods(shop: Shop):
    town(shop)
    card = shop.gift(3000)
    sale = paid_by(shop, card, 2000)
    answer = at_pump(shop, "restore", sale)
    assert (answer.rc, answer.amount, answer.tendered) == ("00", 2000, {"gift": 2000})
    assert answer.explain == ("20.00 given back to the card",)
    assert shop.sql("SELECT count(*)::integer FROM ekarte.sale_line") == [(1,)]
    assert (money(shop, card), shop.broken()) == (3000, [])


def test_it_comes_back_once_and_the_goods_do_not_after_it(shop: Shop):
    town(shop)
    card = shop.gift(3000)
    sale = paid_by(shop, card, 2000)
    assert at_pump(shop, "restore", sale).rc == "00"
    assert at_pump(shop, "restore", sale).rc == "77"
    assert at_pump(shop, "refund", sale).rc == "77"
    assert undo(shop, sale) == "77"
    assert (money(shop, card), shop.broken()) == (3000, [])


def test_after_a_refund_only_the_rest_is_restored(shop: Shop):
    town(shop)
    card = shop.gift(3000)
    sale = paid_by(shop, card, 2000)
    assert shop.do("refund", amount=700, original=sale, terminal=PUMP).rc == "00"
    assert at_pump(shop, "restore", sale, amount=2000).rc == "13"
    assert at_pump(shop, "restore", sale).amount == 1300
    assert (money(shop, card), shop.broken()) == (3000, [])


def test_of_goods_that_all_came_back_nothing_is_restored(shop: Shop):
    town(shop)
    card = shop.gift(3000)
    sale = paid_by(shop, card, 2000)
    shop.do("refund", amount=2000, original=sale, terminal=PUMP)
    assert at_pump(shop, "restore", sale).rc == "77"


def test_a_cash_purchase_has_nothing_to_restore(shop: Shop):
    town(shop)
    sale = paid_by(shop, shop.club(), 2000, terminal="00000011")
    assert office(shop, "restore", of=sale).rc == "77"


def test_another_issuer_does_not_restore_at_the_sellers_cost(shop: Shop):
    town(shop)
    sale = paid_by(shop, shop.gift(3000), 2000)
    assert office(shop, "restore", of=sale).rc == "25"


def test_a_restored_redemption_is_taken_again_by_a_reversal_while_it_is_there(
    shop: Shop,
):
    town(shop)
    card = shop.gift(3000)
    sale = paid_by(shop, card, 2000)
    back = asked(shop, "restore", of=sale, terminal="00000072")
    shop.send(back)
    assert shop.do("sale", card, 1001).rc == "00"
    assert undo(shop, back) == "51"
    assert shop.do("top_up", card, 1000).rc == "00"
    assert undo(shop, back) == "00"
    assert at_pump(shop, "restore", sale).rc == "00"
    assert shop.broken() == []


def test_a_captured_authorization_is_restored_by_its_own_name(shop: Shop):
    town(shop)
    card = shop.gift(3000)
    hold = shop.request("authorize", card, 2000)
    shop.send(hold)
    assert office(shop, "restore", of=hold).rc == "77"
    shop.do("confirm", amount=1500, original=hold)
    assert office(shop, "restore", of=hold).amount == 1500
    assert (money(shop, card), shop.broken()) == (3000, [])


def test_bonus_money_and_credit_are_restored_to_where_they_came_from(shop: Shop):
    town(shop, tab())
    club = shop.club(50000)
    bonus = shop.balance(club, "BONUS")
    assert bonus > 500
    sale = paid_by(shop, club, 2000, bonus=500)
    assert at_pump(shop, "restore", sale).tendered == {"bonus": 500}
    assert shop.balance(club, "BONUS") == bonus
    sale = paid_by(shop, CARD, 2000, terminal="00000011")
    assert office(shop, "restore", of=sale).tendered == {"credit": 2000}
    assert (debt(shop), shop.broken()) == (0, [])


def test_a_voucher_is_whole_again(shop: Shop):
    points = program(
        "PRIZES", "bonus_prize", step=500, prizes=[{"at": 2, "value": 500}]
    )
    town(shop, points)
    (voucher,) = shop.do("sale", CARD, 1000).vouchers
    sale = paid_by(shop, CARD, 300, terminal="00000011", voucher=voucher.code)
    assert office(shop, "restore", of=sale).tendered == {"voucher": 300}
    (again,) = shop.do("inquire", CARD).vouchers
    assert (again.code, again.value) == (voucher.code, 500)
    assert shop.broken() == []


def test_rivals_restore_and_refund_once_in_all(
    shop: Shop, gateways: list[LedgerConnection]
):
    town(shop)
    card = shop.gift(3000)
    sale = paid_by(shop, card, 2000)
    found = []
    for place in range(8):
        command = ("restore", "refund")[place % 2]
        amount = {"amount": 2000} if command == "refund" else {}
        request = asked(shop, command, of=sale, terminal="00000072", **amount)
        (outcome,) = gateways[place % 4].run([request], shop.network, shop.now)
        found.append(outcome.rc)
    assert found.count("00") == 1
    assert (money(shop, card), shop.broken()) == (3000, [])


# --- all of it again


def test_a_replay_by_the_live_rules_finds_no_difference(shop: Shop):
    owing(shop)
    card = shop.gift(3000)
    sale = paid_by(shop, card, 1000)
    back = asked(shop, "restore", of=sale, terminal="00000072")
    shop.send(back)
    undo(shop, back)
    load = sold(shop, 1000, number(GIFT, 2))
    shop.do("sale", number(GIFT, 2), 300)
    assert office(shop, "charge_back", of=load).rc == "00"
    assert office(shop, "pay_out", card, 500).rc == "00"
    given_up = asked(shop, "write_off", CARD, 500)
    shop.send(given_up)
    undo(shop, given_up)
    assert office(shop, "write_off", CARD, 700).rc == "00"
    found = shop.replayed()
    assert (found.differing, found.differences) == (0, [])
    assert found.figures.liability == found.figures.liability_was
    assert found.same
