from odoo import api, fields, models
from odoo.exceptions import UserError


class EkarteDrawWinner(models.Model):
    """Who won: kept as the ledger told it, so that prizes can be handed over."""

    _name = "ekarte.draw.winner"
    _description = "Winner of a draw"
    _order = "draw_id, place"
    _rec_name = "prize"

    draw_id = fields.Many2one(
        "ekarte.draw", required=True, ondelete="restrict", index=True, readonly=True
    )
    company_id = fields.Many2one(related="draw_id.company_id", store=True)
    place = fields.Integer(required=True, readonly=True)
    prize = fields.Char(required=True, readonly=True)
    pseudonym = fields.Char("Line of the List", required=True, readonly=True)
    # A window on the ledger: no foreign key, and cards are never deleted there.
    card_id = fields.Many2one("ekarte.card", required=True, readonly=True)
    partner_id = fields.Many2one("res.partner", "Holder", compute="_compute_partner_id")
    handed_over_at = fields.Datetime("Handed Over", readonly=True)
    handed_over_by_id = fields.Many2one("res.users", "By", readonly=True)

    _place_uniq = models.UniqueIndex("(draw_id, place)", "A place is won once.")

    @api.depends("card_id", "draw_id.issuer_id")
    def _compute_partner_id(self):
        holders = self.env["ekarte.holder"]
        for winner in self:
            cards = winner.card_id.sharing_ids or winner.card_id
            held = holders._of(cards.ids, winner.draw_id.issuer_id)
            # Nobody for a bearer's card: it is paid out to who shows it.
            winner.partner_id = next(iter(held.values()), False)

    def action_hand_over(self):
        """Note that the prize was handed over; once."""
        self.check_access("read")
        if not self.env.user.has_group("ekarte_loyalty.ekarte_loyalty_group_operator"):
            raise UserError(self.env._("Only operators hand over prizes."))
        self.lock_for_update()
        self.invalidate_recordset(["handed_over_at"])
        for winner in self:
            if winner.handed_over_at:
                raise UserError(self.env._("%s was handed over already.", winner.prize))
        self.sudo().write(
            {
                "handed_over_at": fields.Datetime.now(),
                "handed_over_by_id": self.env.uid,
            }
        )
