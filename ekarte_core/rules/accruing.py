"""Accrue: goods that were sold and paid elsewhere earn like a purchase.

Nothing is sold here: there is no discount, no tender, no row for goods in the books.
What the points defer lowers revenue that has been booked with the sale, elsewhere.
"""

import msgspec

from ekarte_core.codes import Rc
from ekarte_core.rules.plan import Facts, Plan
from ekarte_core.rules.pricing import at_full_price
from ekarte_core.rules.purchase import book
from ekarte_core.rules.tendering import Taking


def accrue(facts: Facts) -> Plan:
    """Earn and count at full price; take nothing. Never due: it has been paid."""
    plan = book(facts, at_full_price(facts.goods), Taking(rc=Rc.OK))
    return msgspec.structs.replace(plan, amount_due=0, sale_lines=())
