"""A till's browser that says what it likes: raw calls with a real cashier's session.

Whatever it sends has the shape of Odoo's own POS where nothing is forged. A row of the
order is a plain dict until it is sent, so that a test may change anything in it.
"""

import itertools
import uuid
from typing import Any

from ekarte_stack.odoo_door import OdooDoor
from ekarte_stack.till_shop import Till, TillShop

GOODS = "108"  # 50.00 with tax
MINOR = 100

_serials = itertools.count(1)


def new_uuid() -> str:
    return str(uuid.uuid4())


def number(prefix: str, serial: int) -> str:
    """A card number of the demo network with its check digit."""
    body = f"{prefix}{serial:08d}"
    total = 0
    for place, digit in enumerate(reversed(body)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return f"{body}{-total % 10}"


def scanned(value: str) -> dict[str, Any]:
    return {"kind": "scan", "value": value}


class LooseTill:
    """One cashier's session at one till."""

    def __init__(
        self, shop: TillShop, till: Till, door: OdooDoor | None = None
    ) -> None:
        self.shop = shop
        self.till = till
        self.door = door or shop.open(till)
        self.session = shop.session(till)
        methods = shop.admin.call(
            "pos.payment.method",
            "search_read",
            [["config_ids", "in", [till.config]]],
            ["use_payment_terminal", "type"],
        )
        kinds = {
            row["use_payment_terminal"] or row["type"]: row["id"] for row in methods
        }
        self.card_method: int = kinds["ekarte"]
        # Which other payment it is does not matter; a till may have no cash.
        self.cash: int = kinds.get("cash") or kinds["bank"]

    def again(self) -> "LooseTill":
        """The same cashier at the same till in another browser."""
        door = OdooDoor(
            self.shop.url, self.shop.database, self.till.login, self.till.login
        )
        return LooseTill(self.shop, self.till, door)

    def ask(self, name: str, *args: Any, **named: Any) -> Any:
        """Call one of the card's methods at this till."""
        return self.door.call("pos.config", name, [self.till.config], *args, **named)

    # Carts and orders

    def line(self, code: str = GOODS, qty: int = 1) -> dict[str, Any]:
        """A line of an order, as Odoo's till sends it."""
        product = self.shop.goods(code)
        (row,) = self.shop.admin.call(
            "product.product", "read", [product], ["lst_price", "taxes_id"]
        )
        (tax,) = self.shop.admin.call(
            "account.tax", "read", row["taxes_id"], ["amount", "price_include"]
        )
        gross = round(row["lst_price"] * qty, 2)
        rate = 1 + tax["amount"] / 100
        if not tax["price_include"]:
            gross = round(gross * rate, 2)
        return {
            "uuid": new_uuid(),
            "product_id": product,
            "qty": qty,
            "price_unit": row["lst_price"],
            "price_subtotal": round(gross / rate, 2),
            "price_subtotal_incl": gross,
            "discount": 0,
            "tax_ids": row["taxes_id"],
            "pack_lot_ids": [],
            "full_product_name": code,
        }

    def cart(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """What the browser tells of its lines when it asks for a quote."""
        return [
            {
                "uuid": line["uuid"],
                "product_id": line["product_id"],
                "qty": f"{line['qty']:.3f}",
                "gross": round(line["price_subtotal_incl"] * MINOR),
                "tax_ids": line["tax_ids"],
                "refunded_orderline_id": line.get("refunded_orderline_id"),
                "role": "goods",
            }
            for line in lines
        ]

    def off_line(self, off: dict[str, Any]) -> dict[str, Any]:
        """The line of an order that a quote's `off_lines` row becomes."""
        gross = -off["minor"] / MINOR
        return {
            "uuid": new_uuid(),
            "product_id": self.shop.read(
                "pos.config", self.till.config, "ekarte_discount_product_id"
            ),
            "qty": 1,
            "price_unit": off["price_unit"],
            "price_subtotal": gross,
            "price_subtotal_incl": gross,
            "discount": 0,
            "tax_ids": off["tax_ids"],
            "extra_tax_data": off["extra_tax_data"],
            "pack_lot_ids": [],
            "full_product_name": off["name"],
            "ekarte_role": off["role"],
            "ekarte_key": off["key"],
        }

    def payment(
        self, method: int, minor: int, key: str | None = None
    ) -> dict[str, Any]:
        return {
            "uuid": key or new_uuid(),
            "name": "2026-01-01 10:00:00",
            "payment_method_id": method,
            "amount": minor / MINOR,
        }

    def order(
        self,
        key: str,
        lines: list[dict[str, Any]],
        payments: list[dict[str, Any]],
        **values: Any,
    ) -> dict[str, Any]:
        """An order as `sync_from_ui` takes it."""
        total = round(sum(line["price_subtotal_incl"] for line in lines), 2)
        net = round(sum(line["price_subtotal"] for line in lines), 2)
        serial = next(_serials)
        return {
            "uuid": key,
            "access_token": new_uuid(),
            "session_id": self.session,
            "user_id": self.door.user,
            "pos_reference": f"E2E {self.till.config}-{serial:06d}",
            "sequence_number": serial,
            "tracking_number": f"{serial % 1000:03d}",
            "date_order": "2026-01-01 10:00:00",
            "state": "paid",
            "partner_id": False,
            "fiscal_position_id": False,
            "pricelist_id": False,
            "to_invoice": False,
            "amount_total": total,
            "amount_tax": round(total - net, 2),
            "amount_paid": round(sum(one["amount"] for one in payments), 2),
            "amount_return": 0,
            "lines": [[0, 0, line] for line in lines],
            "payment_ids": [[0, 0, payment] for payment in payments],
            **values,
        }

    def store(self, *orders: dict[str, Any]) -> Any:
        return self.door.call("pos.order", "sync_from_ui", list(orders))

    # Whole steps, done honestly

    def sell_gift_card(self, value: str, minor: int) -> None:
        """Sell a gift card for cash, so that there is money on it."""
        key = new_uuid()
        line = self.line_of_load("gift_card", minor)
        answer = self.ask(
            "ekarte_load", key, line["uuid"], scanned(value), line["product_id"], minor
        )
        assert answer["rc"] == "00", answer
        self.store(self.order(key, [line], [self.payment(self.cash, minor)]))

    def line_of_load(self, sort: str, minor: int) -> dict[str, Any]:
        """A line that sells money on a card, free of tax."""
        (product, *_rest) = self.shop.find(
            "product.product",
            ["ekarte_load", "=", sort],
            ["company_id", "in", [False, self.shop.company]],
        )
        return {
            "uuid": new_uuid(),
            "product_id": product,
            "qty": 1,
            "price_unit": minor / MINOR,
            "price_subtotal": minor / MINOR,
            "price_subtotal_incl": minor / MINOR,
            "discount": 0,
            "tax_ids": [],
            "pack_lot_ids": [],
            "full_product_name": sort,
            "price_type": "manual",
        }

    def purchase(self, value: str, qty: int = 1) -> "Purchase":
        """Goods in a cart, and a card on it."""
        key, lines = new_uuid(), [self.line(qty=qty)]
        quote = self.ask("ekarte_identify", key, scanned(value), self.cart(lines))
        assert quote["rc"] == "00", quote
        return Purchase(self, key, lines, quote)


class Purchase:
    """An order in the making, with a card on it."""

    def __init__(self, till: LooseTill, key: str, lines: Any, quote: Any) -> None:
        self.till = till
        self.key = key
        self.lines = lines
        self.quote = quote
        self.payment = new_uuid()

    def hold(self, **tender: int) -> Any:
        """Hold what the card shall pay."""
        answer = self.till.ask(
            "ekarte_hold", self.key, self.payment, self.till.cart(self.lines), tender
        )
        if answer["held"]:
            self.quote = answer
        return answer

    def order(self, card_minor: int | None = None, **values: Any) -> dict[str, Any]:
        """The order as an honest till would store it: the rest is paid in cash."""
        off = [self.till.off_line(row) for row in self.quote["off_lines"]]
        lines = [*self.lines, *off]
        total = round(sum(line["price_subtotal_incl"] for line in lines) * MINOR)
        card = self.quote["card_payment"] if card_minor is None else card_minor
        payments = []
        if card:
            payments.append(
                self.till.payment(self.till.card_method, card, self.payment)
            )
        if total - card:
            payments.append(self.till.payment(self.till.cash, total - card))
        return self.till.order(self.key, lines, payments, **values)
