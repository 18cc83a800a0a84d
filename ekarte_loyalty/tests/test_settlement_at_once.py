"""Two gateways with one document at the same instant: one keeps it, both hear of it."""

import threading
import time
from functools import partial

from odoo import SUPERUSER_ID, api
from odoo.exceptions import ConcurrencyError
from odoo.service.model import retrying
from odoo.sql_db import db_connect
from odoo.tests import TransactionCase, tagged

NUMBER = 987_654_321
DOCUMENT = {
    "format": 1,
    "id": NUMBER,
    "created_at": "2026-11-21T22:00:00Z",
    "cutoff": "2026-11-21T22:00:00Z",
    "network_version": 1,
    "outside": [],
    "lines": [],
}
WAITS = """
SELECT count(*) FROM pg_locks
WHERE NOT granted AND pid = %s
"""


@tagged("post_install", "-at_install")
class TestSettlementAtOnce(TransactionCase):
    """Transactions of their own: what is committed here is taken away again."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self._forget)

    def _gateway(self):
        """An environment of its own connection; never committed by itself."""
        cursor = db_connect(self.env.cr.dbname).cursor()
        self.addCleanup(cursor.close)
        return api.Environment(cursor, SUPERUSER_ID, {})

    def _forget(self):
        env = self._gateway()
        env["ekarte.settlement"].search([("ledger_id", "=", NUMBER)]).unlink()
        env.cr.commit()

    @staticmethod
    def _take(env):
        return env["ekarte.settlement"]._take(DOCUMENT)

    def test_the_second_waits_and_hears_the_same_without_an_error(self):
        first, second = self._gateway(), self._gateway()
        heard = []
        second.cr.execute("SELECT pg_backend_pid()")
        ((pid,),) = second.cr.fetchall()
        teller = threading.Thread(
            target=lambda: heard.append(retrying(partial(self._take, second), second)),
            daemon=True,
        )
        with self.assertNoLogs("odoo.sql_db", "ERROR"):
            told = self._take(first)
            teller.start()
            self._wait_for(pid)
            first.cr.commit()
            teller.join(60)
        self.assertEqual(heard, [{**told, "created": False}])

    def _wait_for(self, pid):
        """Until the other one waits for us."""
        until = time.monotonic() + 30
        while time.monotonic() < until:
            self.env.cr.execute(WAITS, [pid])
            if self.env.cr.fetchone()[0]:
                return
            time.sleep(0.05)
        self.fail("the second gateway does not wait")

    def test_who_began_before_the_first_had_finished_tries_again_without_an_error(self):
        first, second = self._gateway(), self._gateway()
        # What it sees is what stands now.
        second.cr.execute("SELECT 1")
        with self.assertNoLogs("odoo.sql_db", "ERROR"):
            told = self._take(first)
            first.cr.commit()
            with self.assertRaises(ConcurrencyError):
                self._take(second)
            second.cr.rollback()
            self.assertEqual(self._take(second), {**told, "created": False})

    def test_documents_with_other_numbers_do_not_wait_for_each_other(self):
        first, second = self._gateway(), self._gateway()
        self._take(first)
        second.cr.execute("SET LOCAL lock_timeout = '5s'")
        other = {**DOCUMENT, "id": NUMBER + 1}
        self.assertTrue(second["ekarte.settlement"]._take(other)["created"])
