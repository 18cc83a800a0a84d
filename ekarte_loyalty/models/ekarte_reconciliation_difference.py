"""From a row of the reconciliation to what makes the difference."""

from odoo import models

from ..in_companies import in_companies
from .ekarte_settlement_reconciliation import LIABILITIES

# Events that lower what is owed to holders, or raise what they owe: a debit.
DEBIT_EVENTS = (
    "gift_spend",
    "gift_expire",
    "gift_pay_out",
    "gift_charge_back",
    "bonus_spend",
    "bonus_expire",
    "voucher_spend",
    "voucher_expire",
    "exchange_spend",
    "pass_use",
    "pass_expire",
    "credit_spend",
)
CREDIT_EVENTS = (
    "credit_spend",
    "credit_pay",
    "credit_bill",
    "credit_charge",
    "credit_write_off",
    "credit_restore",
)
EVENTS_OF = {
    "LGC": (
        "gift_load",
        "gift_spend",
        "gift_expire",
        "gift_pay_out",
        "gift_charge_back",
        "gift_restore",
    ),
    "LBN": (
        "bonus_earn",
        "bonus_grant",
        "bonus_spend",
        "bonus_expire",
        "bonus_restore",
        "voucher_spend",
        "voucher_expire",
        "voucher_restore",
        "exchange_spend",
    ),
    "LPS": ("pass_load", "pass_use", "pass_expire"),
    "ALC": CREDIT_EVENTS,
    "ALB": CREDIT_EVENTS,
}
"""Events that change each account, by its key."""


class EkarteReconciliation(models.TransientModel):
    _inherit = "ekarte.reconciliation"

    def action_open_difference(self):
        """Open what makes the difference; where there is none, what was compared."""
        self.ensure_one()
        self.check_access("read")
        row = self.sudo()
        if row.targets and row.targets["model"]:
            return self._opened(row.targets["model"], row.targets["ids"])
        if row.code == "V14":
            return self._opened_rollforward()
        if row.code == "V8":
            return self._opened_domain("ekarte.purse", [("unit", "=", "points")])
        account = (
            row.company_id._ekarte_account(row.account_key)
            if row._of_account()
            else None
        )
        if not account:
            return self._opened("ekarte.settlement", self._settlements().ids)
        if not row.ok:
            for model, ids in row._suspects(account):
                if ids:
                    return self._opened(model, ids)
        return self._opened_domain(
            "account.move.line",
            [
                ("account_id", "=", account.id),
                ("parent_state", "=", "posted"),
                ("company_id", "=", row.company_id.id),
                *([("partner_id", "=", row.partner_id.id)] if row.partner_id else ()),
            ],
        )

    def _of_account(self):
        return self.account_key and self.account_key != "VATO"

    def _suspects(self, account):
        """Yield (model, ids) of what may make the difference, the likeliest first."""
        found = {
            "account": account.id,
            "company": self.company_id.id,
            "partner": self.partner_id.id or 0,
        }
        if self.code == "TND":
            yield "account.move.line", self._asked_ids("items_of_open_days", **found)
            return
        yield "account.move.line", self._asked_ids("items_by_hand", **found)
        if self.account_key in EVENTS_OF:
            yield (
                "ekarte.settlement.line",
                self._asked_ids(
                    "lines_booked_otherwise",
                    **found,
                    key=self.account_key,
                    events=EVENTS_OF[self.account_key],
                    debit=DEBIT_EVENTS,
                ),
            )
        if self.account_key in LIABILITIES:
            issuer = self.env["ekarte.issuer"].search(
                [("company_id", "=", self.company_id.id)]
            )
            yield (
                "ekarte.lot",
                self._asked_ids("lots_without_entries", issuer=issuer.code),
            )
        if self.account_key == "CLR":
            companies = self.env["ekarte.issuer"].search([]).company_id
            accounts = [one._ekarte_account("CLR").id for one in companies]
            yield (
                "ekarte.settlement.line",
                self._asked_ids(
                    "lines_cleared_unequally",
                    accounts=accounts,
                    company=self.company_id.id,
                ),
            )

    def _asked_ids(self, query, **values):
        rows = self.env["ekarte.settlement"]._asked(query, **values)
        return [number for (number,) in rows]

    def _settlements(self):
        """Settlements of the row's company, which is what a check of them compared."""
        return self.env["ekarte.settlement"].search(
            [("company_ids", "in", self.company_id.ids)] if self.company_id else []
        )

    def _opened_rollforward(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ekarte_loyalty.ekarte_rollforward_action"
        )
        return {
            **action,
            "domain": [
                ("company_id", "=", self.company_id.id),
                ("account_key", "=", self.account_key),
            ],
            "context": {},
        }

    def _opened(self, model, ids):
        return self._opened_domain(model, [("id", "in", ids)])

    def _opened_domain(self, model, domain):
        action = {
            "type": "ir.actions.act_window",
            "name": self.env._("%(check)s: behind the figures", check=self.code),
            "res_model": model,
            "views": [(False, "list"), (False, "form")],
            "domain": domain,
            "context": {"create": False},
        }
        # The books of the row's company, switched on at the moment or not.
        return in_companies(action, self.company_id & self.env.user.company_ids)
