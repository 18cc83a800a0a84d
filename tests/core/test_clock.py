"""What the clock does: periods end, idle cards lose a step, statements, notices."""

from typing import Any

import pytest

from ekarte_core import LedgerConnection
from tests.core.shop import CLUB, Shop, changed, network_document, number

IDLE = {"idle_days": 30, "idle_step_rate": 100, "period_months": 0}


def with_idle(shop: Shop, **more: Any) -> None:
    """Disc: 5 %, +1 % for each 50.00, at most 15 %; a step is lost in 30 days."""
    document = changed("DISC", **{**IDLE, **more})
    document["programs"] = [
        p for p in document["programs"] if p["code"] != "DISC-TEIKA"
    ]
    shop.publish(document)


def rate(shop: Shop, card: str) -> int:
    return shop.do("inquire", card).discount_rate


def spent(shop: Shop, card: str) -> int:
    return shop.balance(card, "DISC", "turnover")


@pytest.mark.parametrize(
    ("days", "rate_bp"), [(29, 800), (30, 700), (59, 700), (60, 600), (90, 500)]
)
@pytest.mark.parametrize("job_runs", [False, True], ids=["lazily", "by the job"])
def test_an_idle_card_loses_a_step_for_each_thirty_days(
    shop: Shop, days: int, rate_bp: int, *, job_runs: bool
):
    with_idle(shop)
    card = number(CLUB)
    shop.do("sale", card, 16000)  # 152.00 after 5 %: 8 % next
    for _day in range(days):
        shop.later(days=1)
        if job_runs:
            shop.ledger.clock(shop.network, shop.now)
    assert rate(shop, card) == rate_bp
    assert shop.broken() == []


def test_a_purchase_keeps_a_card_awake(shop: Shop):
    with_idle(shop)
    card = number(CLUB)
    shop.do("sale", card, 16000)
    shop.later(days=29)
    shop.do("sale", card, 100)
    shop.later(days=29)
    assert rate(shop, card) == 800
    assert shop.ledger.clock(shop.network, shop.now)["periods"] == 0


def test_what_an_idle_card_has_left_goes_on_growing(shop: Shop):
    with_idle(shop)
    card = number(CLUB)
    shop.do("sale", card, 16000)
    shop.later(days=30)
    sale = shop.do("sale", card, 5400)  # 7 %: 50.22 paid, onto 100.00
    assert (sale.discount, spent(shop, card)) == (378, 15022)
    assert shop.broken() == []


def test_the_job_writes_the_end_of_a_period_down_once(shop: Shop):
    card = number(CLUB)
    shop.publish(without_teika())
    shop.do("sale", card, 16000)
    shop.later(days=366)
    assert rate(shop, card) == 500
    assert shop.ledger.clock(shop.network, shop.now)["periods"] == 1
    assert shop.ledger.clock(shop.network, shop.now)["periods"] == 0
    assert (rate(shop, card), spent(shop, card)) == (500, 0)
    assert shop.broken() == []


def without_teika() -> dict[str, Any]:
    document = network_document()
    document["programs"] = [
        p for p in document["programs"] if p["code"] != "DISC-TEIKA"
    ]
    return document


def with_credit(shop: Shop, **more: Any) -> str:
    """A card with 300.00 of credit, statement on the 1st, due in 14 days."""
    document = without_teika()
    document["programs"].append(
        {
            "code": "CREDIT",
            "issuer": "GROCER",
            "kind": "credit_card",
            "name": "Credit",
            "parameters": {"credit_limit": 30000, "due_days": 14, **more},
        }
    )
    document["card_types"].append(
        {
            "code": "GRO-CREDIT",
            "issuer": "GROCER",
            "name": "Credit",
            "ranges": [{"from": "9990006000000000", "to": "9990006999999999"}],
            "programs": ["CREDIT"],
        }
    )
    shop.publish(document)
    card = number("999000600000")
    assert shop.do("activate", card).rc == "00"
    return card


def statements(shop: Shop) -> list[tuple[Any, ...]]:
    return shop.sql(
        "SELECT made_on::text, due_on::text, amount FROM ekarte.statement ORDER BY 1"
    )


def test_a_statement_covers_what_was_owed_when_its_day_began(shop: Shop):
    card = with_credit(shop)
    shop.do("sale", card, 5000)  # 21 November
    shop.later(days=10)  # 1 December
    shop.do("sale", card, 700)
    for _twice in range(2):
        shop.ledger.clock(shop.network, shop.now)
    assert statements(shop) == [("2026-12-01", "2026-12-15", 5000)]
    shop.later(days=2)
    assert shop.ledger.clock(shop.network, shop.now)["statements"] == 0
    assert shop.broken() == []


def test_without_a_debt_there_is_no_statement(shop: Shop):
    card = with_credit(shop)
    shop.do("sale", card, 5000)
    assert shop.do("top_up", card, 5000).rc == "00"
    shop.later(days=10)
    assert shop.ledger.clock(shop.network, shop.now)["statements"] == 0


@pytest.mark.parametrize(("days", "rc"), [(24, "00"), (25, "62")])
def test_an_unpaid_statement_stops_the_card_after_its_due_day(
    shop: Shop, days: int, rc: str
):
    """Statement of 1 December, due on the 15th: from the 16th on."""
    card = with_credit(shop)
    shop.do("sale", card, 5000)
    shop.later(days=10)
    shop.ledger.clock(shop.network, shop.now)
    shop.later(days=days - 10)
    sale = shop.do("sale", card, 100)
    assert sale.rc == rc
    assert any("50.00 overdue" in told for told in sale.explain) == (rc == "62")


def test_grace_days_come_on_top(shop: Shop):
    card = with_credit(shop, block_overdue_days=5)
    shop.do("sale", card, 5000)
    shop.later(days=10)
    shop.ledger.clock(shop.network, shop.now)
    shop.later(days=19)
    assert shop.do("sale", card, 100).rc == "00"
    shop.later(days=1)
    assert shop.do("sale", card, 100).rc == "62"


def test_paying_the_statement_frees_the_card_a_part_does_not(shop: Shop):
    card = with_credit(shop)
    shop.do("sale", card, 5000)
    shop.later(days=10)
    shop.ledger.clock(shop.network, shop.now)
    shop.do("sale", card, 2000)
    shop.later(days=20)
    assert shop.do("sale", card, 100).rc == "62"
    assert shop.do("top_up", card, 4999).rc == "00"
    assert shop.do("sale", card, 100).rc == "62"
    assert shop.do("top_up", card, 1).rc == "00"
    assert shop.do("sale", card, 100).rc == "00"
    assert shop.broken() == []


def billed(shop: Shop) -> int:
    rows = shop.sql("SELECT posted FROM ekarte.purse WHERE unit = 'billed'")
    return rows[0][0] if rows else 0


def test_a_statement_bills_what_is_new_and_what_comes_in_pays_it_first(shop: Shop):
    card = with_credit(shop)
    shop.do("sale", card, 5000)
    shop.later(days=10)  # 1 December
    shop.do("sale", card, 700)
    shop.ledger.clock(shop.network, shop.now)
    assert billed(shop) == 5000
    assert shop.do("top_up", card, 2000).rc == "00"
    assert billed(shop) == 3000
    shop.later(days=31)  # 1 January
    shop.ledger.clock(shop.network, shop.now)
    assert billed(shop) == 3700
    assert statements(shop)[1] == ("2027-01-01", "2027-01-15", 3700)
    assert shop.sql("SELECT newly_billed FROM ekarte.statement ORDER BY made_on") == [
        (5000,),
        (700,),
    ]
    assert shop.do("top_up", card, 3700).rc == "00"
    assert (billed(shop), shop.broken()) == (0, [])


def test_what_was_paid_on_the_statement_day_before_the_job_is_not_billed(shop: Shop):
    card = with_credit(shop)
    shop.do("sale", card, 5000)
    shop.later(days=10)
    shop.do("sale", card, 700)
    shop.do("top_up", card, 1000)
    shop.ledger.clock(shop.network, shop.now)
    assert (billed(shop), statements(shop)[0][2]) == (4000, 5000)
    assert shop.broken() == []


def test_returned_goods_lower_what_is_billed_and_their_reversal_raises_it(shop: Shop):
    card = with_credit(shop)
    sale = shop.request("sale", card, 5000)
    shop.send(sale)
    shop.later(days=10)
    shop.ledger.clock(shop.network, shop.now)
    shop.do("sale", card, 700)
    back = shop.request("refund", amount=1500, original=sale)
    shop.send(back)
    assert billed(shop) == 3500
    assert shop.do("reverse", original=back).rc == "00"
    assert (billed(shop), shop.broken()) == (5000, [])


def test_a_reversed_payment_is_owed_as_before_and_stops_the_card_again(shop: Shop):
    card = with_credit(shop)
    shop.do("sale", card, 5000)
    shop.later(days=10)
    shop.ledger.clock(shop.network, shop.now)
    payment = shop.request("top_up", card, 5000)
    shop.send(payment)
    assert billed(shop) == 0
    assert shop.do("reverse", original=payment).rc == "00"
    assert billed(shop) == 5000
    shop.later(days=15)
    assert shop.do("sale", card, 100).rc == "62"
    assert shop.broken() == []


@pytest.mark.parametrize(("days", "charges"), [(24, 0), (25, 1), (26, 1)])
def test_who_pays_late_is_charged_once(shop: Shop, days: int, charges: int):
    """Statement of 1 December, due on the 15th: charged from the 16th on."""
    card = with_credit(shop, late_charge=300)
    shop.do("sale", card, 5000)
    shop.later(days=10)
    shop.ledger.clock(shop.network, shop.now)
    shop.later(days=days - 10)
    made = [shop.ledger.clock(shop.network, shop.now)["charges"] for _twice in range(2)]
    assert made == [charges, 0]
    assert -shop.balance(card, "CREDIT", "credit") == 5000 + 300 * charges
    assert billed(shop) == 5000 + 300 * charges
    assert (shop.replayed().same, shop.broken()) == (True, [])


def test_who_has_paid_or_whose_program_asks_nothing_is_not_charged(shop: Shop):
    card = with_credit(shop, late_charge=300)
    shop.do("sale", card, 5000)
    shop.later(days=10)
    shop.ledger.clock(shop.network, shop.now)
    shop.do("sale", card, 200)
    shop.do("top_up", card, 5000)
    shop.later(days=16)
    assert shop.ledger.clock(shop.network, shop.now)["charges"] == 0
    assert -shop.balance(card, "CREDIT", "credit") == 200


def test_a_late_charge_goes_over_the_limit_and_onto_the_next_statement(shop: Shop):
    card = with_credit(shop, late_charge=300)
    shop.do("sale", card, 30000)
    shop.later(days=10)
    shop.ledger.clock(shop.network, shop.now)
    shop.later(days=16)
    shop.ledger.clock(shop.network, shop.now)
    assert shop.do("sale", card, 1).rc == "62"
    shop.later(days=20)  # 6 January
    shop.ledger.clock(shop.network, shop.now)
    assert statements(shop)[1][2] == 30300
    assert billed(shop) == 30300
    assert shop.do("top_up", card, 30300).rc == "00"
    assert (billed(shop), shop.broken()) == (0, [])


def test_late_charges_are_made_once_by_rival_clocks(
    shop: Shop, gateways: list[LedgerConnection]
):
    card = with_credit(shop, late_charge=300)
    shop.do("sale", card, 5000)
    shop.later(days=10)
    shop.ledger.clock(shop.network, shop.now)
    shop.later(days=20)
    made = [gateway.clock(shop.network, shop.now)["charges"] for gateway in gateways]
    assert (sum(made), billed(shop)) == (1, 5300)


def test_the_clock_may_turn_twice_at_once(shop: Shop, gateways: list[LedgerConnection]):
    card = with_credit(shop)
    shop.do("sale", card, 5000)
    shop.later(days=10)
    made = [gateway.clock(shop.network, shop.now) for gateway in gateways]
    assert sum(counts["statements"] for counts in made) == 1
    assert len(statements(shop)) == 1


def test_holders_are_told_once_that_points_will_burn(shop: Shop):
    document = changed("BONUS", convert_at=0, convert_to=0, expire_days=60)
    for program in document["programs"]:
        if program["code"] == "BONUS":
            program["parameters"]["notice_days"] = 14
    shop.publish(document)
    shop.do("sale", number(CLUB), 2000)
    assert shop.ledger.take_notices(shop.network, shop.now) == []
    shop.later(days=47)
    (notice,) = shop.ledger.take_notices(shop.network, shop.now)
    assert (notice.program, notice.unit, notice.amount) == ("BONUS", "points", 3)
    assert notice.valid_until > shop.now
    assert shop.ledger.take_notices(shop.network, shop.now) == []


def test_without_notice_days_nobody_is_told(shop: Shop):
    shop.publish(changed("BONUS", convert_at=0, convert_to=0, expire_days=60))
    shop.do("sale", number(CLUB), 2000)
    shop.later(days=59)
    assert shop.ledger.take_notices(shop.network, shop.now) == []
