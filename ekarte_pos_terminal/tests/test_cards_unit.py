"""The unit tests of the till's front end, in Chromium: all of ours and no others."""

import re
from pathlib import Path

from odoo.tests import HttpCase, tagged

UNIT_TESTS = Path(__file__).parents[1] / "static/tests/unit"
SUITE = "@ekarte_pos_terminal"
TEST = re.compile(r"^test\(", re.MULTILINE)
PASSED = re.compile(r"\[HOOT\] Passed (\d+) tests")


def hoot_id(name):
    """Return the id under which Hoot files a suite: ids are exact, filters are not."""
    number = 0
    for sign in name:
        number = ((number << 5) - number + ord(sign)) & 0xFFFFFFFF
    return f"{number:08x}"


@tagged("post_install", "-at_install")
class TestCardsUnit(HttpCase):
    def run_hoot(self):
        """Return what the browser's console said; raise with it if a test failed."""
        logger = self._logger.getChild("browser")
        with self.assertLogs(logger, "INFO") as console:
            try:
                self.browser_js(
                    "/web/tests?headless&loglevel=2&preset=desktop&timeout=15000"
                    f"&id={hoot_id(SUITE)}",
                    "",
                    "",
                    login="admin",
                    timeout=300,
                    success_signal="[HOOT] Test suite succeeded",
                    error_checker=lambda message: "[HOOT]" not in message,
                )
            except AssertionError as failure:
                raise AssertionError("\n".join(console.output)) from failure
        return "\n".join(console.output)

    def test_every_unit_test_of_the_till_ran_and_passed(self):
        written = sum(
            len(TEST.findall(path.read_text()))
            for path in UNIT_TESTS.rglob("*.test.js")
        )
        self.assertGreater(written, 0)
        # Hoot calls it a success if it found no test at all: count them.
        self.assertEqual(PASSED.findall(self.run_hoot()), [str(written)])
