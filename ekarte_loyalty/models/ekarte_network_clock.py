import logging
import os
from datetime import datetime, timezone

from odoo import api, models

from ekarte_core import (
    CLOCK_WORK,
    NetworkMissing,
    current_network,
    is_copy,
    take_notices,
)

from ..keyring import VARIABLE, server_keyring

_logger = logging.getLogger(__name__)

BATCH = 500


class EkarteNetwork(models.Model):
    _inherit = "ekarte.network"

    @api.model
    def _cron_clock(self):
        """Do what time does: reservations and value end, periods turn, statements.

        Then note whose value ends soon: the windows of notices show it.
        """
        if not os.environ.get(VARIABLE):
            _logger.info("%s is not set: the gateway alone keeps the clock", VARIABLE)
            return
        if is_copy(self.env.cr):
            return  # gateways keep the clock of a ledger that is elsewhere
        try:
            network = current_network(self.env.cr)
        except NetworkMissing:
            return
        keyring = server_keyring(self.env)
        for work in CLOCK_WORK.values():
            if not self._until_done(work, network, keyring):
                return
        self._until_done(_notice, network, keyring)

    def _until_done(self, work, network, keyring):
        """Repeat a work, committed batch by batch; False when the time is over."""
        done = BATCH
        while done:
            now = datetime.now(timezone.utc)
            done = work(self.env.cr, network, keyring, now, BATCH)
            if not self.env["ir.cron"]._commit_progress(done):
                return False
        return True


def _notice(cr, network, _keyring, now, limit):
    return len(take_notices(cr, network, now, limit))
