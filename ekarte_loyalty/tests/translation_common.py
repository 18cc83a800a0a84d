"""What the translations of an add-on must hold, for the tests of every add-on."""

import re

import polib

from odoo.modules import get_module_path
from odoo.tests import TransactionCase
from odoo.tools.translate import TranslationModuleReader, code_translations

LANGUAGES = {"lv": "lv_LV", "ru": "ru_RU", "et": "et_EE"}
PLACEHOLDER = re.compile(r"%\(\w+\)s|%s|%%")
TAG = re.compile(r"<[^>]+>")
# A tag whose words are translated with it: only its name must stay.
SPOKEN = re.compile(r"\s(?:aria-label|title|placeholder|string)=\"[^\"]*\"")
BROWSER = re.compile(r"^code:addons/\w+/static/")
# Labels of fields that come from mail differ with the modules that are installed.
MAIL_FIELD = re.compile(r"__(message|activity|website_message|my_activity|has_message)")


def _places(entry):
    return [place for place, _line in entry.occurrences]


class TranslationCase(TransactionCase):
    module = None

    def _file(self, name):
        return polib.pofile(f"{get_module_path(self.module)}/i18n/{name}")

    def _template(self):
        return self._file(f"{self.module}.pot")

    def _check_every_term_is_translated(self):
        for language in LANGUAGES:
            missing = [e.msgid for e in self._file(f"{language}.po") if not e.msgstr]
            self.assertEqual(missing, [], language)

    def _check_files_hold_the_terms_of_the_template(self):
        template = {entry.msgid for entry in self._template()}
        for language in LANGUAGES:
            terms = {entry.msgid for entry in self._file(f"{language}.po")}
            self.assertEqual(terms, template, language)

    def _check_template_holds_the_terms_of_the_add_on(self):
        reader = TranslationModuleReader(self.env.cr, modules=[self.module])
        used = {row[4] for row in reader}
        template = {
            entry.msgid
            for entry in self._template()
            if not all(MAIL_FIELD.search(place) for place in _places(entry))
        }
        self.assertEqual(used - {e.msgid for e in self._template()}, set(), "new")
        self.assertEqual(template - used, set(), "not used any more")

    def _check_placeholders_and_tags_stay(self):
        for language in LANGUAGES:
            for entry in self._file(f"{language}.po"):
                for pattern in (PLACEHOLDER, TAG):
                    self.assertEqual(
                        sorted(pattern.findall(SPOKEN.sub("", entry.msgid))),
                        sorted(pattern.findall(SPOKEN.sub("", entry.msgstr))),
                        f"{language}: {entry.msgid}",
                    )

    def _check_browsers_get_their_terms(self):
        terms = {
            entry.msgid
            for entry in self._template()
            if any(BROWSER.match(place) for place in _places(entry))
        }
        for language, code in LANGUAGES.items():
            sent = code_translations.get_web_translations(self.module, code)
            told = {message["id"] for message in sent["messages"]}
            self.assertEqual(terms - told, set(), language)
        return terms
