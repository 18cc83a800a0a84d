"""The registry: what a terminal is, who sees it, and how it gets into the network."""

from datetime import datetime, timezone

import psycopg2

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ekarte_core import Request, current_network, execute

from .terminal_common import ADMINISTRATOR, ISSUER, OPERATOR, TerminalCase

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=timezone.utc)


@tagged("post_install", "-at_install")
class TestTerminal(TerminalCase):
    def register(self, code, **vals):
        return self.env["ekarte.terminal"].create(
            {"code": code, "name": code, "branch_id": self.branches[0].id, **vals}
        )

    def test_ids_of_eight_digits_or_capitals_are_allowed_others_refused(self):
        for code in ("12345678", "ABCDEFGH", "T000001Z"):
            self.assertEqual(self.register(code).code, code)
        for code in ("1234567", "abcdefgh", "1234 678", "ĀBCDEFGH", ""):
            with self.subTest(code), self.assertRaises(ValidationError):
                self.register(code)

    def test_ids_of_odoos_own_desks_are_refused(self):
        for prefix in ("BO", "PO", "SO"):
            with self.assertRaisesRegex(ValidationError, "own desks"):
                self.register(f"{prefix}000001")
        self.register("B0000001")

    def test_an_id_is_taken_once(self):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.errors.UniqueViolation),
        ):
            self.register("T0000011")

    def test_a_hold_lasts_a_second_to_a_day(self):
        self.terminal.hold_s = 1
        self.terminal.hold_s = 86_400
        self.env.flush_all()
        for seconds in (0, 86_401):
            with (
                self.subTest(seconds),
                mute_logger("odoo.sql_db"),
                self.assertRaises(psycopg2.errors.CheckViolation),
            ):
                self.terminal.hold_s = seconds
                self.env.flush_all()

    def test_terminals_are_published_as_they_stand_here(self):
        self.pump.write({"protocol": "iso8583", "mac": "none", "hold_s": 3600})
        part = self.published()["T0000031"]
        self.assertEqual(
            part,
            {
                "id": "T0000031",
                "branch": "TF1",
                "name": "Pump",
                "protocol": "iso8583",
                "state": "active",
                "key_version": 1,
                "mac": "none",
                "hold_s": 3600,
                "profile": "A",
                "certificates": [],
                "columns": 32,
                "printer": "",
                "printer_profile": "default",
                "close_at": "",
                "pump": False,
                "offline": None,
                "bank": "",
                "bank_terminal": "",
                "bank_acceptor": "",
            },
        )
        self.assertEqual(self.pump.publication, "live")
        compiled = current_network(self.env.cr)
        self.assertEqual(compiled.terminal("T0000031").hold_s, 3600)

    def test_a_change_is_published_with_the_transaction(self):
        self.published()
        self.terminal.action_block()
        self.env.cr.precommit.run()
        self.assertEqual(self.published()["T0000011"]["state"], "blocked")
        self.terminal.action_unblock()
        self.env.cr.precommit.run()
        self.assertEqual(self.published()["T0000011"]["state"], "active")

    def test_an_archived_terminal_leaves_the_network(self):
        self.assertIn("T0000011", self.published())
        self.terminal.active = False
        self.assertNotIn("T0000011", self.published())

    def send_echo(self, terminal):
        self.published()
        request = Request(command="close", terminal=terminal, batch=1, operation=1)
        execute(self.env.cr, [request], current_network(self.env.cr), self.keyring, NOW)

    def test_last_seen_comes_from_the_ledger(self):
        self.assertFalse(self.terminal.last_seen)
        self.send_echo("T0000011")
        self.terminal.invalidate_recordset(["last_seen"])
        self.assertEqual(self.terminal.last_seen, NOW.replace(tzinfo=None))
        self.assertFalse(self.pump.last_seen)

    def test_what_the_ledger_knows_keeps_its_id_and_is_not_deleted(self):
        self.send_echo("T0000011")
        self.terminal.name = "Another name"
        with self.assertRaises(UserError):
            self.terminal.code = "T0000012"
        with self.assertRaises(UserError):
            self.terminal.unlink()
        self.pump.code = "T0000032"
        self.pump.unlink()

    # Who may

    def test_issuers_see_the_terminals_of_their_own_branches_only(self):
        grocer = self.user("test.grocer", ISSUER)
        found = self.env["ekarte.terminal"].with_user(grocer).search([])
        self.assertIn(self.terminal, found)
        self.assertNotIn(self.pump, found)
        with self.assertRaises(AccessError):
            self.pump.with_user(grocer).read(["name"])

    def test_only_administrators_register_and_change(self):
        administrator = self.user("test.admin", ADMINISTRATOR)
        terminals = self.env["ekarte.terminal"]
        vals = {"code": "T0000099", "name": "New", "branch_id": self.branches[1].id}
        for group in (ISSUER, OPERATOR):
            user = self.user(f"test.{group[-6:]}", group)
            with self.assertRaises(AccessError):
                terminals.with_user(user).create(vals)
            with self.assertRaises(AccessError):
                self.terminal.with_user(user).action_block()
        terminals.with_user(administrator).create(vals)
        self.terminal.with_user(administrator).action_block()
        self.assertEqual(self.terminal.state, "blocked")

    def test_a_branch_counts_its_terminals(self):
        self.register("T0000012")
        self.assertEqual(self.branches.mapped("terminal_count"), [2, 1])
        action = self.branches[0].action_open_terminals()
        found = self.env["ekarte.terminal"].search(action["domain"])
        self.assertEqual(found.branch_id, self.branches[0])
