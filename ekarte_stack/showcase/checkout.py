"""A morning at a till of Odoo: what a browser would send, sent from here."""

import random
from typing import Any
from uuid import uuid4

from ekarte_core import APPROVED
from ekarte_stack.showcase.town import CLUB, FAMILY, Card, Town

TILL, CASHIER = "Centrs, Odoo kase 1", "cashier.grocer"
ORDERS = 14
GOODS_MOST = 5
LEAST_BONUS = 100  # cents, below which nobody bothers to pay with it


class Checkout:
    """Sells to members of the club with Odoo's Point of Sale, and closes the day."""

    def __init__(self, env: Any, dice: random.Random, town: Town) -> None:
        self._dice, self._town = dice, town
        configs = env["pos.config"].search([("name", "=", TILL)])
        cashier = env["res.users"].search([("login", "=", CASHIER)])
        self._config = configs.with_user(cashier).with_company(configs.company_id)
        self._goods = env["product.product"].search(
            [
                ("company_id", "=", configs.company_id.id),
                ("available_in_pos", "=", True),
                ("ekarte_goods_group_id", "!=", False),
                ("list_price", "<", 10),
            ]
        )

    def morning(self) -> None:
        """Open the till, sell, close it."""
        self._config.open_ui()
        session = self._config.current_session_id
        session.set_opening_control(0, None)
        cards = [
            card
            for customer in self._town.customers
            for kind, card in customer.cards.items()
            if kind in (CLUB, FAMILY) and card.opened and not card.lost
        ]
        for card in self._dice.sample(cards, min(ORDERS, len(cards))):
            self._sell(card)
        data = session.get_closing_control_data()
        session.post_closing_cash_details(data["default_cash_details"]["amount"])
        session.update_closing_control_state_session("")
        session.close_session_from_ui([])

    def _sell(self, card: Card) -> None:
        """Scan some goods and the card; pay with its bonus money what there is."""
        order = str(uuid4())
        count = self._dice.randint(1, GOODS_MOST)
        goods = [
            (str(uuid4()), product, self._dice.choice((1, 1, 1, 2)))
            for product in self._dice.sample(list(self._goods), count)
        ]
        lines = [self._told(*line) for line in goods]
        seen = {"kind": "scan", "value": card.number}
        quote = self._config.ekarte_identify(order, seen, lines)
        if quote["rc"] not in APPROVED:
            return  # blocked in the year: the cashier is told
        payment, paid = str(uuid4()), 0
        if card.bonus >= LEAST_BONUS:
            held = self._config.ekarte_hold(
                order, payment, lines, {"bonus": LEAST_BONUS}
            )
            if held["held"]:
                quote, paid = held, held["card_payment"]
        self._store(order, goods, quote["off_lines"], payment, paid)

    def _told(self, uuid: str, product: Any, count: int) -> dict[str, Any]:
        """A line as the browser tells it to the card's doors."""
        return {
            "uuid": uuid,
            "product_id": product.id,
            "qty": f"{count:.3f}",
            "gross": self._minor(product, count),
            "tax_ids": product.taxes_id.ids,
            "refunded_orderline_id": False,
            "role": "goods",
        }

    def _minor(self, product: Any, count: int) -> int:
        found = product.taxes_id.compute_all(
            product.lst_price, self._config.currency_id, count
        )
        return round(found["total_included"] * 100)

    def _store(
        self,
        order: str,
        goods: list[tuple[str, Any, int]],
        off: list[dict[str, Any]],
        payment: str,
        paid: int,
    ) -> None:
        due = sum(self._minor(product, count) for _, product, count in goods)
        due -= sum(line["minor"] for line in off)
        methods = self._config.payment_method_ids
        by_card = methods.filtered(lambda one: one.use_payment_terminal == "ekarte")
        cash = methods.filtered("is_cash_count")
        payments = [(by_card, payment, paid), (cash, str(uuid4()), due - paid)]
        product = self._config.sudo().ekarte_discount_product_id
        self._config.env["pos.order"].sync_from_ui(
            [
                {
                    "uuid": order,
                    "access_token": str(uuid4()),
                    "state": "paid",
                    "session_id": self._config.current_session_id.id,
                    "config_id": self._config.id,
                    "company_id": self._config.company_id.id,
                    "pricelist_id": self._config.pricelist_id.id,
                    "fiscal_position_id": False,
                    "user_id": self._config.env.uid,
                    "partner_id": False,
                    "amount_paid": due / 100,
                    "amount_total": due / 100,
                    "amount_tax": 0,
                    "amount_return": 0,
                    "to_invoice": False,
                    "is_refund": False,
                    "last_order_preparation_change": "{}",
                    "lines": [
                        *((0, 0, self._sold(*line)) for line in goods),
                        *((0, 0, _taken_off(line, product.id)) for line in off),
                    ],
                    "payment_ids": [
                        (0, 0, _payment(*one)) for one in payments if one[2]
                    ],
                }
            ]
        )

    def _sold(self, uuid: str, product: Any, count: int) -> dict[str, Any]:
        gross = self._minor(product, count) / 100
        return {
            "uuid": uuid,
            "product_id": product.id,
            "qty": count,
            "price_unit": product.lst_price,
            "tax_ids": [(6, 0, product.taxes_id.ids)],
            "price_subtotal": gross,
            "price_subtotal_incl": gross,
            "full_product_name": product.name,
        }


def _taken_off(line: dict[str, Any], product: int) -> dict[str, Any]:
    """A line by which the card lowers the order, as the browser adds it."""
    return {
        "uuid": str(uuid4()),
        "product_id": product,
        "qty": 1,
        "price_unit": line["price_unit"],
        "tax_ids": [(6, 0, line["tax_ids"])],
        "price_subtotal": -line["minor"] / 100,
        "price_subtotal_incl": -line["minor"] / 100,
        "full_product_name": line["name"],
        "extra_tax_data": line["extra_tax_data"],
        "ekarte_role": line["role"],
        "ekarte_key": line["key"],
    }


def _payment(method: Any, uuid: str, minor: int) -> dict[str, Any]:
    return {
        "uuid": uuid,
        "amount": minor / 100,
        "payment_method_id": method.id,
        "payment_status": "done",
    }
