"""Exchange: points of one issuer buy goods of another.

Seed: "Клиент меняет “продуктовые” бонусы на литры бензина. Затем продуктовая фирма
возмещает топливной соответствующую денежную сумму."
"""

import msgspec

from ekarte_core.rules.programs.kind import COUNT_MAX, AcceptAt, Fault, Kind

THOUSANDTHS = 1000


class ExchangeGoods(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True
):
    """So many points for one `unit` of a product; `price`: what its seller is paid."""

    product: str
    points: int
    price: int  # minor units for one unit
    unit: str = ""

    def cost(self, thousandths: int) -> int:
        """Points for a quantity, rounded up."""
        return -(-self.points * thousandths // THOUSANDTHS)

    def value(self, thousandths: int) -> int:
        """What the seller is paid for a quantity, minor units, half up."""
        return (2 * self.price * thousandths + THOUSANDTHS) // (2 * THOUSANDTHS)


class Exchange(Kind, frozen=True, kw_only=True):
    """Parameters; `points_of`: the program of the same issuer whose points pay."""

    points_of: str
    goods: tuple[ExchangeGoods, ...]
    accept_at: AcceptAt = "coalition"

    def faults(self) -> list[Fault]:
        """Return (parameter, message) pairs; empty when the program can run."""
        found = []
        products = [goods.product for goods in self.goods]
        if not products or len(set(products)) < len(products) or "" in products:
            found.append(("goods", "name each product, once"))
        if any(not 1 <= goods.points <= COUNT_MAX for goods in self.goods):
            found.append(("goods", "points must be 1 to 1000000"))
        if any(goods.price < 1 for goods in self.goods):
            found.append(("goods", "price must be above zero"))
        return found

    def find(self, product: str) -> ExchangeGoods | None:
        """Return the goods with this product code."""
        return next((goods for goods in self.goods if goods.product == product), None)
