"""Where the back office settles with holders: on cards, operations and statements."""

from odoo import api, fields, models

from ..terminal_ids import OFFICE_PREFIX

OFFICE_COMMANDS = ("pay_out", "charge_back", "write_off", "restore")
SALES = ("sale", "confirm", "voucher")
LOADS = ("activate", "top_up")


class EkarteCard(models.Model):
    _inherit = "ekarte.card"

    has_gift_money = fields.Boolean(compute="_compute_settling")
    owes = fields.Boolean(compute="_compute_settling")

    @api.depends("account_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_settling(self):
        issuer = self.env["ekarte.issuer"]._default_issuer()
        for card in self:
            own = card.purse_ids.filtered(lambda purse: purse.issuer_id == issuer)
            card.has_gift_money = any(
                purse.measure == "money"
                # Operators see cards, not how programs are set.
                and purse.sudo().program_id.kind == "gift_card"
                and purse.balance > 0
                for purse in own
            )
            card.owes = any(
                purse.measure == "credit" and purse.balance < 0 for purse in own
            )

    def action_pay(self):
        return self._action_office("pay")

    def action_pay_out(self):
        return self._action_office("pay_out")

    def action_write_off(self):
        return self._action_office("write_off")

    def action_open_settled(self):
        """List loads and payments of the card: to be charged back, or restored."""
        action = self._action_open("ekarte_loyalty.ekarte_operation_action")
        action["name"] = self.env._("Charge Back or Restore")
        action["domain"] = [
            ("card_id", "=", self.id),
            ("command", "in", [*SALES, *LOADS]),
            ("rc", "in", ("00", "10")),
        ]
        return action

    def _action_office(self, command, **defaults):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ekarte_loyalty.ekarte_card_office_action"
        )
        action["name"] = {
            "pay": self.env._("Register a Payment"),
            "pay_out": self.env._("Pay Out a Balance"),
            "charge_back": self.env._("Charge Back a Sale"),
            "write_off": self.env._("Write Off a Debt"),
            "restore": self.env._("Restore a Redemption"),
            "reverse": self.env._("Undo"),
        }[command]
        action["context"] = {
            "default_card_id": self.id,
            "default_command": command,
            **{f"default_{name}": value for name, value in defaults.items()},
        }
        return action


class EkarteOperation(models.Model):
    _inherit = "ekarte.operation"

    may_settle = fields.Selection(
        [("charge_back", "Charge-back"), ("restore", "Restore"), ("reverse", "Undo")],
        compute="_compute_may_settle",
        help="What the back office may do about it.",
    )

    @api.depends("command", "rc", "terminal", "issuer_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_may_settle(self):
        issuer = self.env["ekarte.issuer"]._default_issuer()
        for operation in self:
            own = operation.approved and operation.issuer_id == issuer
            operation.may_settle = own and operation._settled_by()

    def _settled_by(self):
        by_office = self.terminal.startswith(OFFICE_PREFIX)
        if by_office and self.command in (*OFFICE_COMMANDS, "top_up"):
            return "reverse"
        if self.command in LOADS:
            return "charge_back"
        return "restore" if self.command in SALES else False

    def action_charge_back(self):
        return self._action_office("charge_back")

    def action_restore(self):
        return self._action_office("restore")

    def action_undo(self):
        return self._action_office("reverse")

    def _action_office(self, command):
        self.ensure_one()
        return self.card_id._action_office(command, original=self.name)
