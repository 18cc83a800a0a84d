"""An administrator in the browser: registers a terminal and sees its key once."""

from odoo.tests import HttpCase, tagged

from .terminal_common import ADMINISTRATOR, TerminalCase


@tagged("post_install", "-at_install")
class TestTerminalTour(TerminalCase, HttpCase):
    def test_an_administrator_creates_a_terminal_and_sees_its_key_once(self):
        self.user("test.admin", ADMINISTRATOR)
        self.start_tour(
            "/odoo/ekarte-terminals", "ekarte_terminal_key", login="test.admin"
        )
        terminal = self.env["ekarte.terminal"].search([("code", "=", "T0000077")])
        self.assertEqual(terminal.key_version, 2)
        self.assertEqual(terminal.branch_id, self.branches[0])
