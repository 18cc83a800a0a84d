from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import email_normalize

ACCOUNTANT = "ekarte_loyalty.ekarte_loyalty_group_accountant"


class EkarteStatementSent(models.Model):
    """That a statement was sent to the holder: the ledger knows cards only."""

    _name = "ekarte.statement.sent"
    _description = "Statement sent to a holder"
    _order = "sent_at desc, id desc"
    _rec_name = "made_on"

    # A window on the ledger: no foreign key, and purses are never deleted there.
    purse_id = fields.Many2one("ekarte.purse", required=True, readonly=True)
    made_on = fields.Date("Statement Of", required=True, readonly=True)
    partner_id = fields.Many2one(
        "res.partner", "Sent To", required=True, readonly=True, ondelete="restrict"
    )
    sent_at = fields.Datetime(
        "Sent", required=True, readonly=True, default=fields.Datetime.now
    )

    _statement_uniq = models.UniqueIndex(
        "(purse_id, made_on)", "This statement has been sent already."
    )


class EkarteProgram(models.Model):
    _inherit = "ekarte.program"

    mails_statements = fields.Boolean(
        "Statements by E-mail",
        help="Each new statement is sent to the holder, where an address is known.",
    )


class EkarteStatement(models.Model):
    _inherit = "ekarte.statement"

    def action_send(self):
        """Send the statements to their holders, as PDF."""
        if not self.env.user.has_group(ACCOUNTANT):
            raise AccessError(self.env._("Only accountants send statements."))
        without = self.filtered(lambda one: not one._address())
        if without:
            raise UserError(
                self.env._(
                    "No holder with an e-mail address is known of: %(cards)s",
                    cards=", ".join(without.card_id.mapped("number")),
                )
            )
        for statement in self:
            statement._send()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "%(count)s statements are on their way.", count=len(self)
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _address(self):
        return email_normalize(self.partner_id.email or "")

    def _send(self):
        """Send one statement; a second time where people ask for it."""
        self.ensure_one()
        template = self.env.ref("ekarte_loyalty.ekarte_statement_mail")
        template.sudo().send_mail(self.id)
        Sent = self.env["ekarte.statement.sent"].sudo()
        values = {"purse_id": self.purse_id.id, "made_on": self.made_on}
        known = Sent.search([(name, "=", value) for name, value in values.items()])
        news = {"partner_id": self.partner_id.id, "sent_at": fields.Datetime.now()}
        if known:
            known.write(news)
        else:
            Sent.create({**values, **news})
        self.invalidate_model(["sent_at"])

    @api.model
    def _cron_send(self):
        """Send what is new, of programs that say so, where an address is known."""
        waiting = self.search(
            [
                ("program_id.mails_statements", "=", True),
                ("sent_at", "=", False),
                ("state", "!=", "paid"),
            ],
            order="made_on, id",
        ).filtered(lambda one: one._address())
        self.env["ir.cron"]._commit_progress(remaining=len(waiting))
        for statement in waiting:
            statement._send()
            if not self.env["ir.cron"]._commit_progress(1):
                break
