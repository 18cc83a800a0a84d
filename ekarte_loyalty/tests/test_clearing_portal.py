"""Members outside read, agree and dispute on the portal; each its own statements."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.http import Request
from odoo.tests import HttpCase, new_test_user, tagged

from .clearing_common import ClearingCase


@tagged("post_install", "-at_install")
class TestClearingPortal(HttpCase, ClearingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_partner = cls.env["res.partner"].create({"name": "SIA Tests Toys"})
        cls.reader = cls._portal_user("clearing.books", cls.books_partner)
        cls.stranger = cls._portal_user("clearing.toys", cls.other_partner)

    @classmethod
    def _portal_user(cls, login, company):
        user = new_test_user(cls.env, login, groups="base.group_portal")
        user.partner_id.parent_id = company
        return user

    def setUp(self):
        super().setUp()
        self.trade()
        self.cycle = self.sent()
        self.mine = self.statement(self.cycle, "TBOOKS")
        self.token = self.mine._portal_ensure_token()
        # A session, though nobody's: forms are sealed with it.
        self.authenticate(None, None)

    # Reading

    def test_link_of_the_letter_shows_the_statement_without_a_login(self):
        page = self.url_open(self.mine.get_portal_url())
        self.assertEqual(page.status_code, 200)
        for text in (self.mine.name, "SIA Tests Fuel", "80.00", "Agree"):
            self.assertIn(text, page.text)

    def test_without_the_token_or_with_anothers_nothing_is_shown(self):
        others = self.statement(self.cycle, "TGROCER")
        for query in (
            "",
            "?access_token=",
            "?access_token=wrong",
            f"?access_token={others._portal_ensure_token()}",
        ):
            for suffix in ("", "/pdf", "/xlsx"):
                page = self.url_open(f"/my/clearing/{self.mine.id}{suffix}{query}")
                self.assertNotIn(self.mine.name, page.text, query)
                self.assertNotIn("SIA Tests Fuel", page.text, query)

    def test_member_sees_its_statements_and_another_member_does_not(self):
        self.authenticate("clearing.books", "clearing.books")
        self.assertIn(self.mine.name, self.url_open("/my/clearing").text)
        page = self.url_open(f"/my/clearing/{self.mine.id}")
        self.assertIn("SIA Tests Fuel", page.text)
        grocer = self.statement(self.cycle, "TGROCER")
        self.assertNotIn(grocer.name, self.url_open("/my/clearing").text)
        page = self.url_open(f"/my/clearing/{grocer.id}")
        self.assertNotIn(grocer.name, page.text)
        self.authenticate("clearing.toys", "clearing.toys")
        self.assertNotIn(self.mine.name, self.url_open("/my/clearing").text)
        page = self.url_open(f"/my/clearing/{self.mine.id}")
        self.assertNotIn(self.mine.name, page.text)

    def test_records_themselves_are_read_by_their_member_only(self):
        self.assertEqual(self.mine.with_user(self.reader).total, 30)
        with self.assertRaises(AccessError):
            self.mine.with_user(self.stranger).read(["total"])
        with self.assertRaises(AccessError):
            self.mine.with_user(self.reader).write({"state": "agreed"})
        with self.assertRaises(AccessError):
            self.mine.line_ids.with_user(self.reader).read(["amount"])

    def test_draft_is_nobodys_to_see(self):
        self.cycle.action_withdraw()
        page = self.url_open(self.mine.get_portal_url())
        self.assertNotIn(self.mine.name, page.text)
        self.authenticate("clearing.books", "clearing.books")
        self.assertNotIn(self.mine.name, self.url_open("/my/clearing").text)

    def test_sum_leads_to_the_operations_behind_it(self):
        paid = next(one for one in self.mine._sums() if one.pay)
        query = "&program={}&other={}&kind={}".format(*paid.key)
        page = self.url_open(self.mine.get_portal_url(query_string=query))
        shown = page.text.split('id="operations"')[1]
        self.assertIn("SIA Tests Grocer", shown)
        self.assertNotIn("SIA Tests Fuel", shown)
        page = self.url_open(self.mine.get_portal_url(query_string="&kind=nonsense"))
        self.assertEqual(page.status_code, 200)

    def test_files_are_handed_out(self):
        for ending, kind in (("pdf", "application/pdf"), ("xlsx", "spreadsheetml")):
            found = self.url_open(self.mine.get_portal_url(suffix=f"/{ending}"))
            self.assertEqual(found.status_code, 200)
            self.assertIn(kind, found.headers["Content-Type"])
            self.assertIn("attachment", found.headers["Content-Disposition"])

    # Answering

    def test_member_agrees_once(self):
        self.answer("agree")
        self.assertEqual(self.mine.state, "agreed")
        self.assertEqual(self.mine.agreed_by, self.books_partner.display_name)
        when = self.mine.agreed_at
        page = self.answer("agree")
        self.assertIn("not waiting to be agreed", page.text)
        self.assertEqual(self.mine.agreed_at, when)

    def test_who_is_logged_in_agrees_in_the_own_name(self):
        self.authenticate("clearing.books", "clearing.books")
        self.answer("agree")
        self.assertEqual(self.mine.agreed_by, self.reader.partner_id.display_name)

    def test_stranger_cannot_agree_or_dispute(self):
        line = self.mine.line_ids[0]
        self.authenticate("clearing.toys", "clearing.toys")
        self.answer("agree", access_token="wrong")
        self.answer("dispute", access_token="", line=line.id, reason="duplicate")
        self.assertEqual(self.mine.state, "sent")
        self.assertEqual(line.state, "open")

    def test_form_without_its_seal_is_refused(self):
        page = self.url_open(
            f"/my/clearing/{self.mine.id}/agree", data={"access_token": self.token}
        )
        self.assertEqual(page.status_code, 400)
        self.assertEqual(self.mine.state, "sent")

    def test_single_line_is_disputed_with_a_reason_and_the_rest_stays(self):
        line = self.mine.line_ids.filtered(lambda one: one.amount < 0)
        self.answer("dispute", line=line.id, reason="not_ours", text="Not our card")
        self.assertEqual(line.state, "disputed")
        self.assertEqual(line.dispute_ids.reason, "not_ours")
        self.assertEqual(line.dispute_ids.note, "Not our card")
        self.assertEqual((self.mine.state, self.mine.total), ("disputed", 80))
        page = self.answer("dispute", line=line.id, reason="not_ours")
        self.assertIn("Only an open line", page.text)
        self.assertEqual(len(line.dispute_ids), 1)

    def test_dispute_wants_lines_and_a_reason(self):
        line = self.mine.line_ids[0]
        self.assertIn("Tick the lines", self.answer("dispute", reason="x").text)
        self.assertIn("Say why", self.answer("dispute", line=line.id).text)
        self.assertEqual(line.state, "open")

    def test_lines_of_another_statement_cannot_be_disputed_by_their_numbers(self):
        theirs = self.statement(self.cycle, "TGROCER").line_ids[0]
        page = self.answer("dispute", line=theirs.id, reason="not_ours")
        self.assertIn("Tick the lines", page.text)
        self.assertEqual(theirs.state, "open")

    def test_after_the_last_day_nothing_can_be_disputed(self):
        self.mine.dispute_until = fields.Date.today() - timedelta(days=1)
        page = self.url_open(self.mine.get_portal_url())
        self.assertNotIn("Dispute the ticked lines", page.text)
        line = self.mine.line_ids[0]
        page = self.answer("dispute", line=line.id, reason="not_ours")
        self.assertIn("could be disputed until", page.text)
        self.assertEqual(line.state, "open")

    # Disputes

    def test_member_is_written_to_and_answers_what_is_disputed_with_it(self):
        dispute = self.disputed_by_fuel()
        letter = self.mine.message_ids[0]
        self.assertIn(self.books_partner, letter.partner_ids)
        self.assertIn("#disputes", letter.body)
        page = self.url_open(self.mine.get_portal_url())
        self.assertIn("Raised against you", page.text)
        self.assertIn("Write the answer", self.act(dispute, "answer").text)
        self.act(dispute, "answer", answer="The slip is signed")
        self.assertEqual(
            (dispute.state, dispute.answer), ("answered", "The slip is signed")
        )

    def test_member_gives_in(self):
        dispute = self.disputed_by_fuel()
        self.act(dispute, "accept")
        self.assertEqual(dispute.state, "upheld")
        self.assertEqual(dispute.ruled_by, self.books_partner.display_name)
        self.assertIn("is over", self.act(dispute, "accept").text)

    def test_member_takes_its_own_dispute_back_and_no_others(self):
        theirs = self.disputed_by_fuel()
        self.assertIn("not yours", self.act(theirs, "withdraw").text)
        self.assertEqual(theirs.state, "raised")
        line = self.mine.line_ids.filtered(lambda one: one.amount < 0)
        own = line._dispute("not_ours")
        self.assertIn("not yours", self.act(own, "accept").text)
        self.act(own, "withdraw")
        self.assertEqual(own.state, "withdrawn")

    def test_dispute_between_others_is_nothing_to_the_member(self):
        line = self.statement(self.cycle, "TGROCER").line_ids.filtered(
            lambda one: one.other_id.code == "TFUEL"
        )
        between = line._dispute("duplicate", "A word between two")
        page = self.url_open(self.mine.get_portal_url())
        self.assertNotIn("A word between two", page.text)
        self.assertIn("not yours", self.act(between, "accept").text)
        self.assertEqual(between.state, "raised")

    def disputed_by_fuel(self):
        """Fuel disputes what it owes the books."""
        line = self.statement(self.cycle, "TFUEL").line_ids.filtered(
            lambda one: one.amount < 0
        )
        return line._dispute("duplicate", "Booked twice")

    def act(self, dispute, what, **values):
        return self.answer(f"disputes/{dispute.id}/{what}", **values)

    def answer(self, what, **values):
        """Send a form of the page."""
        data = {"csrf_token": Request.csrf_token(self), "access_token": self.token}
        return self.url_open(f"/my/clearing/{self.mine.id}/{what}", data | values)
