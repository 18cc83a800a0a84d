"""What terminals have downloaded, in their list."""

from datetime import datetime, timezone

from odoo.tests import tagged

from ekarte_core import ParametersBook, ParametersVersion

from .terminal_common import TerminalCase

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=timezone.utc)


@tagged("post_install", "-at_install")
class TestTerminalParameters(TerminalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.book = ParametersBook(cls.env.cr, cls.keyring)
        for version in (1, 2):
            made = ParametersVersion(version, 1, 0, 0, b"", NOW)
            cls.book.add("TG1", made)

    def test_the_version_that_a_terminal_said_it_has_is_shown(self):
        self.assertTrue(self.book.note_loaded("T0000011", "TG1", 1, NOW))
        self.assertEqual(self.terminal.params_version, 1)
        self.assertEqual(self.terminal.params_newest, 2)
        self.assertEqual(self.terminal.params_loaded_at, NOW.replace(tzinfo=None))

    def test_a_terminal_that_never_downloaded_any_shows_none(self):
        self.assertEqual(self.terminal.params_version, 0)
        self.assertEqual(self.terminal.params_newest, 2)
        self.assertFalse(self.terminal.params_loaded_at)

    def test_a_branch_without_parameters_and_a_new_record_show_none(self):
        new = self.env["ekarte.terminal"].new({"name": "Till"})
        for terminal in (self.pump, new):
            self.assertEqual(terminal.params_version, 0)
            self.assertEqual(terminal.params_newest, 0)

    def test_the_list_shows_the_column(self):
        arch = self.env["ekarte.terminal"].get_view(view_type="list")["arch"]
        self.assertIn('name="params_version"', arch)
