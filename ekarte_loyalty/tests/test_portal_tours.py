"""The subscriber's site in browsers of two sizes, and as people with aids meet it."""

import json
from pathlib import Path

from odoo import Command
from odoo.tests import tagged

from .common import GIFT_CARD
from .portal_common import PortalCase

CHECKOUT = Path(__file__).resolve().parents[2]
AXE = CHECKOUT / "tests" / "peers" / "node_modules" / "axe-core" / "axe.min.js"
SIZES = (390, 1280)

# Each page in a frame of each width: rules of axe-core, and nothing to scroll sideways.
LOOK = """
(async () => {
    const [axe, pages, widths] = %s;
    const found = [];
    const frame = document.createElement("iframe");
    document.body.replaceChildren(frame);
    for (const width of widths) {
        frame.style.cssText = `width: ${width}px; height: 900px`;
        for (const page of pages) {
            const loaded = new Promise((done) => (frame.onload = done));
            frame.src = page;
            await loaded;
            const view = frame.contentWindow;
            if (!view.location.pathname.startsWith(page)) {
                found.push(`${page}: led to ${view.location.pathname}`);
            }
            const wide = view.document.documentElement.scrollWidth;
            if (wide > width) {
                found.push(`${page} at ${width}: is ${wide} wide`);
            }
            view.eval(axe);
            const told = await view.axe.run(view.document);
            for (const { id, impact, nodes } of told.violations) {
                if (["serious", "critical"].includes(impact)) {
                    found.push(`${page} at ${width}: ${id}: ${nodes[0].html}`);
                }
            }
        }
    }
    if (found.length) {
        console.error(found.join("\\n"));
    } else {
        console.info("test successful");
    }
})();
"""


class SubscriberCase(PortalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gift_type.access_code = "optional"
        cls.env.cr.flush()
        cls._send(cls.grocer, "set_code", GIFT_CARD, new_access_code="4321")
        cls.gift_card.holder_ids.unlink()
        cls.env.cr.flush()


@tagged("post_install", "-at_install")
class TestSubscriberOnADesktop(SubscriberCase):
    browser_size = "1366x768"

    def test_a_subscriber_uses_a_card_on_a_desktop(self):
        self.start_tour("/my/cards", "ekarte_subscriber_tour", login="t.anna")
        self.assertIn(self.anna.partner_id, self.gift_card.subscriber_ids)

    def test_pages_have_no_serious_fault_for_people_with_aids(self):
        self.assertTrue(AXE.is_file(), "run `npm ci` in tests/peers")
        sale = self.env["ekarte.operation"].search(
            [("card_id", "=", self.club_card.id)], limit=1
        )
        questions = [
            {"name": "Birthday", "special": "birthday", "required": True},
            {
                "name": "Work",
                "kind": "choices",
                "choice_ids": [Command.create({"name": "Nurse"})],
            },
            {"name": "Driver", "kind": "yes_no"},
        ]
        asked = self.env["ekarte.questionnaire"].create(
            {
                "name": "About you",
                "issuer_id": self.grocer.id,
                "field_ids": [Command.create(question) for question in questions],
            }
        )
        asked.action_open()
        card = f"/my/cards/{self.club_card.id}"
        pages = ["/my/cards", "/my/cards/add", "/my/cards/data", card]
        pages += [f"{card}/{one}" for one in ("purchases", "manage", "show")]
        pages += [f"{card}/purchases/{sale.id}"]
        pages += [f"/my/cards/data/questions/{self.grocer.code}"]
        order = json.dumps([AXE.read_text(encoding="utf-8"), pages, SIZES])
        self.browser_js("/my/cards", LOOK % order, login="t.anna", timeout=120)


@tagged("post_install", "-at_install")
class TestSubscriberOnAPhone(SubscriberCase):
    browser_size = "390x844"
    touch_enabled = True

    def test_a_subscriber_uses_a_card_on_a_phone(self):
        self.start_tour("/my/cards", "ekarte_subscriber_tour", login="t.anna")
        self.assertIn(self.anna.partner_id, self.gift_card.subscriber_ids)
