"""Who may do what to whose records: every role, every model, compared with a table."""

import csv
import inspect
import os
from pathlib import Path

from odoo.exceptions import AccessDenied, AccessError, MissingError, UserError
from odoo.service.model import get_public_method
from odoo.tests import tagged
from odoo.tools import mute_logger

from .attack_common import OURS, ROLES, AttackCase

TABLE = Path(__file__).with_name("roles.csv")
ACTS = {"r": "read", "w": "write", "c": "create", "u": "unlink"}
ORM = {"create", "write", "unlink", "init", "copy_data", "default_get", "message_post"}
ORM.add("mail_allowed_qweb_expressions")  # Odoo's own: names of fields, no values
"""Held by rights and record rules, which the table is about."""
REFUSALS = (AccessError, AccessDenied, MissingError, UserError)
ARGUMENTS = {
    "lines": [],
    "tender": {},
    "order_uuids": [],
    "identifier": {"kind": "scan", "value": "9980001000000011"},
    "customer": {"name": "Eve"},
    "values": {},
    "wanted": {},
    "partner_id": 1,
    "card_id": 1,
    "product_id": 1,
    "journal_id": 1,
    "amount": 1,
    "days": 1,
}
OPEN = {
    ("ekarte.program.template", "action_take"): "everybody's: the copy is one's own",
    ("ekarte.exposure", "action_refresh"): "the ledger's own sums, counted anew",
}
"""What does something though the record is not one's own, and why it may."""
HOW_TO = (
    "if that is meant, put these lines into ekarte_pos_terminal/tests/roles.csv"
    " (small: own records only, capital: other issuers' too, -: none):\n"
)


@tagged("post_install", "-at_install")
class TestRoles(AttackCase):
    maxDiff = None

    def _rights(self, model, user):
        """Return e.g. `Rw--`: reads everybody's, changes its own."""
        own, foreign = (
            side[model].with_user(user) for side in (self.own, self.foreign)
        )
        return "".join(
            self._right(letter, act, own, foreign) for letter, act in ACTS.items()
        )

    def _right(self, letter, act, own, foreign):
        if not own.browse().has_access(act):
            return "-"
        if not own or not foreign:
            # No row to try it on: what the rules say at all.
            mode = self.env["ir.rule"].with_user(own.env.user)
            domain = mode._compute_domain(own._name, act)
            return letter if not domain.is_true() else letter.upper()
        mine, theirs = own.has_access(act), foreign.has_access(act)
        if theirs:
            return letter.upper() if mine else "!"
        return letter if mine else "."

    def test_every_role_may_do_to_every_model_what_the_table_says_and_no_more(self):
        found = {
            model: [self._rights(model, self.people[role]) for role in ROLES]
            for model in sorted(self._models())
        }
        told = dict(self._table())
        if target := os.environ.get("EKARTE_ROLES_TO"):
            self._write(target, found)
        lines = [
            ",".join([model, *rights])
            for model, rights in found.items()
            if told.get(model) != rights
        ]
        self.assertFalse(lines, HOW_TO + "\n".join(lines))
        self.assertEqual(set(told), set(found), "models that are no more")

    def test_nobody_but_the_coalitions_administrator_changes_what_is_another_issuers(
        self,
    ):
        roles = list(ROLES)[:-1]
        wrong = [
            (model, role, rights)
            for model, several in self._table()
            for role, rights in zip(roles, several, strict=False)
            if set(rights) & {"W", "C", "U", "!"}
        ]
        self.assertEqual(wrong, [])

    # Methods that a browser may call

    def test_a_public_method_is_refused_to_who_has_no_role(self):
        told = [
            (model, name, role, said)
            for model, name, method in self._methods()
            for role in ("stranger", "portal")
            for said in [self._called(model, name, method, role, self.own)]
            if said
        ]
        self.assertEqual(told, [])

    def test_a_public_method_does_nothing_to_another_issuers_record(self):
        told = [
            (model, name, role, said)
            for model, name, method in self._methods()
            if not getattr(method, "_api_model", False)
            for role in ("office",)
            for said in [self._called(model, name, method, role, self.foreign)]
            if said and (model, name) not in OPEN
        ]
        self.assertEqual(told, [])

    def test_the_same_calls_are_allowed_to_who_has_the_role_and_owns_the_record(self):
        for model, name in OPEN:
            method = getattr(self.env.registry[model], name)
            said = self._called(model, name, method, "office", self.own)
            self.assertIn("wrote", said, name)

    def _methods(self):
        """Yield model, name and function of every method of ours that has no `_`."""
        for model, kind in self.env.registry.items():
            for name in dir(kind):
                if name.startswith("_") or name in ORM:
                    continue
                owner = next(one for one in kind.__mro__ if name in one.__dict__)
                method = owner.__dict__[name]
                if owner.__module__.startswith(OURS) and callable(method):
                    yield model, name, method

    def _called(self, model, name, method, role, side):
        """Call a method as a role; return what came of it, nothing where refused."""
        records = self.env[model].with_user(self.people[role])
        if not getattr(method, "_api_model", False):
            if self.env[model]._abstract:
                return ""
            if not (self.env[model]._transient or model in side):
                self._row(side, model)
            found = side.get(model) or self.env[model].sudo().search([], limit=1)
            if not found:
                return ""
            records = records.browse(found.ids)
        words = list(inspect.signature(method).parameters.values())[1:]
        args = [
            ARGUMENTS.get(word.name, "1")
            for word in words
            if word.default is word.empty and word.kind is word.POSITIONAL_OR_KEYWORD
        ]
        self.env.flush_all()
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint() as savepoint:
                before = self._written()
                said = get_public_method(records, name)(records, *args)
                self.env.flush_all()
                written = self._written() - before
                savepoint.rollback()
                if not written and self._tells_nothing(said):
                    return ""
                return f"wrote {written} rows, answered {said!r}"[:90]
        except REFUSALS:
            return ""
        except Exception as fault:  # noqa: BLE001 - a fault is no refusal: it is told
            return f"{type(fault).__name__}: {fault}"[:90]
        finally:
            self.env.invalidate_all()

    def _tells_nothing(self, said):
        """Return whether an answer is nothing, or a window whose own calls tell."""
        kind = said.get("type", "") if isinstance(said, dict) else ""
        return said in (None, True, False) or kind.startswith("ir.actions.act_")

    def _written(self):
        """Return how many rows this transaction has written, in any table."""
        self.env.cr.execute(
            "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_all_tables"
        )
        return self.env.cr.fetchone()[0]

    def _table(self):
        with TABLE.open(encoding="utf-8", newline="") as file:
            head, *rows = csv.reader(file)
        self.assertEqual(head, ["model", *ROLES])
        return [(model, rights) for model, *rights in rows]

    def _write(self, target, found):
        with open(target, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["model", *ROLES])
            writer.writerows([model, *rights] for model, rights in found.items())
