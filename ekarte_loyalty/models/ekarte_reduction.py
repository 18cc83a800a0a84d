from odoo import api, models

from ..units import MINOR_DIGITS, to_minor


class EkarteReduction(models.AbstractModel):
    """Turns money off into document lines, one for each set of taxes.

    A price that falls takes its tax with it (EU directive 2006/112/EC, article 79), so
    money off goods of two rates becomes two lines. Amounts are exact: a line's total
    with tax is what the card ledger decided, whatever the prices include.
    """

    _name = "ekarte.reduction"
    _description = "Price Reduction by a Card"

    @api.model
    def _lines(self, company, parts):
        """Return the lines for money off.

        Args:
            company: whose currency and rounding apply.
            parts: (taxes, minor units off, tax included) of each line of goods.

        Returns:
            [{"key", "tax_ids", "price_unit", "extra_tax_data", "minor"}] sorted by key:
            taxes as a recordset, the price of one piece (negative), the amounts of tax
            that go with it, and what it takes off.
        """
        sums = {}
        for taxes, minor in parts:
            # A deposit or an eco tax stays: it is paid by the piece.
            lowered = taxes.filtered(lambda tax: tax.amount_type != "fixed")
            sums[lowered] = sums.get(lowered, 0) + minor
        return sorted(
            (
                self._line(company, taxes, minor)
                for taxes, minor in sums.items()
                if minor
            ),
            key=lambda line: line["key"],
        )

    @api.model
    def _line(self, company, taxes, minor):
        key = "-".join(map(str, sorted(taxes.ids))) or "0"
        base_line = self._base_line(company, taxes, -minor)
        base_line["computation_key"] = f"ekarte,{key}"
        tax = self.env["account.tax"]
        return {
            "key": key,
            "tax_ids": taxes,
            "price_unit": base_line["price_unit"],
            "extra_tax_data": tax._export_base_line_extra_tax_data(base_line),
            "minor": minor,
        }

    @api.model
    def _base_line(self, company, taxes, minor):
        """Return a line whose total with tax is `minor`.

        Not every sum is the total of a price without tax in whole cents, so the line
        says itself what of it is tax.
        """
        currency = company.currency_id
        parts = {
            "quantity": 1.0,
            "tax_ids": taxes,
            "currency_id": currency,
        }
        line = taxes._prepare_base_line_for_taxes_computation(
            {},
            price_unit=minor / 10**MINOR_DIGITS,
            special_mode="total_included",
            **parts,
        )
        taxes._add_tax_details_in_base_line(line, company, "round_globally")
        details = line["tax_details"]
        amounts = {
            one["tax"]: currency.round(one["raw_tax_amount_currency"])
            for one in details["taxes_data"]
        }
        excluded = currency.round(minor / 10**MINOR_DIGITS - sum(amounts.values()))
        price = details["raw_total_excluded_currency"] + sum(
            one["raw_tax_amount_currency"]
            for one in details["taxes_data"]
            if one["tax"].price_include
        )
        return taxes._prepare_base_line_for_taxes_computation(
            {},
            price_unit=price,
            manual_total_excluded_currency=excluded,
            manual_total_excluded=excluded,
            manual_tax_amounts={
                str(one["tax"].id): {
                    "tax_amount_currency": amounts[one["tax"]],
                    "tax_amount": amounts[one["tax"]],
                    "base_amount_currency": currency.round(
                        one["raw_base_amount_currency"]
                    ),
                    "base_amount": currency.round(one["raw_base_amount_currency"]),
                }
                for one in details["taxes_data"]
            },
            **parts,
        )

    @api.model
    def _gross(self, base_lines, company):
        """Return the total with tax of each base line, in minor units."""
        tax = self.env["account.tax"]
        found = []
        for line in base_lines:
            # Each for itself: what rounding over the document moves is not a line's.
            tax._add_tax_details_in_base_lines([line], company)
            tax._round_base_lines_tax_details([line], company)
            details = line["tax_details"]
            found.append(
                to_minor(
                    details["total_excluded_currency"]
                    + details["delta_total_excluded_currency"]
                    + sum(one["tax_amount_currency"] for one in details["taxes_data"])
                )
            )
        return found
