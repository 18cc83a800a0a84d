from odoo.tests import TransactionCase


class TestReduction(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.taxes = {
            included: cls.env["account.tax"].create(
                {
                    "name": f"21 {included}",
                    "amount": 21,
                    "type_tax_use": "sale",
                    "price_include_override": included,
                }
            )
            for included in ("tax_included", "tax_excluded")
        }
        cls.reduced = cls.env["account.tax"].create(
            {
                "name": "12",
                "amount": 12,
                "type_tax_use": "sale",
                "price_include_override": "tax_included",
            }
        )
        cls.company = cls.env.company

    def _total(self, line):
        base_line = line["tax_ids"]._prepare_base_line_for_taxes_computation(
            {},
            price_unit=line["price_unit"],
            quantity=1.0,
            tax_ids=line["tax_ids"],
            currency_id=self.company.currency_id,
            extra_tax_data=line["extra_tax_data"],
        )
        return self.env["ekarte.reduction"]._gross([base_line], self.company)

    def test_every_cent_is_met_whatever_prices_include_and_however_tax_is_rounded(self):
        for rounding in ("round_per_line", "round_globally"):
            self.company.tax_calculation_rounding_method = rounding
            for taxes in self.taxes.values():
                for minor in range(1, 200):
                    (line,) = self.env["ekarte.reduction"]._lines(
                        self.company, [(taxes, minor)]
                    )
                    self.assertEqual(self._total(line), [-minor], (rounding, minor))

    def test_money_off_goods_of_two_rates_becomes_two_lines(self):
        full = self.taxes["tax_included"]
        lines = self.env["ekarte.reduction"]._lines(
            self.company, [(full, 100), (self.reduced, 50), (full, 21)]
        )
        self.assertEqual(
            {line["tax_ids"]: line["minor"] for line in lines},
            {full: 121, self.reduced: 50},
        )

    def test_nothing_off_is_no_line(self):
        full = self.taxes["tax_included"]
        lines = self.env["ekarte.reduction"]._lines(self.company, [(full, 0)])
        self.assertEqual(lines, [])

    def test_a_deposit_is_not_lowered(self):
        full = self.taxes["tax_included"]
        deposit = self.env["account.tax"].create(
            {
                "name": "deposit",
                "amount_type": "fixed",
                "amount": 0.1,
                "type_tax_use": "sale",
            }
        )
        (line,) = self.env["ekarte.reduction"]._lines(
            self.company, [(full | deposit, 100)]
        )
        self.assertEqual(line["tax_ids"], full)
