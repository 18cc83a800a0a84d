from odoo import fields, models
from odoo.exceptions import UserError


class EkarteSettlementReversal(models.TransientModel):
    _name = "ekarte.settlement.reversal"
    _description = "Reverse an E-karte Settlement"

    settlement_ids = fields.Many2many("ekarte.settlement", required=True)
    date = fields.Date(
        required=True,
        default=fields.Date.context_today,
        help="Date of the reversal entries; later where the period is locked.",
    )
    reason = fields.Char(required=True)

    def action_reverse(self):
        """Reverse every entry of the settlements, in all companies at once."""
        self.ensure_one()
        self.settlement_ids._check_accountant()
        self.settlement_ids.lock_for_update()
        for settlement in self.settlement_ids.sudo():
            settlement._reverse(self.date, self.reason)
        return {"type": "ir.actions.act_window_close"}


class EkarteSettlement(models.Model):
    _inherit = "ekarte.settlement"

    def _reverse(self, date, reason):
        """Undo the entries with entries; the document and both postings stay."""
        self.ensure_one()
        if self.state != "posted":
            raise UserError(
                self.env._(
                    "%(settlement)s is not posted: there is nothing to reverse.",
                    settlement=self.display_name,
                )
            )
        for move in self._current_moves():
            taxed = bool(move.line_ids.tax_ids)
            books = move.with_company(move.company_id).with_context(
                ekarte_reversal=True
            )
            reversal = books._reverse_moves(
                [
                    {
                        "date": self._open_date(move.company_id, date, taxed),
                        "ref": self.env._(
                            "Reversal of %(entry)s: %(reason)s",
                            entry=move.name,
                            reason=reason,
                        ),
                    }
                ],
                cancel=True,
            )
            reversal.write(
                {
                    "ekarte_settlement_id": self.id,
                    "ekarte_day": move.ekarte_day,
                    "ekarte_key": f"{move.ekarte_key}/reversal",
                }
            )
        self.state = "reversed"
        self.message_post(
            body=self.env._("Reversed: %(reason)s", reason=reason),
            subtype_xmlid="mail.mt_note",
        )
