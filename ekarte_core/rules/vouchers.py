"""Voucher: a voucher is used up, by itself or for a purchase."""

from ekarte_core.codes import APPROVED
from ekarte_core.rules import purchase, tendering
from ekarte_core.rules.plan import Facts, Plan, refuse
from ekarte_core.rules.pricing import Goods, at_full_price
from ekarte_core.rules.purses import ITEM


def use(facts: Facts) -> Plan:
    """Use the voucher that is named; 57 when it is no such, or used, 54 ended.

    With an amount or lines it is a sale that the voucher pays for as far as it goes.
    Without, it buys goods of its own value: all of it is used, nothing is earned.
    """
    if facts.goods:
        return purchase.sale(facts)
    tender = facts.request.tender
    assert tender is not None, "a voucher that is not named was refused before"
    purse = tendering.find_voucher(facts.programs, facts.sheet, tender.voucher)
    refused = tendering.voucher_refusal(facts.sheet, purse)
    if refused is not None:
        return refuse(refused)
    assert purse is not None
    worth = 0 if purse.unit == ITEM else facts.sheet.usable(purse)
    goods = Goods(group="", gross=worth, tax_rate_bp=facts.tax_of(""))
    taking = tendering.plan_taking(
        facts.programs,
        facts.sheet,
        tender,
        worth,
        facts.request.currency,
        partial=False,
    )
    if taking.rc not in APPROVED:
        return refuse(taking.rc)
    return purchase.book(
        facts, at_full_price([goods] if worth else []), taking, earns=False
    )
