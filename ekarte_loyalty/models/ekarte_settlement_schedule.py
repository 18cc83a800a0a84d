"""Settling without a gateway: Odoo itself builds and takes the documents."""

import json
from datetime import datetime, timezone

from odoo import api, models
from odoo.exceptions import ValidationError

from ekarte_core import (
    build_settlement,
    current_network,
    pending_settlements,
    settlement_accepted,
    settlement_failed,
)


class EkarteSettlement(models.Model):
    _inherit = "ekarte.settlement"

    @api.model
    def _cron_settle(self):
        """Settle everything up to now. For companies that run no gateway.

        Building, taking and the ledger's note of it share one transaction: it happens
        as a whole or not at all.
        """
        self.env.flush_all()
        cr = self.env.cr
        now = datetime.now(timezone.utc)
        build_settlement(cr, current_network(cr), now, now)
        for number, body in pending_settlements(cr):
            try:
                answer = self._take(json.loads(body))
            except ValidationError as refusal:
                settlement_failed(cr, number, str(refusal), now)
            else:
                settlement_accepted(cr, number, json.dumps(answer), now)
