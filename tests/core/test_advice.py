"""Advice: what was done offline is booked as it was; what does not fit is flagged."""

from datetime import timedelta
from typing import Any

import pytest

from ekarte_core import Offline, Request, encode_answer
from tests.core.shop import (
    CLUB,
    GIFT,
    PLAY,
    Shop,
    network_document,
    network_with,
    number,
    program,
)
from tests.core.test_settlement import lines, settle

LIMITS = {"amount_max": 5000, "card_day_max": 8000, "count_max": 3, "age_h_max": 24}


def with_limits(document: dict[str, Any], **limits: int) -> dict[str, Any]:
    document["terminals"][0]["offline"] = LIMITS | limits
    return document


@pytest.fixture
def offline(shop: Shop) -> Shop:
    """Terminal 00000011 may decide by itself."""
    shop.publish(with_limits(network_document(), amount_max=100000, card_day_max=10**6))
    return shop


def advice(
    shop: Shop,
    command: Any,
    card: str,
    amount: int | None = None,
    *,
    hours: float = 1,
    voucher: str | None = None,
    **told: Any,
) -> Request:
    """What the terminal tells; `told`: figures, and other parts of the request."""
    names = set(Offline.__struct_fields__)
    figures = {name: told.pop(name) for name in list(told) if name in names}
    tendered = figures.get("tendered", {})
    if "amount_due" not in figures and command in ("sale", "voucher"):
        whole = amount or sum(line[1] for line in told.get("lines") or ())
        off = figures.get("discount", 0) + sum(tendered.values())
        figures["amount_due"] = whole - off if whole else 0
    return shop.request(
        "advice",
        card,
        amount,
        voucher=voucher,
        offline=Offline(command=command, **figures),
        local_time=shop.now - timedelta(hours=hours),
        **told,
    )


def tell(shop: Shop, *args: Any, **kwargs: Any):
    return shop.send(advice(shop, *args, **kwargs))


def flagged(shop: Shop) -> list[tuple[str, int, str]]:
    return shop.sql(
        "SELECT kind, amount, rc FROM ekarte.offline_exception"
        " ORDER BY operation_id, line"
    )


# --- sales


def test_a_sale_is_booked_as_it_was(offline: Shop):
    card = offline.gift(3000)
    answer = tell(offline, "sale", card, 2000, tendered={"gift": 2000})
    assert (answer.rc, answer.amount, answer.amount_due) == ("00", 2000, 0)
    assert (answer.tendered, answer.exceptions) == ({"gift": 2000}, ())
    assert offline.balance(card, "GIFT") == 1000
    assert flagged(offline) == []
    assert offline.broken() == []


def test_it_is_kept_under_its_own_name_with_the_time_it_was_done(offline: Shop):
    card = offline.gift(3000)
    tell(offline, "sale", card, 2000, tendered={"gift": 2000})
    ((command, late),) = offline.sql(
        "SELECT command, at - local_time FROM ekarte.operation"
        " WHERE local_time IS NOT NULL"
    )
    assert (command, late) == ("sale", timedelta(hours=1))


def test_online_it_would_be_refused_offline_the_shortfall_is_flagged(offline: Shop):
    card = offline.gift(1200)
    assert offline.do("sale", card, 2000, gift=2000).rc == "51"
    answer = tell(offline, "sale", card, 2000, tendered={"gift": 2000})
    assert (answer.rc, answer.tendered) == ("00", {"gift": 1200})
    assert (answer.exceptions, answer.amount_due) == (("funds",), 800)
    assert "8.00 was not on the card" in answer.explain
    assert flagged(offline) == [("funds", 800, "51")]
    assert offline.balance(card, "GIFT") == 0
    assert offline.broken() == []


def test_who_brings_the_goods_back_gets_no_more_than_was_paid(offline: Shop):
    """12.00 of 20.00 were there: they come back, and nothing else."""
    card = offline.gift(1200)
    sale = advice(offline, "sale", card, 2000, tendered={"gift": 2000})
    offline.send(sale)
    back = offline.do("refund", amount=2000, original=sale)
    assert (back.tendered, back.amount_due) == ({"gift": 1200}, 0)
    assert offline.balance(card, "GIFT") == 1200
    assert offline.broken() == []


def test_reversed_it_has_never_been(offline: Shop):
    card = offline.gift(1200)
    sale = advice(offline, "sale", card, 2000, tendered={"gift": 2000})
    offline.send(sale)
    assert offline.do("reverse", original=sale).rc == "00"
    assert offline.balance(card, "GIFT") == 1200


@pytest.mark.parametrize(
    ("discount", "kinds"), [(0, ()), (60, ()), (61, ("discount",))]
)
def test_the_discount_given_is_the_discount_booked(
    shop: Shop, discount: int, kinds: tuple
):
    """The club's rate is 5 %, less may be given; more is flagged."""
    shop.publish(with_limits(network_document(), amount_max=100000))
    card = shop.club(100)
    answer = tell(shop, "sale", card, 1200, discount=discount)
    assert (answer.discount, answer.amount_due) == (discount, 1200 - discount)
    assert answer.exceptions == kinds
    assert shop.broken() == []


def test_it_earns_as_online_but_not_on_what_nobody_paid(shop: Shop):
    bonus = program("BON", "bonus_amount", step=100, convert_at=0, convert_to=0)
    gift = program("GIFT2", "gift_card")
    shop.publish(with_limits(network_with(bonus, gift)))
    card = number(PLAY)
    shop.do("sale", card, 100)
    shop.do("top_up", card, 1000)
    answer = tell(shop, "sale", card, 3000, tendered={"gift": 1500})
    assert (answer.exceptions, answer.tendered) == (("funds",), {"gift": 1000})
    assert [one.points for one in answer.earned] == [25]


def test_value_that_ended_after_the_sale_had_paid_it(offline: Shop):
    document = with_limits(network_document(), amount_max=100000)
    document["programs"][0]["parameters"]["valid_months"] = 1
    offline.publish(document)
    card = offline.gift(3000)
    offline.now = offline.now.replace(month=12, day=21, hour=21, minute=30)
    sale = advice(offline, "sale", card, 1000, tendered={"gift": 1000}, hours=0)
    offline.later(hours=1)
    assert offline.do("sale", card, 1000, gift=1000).rc == "54"
    assert offline.send(sale).exceptions == ()
    assert offline.broken() == []


def test_rules_are_those_that_the_terminal_knew(shop: Shop):
    """It gave 5 % by version 2; since version 3 there is less."""
    shop.publish(with_limits(network_document()))
    card, version = shop.club(100), shop.network.version
    document = with_limits(network_document())
    for one in document["programs"]:
        if one["code"] == "DISC":
            one["parameters"]["base_rate"] = 100
    shop.publish(document)
    by_old = {"discount": 50, "params_version": version}
    assert tell(shop, "sale", card, 1000, **by_old).exceptions == ()
    assert tell(shop, "sale", card, 1000, discount=50).exceptions == ("discount",)


def test_the_rules_are_looked_up_by_the_version_of_the_branchs_parameters(shop: Shop):
    """Parameters have versions of their own: a card that is stopped makes a new one."""
    shop.publish(with_limits(network_document()))
    card, old = shop.club(100), shop.network.version
    document = with_limits(network_document())
    for one in document["programs"]:
        if one["code"] == "DISC":
            one["parameters"]["base_rate"] = 100
    shop.publish(document)
    told = ((41, "G1", old), (42, "G1", old + 1), (42, "G2", old))
    for number_, (version, branch, network) in enumerate(told, start=1):
        shop.sql(
            "INSERT INTO ekarte.parameters VALUES (%s, %s, %s, %s, 0, 1, '', now())",
            number_,
            branch,
            version,
            network,
        )
    given = {"discount": 50, "params_version": 41}
    assert tell(shop, "sale", card, 1000, **given).exceptions == ()
    given["params_version"] = 42
    assert tell(shop, "sale", card, 1000, **given).exceptions == ("discount",)
    given["params_version"] = 43  # never told to anybody: today's rules
    assert tell(shop, "sale", card, 1000, **given).exceptions == ("discount",)


# --- limits


@pytest.mark.parametrize(("amount", "kinds"), [(5000, ()), (5001, ("over_amount",))])
def test_over_the_limit_of_one_operation(shop: Shop, amount: int, kinds: tuple):
    shop.publish(with_limits(network_document()))
    assert tell(shop, "sale", shop.club(100), amount).exceptions == kinds


def test_over_the_cards_limit_of_the_day(shop: Shop):
    shop.publish(with_limits(network_document()))
    card = shop.club(100)
    assert tell(shop, "sale", card, 5000).exceptions == ()
    assert tell(shop, "sale", card, 3000).exceptions == ()
    assert tell(shop, "sale", card, 1).exceptions == ("over_card_day",)
    assert tell(shop, "sale", shop.club(100, serial=2), 1).exceptions == ()
    assert flagged(shop) == [("over_card_day", 1, "")]
    shop.later(days=1)
    assert tell(shop, "sale", card, 1).exceptions == ()


def test_too_many_without_a_word_in_between(shop: Shop):
    shop.publish(with_limits(network_document()))
    card = shop.club(100)
    told = [advice(shop, "sale", card, 1) for _ in range(4)]
    kinds = [answer.exceptions for answer in shop.run(*told)]
    assert kinds == [(), (), (), ("over_count",)]
    shop.do("sale", card, 100)
    assert tell(shop, "sale", card, 1).exceptions == ()


@pytest.mark.parametrize(("hours", "kinds"), [(24, ()), (24.1, ("late",))])
def test_told_later_than_allowed(offline: Shop, hours: float, kinds: tuple):
    card = offline.club(100)
    assert tell(offline, "sale", card, 1, hours=hours).exceptions == kinds


@pytest.mark.parametrize(("hours", "kinds"), [(-0.05, ()), (-0.1, ("clock",))])
def test_a_clock_that_is_ahead(offline: Shop, hours: float, kinds: tuple):
    card = offline.club(100)
    assert tell(offline, "sale", card, 1, hours=hours).exceptions == kinds


def test_a_terminal_that_may_not_is_booked_all_the_same(shop: Shop):
    answer = tell(shop, "sale", shop.club(100), 500)
    assert (answer.rc, answer.exceptions) == ("00", ("not_allowed",))
    assert flagged(shop) == [("not_allowed", 500, "")]


@pytest.mark.parametrize(
    ("counter", "hours", "kinds"),
    [
        (8, 1, ()),
        (7, 1, ("counter",)),
        (6, 1, ("counter",)),  # a till knows its own order
        (0, 1, ()),  # no chip
    ],
)
def test_a_chips_counter_never_goes_back(
    offline: Shop, counter: int, hours: float, kinds: tuple
):
    card = offline.club(100)
    tell(offline, "sale", card, 1, counter=7)
    told = tell(offline, "sale", card, 1, counter=counter, hours=hours)
    assert told.exceptions == kinds


@pytest.mark.parametrize(
    ("counter", "hours", "kinds"),
    [
        (8, 1, ()),
        (7, 2, ("counter",)),
        (6, 2, ()),  # it was before, and is told later
        (6, 1, ()),  # clocks differ
        (6, 0.5, ("counter",)),
    ],
)
def test_a_chip_goes_from_till_to_till(
    shop: Shop, counter: int, hours: float, kinds: tuple
):
    document = with_limits(network_document())
    document["terminals"][1]["offline"] = LIMITS
    shop.publish(document)
    card, other = shop.club(100), document["terminals"][1]["id"]
    tell(shop, "sale", card, 1, counter=7)
    told = tell(shop, "sale", card, 1, counter=counter, hours=hours, terminal=other)
    assert told.exceptions == kinds


def test_a_copied_chip_is_stopped_and_its_purchase_booked(offline: Shop):
    card, other = offline.gift(3000), offline.gift(3000, 2)
    for counter in (4, 5):
        told = tell(offline, "sale", card, 500, counter=counter, tendered={"gift": 500})
        assert told.card_state == "active"
    copied = tell(offline, "sale", card, 700, counter=5, tendered={"gift": 700})
    assert (copied.rc, copied.card_state) == ("00", "blocked")
    assert flagged(offline) == [("counter", 0, "")]
    assert offline.do("sale", card, 100).rc == "62"
    counted = tell(offline, "sale", other, 1, counter=5, tendered={"gift": 1})
    assert counted.exceptions == (), "another card counts for itself"
    assert offline.do("unblock", card).rc == "00"
    assert offline.do("inquire", card).balances[0].value == 1300
    assert offline.broken() == []


# --- cards


@pytest.mark.parametrize(
    ("reason", "rc"), [("", "62"), ("stolen", "43"), ("lost", "41")]
)
def test_a_blocked_card_has_paid_offline(offline: Shop, reason: str, rc: str):
    card = offline.gift(3000)
    offline.do("block", card, reason=reason)
    answer = tell(offline, "sale", card, 1000, tendered={"gift": 1000})
    assert (answer.rc, answer.tendered) == ("00", {"gift": 1000})
    assert flagged(offline) == [("card_refused", 1000, rc)]


def test_an_unknown_card_is_refused_and_flagged(offline: Shop):
    answer = tell(offline, "sale", "4111111111111111", 1000)
    assert (answer.rc, answer.exceptions) == ("14", ("card_unknown",))
    assert flagged(offline) == [("card_unknown", 1000, "14")]
    assert offline.broken() == []


def test_a_card_that_was_never_sold_pays_nothing(offline: Shop):
    first = offline.request("activate", number(GIFT, 2), 1000)
    offline.send(first)
    offline.do("reverse", original=first)  # the card is on file, and not in use
    for serial in (2, 3):
        told = {"tendered": {"gift": 500}}
        assert tell(offline, "sale", number(GIFT, serial), 500, **told).rc == "78"
    assert flagged(offline) == [("card_unknown", 500, "78")] * 2


def test_a_first_purchase_registers_its_card_offline_too(offline: Shop):
    card = number(CLUB, 7)
    assert tell(offline, "sale", card, 1000).exceptions == ()
    assert offline.do("inquire", card).card_state == "active"


def test_no_access_code_is_asked_for(offline: Shop):
    card = number(GIFT)
    offline.do("activate", card, 2000, access_code="4711")
    assert offline.do("sale", card, 500, gift=500).rc == "55"
    assert tell(offline, "sale", card, 500, tendered={"gift": 500}).exceptions == ()


# --- other commands


def test_an_accrual_told_later_earns(offline: Shop):
    card = offline.club(100)
    assert tell(offline, "accrue", card, 1000).earned[0].points == 2


def test_a_top_up_told_later_loads_or_is_flagged(offline: Shop):
    card = offline.gift(1000)
    assert tell(offline, "top_up", card, 2000).exceptions == ()
    answer = tell(offline, "top_up", card, 49000)
    assert (answer.rc, answer.amount) == ("00", 49000)
    assert flagged(offline) == [("not_booked", 49000, "61")]
    assert offline.balance(card, "GIFT") == 3000
    assert offline.broken() == []


def test_goods_brought_back_while_offline(offline: Shop):
    card = offline.gift(3000)
    sale = offline.request("sale", card, 2000, gift=1500)
    offline.send(sale)
    back = advice(offline, "refund", card, 1000, amount_due=250, original=sale)
    answer = offline.send(back)
    assert (answer.tendered, answer.amount_due) == ({"gift": 750}, 250)
    assert answer.exceptions == ()
    much = advice(offline, "refund", card, 1000, amount_due=300, original=sale)
    assert offline.send(much).exceptions == ("paid_out",)
    assert flagged(offline) == [("paid_out", 50, "")]


def test_a_refund_of_what_was_never_bought_is_kept_and_flagged(offline: Shop):
    card = offline.gift(3000)
    unknown = offline.request("sale", card, 2000, operation=999)
    answer = tell(offline, "refund", card, 1000, amount_due=1000, original=unknown)
    assert (answer.rc, answer.exceptions) == ("00", ("not_booked",))
    sale = offline.request("sale", card, 500, gift=500)
    offline.send(sale)
    answer = tell(offline, "refund", card, 501, amount_due=501, original=sale)
    assert flagged(offline)[-1] == ("not_booked", 501, "13")
    assert offline.balance(card, "GIFT") == 2500
    assert offline.broken() == []


def test_visits_count_on_the_day_they_were_made(shop: Shop):
    visits = program("PASS", "visit_pass", price=1000, visits=3, max_per_day=1)
    shop.publish(with_limits(network_with(visits), count_max=10))
    card = number(PLAY)
    shop.do("activate", card)
    shop.do("top_up", card, 1000)
    shop.later(days=3)
    told = [advice(shop, "check_in", card, hours=hours) for hours in (60, 36, 12)]
    assert [answer.exceptions for answer in shop.run(*told)] == [
        ("late",),
        ("late",),
        (),
    ]
    again = tell(shop, "check_in", card, hours=11)
    assert (again.rc, again.exceptions) == ("00", ("not_booked",))
    assert flagged(shop)[-1] == ("not_booked", 0, "51")


def test_a_voucher_that_had_been_used_is_flagged(shop: Shop):
    prizes = program("PRIZE", "bonus_prize", step=100, prizes=[{"at": 1, "value": 700}])
    shop.publish(with_limits(network_with(prizes)))
    card = number(PLAY)
    (voucher,) = shop.do("sale", card, 199).vouchers
    told = {"tendered": {"voucher": 700}, "voucher": voucher.code}
    assert tell(shop, "sale", card, 1000, **told).exceptions == ()
    answer = tell(shop, "sale", card, 1000, **told)
    assert (answer.exceptions, answer.amount_due) == (("voucher",), 1000)
    assert tell(shop, "voucher", card, **told).exceptions == ("voucher",)
    assert flagged(shop) == [("voucher", 700, "57"), ("voucher", 700, "57")]
    assert shop.broken() == []


# --- the message


@pytest.mark.parametrize(
    ("figures", "field"),
    [
        ({"amount_due": 999}, "offline.amount_due"),
        ({"discount": 1001, "amount_due": 0}, "offline.amount_due"),
        ({"tendered": {"voucher": 100}}, "tender"),
    ],
)
def test_figures_that_contradict_each_other_are_no_message(
    offline: Shop, figures: dict, field: str
):
    answer = tell(offline, "sale", offline.club(100), 1000, **figures)
    assert (answer.rc, answer.field) == ("30", field)


@pytest.mark.parametrize("part", ["offline", "local_time"])
def test_it_says_what_was_done_and_when(offline: Shop, part: str):
    whole = advice(offline, "sale", offline.club(100), 1000)
    without = Request(
        **{name: getattr(whole, name) for name in Request.__struct_fields__}
        | {part: None}
    )
    answer = offline.send(without)
    assert (answer.rc, answer.field) == ("30", part)
    assert offline.send(whole).rc == "00"


@pytest.mark.parametrize(
    ("command", "figures", "field"),
    [
        ("accrue", {"discount": 1}, "offline.discount"),
        ("accrue", {"amount_due": 1}, "offline.amount_due"),
        ("top_up", {"tendered": {"gift": 1}}, "offline.tendered"),
        ("top_up", {"amount_due": 1}, "offline.amount_due"),
        ("refund", {"amount_due": 1001}, "offline.amount_due"),
    ],
)
def test_figures_that_a_command_does_not_have(
    offline: Shop, command: str, figures: dict, field: str
):
    card = offline.gift(1000)
    sale = offline.request("sale", card, 1000)
    offline.send(sale)
    more = {"original": sale} if command == "refund" else {}
    answer = tell(offline, command, card, 1000, **figures, **more)
    assert (answer.rc, answer.field) == ("30", field)


# --- repeats


def test_a_repeat_gets_the_identical_answer(offline: Shop):
    sale = advice(offline, "sale", offline.gift(1200), 2000, tendered={"gift": 2000})
    first = offline.send(sale)
    offline.later(days=2)
    assert encode_answer(offline.send(sale)) == encode_answer(first)
    assert offline.last is not None
    assert offline.last.status == "repeat"
    assert len(flagged(offline)) == 1


def test_other_content_under_the_same_number_is_refused(offline: Shop):
    card = offline.gift(3000)
    sale = advice(offline, "sale", card, 2000, tendered={"gift": 2000})
    offline.send(sale)
    other = advice(
        offline, "sale", card, 2001, tendered={"gift": 2000}, operation=sale.operation
    )
    assert offline.send(other).rc == "94"


def test_of_a_known_operation_it_gets_the_stored_answer(offline: Shop):
    """The answer had been lost: the terminal believes it was offline."""
    card = offline.gift(3000)
    online = offline.request("sale", card, 2000, gift=2000)
    first = offline.send(online)
    told = {"tendered": {"gift": 2000}, "operation": online.operation}
    assert tell(offline, "sale", card, 2000, **told) == first
    assert (
        tell(
            offline, "sale", card, 1000, tendered={}, **{"operation": online.operation}
        ).rc
        == "94"
    )
    other = offline.gift(3000, serial=2)
    assert tell(offline, "sale", other, 2000, **told).rc == "94"
    for command in ("accrue", "top_up", "check_in"):
        amount = None if command == "check_in" else 2000
        known = {"operation": online.operation}
        assert tell(offline, command, card, amount, **known).rc == "94", command
    assert offline.balance(card, "GIFT") == 1000


def test_of_a_refused_operation_too_it_gets_the_answer_for_that_card_only(
    offline: Shop,
):
    card, other = offline.gift(1000), offline.gift(1000, serial=2)
    online = offline.request("sale", card, 2000, gift=2000)
    first = offline.send(online)
    assert first.rc == "51"
    told = {"tendered": {"gift": 2000}, "operation": online.operation}
    assert tell(offline, "sale", card, 2000, **told) == first
    assert tell(offline, "sale", other, 2000, **told).rc == "94"
    unknown = offline.request("sale", number(GIFT, 77), 500)
    refused = offline.send(unknown)
    assert refused.rc == "78"
    again = {"operation": unknown.operation, "tendered": {"gift": 500}}
    assert tell(offline, "sale", number(GIFT, 77), 500, **again) == refused


def test_what_was_reversed_before_it_came_is_not_booked(offline: Shop):
    card = offline.gift(3000)
    sale = advice(offline, "sale", card, 2000, tendered={"gift": 2000})
    offline.do("reverse", original=sale)
    assert offline.send(sale).rc == "05"
    assert offline.balance(card, "GIFT") == 3000


def test_several_of_one_group_are_booked_in_order(offline: Shop):
    card = offline.gift(3000)
    told = [
        advice(offline, "sale", card, 1400, tendered={"gift": 1400}) for _ in range(3)
    ]
    answers = offline.run(*told)
    assert [answer.tendered.get("gift") for answer in answers] == [1400, 1400, 200]
    assert [answer.exceptions for answer in answers] == [(), (), ("funds",)]
    assert offline.broken() == []


def test_after_the_close_it_is_booked_and_flagged(offline: Shop):
    card = offline.gift(3000)
    settle_batch = offline.do("close", totals=totals(offline))
    assert settle_batch.rc == "00"
    assert offline.do("sale", card, 100, gift=100).rc == "95"
    answer = tell(offline, "sale", card, 100, tendered={"gift": 100})
    assert (answer.rc, answer.exceptions) == ("00", ("batch_closed",))


def totals(shop: Shop):
    return shop.do("close").totals


def test_the_batch_counts_it_under_its_own_name(offline: Shop):
    card = offline.club()
    tell(offline, "sale", card, 1000)
    offline.do("sale", card, 500)
    (total,) = totals(offline)
    assert (total.command, total.count, total.amount) == ("sale", 2, 1500)


# --- books


def test_the_settlement_has_the_goods_and_what_was_there(offline: Shop):
    card = offline.gift(1200)
    settle(offline)
    tell(offline, "sale", card, 2000, tendered={"gift": 2000})
    booked = lines(settle(offline))
    (sale,) = [row for key, row in booked.items() if key[0] == "sale"]
    assert (sale[0], sale[2]) == (2000, 1200)


def test_a_replay_by_the_same_rules_finds_the_same(offline: Shop):
    card = offline.gift(1200)
    club = offline.club(100)
    tell(offline, "sale", card, 2000, tendered={"gift": 2000})
    tell(offline, "sale", club, 1000, discount=70)
    tell(offline, "top_up", card, 60000)
    offline.send(
        advice(
            offline, "sale", club, lines=[("food", 300), ("books", 700)], discount=11
        )
    )
    assert offline.replayed().same
