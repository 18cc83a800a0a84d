from collections import defaultdict
from decimal import Decimal

from odoo import api, models

from ekarte_core import Line

from ..units import spread, to_minor

LINES_MAX = 200
"""The ledger takes no more; above it, lines of one group and tax are one."""


class EkarteBasket(models.AbstractModel):
    """Turns lines of a document into goods as the card ledger sees them."""

    _name = "ekarte.basket"
    _description = "Goods of a Document"

    @api.model
    def _goods(self, rows):
        """Return the goods: [(product, taxes, quantity, minor)], nothing negative.

        Negative rows are what other programs take off: each lowers the goods of its own
        taxes, what they cannot take the other goods do, in proportion.

        Args:
            rows: the same, with discounts of other programs as negative rows.
        """
        goods = [row for row in rows if row[3] > 0]
        amounts = [row[3] for row in goods]
        for _product, taxes, _quantity, off in rows:
            if off >= 0:
                continue
            like = [n for n, row in enumerate(goods) if row[1] == taxes]
            left = _take_off(amounts, like, -off)
            _take_off(amounts, range(len(goods)), left)
        return [
            (product, taxes, quantity, amount)
            for (product, taxes, quantity, _gross), amount in zip(
                goods, amounts, strict=True
            )
            if amount > 0
        ]

    @api.model
    def _parts(self, goods):
        """Return [(taxes, Line)] for the ledger; at most as many as it takes."""
        parts = [
            (taxes, self._line(product, quantity, minor))
            for product, taxes, quantity, minor in goods
        ]
        if len(parts) <= LINES_MAX:
            return parts
        sums = defaultdict(int)
        for taxes, line in parts:
            sums[taxes, line.group] += line.amount
        return [
            (taxes, Line(group=group, amount=amount))
            for (taxes, group), amount in sums.items()
        ]

    @api.model
    def _line(self, product, quantity, minor):
        return Line(
            sku=(product.default_code or product.barcode or "")[:64],
            group=product.product_tmpl_id._ekarte_goods_group_code(),
            quantity=f"{Decimal(str(quantity or 1)).quantize(Decimal('0.001'))}",
            amount=minor,
        )

    @api.model
    def _money_off(self, parts, answer):
        """Return what an answer takes off: {role: [(taxes, minor)]}.

        `discount` as decided line by line; `reduction`, bonus money and vouchers of
        the seller itself, over what the lines cost after it.
        """
        discounts = self._discounts(parts, answer)
        net = [
            line.amount - off
            for (_taxes, line), off in zip(parts, discounts, strict=True)
        ]
        reductions = spread(answer.price_reduction, net)
        taxes = [taxes for taxes, _line in parts]
        return {
            "discount": list(zip(taxes, discounts, strict=True)),
            "reduction": list(zip(taxes, reductions, strict=True)),
        }

    def _discounts(self, parts, answer):
        told = [line.discount for line in answer.lines]
        if len(told) == len(parts) and sum(told) == answer.discount:
            return told
        return spread(answer.discount, [line.amount for _taxes, line in parts])

    @api.model
    def _document_rows(self, lines, quantity_field):
        """Return the rows of document lines, for `_goods`."""
        return [
            (line.product_id, line.tax_ids, line[quantity_field], to_minor(total))
            for line in lines
            if (total := line.price_total)
        ]


def _take_off(amounts, places, off):
    """Take money off some of the amounts in proportion; return what is left of it."""
    places = list(places)
    whole = sum(amounts[place] for place in places)
    taken = min(off, whole)
    weights = [amounts[place] for place in places]
    for place, less in zip(places, spread(taken, weights), strict=True):
        amounts[place] -= less
    return off - taken
