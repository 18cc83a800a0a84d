"""What the back office settles with a holder, away from any till.

Gift money is paid out, the sale of a gift card is charged back by the bank, a debt is
written off, and a redemption is undone though no goods came back. Each leaves entries
with events of their own, because accounting treats them unlike a sale or a refund.
"""

from ekarte_core.codes import Rc
from ekarte_core.rules.explain import Reason
from ekarte_core.rules.giving_back import Proportion, give_back
from ekarte_core.rules.plan import Decision, Facts, Plan, refuse
from ekarte_core.rules.programs import GiftCard
from ekarte_core.rules.purses import CREDIT, ITEM, LOST, VOUCHER, LotPart, Purse
from ekarte_core.rules.running import RunningProgram
from ekarte_core.rules.tendering import BONUS, GIFT, SPEND_EVENT
from ekarte_core.rules.unloading import state_to_close

RESTORE_EVENT = {
    **SPEND_EVENT,  # the rest of a voucher that had been forfeited
    GIFT: "gift_restore",
    BONUS: "bonus_restore",
    CREDIT: "credit_restore",
    VOUCHER: "voucher_restore",
    ITEM: "voucher_restore",
}


def pay_out(facts: Facts) -> Plan:
    """Pay gift money of the own issuer out to its holder; without an amount, all of it.

    57: no such gift money. 51: not so much, or nothing left.
    """
    running = _own_gift(facts)
    if running is None:
        return refuse(Rc.CARD_WRONG)
    purse = facts.sheet.find(running.code, facts.request.currency)
    usable = facts.sheet.usable(purse) if purse is not None else 0
    amount = facts.request.amount or usable
    if purse is None or not 0 < amount <= usable:
        return refuse(Rc.SHORT)
    parts = facts.sheet.plan(purse, amount)
    facts.sheet.spend(purse, "gift_pay_out", "pay_out", parts)
    return Plan(
        rc=Rc.OK,
        amount=amount,
        amount_due=amount,
        reasons=[Reason(key="gift.paid_out", name=running.name, amount=amount)],
    )


def charge_back(facts: Facts) -> Plan:
    """Take a sold load off the card, because the bank took the money back.

    What is left of it goes off; what had been used is the issuer's loss. 57: sold for
    another issuer. 77: a pass, or nothing of the sale stands. 13: not what was sold.
    51: a part is held by an open authorization.
    """
    original = facts.original
    assert original is not None
    running = facts.programs.find(original.decision.loaded)
    if running is None or not running.own:
        return refuse(Rc.CARD_WRONG)
    sold = original.amount - original.refunded
    if not isinstance(running.parameters, GiftCard) or not sold:
        return refuse(Rc.MISMATCH)
    if facts.request.amount not in (None, 0, sold):
        return refuse(Rc.AMOUNT)
    purse = facts.sheet.open(running.code, running.issuer, facts.request.currency)
    lot = purse.lot(original.decision.loaded_until)
    if lot is not None and lot.held:
        return refuse(Rc.SHORT)
    left = min(lot.posted, sold) if lot is not None else 0
    lost = sold - left
    if lot is not None and left:
        part = LotPart(lot.valid_until, left)
        facts.sheet.spend(purse, "gift_charge_back", "charge_back", [part])
    counter = facts.sheet.open(running.code, running.issuer, LOST)
    facts.sheet.count(counter, "gift_charge_back", lost)
    closed_from = state_to_close(facts)
    return Plan(
        rc=Rc.OK,
        amount=sold,
        amount_due=sold,
        new_state="closed" if closed_from else "",
        decision=Decision(closed_from=closed_from),
        reasons=[Reason(key="gift.lost", name=running.name, amount=lost)]
        if lost
        else [],
    )


def write_off(facts: Facts) -> Plan:
    """Give a debt up as lost; without an amount, all of it. 57: none, 13: less."""
    purse = _debt(facts)
    if purse is None:
        return refuse(Rc.CARD_WRONG)
    amount = facts.request.amount or -purse.posted
    if amount > -purse.posted:
        return refuse(Rc.AMOUNT)
    facts.sheet.owe(purse, "credit_write_off", "write_off", amount)
    reason = Reason(key="credit.written_off", name=purse.program, amount=amount)
    return Plan(rc=Rc.OK, amount=amount, reasons=[reason])


def restore(facts: Facts) -> Plan:
    """Give back to the card all that it still has paid of a purchase; no goods return.

    Points that the purchase earned stay. 77: the card paid nothing, or it has come
    back already. 13: not what it paid.
    """
    original = facts.original
    assert original is not None
    gross = original.amount - original.refunded
    if not gross:
        return refuse(Rc.MISMATCH)
    part = Proportion(original, gross, original.net - original.net_refunded)
    taken = tuple(give_back(facts, original, part, RESTORE_EVENT))
    if not facts.sheet.moves:
        return refuse(Rc.MISMATCH)
    amount = sum(one.amount for one in taken)
    if facts.request.amount not in (None, 0, amount):
        return refuse(Rc.AMOUNT)
    reasons = [Reason(key="value.restored", amount=amount)]
    return Plan(rc=Rc.OK, amount=amount, taken=taken, reasons=reasons)


def _own_gift(facts: Facts) -> RunningProgram | None:
    """The own gift program meant; one that is over counts too."""
    running = [program for program, _ in facts.programs.gifts]
    running += [program for program, _ in facts.programs.idle]
    named = facts.request.program
    for program in running:
        gift = program.own and isinstance(program.parameters, GiftCard)
        if gift and named in ("", program.code):
            return program
    return None


def _debt(facts: Facts) -> Purse | None:
    """The credit purse meant, of the own issuer and with a debt on it."""
    for look in facts.sheet.all():
        named = facts.request.program in ("", look.program)
        if look.unit == CREDIT and look.issuer == facts.issuer and named:
            purse = facts.sheet.find(*look.key)
            if purse is not None and purse.posted < 0:
                return purse
    return None
