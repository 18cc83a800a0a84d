import re
from pathlib import Path

import polib

from odoo.tests import TransactionCase, tagged

from ..models.fault_sentences import SENTENCES

I18N = Path(__file__).resolve().parents[1] / "i18n"
LANGUAGES = ("lv", "ru", "et")
PLACEHOLDER = re.compile(r"%\(\w+\)s|%%")
TAG = re.compile(r"<[^>]+>")
# Labels of fields that come with mail.thread: mail translates them itself.
MAIL_FIELD = re.compile(r"__(message|activity|website_message|my_activity|has_message)")


@tagged("post_install", "-at_install")
class TestTranslations(TransactionCase):
    def _own_terms(self, language):
        for entry in polib.pofile(str(I18N / f"{language}.po")):
            places = [place for place, _line in entry.occurrences]
            if not all(MAIL_FIELD.search(place) for place in places):
                yield entry

    def test_every_term_of_ours_is_translated(self):
        for language in LANGUAGES:
            missing = [e.msgid for e in self._own_terms(language) if not e.msgstr]
            self.assertEqual(missing, [], language)

    def test_the_three_files_hold_the_terms_of_the_template(self):
        template = {e.msgid for e in polib.pofile(str(I18N / "ekarte_loyalty.pot"))}
        for language in LANGUAGES:
            terms = {e.msgid for e in polib.pofile(str(I18N / f"{language}.po"))}
            self.assertEqual(terms, template, language)

    def test_translations_keep_placeholders_and_tags(self):
        for language in LANGUAGES:
            for entry in self._own_terms(language):
                for pattern in (PLACEHOLDER, TAG):
                    self.assertEqual(
                        sorted(pattern.findall(entry.msgid)),
                        sorted(pattern.findall(entry.msgstr)),
                        f"{language}: {entry.msgid}",
                    )

    def test_faults_are_told_in_the_readers_language(self):
        fault = self.env["ekarte.network.fault"].new(
            {
                "res_model": "ekarte.network",
                "res_id": self.env["ekarte.network"]._get().id,
                "path": "$.currency",
                "place": "currency",
                "message": "must be above zero",
            }
        )
        self.assertIn("must be above zero", SENTENCES)
        self.assertIn("must be above zero", fault.sentence)
        self.env["res.lang"]._activate_lang("lv_LV")
        spoken = fault.with_context(lang="lv_LV").explanation
        self.assertEqual(spoken, "jābūt lielākam par nulli")
