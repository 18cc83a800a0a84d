from odoo import fields, models
from odoo.tools import SQL

from ..queries import queries
from .account_keys import ACCOUNT_KEYS, AccountKey


class EkarteTrialBalance(models.Model):
    """Every account of E-karte at every issuer: in the pivot, rows times columns."""

    _name = "ekarte.trial.balance"
    _description = "Trial Balance of the Coalition"
    _auto = False
    _order = "account_key, issuer_id, date, id"
    _rec_name = "account_id"
    _depends = {
        "account.move.line": ["account_id", "debit", "credit", "parent_state"],
        "ekarte.clearing.line": ["amount", "state"],
    }

    account_key = fields.Selection(
        lambda self: self._account_keys(), string="Used For", readonly=True
    )
    issuer_id = fields.Many2one("ekarte.issuer", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    account_id = fields.Many2one("account.account", readonly=True)
    partner_id = fields.Many2one("res.partner", string="With", readonly=True)
    date = fields.Date(readonly=True)
    debit = fields.Monetary(readonly=True)
    credit = fields.Monetary(readonly=True)
    balance = fields.Monetary(readonly=True)

    def _account_keys(self):
        taxes = [("VATO", self.env._("Output tax")), ("VATI", self.env._("Input tax"))]
        kinds = [(key, self.env._(kind.name)) for key, kind in ACCOUNT_KEYS.items()]
        return [(key, f"{key} {name}") for key, name in kinds + taxes]

    @property
    def _table_query(self):
        return SQL(
            queries("liability.sql")["trial_balance"],
            accounts=SQL(", ").join(
                SQL("(%s, %s, c.%s)", n, key, SQL.identifier(AccountKey.field(key)))
                for n, key in enumerate(ACCOUNT_KEYS)
            ),
        )
