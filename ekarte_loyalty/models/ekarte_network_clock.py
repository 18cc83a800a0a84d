import logging
import os
from datetime import datetime, timezone

from odoo import api, models

from ekarte_core import NetworkMissing, current_network, expire_holds, expire_lots

from ..keyring import VARIABLE, server_keyring

_logger = logging.getLogger(__name__)

BATCH = 500


class EkarteNetwork(models.Model):
    _inherit = "ekarte.network"

    @api.model
    def _cron_clock(self):
        """End what is past its time: reservations are released, ended value lapses."""
        if not os.environ.get(VARIABLE):
            _logger.info("%s is not set: the gateway alone keeps the clock", VARIABLE)
            return
        try:
            network = current_network(self.env.cr)
        except NetworkMissing:
            return
        keyring = server_keyring(self.env)
        for expire in (expire_holds, expire_lots):
            done = BATCH
            while done == BATCH:
                now = datetime.now(timezone.utc)
                done = expire(self.env.cr, network, keyring, now, BATCH)
                if not self.env["ir.cron"]._commit_progress(done):
                    break
