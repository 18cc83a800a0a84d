"""What terminals did on their own and people have to look at."""

from odoo import fields, models
from odoo.exceptions import AccessError

from odoo.addons.ekarte_loyalty.models.ekarte_operation import ANSWERS, COMMANDS

KINDS = [
    ("funds", "Not enough on the card"),
    ("voucher", "Voucher without value"),
    ("discount", "Too much discount"),
    ("paid_out", "Too much paid out"),
    ("not_booked", "Not booked"),
    ("card_refused", "Card would be refused"),
    ("card_unknown", "Unknown card"),
    ("not_allowed", "Not allowed offline"),
    ("over_amount", "Over the limit of an operation"),
    ("over_card_day", "Over the card's limit of a day"),
    ("over_count", "Too many in a row"),
    ("late", "Told too late"),
    ("clock", "Clock ahead"),
    ("counter", "Chip counter went back"),
    ("batch_closed", "Batch was closed"),
]
MAY_MARK = (
    "ekarte_loyalty.ekarte_loyalty_group_issuer",
    "ekarte_loyalty.ekarte_loyalty_group_accountant",
)


class EkarteOfflineException(models.Model):
    _name = "ekarte.offline.exception"
    _description = "Offline exception"
    _inherit = ["ekarte.ledger.view.mixin"]
    _auto = False
    _order = "operation_key desc, id"
    _ledger_path = "ekarte_pos_terminal/sql"
    _ledger_key = ("operation_key", 100)
    _depends = {
        "ekarte.branch": ["code"],
        "ekarte.issuer": ["code"],
        "ekarte.terminal": ["code"],
        "ekarte.offline.handled": ["exception_key", "note"],
    }

    name = fields.Char("Operation Number", readonly=True)
    # An integer: operation ids outgrow what a many2one column can hold.
    operation_key = fields.Integer(readonly=True, aggregator=None)
    kind = fields.Selection(KINDS, "What Is Wrong", readonly=True)
    rc = fields.Selection(
        ANSWERS,
        "Online Answer",
        readonly=True,
        help="What the terminal would have been answered, had it been able to ask.",
    )
    amount = fields.Monetary(
        readonly=True,
        help="What is missing, or goes beyond what was allowed: it is borne by the "
        "issuer of the terminal.",
    )
    told_at = fields.Datetime("Told", readonly=True)
    done_at = fields.Datetime("Done", readonly=True)
    command = fields.Selection(COMMANDS, readonly=True)
    card_id = fields.Many2one("ekarte.card", readonly=True)
    reference = fields.Char("Receipt", readonly=True)
    operation_amount = fields.Monetary(readonly=True)
    terminal_id = fields.Many2one("ekarte.terminal", readonly=True)
    branch_id = fields.Many2one("ekarte.branch", readonly=True)
    issuer_id = fields.Many2one("ekarte.issuer", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    state = fields.Selection([("open", "To Do"), ("done", "Done")], readonly=True)
    note = fields.Char("What Was Done", readonly=True)
    handled_by = fields.Many2one("res.users", readonly=True)
    handled_at = fields.Datetime("Marked", readonly=True)

    def action_done(self):
        """Ask what was done about these, and mark them."""
        self._check_may_mark()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("What Was Done?"),
            "res_model": "ekarte.offline.done",
            "view_mode": "form",
            "target": "new",
            "context": {"default_exception_keys": ",".join(map(str, self.ids))},
        }

    def action_open_operation(self):
        """Open the operation that it is about."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "ekarte.operation",
            "res_id": self.operation_key,
            "views": [(False, "form")],
        }

    def action_open_again(self):
        """These are to be looked at again."""
        self._check_may_mark()
        self._handled().unlink()
        self.invalidate_model()

    def mark_done(self, note):
        """Remember that somebody has seen to these; done ones stay as they are."""
        self._check_may_mark()
        rows = self.filtered(lambda one: one.state == "open")
        self.env["ekarte.offline.handled"].sudo().create(
            [{"exception_key": str(one.id), "note": note} for one in rows]
        )
        self.invalidate_model()

    def _handled(self):
        keys = [str(one.id) for one in self]
        handled = self.env["ekarte.offline.handled"].sudo()
        return handled.search([("exception_key", "in", keys)])

    def _check_may_mark(self):
        self.check_access("read")
        if not any(self.env.user.has_group(group) for group in MAY_MARK):
            raise AccessError(
                self.env._("Operators and accountants work off offline exceptions.")
            )
