"""Settling without a gateway: Odoo itself builds and takes the documents."""

import json
from datetime import datetime, timezone

from odoo import api, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ekarte_core import (
    build_settlement,
    current_network,
    is_copy,
    pending_settlements,
    settlement_accepted,
    settlement_failed,
)

from .ekarte_settlement import ACCOUNTANT, ADMINISTRATOR


class EkarteSettlement(models.Model):
    _inherit = "ekarte.settlement"

    def action_settle_now(self):
        """Settle what terminals did until now, as at a month's end; repeatable.

        It does what the schedule or the closing of a batch would have done later, so
        whoever posts may ask for it, in whichever company.
        """
        user = self.env.user
        posts = user.has_group(ACCOUNTANT) and user.has_group(
            "account.group_account_invoice"
        )
        if not posts and not user.has_group(ADMINISTRATOR):
            raise AccessError(
                self.env._("Only accountants who may post settle card operations.")
            )
        if is_copy(self.env.cr):
            raise UserError(
                self.env._(
                    "This Odoo has a copy of the card ledger to read. A gateway "
                    "settles the ledger by itself, and hands in what it has settled."
                )
            )
        Settlement = self.sudo()
        [before] = Settlement._read_group([], [], ["id:max"])[0]
        Settlement._cron_settle()
        made = Settlement.search([("id", ">", before or 0)])
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": self._settled_type(made),
                "message": self._settled_text(made),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _settled_type(self, made):
        if not made:
            return "info"
        waits = "waiting" in made.mapped("state")
        return "warning" if waits else "success"

    def _settled_text(self, made):
        """What came of it, in words."""
        if not made:
            return self.env._("Everything up to now is settled already.")
        names = ", ".join(made.mapped("display_name"))
        if "waiting" in made.mapped("state"):
            return self.env._(
                "%(settlements)s: not posted yet, see why.", settlements=names
            )
        return self.env._("%(settlements)s: posted.", settlements=names)

    @api.model
    def _cron_settle(self):
        """Settle everything up to now. For companies that run no gateway.

        Building, taking and the ledger's note of it share one transaction: it happens
        as a whole or not at all.
        """
        cr = self.env.cr
        if is_copy(cr):
            return  # gateways settle a ledger that is elsewhere, and hand it in
        self.env.flush_all()
        now = datetime.now(timezone.utc)
        build_settlement(cr, current_network(cr), now, now)
        for number, body in pending_settlements(cr):
            try:
                answer = self._take(json.loads(body))
            except ValidationError as refusal:
                settlement_failed(cr, number, str(refusal), now)
            else:
                settlement_accepted(cr, number, json.dumps(answer), now)
