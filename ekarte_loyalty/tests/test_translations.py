from odoo.tests import tagged

from ..models.fault_sentences import SENTENCES
from .translation_common import TranslationCase


@tagged("post_install", "-at_install")
class TestTranslations(TranslationCase):
    module = "ekarte_loyalty"

    def test_every_term_of_ours_is_translated(self):
        self._check_every_term_is_translated()

    def test_the_three_files_hold_the_terms_of_the_template(self):
        self._check_files_hold_the_terms_of_the_template()

    def test_the_template_holds_the_terms_of_code_and_views(self):
        self._check_template_holds_the_terms_of_the_add_on()

    def test_translations_keep_placeholders_and_tags(self):
        self._check_placeholders_and_tags_stay()

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
