"""Where Odoo only reads: on a standby, and beside a ledger that is elsewhere."""

from contextlib import contextmanager

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CLUB_CARD
from .test_dashboard import SUMS, DashboardCase

VIEWS = (
    *("ekarte.card", "ekarte.operation", "ekarte.entry", "ekarte.purse", "ekarte.lot"),
    *("ekarte.exposure", "ekarte.statement", "ekarte.voucher", "ekarte.hold"),
    *("ekarte.rollforward", "ekarte.liability.age", "ekarte.signal"),
)


@tagged("post_install", "-at_install")
class TestReadingElsewhere(DashboardCase):
    def setUp(self):
        super().setUp()
        self.number = self.env["ekarte.desk"]._next_number()  # Odoo's own, not a copy

    @contextmanager
    def _reading(self):
        """A transaction in which PostgreSQL itself refuses to write."""
        self.env.flush_all()
        with self.env.cr.savepoint(flush=False) as savepoint:
            self.env.cr.execute("SET LOCAL transaction_read_only = on")
            try:
                yield
            finally:
                savepoint.rollback()

    def test_a_standby_may_serve_dashboard_lists_and_reports(self):
        dashboard = self.env["ekarte.dashboard"]
        self.assertTrue(dashboard.figures._readonly)
        self.assertTrue(dashboard.open_figure._readonly)
        with self._reading():
            figures = self._figures()["figures"]
            for figure in figures:
                dashboard.with_user(self.issuer).open_figure(figure)
            for name in (*SUMS, *VIEWS):
                with self.subTest(model=name):
                    model = self.env[name]
                    self.assertTrue(model.web_search_read._readonly)
                    model.web_search_read([], {"display_name": {}}, limit=5)
                    model.formatted_read_group([], [], ["__count"])
        self.assertEqual(figures["purchases"], [2, 1])

    @mute_logger("odoo.sql_db")
    def test_beside_a_copy_of_the_ledger_an_operation_is_refused_in_words(self):
        with self._reading(), self.assertRaisesRegex(UserError, "copy"):
            self._sale()

    def test_elsewhere_the_same_operation_is_booked(self):
        self.assertEqual(self._sale()[1].rc, "00")

    def _sale(self):
        card = self.env["ekarte.card"].search([("last4", "=", CLUB_CARD[-4:])], limit=1)
        desk = self.env["ekarte.desk"]
        terminal = self.grocer._back_office_id()
        return desk._execute(
            "block", terminal, card=desk._by_id(card.id), operation=self.number
        )
