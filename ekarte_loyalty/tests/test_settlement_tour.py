"""An accountant in the browser: from the settlement to operations and entries."""

from odoo.tests import HttpCase, tagged

from .settlement_common import ACCOUNTANT_GROUPS, LedgerCase


@tagged("post_install", "-at_install")
class TestSettlementTour(LedgerCase, HttpCase):
    def test_an_accountant_drills_down(self):
        self._user("test.accountant", ACCOUNTANT_GROUPS, self.fuel | self.grocer)
        self.trade()
        self.settle()
        self.start_tour(
            "/odoo/ekarte-settlements",
            "ekarte_settlement_drill_down",
            login="test.accountant",
        )
