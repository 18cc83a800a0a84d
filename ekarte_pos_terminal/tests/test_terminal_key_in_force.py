"""The terminal's form tells which of its keys is in force.

What terminals used is written by gateways alone (tests/core/test_terminal_keys.py):
Odoo's role may read it and no more.
"""

from datetime import datetime, timezone

from odoo.tests import tagged

from ekarte_core import UsedKey

from .terminal_common import TerminalCase

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)


@tagged("post_install", "-at_install")
class TestTerminalKeyInForce(TerminalCase):
    def test_a_key_that_was_never_changed_is_the_one_handed_out(self):
        self.assertEqual(self.terminal.key_in_force, "1")
        self.assertFalse(self.terminal.key_in_force_at)
        new = self.env["ekarte.terminal"].new({"name": "Till"})
        self.assertEqual(new.key_in_force, "1")

    def test_a_key_changed_over_the_wire_is_told_with_its_change_and_since_when(self):
        words, since = self.terminal._tell_key(1, UsedKey(10_002, NOW))
        self.assertEqual(words, "1, change 2")
        self.assertEqual(since, NOW.replace(tzinfo=None))

    def test_a_key_by_hand_puts_out_of_force_what_came_over_the_wire(self):
        told = self.terminal._tell_key(2, UsedKey(10_002, NOW))
        self.assertEqual(told, ("2", False))
        told = self.terminal._tell_key(2, UsedKey(20_001, NOW))
        self.assertEqual(told, ("2, change 1", NOW.replace(tzinfo=None)))

    def test_the_form_shows_both(self):
        arch = self.env["ekarte.terminal"].get_view(view_type="form")["arch"]
        self.assertIn('name="key_in_force"', arch)
        self.assertIn('name="key_in_force_at"', arch)
