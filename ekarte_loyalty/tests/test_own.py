"""What is one's own stays so, and nobody types what buttons note."""

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from ..models import own
from .common import NOON, NetworkCase


@tagged("post_install", "-at_install")
class TestOwn(NetworkCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.issuer = cls._user("own.issuer", "issuer", cls.grocer_company)
        cls.accountant = cls._user("own.accountant", "accountant", cls.grocer_company)
        cls.colleague = cls._user("own.colleague", "accountant", cls.grocer_company)
        cls.sums = cls._program(
            "T-OWN", cls.grocer, "purchase_accounting", ticket_per=10
        )

    def test_nobody_writes_a_record_over_to_another_issuer(self):
        mine = {"issuer_id": self.grocer.id}
        made = [
            self.env["ekarte.segment"].create({"name": "All", **mine}),
            self.env["ekarte.greeting"].create(
                {"name": "Ends", "occasion": "expiry", **mine}
            ),
            self.env["ekarte.consent.purpose"].create(
                {"name": "News", "text": "News", "code": "own_news", **mine}
            ),
            self.env["ekarte.questionnaire"].create({"name": "Ours", **mine}),
        ]
        for record in made:
            mine = record.with_user(self.issuer)
            with self.subTest(record._name):
                mine.write({"issuer_id": self.grocer.id})
                with self.assertRaises(AccessError), self.env.cr.savepoint():
                    mine.write({"issuer_id": self.fuel.id})

    def test_nobody_types_the_number_of_anothers_draw(self):
        vals = {
            "name": "Own feast",
            "program_id": self.sums.id,
            "first_day": NOON.date(),
            "last_day": NOON.date(),
            "prize_ids": [Command.create({"name": "Cake"})],
        }
        draws = self.env["ekarte.draw"].with_user(self.issuer)
        draw = draws.create(vals)
        for change in ({"number": 1}, {"state": "frozen"}, {"state": "draft"}):
            with self.subTest(change):
                with self.assertRaises(AccessError):
                    draw.write(change)
                with self.assertRaises(AccessError):
                    draws.create({**vals, **change})
        typed = draws.with_context(default_number=1, default_state="frozen")
        forged = typed.create({**vals, "name": "Forged feast"})
        self.assertEqual((forged.number, forged.state), (0, "draft"))
        draw.copy({"name": "Again"})
        draw.name = "Own feast, larger"

    def test_nobody_asks_in_anothers_name_by_way_of_defaults(self):
        corrections = self.env["ekarte.correction"].with_user(self.accountant)
        forged = corrections.with_context(
            default_state="approve", default_requested_by_id=self.colleague.id
        ).new({})
        self.assertEqual(forged._name, "ekarte.correction")
        batches = self.env["ekarte.card.batch"].with_user(self.issuer)
        for model, typed in (
            (corrections, {"default_state": "approve", "default_number": 7}),
            (batches, {"default_state": "numbered", "default_start": 9}),
        ):
            plain = model.with_context(default_note="kept", **typed)
            names = {name.removeprefix("default_") for name in typed}
            kept = own.without_defaults(plain, names).env.context
            self.assertEqual(kept.get("default_note"), "kept")
            self.assertFalse(set(typed) & set(kept))

    def test_a_questionnaire_leaves_the_address_of_somebody_with_a_login(self):
        login = new_test_user(
            self.env,
            "own.portal",
            groups="base.group_portal",
            email="his@example.com",
            company_id=self.grocer_company.id,
            company_ids=[Command.set(self.grocer_company.ids)],
        )
        plain = self.env["res.partner"].create(
            {"name": "Plain", "company_id": self.grocer_company.id}
        )
        login.partner_id.company_id = self.grocer_company
        told = {
            "email": {"value_text": "taken@example.com"},
            "phone": {"value_text": "+371 2000"},
        }
        for partner in (login.partner_id, plain):
            partner.with_user(self.issuer)._ekarte_feed(told)
        self.assertEqual(login.partner_id.email, "his@example.com")
        self.assertFalse(login.partner_id.phone)
        self.assertEqual(plain.email, "taken@example.com")
        login.partner_id.with_user(login)._ekarte_feed(told)
        self.assertEqual(login.partner_id.email, "taken@example.com")
        login.active = False
        told["email"] = {"value_text": "third@example.com"}
        login.partner_id.with_user(self.issuer)._ekarte_feed(told)
        self.assertEqual(login.partner_id.email, "taken@example.com")
