from odoo import api, fields, models
from odoo.exceptions import UserError

# How the keys of entries begin that the back office posts.
OFFICE_KEYS = ("card/", "allowance/")


class AccountMove(models.Model):
    _inherit = "account.move"

    ekarte_settlement_id = fields.Many2one(
        "ekarte.settlement",
        string="E-karte Settlement",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    ekarte_cycle_id = fields.Many2one(
        "ekarte.clearing.cycle",
        string="E-karte Clearing",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    ekarte_reestimate_id = fields.Many2one(
        "ekarte.reestimate",
        string="E-karte Re-estimate",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    ekarte_dispute_id = fields.Many2one(
        "ekarte.clearing.dispute",
        string="E-karte Dispute",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    ekarte_day = fields.Date(
        string="Business Day",
        readonly=True,
        copy=False,
        help="The day on which the operations happened; the entry's own date is later "
        "where the period was locked.",
    )
    ekarte_key = fields.Char(readonly=True, copy=False)

    # The last guard against booking a settlement twice.
    _ekarte_key_uq = models.UniqueIndex(
        "(company_id, ekarte_key) WHERE ekarte_key IS NOT NULL",
        "This settlement is posted already.",
    )

    def action_open_ekarte_settlement(self):
        """Open the settlement that this entry was posted from."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "ekarte.settlement",
            "res_id": self.ekarte_settlement_id.id,
            "view_mode": "form",
        }

    @api.depends("ekarte_key")
    def _compute_show_reset_to_draft_button(self):
        super()._compute_show_reset_to_draft_button()
        settled = self.filtered("ekarte_key")
        settled.show_reset_to_draft_button = False

    def _reverse_moves(self, default_values_list=None, cancel=False):
        """Refuse to undo one entry alone: the other companies' books would differ."""
        if not self.env.context.get("ekarte_reversal"):
            self._check_ekarte_untouched()
        return super()._reverse_moves(default_values_list, cancel)

    def button_draft(self):
        """Refuse for settlements: the ledger behind them does not go back."""
        self._check_ekarte_untouched()
        return super().button_draft()

    def button_cancel(self):
        """Refuse for settlements, as `button_draft` does."""
        self._check_ekarte_untouched()
        return super().button_cancel()

    def _check_ekarte_untouched(self):
        settled = self.filtered(lambda m: m.ekarte_key and m.state == "posted")
        by_office = settled.filtered(lambda m: m.ekarte_key.startswith(OFFICE_KEYS))
        if by_office:
            raise UserError(
                self.env._(
                    "%(entries)s belong to operations on cards or to loss allowances "
                    "and stay as posted. Open the operation, or the allowance, and "
                    "choose Undo.",
                    entries=", ".join(by_office.mapped("name")),
                )
            )
        if settled:
            raise UserError(
                self.env._(
                    "%(entries)s come from E-karte settlements and stay as posted. "
                    "Open the settlement and choose Reverse instead.",
                    entries=", ".join(settled.mapped("name")),
                )
            )


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    ekarte_line_id = fields.Many2one(
        "ekarte.settlement.line",
        string="E-karte Line",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The line of the settlement behind this item, with its operations.",
    )

    ekarte_statement_id = fields.Many2one(
        "ekarte.clearing.statement",
        string="E-karte Statement",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The clearing statement that this item settles.",
    )

    def action_open_ekarte_operations(self):
        """Open the card operations behind this item."""
        self.ensure_one()
        return self.ekarte_line_id.action_open_operations()
