from odoo.tests import HttpCase, tagged

from ekarte_core import current_network

from .common import NetworkCase


@tagged("post_install", "-at_install")
class TestTours(NetworkCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._trade()

    def test_a_merchant_creates_a_program_and_sees_it_live(self):
        self._user("t.issuer", "issuer", self.grocer_company)
        self.start_tour(
            "/odoo/ekarte-programs", "ekarte_program_tour", login="t.issuer"
        )
        live = current_network(self.env.cr)
        self.assertEqual(live.programs["T-TOUR"].parameters["rate"], 750)
        self.assertEqual(live.programs["T-TOUR"].weekdays, (7,))
        self.assertIn("T-TOUR", live.card_types["T-CLUB"].programs)

    def test_an_issuer_tries_a_template_before_it_runs(self):
        self._user("t.issuer", "issuer", self.grocer_company)
        page = "/odoo/ekarte-program-templates"
        self.start_tour(page, "ekarte_template_tour", login="t.issuer")
        made = self.env["ekarte.program"].search([("code", "=", "T-FIVE")])
        replay = self.env["ekarte.program.replay"].search(
            [("program_id", "=", made.id)]
        )
        self.assertEqual((made.state, replay.state, replay.days), ("draft", "done", 60))
        self.assertGreater(replay.operations, 0)
        self.assertGreater(replay.discount, replay.discount_was)
        self.assertNotIn("T-FIVE", current_network(self.env.cr).programs)

    def test_an_operator_finds_and_blocks_a_card(self):
        self._user("t.operator", "operator", self.grocer_company)
        self.start_tour("/odoo/ekarte-cards", "ekarte_card_tour", login="t.operator")
        self.env.invalidate_all()
        done = self.env["ekarte.operation"].search(
            [("terminal", "=", self.grocer._back_office_id()), ("batch", "=", 1)],
            order="id",
        )
        self.assertEqual(done.mapped("command"), ["block", "unblock"])
        self.assertEqual(done[0].reference, "lost, reported by phone")
