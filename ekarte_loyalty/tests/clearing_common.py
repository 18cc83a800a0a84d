"""A union that clears: grocer, fuel and the outside books, run by a fourth company."""

from datetime import date

from .settlement_common import SettlementCase

PAYER = "ekarte_loyalty.ekarte_loyalty_group_accountant,account.group_account_invoice"
DAY = date(2026, 11, 21)


class ClearingCase(SettlementCase):
    """The worked figures: grocer owes fuel 120, fuel owes books 80, books grocer 50."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.union = cls._company("SIA Tests Union")
        cls.env["ekarte.accounts"]._set_up(cls.union)
        cls.operator = cls.env["ekarte.issuer"].create(
            {"code": "TUNION", "company_id": cls.union.id}
        )
        cls.coalition = cls.env["ekarte.coalition"].create(
            {
                "code": "TCLEAR",
                "name": "Tests",
                "issuer_ids": [(6, 0, cls.issuers.ids)],
                "operator_id": cls.operator.id,
                "period": "manual",
                "fee_tax_rate": 21,
                # These documents come without operations: V1 cannot agree.
                "post_when_red": True,
            }
        )
        cls.lines = cls.env["ekarte.clearing.line"]

    def trade(self):
        """Settle the worked figures."""
        return self.take(
            self.line("gift_spend", "TFUEL", "TGROCER", amount=12000, carry=12000),
            self.line("gift_spend", "TBOOKS", "TFUEL", amount=8000, carry=8000),
            self.line("gift_spend", "TGROCER", "TBOOKS", amount=5000, carry=5000),
        )

    def collected(self, **values):
        """A cycle that has collected everything up to the day."""
        cycle = self.env["ekarte.clearing.cycle"].create(
            {
                "coalition_id": self.coalition.id,
                "currency_id": self.env.ref("base.EUR").id,
                "date_to": DAY,
                **values,
            }
        )
        cycle.action_collect()
        return cycle

    def sent(self):
        cycle = self.collected()
        cycle.action_send()
        return cycle

    def agreed(self):
        cycle = self.sent()
        for statement in cycle.statement_ids:
            statement.action_agree()
        return cycle

    def posted(self):
        cycle = self.agreed()
        cycle.action_post()
        return cycle

    def nets(self, cycle, field="net"):
        return {one.issuer_id.code: one[field] for one in cycle.statement_ids}

    def statement(self, cycle, code):
        return cycle.statement_ids.filtered(lambda one: one.issuer_id.code == code)

    def books(self, cycle, company):
        """Debits by account key and partner's issuer, in cents, of a cycle's entry."""
        keys = {
            company._ekarte_account(key).id: key
            for key in ("CLR", "ARU", "APU", "ARI", "API", "XFE", "RFE", "XLS", "XCL")
        }
        sums = {}
        for item in cycle.move_ids.line_ids:
            if item.company_id != company or item.move_id.move_type != "entry":
                continue
            name = "VAT" if item.tax_line_id else keys[item.account_id.id]
            sums[name] = sums.get(name, 0) + round(item.balance * 100)
        return {name: amount for name, amount in sums.items() if amount}

    def clearing_balance(self, company):
        items = self.env["account.move.line"].search(
            [
                ("account_id", "=", company._ekarte_account("CLR").id),
                ("company_id", "=", company.id),
                ("parent_state", "=", "posted"),
            ]
        )
        return round(sum(items.mapped("balance")) * 100)
