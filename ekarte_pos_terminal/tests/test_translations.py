from odoo.tests import tagged

from odoo.addons.ekarte_loyalty.tests.translation_common import TranslationCase


@tagged("post_install", "-at_install")
class TestTranslations(TranslationCase):
    module = "ekarte_pos_terminal"

    def test_every_term_of_ours_is_translated(self):
        self._check_every_term_is_translated()

    def test_the_three_files_hold_the_terms_of_the_template(self):
        self._check_files_hold_the_terms_of_the_template()

    def test_the_template_holds_the_terms_of_code_views_and_screens(self):
        self._check_template_holds_the_terms_of_the_add_on()

    def test_translations_keep_placeholders_and_tags(self):
        self._check_placeholders_and_tags_stay()

    def test_browsers_of_tills_get_every_term_of_their_screens(self):
        terms = self._check_browsers_get_their_terms()
        self.assertIn("Take the card off the order?", terms)
