from dataclasses import asdict
from decimal import Decimal

from odoo import api, models

from ekarte_core import Line

from ..till_lines import TillLine, net_goods, spread
from .ekarte_checkout import OFF_ROLES

CENT_APART = 1
"""The browser rounds tax in floating point: a line may differ by one cent."""


class EkarteCheckoutCart(models.Model):
    _inherit = "ekarte.checkout"

    # From carts to the ledger's lines

    @api.model
    def _sorted_out(self, config, lines):
        """Return (bought, returned, loads): what a cart is made of, tips left out."""
        products = self.env["product.product"].browse(
            {line.product_id for line in lines}
        )
        known = {product.id: product for product in products.exists()}
        tip = config.tip_product_id.id
        bought, returned, loads = [], [], []
        for line in lines:
            product = known.get(line.product_id)
            if product is None or line.product_id == tip:
                continue
            if product.ekarte_load:
                loads.append(line)
            elif line.refunds:
                returned.append(line)
            else:
                bought.append(line)
        return bought, returned, loads

    @api.model
    def _goods(self, lines):
        """Return goods as dicts, lowered by other modules' money off, with groups."""
        products = self.env["product.product"].browse
        goods = []
        for line in net_goods(lines):
            product = products(line.product_id)
            goods.append(
                {
                    "uuid": line.uuid,
                    "sku": (product.default_code or product.barcode or "")[:64],
                    "group": product.product_tmpl_id._ekarte_goods_group_code(),
                    "qty": line.qty.lstrip("-"),
                    "amount": line.gross,
                    "taxes": list(line.tax_ids),
                    "discount": 0,
                    "reduction": 0,
                }
            )
        return goods

    @api.model
    def _core_lines(self, goods):
        return tuple(
            Line(
                sku=one["sku"],
                group=one["group"],
                quantity=one["qty"],
                amount=one["amount"],
            )
            for one in goods
        )

    # From the ledger's answer to document lines

    @api.model
    def _share_out(self, goods, answer):
        """Write into each line of goods what of the answer is its own."""
        for one, told in zip(goods, answer.lines, strict=True):
            one["discount"] = told.discount
        nets = [one["amount"] - one["discount"] for one in goods]
        for one, part in zip(goods, spread(answer.price_reduction, nets), strict=True):
            one["reduction"] = part

    @api.model
    def _off_lines(self, company, goods, rates, sign=1):
        """Return money off as lines of the order, one for each role and tax set.

        `sign` -1: goods come back, and what was off them is added again. `rates`: the
        discount's rate by line, for its name.
        """
        found = []
        for role in OFF_ROLES:
            parts = [
                (self.env["account.tax"].browse(one["taxes"]), sign * one[role])
                for one in goods
                if one.get(role)
            ]
            for line in self.env["ekarte.reduction"]._lines(company, parts):
                shown = {rates[one["uuid"]] for one in goods if one["discount"]}
                found.append(
                    {
                        "role": role,
                        "key": line["key"],
                        "name": self._off_name(role, shown),
                        "price_unit": line["price_unit"],
                        "tax_ids": line["tax_ids"].ids,
                        "extra_tax_data": line["extra_tax_data"],
                        "minor": line["minor"],
                    }
                )
        return found

    @api.model
    def _off_name(self, role, rates):
        if role == "reduction":
            return self.env._("Bonuses and vouchers used")
        if role == "kept":
            return self.env._("Kept for points already used")
        if len(rates) == 1 and rates != {0}:
            (rate,) = rates
            return self.env._("Card discount %(rate)s %%", rate=f"{rate / 100:g}")
        return self.env._("Card discount")

    # Carts compared

    @api.model
    def _as_json(self, lines):
        return [asdict(line) for line in lines]

    def _approved_cart(self):
        """Return the cart that was approved."""
        return [
            TillLine(**{**row, "tax_ids": tuple(row["tax_ids"])})
            for row in self.cart or []
        ]

    def _same_cart(self, lines):
        """Say whether stored lines are the cart that was approved."""
        approved = {line.uuid: line for line in self._approved_cart()}
        if approved.keys() != {line.uuid for line in lines}:
            return False
        return all(_same(approved[line.uuid], line) for line in lines)


def _same(one, other):
    return (
        one.product_id == other.product_id
        and one.tax_ids == other.tax_ids
        and one.refunds == other.refunds
        and Decimal(one.qty) == Decimal(other.qty)
        and abs(one.gross - other.gross) <= CENT_APART
    )
