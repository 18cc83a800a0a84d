"""Keys of terminals: shown once, kept nowhere, replaced by the next version."""

import os
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .terminal_common import ADMINISTRATOR, ISSUER, TerminalCase


@tagged("post_install", "-at_install")
class TestTerminalKey(TerminalCase):
    def show(self, terminal=None, user=None):
        """Create a key as the button does; the action that shows it."""
        wizard = self.env["ekarte.terminal.key"].with_user(user or self.env.user)
        return wizard.create(
            {"terminal_id": (terminal or self.terminal).id}
        ).action_create_key()

    def test_the_first_key_is_the_published_version(self):
        context = self.show()["context"]
        self.assertEqual(
            context["default_key"], self.keyring.terminal_key("T0000011", 1).hex()
        )
        self.assertEqual(len(context["default_key"]), 64)
        self.assertEqual(self.terminal.key_version, 1)
        self.assertEqual(self.published()["T0000011"]["key_version"], 1)

    def test_asked_again_it_is_another_key_and_the_old_one_ends(self):
        first = self.show()["context"]["default_key"]
        second = self.show()["context"]["default_key"]
        self.assertNotEqual(first, second)
        self.assertEqual(second, self.keyring.terminal_key("T0000011", 2).hex())
        self.assertEqual(self.published()["T0000011"]["key_version"], 2)

    def test_each_terminal_has_its_own(self):
        self.assertNotEqual(
            self.show()["context"]["default_key"],
            self.show(self.pump)["context"]["default_key"],
        )

    def test_the_key_is_kept_nowhere(self):
        with self.assertLogs("odoo", level="DEBUG") as logs:
            key = self.show()["context"]["default_key"]
            self.env.flush_all()
        text = "\n".join(logs.output)
        self.assertIn("key version 1 of terminal T0000011 handed out", text)
        self.assertNotIn(key, text)
        self.assertNotIn(key, str(self.terminal.read()))
        self.assertNotIn(key, str(self.env["ekarte.terminal.key"].search([]).read()))
        self.assertNotIn(key, str(self.terminal.message_ids.mapped("body")))
        self.env.cr.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema IN ('public', 'ekarte')"
            " AND (table_name LIKE 'ekarte%' OR table_name LIKE 'mail_%'"
            " OR table_schema = 'ekarte')"
            " AND data_type IN ('character varying', 'text', 'jsonb')"
        )
        for table, column in self.env.cr.fetchall():
            schema = "public" if table.startswith(("ekarte", "mail")) else "ekarte"
            self.env.cr.execute(
                f'SELECT count(*) FROM {schema}."{table}"'
                f' WHERE "{column}"::text LIKE %s',
                [f"%{key}%"],
            )
            self.assertFalse(self.env.cr.fetchone()[0], f"{table}.{column}")

    def test_the_shown_form_has_no_table(self):
        self.assertTrue(self.env["ekarte.terminal.key.shown"]._abstract)

    def test_the_chatter_says_that_a_key_was_handed_out(self):
        self.show()
        self.assertIn("version 1", self.terminal.message_ids[0].body)
        self.assertTrue(self.terminal.key_shown_at)

    def test_administrators_may_and_issuers_may_not(self):
        self.show(user=self.user("test.admin", ADMINISTRATOR))
        issuer = self.user("test.issuer", ISSUER)
        with self.assertRaises(AccessError):
            self.show(user=issuer)
        with self.assertRaises(AccessError):
            self.terminal.with_user(issuer).hand_out_key()

    def test_keys_are_not_to_be_had_over_the_api(self):
        for name in ("hand_out_key", "provision_stack"):
            method = getattr(type(self.terminal), name)
            self.assertTrue(getattr(method, "_api_private", False), name)

    def test_without_a_keyring_it_says_what_the_server_lacks(self):
        with patch.dict(os.environ), self.assertRaisesRegex(UserError, "keyring"):
            del os.environ["EKARTE_KEYRING"]
            self.show()
        self.assertFalse(self.terminal.key_shown_version)
        self.show()
        self.assertEqual(self.terminal.key_shown_version, 1)

    def test_the_question_warns_when_a_key_is_replaced(self):
        wizard = self.env["ekarte.terminal.key"].create(
            {"terminal_id": self.terminal.id}
        )
        self.assertFalse(wizard.replaces)
        wizard.action_create_key()
        wizard.invalidate_recordset()
        self.assertTrue(wizard.replaces)
