"""What terminals have downloaded, in their list."""

from datetime import datetime, timezone

from odoo.tests import tagged

from ekarte_core import ParametersBook, ParametersVersion

from .terminal_common import ISSUER, TerminalCase

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

    def test_beside_publish_stands_how_many_terminals_have_the_newest(self):
        behind, _asks_the_host = self.env["ekarte.terminal"].create(
            [
                {"code": code, "name": code, "branch_id": self.branches[0].id}
                for code in ("T0000012", "T0000013")
            ]
        )
        self.assertTrue(self.book.note_loaded("T0000011", "TG1", 2, NOW))
        self.assertTrue(self.book.note_loaded("T0000012", "TG1", 1, NOW))
        self.assertEqual(self.network.terminals_loaded, "1/2")
        self.assertEqual(self._opened(self.network), behind)

    def test_once_all_have_the_newest_all_are_shown(self):
        self.assertTrue(self.book.note_loaded("T0000011", "TG1", 2, NOW))
        self.assertEqual(self.network.terminals_loaded, "1/1")
        self.assertEqual(self._opened(self.network), self.terminal)

    def test_a_program_tells_it_of_its_own_issuers_terminals(self):
        self.assertTrue(self.book.note_loaded("T0000011", "TG1", 2, NOW))
        user = self.user("test.issuer", ISSUER)
        told = [
            self.env["ekarte.program"]
            .create({"code": code, "name": code, "issuer_id": issuer.id})
            .with_user(user)
            .sudo(issuer != self.issuers[0])
            .terminals_loaded
            for code, issuer in zip(("T-OWN", "T-FAR"), self.issuers, strict=True)
        ]
        self.assertEqual(told, ["1/1", "0/0"])

    def _opened(self, record):
        action = record.action_open_loading()
        return self.env["ekarte.terminal"].search(action["domain"])
