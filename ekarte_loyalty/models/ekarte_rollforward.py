from odoo import fields, models
from odoo.tools import SQL

from ..queries import queries

LIABILITY_KEYS = [
    ("LGC", "Gift cards"),
    ("LBN", "Bonuses"),
    ("LPS", "Visit passes"),
    ("LPL", "Pool of bonuses"),
]

CONTRA_OF = {"LGC": "LGX", "LBN": "LBX"}
"""Where expected breakage lowers a liability."""


class EkarteRollforward(models.Model):
    """Liabilities month by month: the card ledger's movements, tied to the books."""

    _name = "ekarte.rollforward"
    _description = "Roll-forward of Liabilities"
    _auto = False
    _order = "month desc, company_id, account_key, program_code"
    _rec_name = "month_name"
    _depends = {
        "account.move": ["ekarte_key", "ekarte_day", "ekarte_reestimate_id", "date"],
        "account.move.line": [
            "account_id",
            "balance",
            "ekarte_line_id",
            "parent_state",
        ],
        "ekarte.settlement": ["state"],
    }

    month = fields.Date("Begins On", readonly=True)
    month_name = fields.Char("Month", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    account_key = fields.Selection(LIABILITY_KEYS, string="Liability", readonly=True)
    program_id = fields.Many2one("ekarte.program", readonly=True)
    program_code = fields.Char(readonly=True)
    opening = fields.Monetary(readonly=True)
    issued = fields.Monetary(
        readonly=True, help="Loaded, earned and given: liability that was built up."
    )
    redeemed = fields.Monetary(readonly=True, help="Released by use.")
    expired = fields.Monetary(readonly=True)
    reversed = fields.Monetary(
        readonly=True, help="Goods brought back, operations undone, loads taken back."
    )
    reestimated = fields.Monetary(
        string="Re-estimated",
        readonly=True,
        help="By how much expected breakage lowered the liability, or raised it again.",
    )
    by_hand = fields.Monetary(
        readonly=True, help="Journal items that no document of E-karte stands behind."
    )
    closing = fields.Monetary(readonly=True)
    gl = fields.Monetary(
        string="General Ledger",
        readonly=True,
        help="Balance of the liability at the end of the month, less what is expected"
        " never to be used.",
    )
    difference = fields.Monetary(readonly=True)

    @property
    def _table_query(self):
        return SQL(
            "SELECT *, gl - closing AS difference FROM (%s) AS rollforward",
            SQL(queries("liability.sql")["rollforward"]),
        )

    def action_open_lines(self):
        """Open the settled lines that moved the liability in this month."""
        self.ensure_one()
        end = fields.Date.end_of(self.month, "month")
        if not self.program_code:
            return self._open_items_by_hand(end)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ekarte_loyalty.ekarte_settlement_line_action"
        )
        owner = "liable" if self.account_key == "LPL" else "issuer"
        issuer = self.env["ekarte.issuer"].search(
            [("company_id", "=", self.company_id.id)]
        )
        return {
            **action,
            "name": self.program_id.display_name or self.program_code,
            "domain": [
                (owner, "=", issuer.code),
                ("program", "=", self.program_code),
                ("settlement_id.state", "=", "posted"),
                ("day", ">=", self.month),
                ("day", "<=", end),
            ],
            "context": {},
        }

    def _open_items_by_hand(self, end):
        """Items of the month that no document of E-karte stands behind."""
        keys = [self.account_key, CONTRA_OF.get(self.account_key)]
        accounts = [self.company_id._ekarte_account(key).id for key in keys if key]
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("By hand"),
            "res_model": "account.move.line",
            "views": [(False, "list"), (False, "form")],
            "domain": [
                ("account_id", "in", accounts),
                ("company_id", "=", self.company_id.id),
                ("parent_state", "=", "posted"),
                ("move_id.ekarte_key", "=", False),
                ("date", ">=", self.month),
                ("date", "<=", end),
            ],
            "context": {"create": False},
        }
