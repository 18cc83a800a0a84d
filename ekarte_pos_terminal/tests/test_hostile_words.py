"""Markup, SQL and template words in every text that people write: shown as words."""

import psycopg2

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .attack_common import AttackCase

SCRIPT = "<script>alert(1)</script>"
WORDS = (
    f"\"'>{SCRIPT}<img src=x onerror=alert(1)>"
    "{{ 1111 * 1000003 }}${1111*1000003}<t t-out='1111*1000003'/>%(name)s{0.__class__}"
    "'; DROP TABLE ekarte_issuer CASCADE; -- \x1b@\x1dV"
)
# So many digits that no token and no time has them by chance.
RECKONED = "1111003333"
"""What the sums in the words come to, where somebody has reckoned them."""
WRITERS = ("operator", "accountant", "issuer", "administrator")
TEXTS = ("char", "text", "html")
ENOUGH = 30
"""Fields that took the words, at the least, or the test has tested nothing."""


@tagged("post_install", "-at_install")
class TestHostileWords(AttackCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.taken = cls._write_everywhere()

    @classmethod
    def _write_everywhere(cls):
        """Write the words into every text, as the least of those who may."""
        taken = []
        for model in cls._models():
            record = cls.own[model]
            writer = cls._writer(record)
            for field in record._fields.values() if writer else ():
                texts = field.type in TEXTS and field.store and not field.readonly
                if texts and not field.related and cls._took(writer, field):
                    taken.append((writer, field))
        return taken

    @classmethod
    def _writer(cls, record):
        """Return a record as the first of the roles that may change it."""
        several = [record.with_user(cls.people[role]) for role in WRITERS]
        return next((one for one in several if one and one.has_access("write")), None)

    @classmethod
    def _took(cls, record, field):
        words = WORDS[: field.size] if field.type == "char" and field.size else WORDS
        try:
            with mute_logger("odoo.sql_db"), cls.env.cr.savepoint():
                record.write({field.name: words})
                record.flush_recordset()
        except (UserError, AccessError, psycopg2.errors.CheckViolation):
            cls.env.invalidate_all()
            return False
        return True

    def _assert_words(self, shown, where):
        """Nothing was made of the words: no element, no sum."""
        for sign in (SCRIPT, "<img src=x onerror", RECKONED, "<class "):
            self.assertNotIn(sign, str(shown), f"{sign} {where}")

    def test_every_text_takes_them_as_they_are_or_refuses_them(self):
        self.assertGreater(len(self.taken), ENOUGH)
        self.env.invalidate_all()
        for record, field in self.taken:
            kept = record.sudo()[field.name]
            if field.type == "html":
                self._assert_words(kept, field)
            else:
                whole = WORDS[: getattr(field, "size", None) or len(WORDS)]
                self.assertEqual(kept.strip(), whole.strip(), field)

    def test_the_tables_are_still_there(self):
        issuers = self.env["ekarte.issuer"].sudo().search_count([])
        self.assertGreaterEqual(issuers, 3)

    def test_what_is_made_of_them_is_words_too(self):
        """Computed markup, and the name of each record as lists show it."""
        self.env.invalidate_all()
        made = 0
        for model in self._models():
            record = self.own[model].sudo()
            for field in record._fields.values() if record else ():
                if field.type == "html":
                    self._assert_words(record[field.name], field)
                    made += 1
            self.assertNotIn(RECKONED, record.display_name or "", model)
        self.assertTrue(made)

    def test_papers_show_them_as_words(self):
        reports = self.env["ir.actions.report"].search(
            [("report_name", "=like", "ekarte%")]
        )
        self.assertTrue(reports)
        for report in reports:
            record = self.own.get(report.model)
            if record:
                name = report.report_name
                month = {"month": "2026-11"}
                html, _ = report.sudo()._render_qweb_html(name, record.ids, month)
                self._assert_words(html.decode(), name)

    def test_letters_show_them_as_words(self):
        templates = self.env["mail.template"].search([("model", "=like", "ekarte.%")])
        self.assertTrue(templates)
        for template in templates.sudo():
            record = self.own.get(template.model)
            for part in ("subject", "body_html") if record else ():
                shown = template._render_field(part, record.ids)[record.id]
                self.assertNotIn(RECKONED, shown, template.name)
                if part == "body_html":
                    self._assert_words(shown, template.name)

    def test_a_search_for_them_finds_and_does_nothing_else(self):
        for model in ("ekarte.program", "ekarte.branch", "ekarte.card.type"):
            found = self.env[model].sudo().name_search(WORDS)
            self.assertLessEqual(len(found), 1)
            self.env[model].sudo().search([("name", "ilike", WORDS)], order="name")
        desk = self.env["ekarte.service.desk"].with_user(self.people["operator"])
        self.assertFalse(desk.find(WORDS).get("cards"))
