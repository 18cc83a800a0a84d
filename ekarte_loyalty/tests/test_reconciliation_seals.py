"""V15: looks go on where history was found whole; what is broken stays red."""

from odoo.tests import tagged

from ekarte_core import Tender, seal

from .settlement_common import ACCOUNTANT_GROUPS, GIFT, NOW
from .test_reconciliation_faults import FaultCase


@tagged("post_install", "-at_install")
class TestReconciliationSeals(FaultCase):
    def change_sealed(self, command):
        """Add goods to the last operation of a command, which was sealed."""
        self.plant(
            "INSERT INTO ekarte.sale_line SELECT (jsonb_populate_record(l,"
            " jsonb_build_object('line', l.line + 100, 'gross', 0, 'discount', 0,"
            " 'bonus', 0, 'tendered', 0))).* FROM ekarte.sale_line AS l"
            " WHERE l.operation_id = (SELECT max(o.id) FROM ekarte.operation AS o"
            " INNER JOIN ekarte.seal_operation AS s ON s.operation_id = o.id"
            " WHERE o.command = %(command)s) LIMIT 1",
            command=command,
        )

    def test_v15_a_sealed_operation_changed(self):
        seal(self.env.cr, NOW)
        self.change_sealed("sale")
        rows = self.rows()
        self.assertEqual([row["check"] for row in rows], ["V15"])
        self.assertIn("operation", rows[0]["note"])

    def test_v15_a_change_after_the_last_look_is_red_at_once(self):
        seal(self.env.cr, NOW)
        self.assertEqual(self.red(), set())
        self.send("sale", "TTTTTTG1", GIFT, amount=100, tender=Tender(gift=100))
        self.settle()
        seal(self.env.cr, NOW)
        self.change_sealed("sale")
        for _look in range(2):
            self.assertEqual(self.red(), {"V15"})

    def test_v15_a_change_before_it_is_red_from_the_next_whole_look_on(self):
        seal(self.env.cr, NOW)
        self.assertEqual(self.red(), set())
        self.change_sealed("sale")
        self.assertEqual(self.red(), set())
        whole = self.env["ekarte.reconciliation"].action_open_whole()
        red = self.env["ekarte.reconciliation"].search(
            [*whole["domain"], ("ok", "=", False)]
        )
        self.assertEqual(red.mapped("code"), ["V15"])
        self.assertEqual(self.red(), {"V15"})

    def test_v15_the_night_finds_it_and_the_page_shows_it_in_the_morning(self):
        user = self._user("test.seals", ACCOUNTANT_GROUPS, self.grocer)
        seal(self.env.cr, NOW)
        self.settlements._cron_reconcile()
        self.change_sealed("sale")
        self.settlements._cron_reconcile()
        told = self.issuers.activity_ids.filtered(lambda act: act.user_id == user)
        self.assertIn("V15", " ".join(told.mapped("summary")))
        self.assertEqual(self.red(), {"V15"})
