"""What terminals did on their own, as people see it and work it off."""

from datetime import datetime, timedelta, timezone

from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from ekarte_core import CardRef, Offline, Request, current_network, execute

from ..hooks import VIEWS_OF_THE_LEDGER
from .terminal_common import ADMINISTRATOR, ISSUER, OPERATOR, TerminalCase

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=timezone.utc)
ACCOUNTANT = "ekarte_loyalty.ekarte_loyalty_group_accountant"


@tagged("post_install", "-at_install")
class TestOfflineExceptions(TerminalCase):
    def tell(self, operation, amount=1000, terminal="T0000011"):
        """Tell of a sale on a card that nobody knows; returns its exceptions."""
        self.published()
        network = current_network(self.env.cr)
        request = Request(
            command="advice",
            terminal=terminal,
            batch=1,
            operation=operation,
            card=CardRef(value="4111111111111111"),
            amount=amount,
            currency=network.document.currency,
            offline=Offline(command="sale", amount_due=amount),
            local_time=NOW - timedelta(hours=2),
            reference="receipt 7",
        )
        (outcome,) = execute(self.env.cr, [request], network, self.keyring, NOW)
        self.assertEqual(outcome.rc, "14", outcome.answer)
        return self.env["ekarte.offline.exception"].search(
            [("name", "=", f"{terminal}/1/{operation}")]
        )

    def test_each_exception_is_a_row_with_its_operation(self):
        found = self.tell(1, 1750)
        self.assertEqual(set(found.mapped("kind")), {"not_allowed", "card_unknown"})
        unknown = found.filtered(lambda one: one.kind == "card_unknown")
        self.assertEqual((unknown.amount, unknown.rc), (17.5, "14"))
        self.assertEqual(unknown.terminal_id, self.terminal)
        self.assertEqual(unknown.issuer_id, self.issuers[0])
        self.assertEqual(unknown.command, "sale")
        self.assertEqual(unknown.reference, "receipt 7")
        self.assertEqual(unknown.told_at, NOW.replace(tzinfo=None))
        self.assertEqual(unknown.told_at - unknown.done_at, timedelta(hours=2))
        action = unknown.action_open_operation()
        operation = self.env["ekarte.operation"].browse(action["res_id"])
        self.assertEqual(operation.name, "T0000011/1/1")

    def test_every_kind_that_the_ledger_writes_has_a_name_here(self):
        kinds = dict(self.env["ekarte.offline.exception"]._fields["kind"].selection)
        self.env.cr.execute("SELECT DISTINCT kind FROM ekarte.offline_exception")
        for (kind,) in self.env.cr.fetchall():
            self.assertIn(kind, kinds)

    def test_they_are_worked_off_and_opened_again(self):
        found = self.tell(1)
        self.assertEqual(set(found.mapped("state")), {"open"})
        issuer = self.user("test.issuer", ISSUER)
        action = found.with_user(issuer).action_done()
        wizard = self.env[action["res_model"]].with_user(issuer)
        with Form(wizard.with_context(**action["context"])) as form:
            form.note = "The holder has paid"
        form.record.action_mark()
        self.assertEqual(set(found.mapped("state")), {"done"})
        self.assertEqual(set(found.mapped("note")), {"The holder has paid"})
        self.assertEqual(found.handled_by, issuer)
        found[0].with_user(issuer).action_open_again()
        self.assertEqual(found.mapped("state"), ["open", "done"])
        found.with_user(issuer).mark_done("Both now")
        self.assertEqual(set(found.mapped("state")), {"done"})
        self.assertEqual(len(set(found.mapped("note"))), 2)

    def test_operators_of_the_service_desk_see_none(self):
        operator = self.user("test.operator", OPERATOR)
        with self.assertRaises(AccessError):
            self.tell(1).with_user(operator).read(["state"])

    def test_each_issuer_sees_those_of_its_own_branches(self):
        mine, theirs = self.tell(1), self.tell(2, terminal="T0000031")
        for group in (ISSUER, ACCOUNTANT):
            user = self.user(f"test.{group[-6:]}", group)
            seen = self.env["ekarte.offline.exception"].with_user(user).search([])
            self.assertEqual(seen & (mine | theirs), mine)
            with self.assertRaises(AccessError):
                theirs.with_user(user).mark_done("not mine")
        administrator = self.user("test.admin", ADMINISTRATOR)
        seen = self.env["ekarte.offline.exception"].with_user(administrator).search([])
        self.assertLessEqual(mine | theirs, seen)

    def test_the_ledger_itself_is_not_written(self):
        found = self.tell(1)
        for change in (
            lambda: found.write({"amount": 0}),
            found.unlink,
            lambda: found.create({"kind": "funds"}),
        ):
            with self.assertRaises(AccessError):
                change()

    def test_every_window_on_the_ledger_is_known_to_the_uninstaller(self):
        mixin = self.env.registry["ekarte.ledger.view.mixin"]
        inheriting = {
            model._table
            for model in self.env.registry.values()
            if issubclass(model, mixin)
            and model._original_module == "ekarte_pos_terminal"
        }
        self.assertEqual(inheriting, set(VIEWS_OF_THE_LEDGER))
