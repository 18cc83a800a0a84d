from odoo import api, fields, models

from ..ledger_key import LedgerKey
from .ekarte_settlement_line import EVENTS


class EkarteClearingLine(models.Model):
    """What one operation makes two issuers owe each other, as one of them sees it.

    Made by settlements as they are posted, never by hand and never changed: what is
    wrong is taken back by a new line (docs/adr/0024).
    """

    _name = "ekarte.clearing.line"
    _description = "Clearing Line"
    _order = "day desc, id desc"
    _rec_name = "event"

    settlement_id = fields.Many2one(
        "ekarte.settlement",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    settlement_line_id = fields.Many2one(
        "ekarte.settlement.line",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    posting_number = fields.Integer(required=True, readonly=True, aggregator=None)
    origin = fields.Selection(
        [
            ("booked", "Booked"),
            ("reversed", "Settlement reversed"),
            ("ruled", "Dispute upheld"),
        ],
        required=True,
        readonly=True,
        default="booked",
        help="Where the line comes from; the last two take an earlier line back.",
    )
    # 0: the settlement came without its operations.
    operation_id = LedgerKey("Operation", readonly=True, aggregator=None)
    day = fields.Date(string="Business Day", required=True, readonly=True)
    event = fields.Selection(EVENTS, required=True, readonly=True)
    program_id = fields.Many2one("ekarte.program", readonly=True)
    branch_id = fields.Many2one("ekarte.branch", readonly=True)
    coalition_id = fields.Many2one("ekarte.coalition", readonly=True, index=True)
    issuer_id = fields.Many2one(
        "ekarte.issuer",
        string="Of",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        help="In whose account with the others this line stands.",
    )
    other_id = fields.Many2one(
        "ekarte.issuer",
        string="With",
        required=True,
        readonly=True,
        ondelete="restrict",
    )
    side = fields.Selection(
        [("receive", "To receive"), ("pay", "To pay")],
        required=True,
        readonly=True,
        help="By what happened; what is taken back has a minus sign on the same side.",
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    nominal = fields.Monetary(
        readonly=True, help="Value on the card that was used or loaded."
    )
    amount = fields.Monetary(
        required=True,
        readonly=True,
        help="What the one is to receive from the other; below zero: to pay.",
    )
    token = fields.Char(
        string="Card",
        readonly=True,
        help="Stands for the card's number; another one at each issuer.",
    )
    cycle_id = fields.Many2one(
        "ekarte.clearing.cycle",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        copy=False,
    )
    statement_id = fields.Many2one(
        "ekarte.clearing.statement",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        copy=False,
    )
    state = fields.Selection(
        [
            ("open", "Open"),
            ("disputed", "Disputed"),
            ("closed", "Closed"),
        ],
        required=True,
        readonly=True,
        default="open",
        help="Closed: a posted cycle has cleared it.",
    )

    # An event is claimed once on each side, however often it is tried.
    _piece_uq = models.UniqueIndex(
        "(settlement_line_id, operation_id, posting_number, origin, issuer_id,"
        " other_id)",
        "This operation stands in clearing already.",
    )
    _open_idx = models.Index("(coalition_id, currency_id, day) WHERE state <> 'closed'")

    @api.depends("event", "branch_id")
    def _compute_display_name(self):
        events = dict(self._fields["event"]._description_selection(self.env))
        for line in self:
            place = line.branch_id.name
            line.display_name = " · ".join(filter(None, [events[line.event], place]))

    def action_open_operation(self):
        """Open the card operation behind this line."""
        self.ensure_one()
        return self.env["ekarte.settlement.line"]._operations_action(
            [("id", "=", self.operation_id)], self.display_name
        )
