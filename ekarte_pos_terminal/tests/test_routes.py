"""Every page of ours, asked for by who has no business there."""

from werkzeug.routing import Map, Rule

from odoo.http import Request, _generate_routing_rules, root
from odoo.tests import tagged

from odoo.addons.ekarte_loyalty.tests.portal_common import PortalCase

from .attack_common import OURS

CARD = "/my/cards/<int:card_id>"
CLEARING = "/my/clearing/<int:statement_id>"
DISPUTE = f"{CLEARING}/disputes/<int:dispute_id>/<any(answer, accept, withdraw):what>"
ROUTES = {
    "/my/cards": "own",
    "/my/cards/add": "own",
    "/my/cards/register": "form",
    "/my/cards/data": "own",
    "/my/cards/data/consents": "form",
    "/my/cards/data/export": "own",
    "/my/cards/data/forget": "form",
    "/my/cards/data/questions/<string:code>": "form",
    CARD: "own",
    f"{CARD}/block": "form",
    f"{CARD}/code": "form",
    f"{CARD}/forget": "form",
    f"{CARD}/leave": "form",
    f"{CARD}/manage": "own",
    f"{CARD}/pool": "form",
    f"{CARD}/purchases": "own",
    f"{CARD}/purchases/<int:operation_id>": "own",
    f"{CARD}/purchases/page/<int:page>": "own",
    f"{CARD}/show": "own",
    f"{CARD}/statement": "own",
    f"{CARD}/unblock": "form",
    "/my/clearing": "own",
    "/my/clearing/page/<int:page>": "own",
    CLEARING: "token",
    f"{CLEARING}/<any(pdf, xlsx):ending>": "token",
    f"{CLEARING}/page/<int:page>": "token",
    f"{CLEARING}/agree": "sealed token",
    f"{CLEARING}/dispute": "sealed token",
    DISPUTE: "sealed token",
    "/draws/<int:draw_id>": "public",
    "/draws/<int:draw_id>/<string:document>.txt": "public",
    "/ekarte/card-import/template": "office",
    "/ekarte/card-batch/<int:batch_id>/<any(csv, pdf):form>": "office",
}
"""own: of who is logged in. form: the same, sent with its seal. token: who is logged in
or has the link of the letter. public: what was published. office: with a role."""


@tagged("post_install", "-at_install")
class TestRoutes(PortalCase):
    """Anna's cards and a batch of the grocer; Boris asks for them, and nobody does."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        sale = cls.env["ekarte.operation"].search(
            [("card_id", "=", cls.club_card.id), ("command", "=", "sale")], limit=1
        )
        program = cls.env["ekarte.program"].search([], limit=1)
        cls.draw = cls.env["ekarte.draw"].create(
            {
                "name": "Test draw of secrets",
                "program_id": program.id,
                "first_day": "2026-11-01",
                "last_day": "2026-11-30",
            }
        )
        cls.words = {
            "card_id": cls.club_card.id,
            "operation_id": sale.id,
            "statement_id": 1,
            "dispute_id": 1,
            "draw_id": cls.draw.id,
            "batch_id": 1,
            "page": 1,
            "code": "TGRO",
            "document": "list",
            "what": "accept",
            "ending": "pdf",
            "form": "csv",
        }
        cls.secrets = (cls.club_card.number, "t.anna", cls.draw.name)

    def _rules(self):
        """Return the routes of ours, by inspection of what the server serves."""
        modules = sorted(self.env.registry._init_modules)
        converters = self.env["ir.http"]._get_converters()
        found = Map(strict_slashes=False, converters=converters)
        for url, endpoint in _generate_routing_rules(modules, nodb_only=False):
            if endpoint.func.__module__.startswith(OURS):
                methods = endpoint.routing["methods"]
                found.add(Rule(url, endpoint=endpoint, methods=methods))
        return {rule.rule: rule for rule in found.iter_rules()}

    def _path(self, rule):
        path = rule.build({name: self.words[name] for name in rule.arguments})
        self.assertIsNotNone(path, f"{rule.rule}: say its arguments in `words`")
        return path[1]

    def _state(self):
        """Return what a request could have changed."""
        self.env.invalidate_all()
        counted = ("operation", "entry", "holder", "consent", "questionnaire.answer")
        return [self.club_card.state, self.club_card.holder_ids.ids] + [
            self.env[f"ekarte.{name}"].search_count([]) for name in counted
        ]

    def _ask(self, rule, *, seal=False):
        path = self._path(rule)
        if "POST" not in (rule.methods or ()):
            return self.url_open(path, allow_redirects=False)
        data = {"number": "1", "why": "lost", "issuer": str(self.grocer.id)}
        if seal:
            data["csrf_token"] = Request.csrf_token(self)
        return self.url_open(path, data=data, allow_redirects=False)

    def test_every_route_stands_in_the_table_as_it_is(self):
        rules = self._rules()
        self.assertEqual(sorted(rules), sorted(ROUTES))
        for name, rule in rules.items():
            routing, kind = rule.endpoint.routing, ROUTES[name]
            with self.subTest(name):
                free = kind in ("public", "token", "sealed token")
                self.assertEqual(routing["auth"], "public" if free else "user")
                sealed = kind in ("form", "sealed token")
                self.assertEqual("POST" in (rule.methods or ()), sealed)
                self.assertTrue(routing.get("csrf", True))
                self.assertEqual(routing["type"], "http")

    def test_nobody_sees_or_changes_anything_without_a_login(self):
        self.authenticate(None, None)
        before = self._state()
        for name, rule in self._rules().items():
            with self.subTest(name):
                for seal in (False, True):
                    answer = self._ask(rule, seal=seal)
                    login = "/web/login" in answer.headers.get("Location", "")
                    self.assertTrue(login or answer.status_code in (303, 400, 403, 404))
                    self._assert_silent(answer)
        self.assertEqual(self._state(), before)

    def test_another_subscriber_sees_and_changes_nothing(self):
        self.login(self.boris)
        before = self._state()
        for name, rule in self._rules().items():
            with self.subTest(name):
                for seal in (False, True):
                    answer = self._ask(rule, seal=seal)
                    self.assertLess(answer.status_code, 500)
                    self._assert_silent(answer)
                if ROUTES[name] == "form":
                    self.assertEqual(self._ask(rule).status_code, 400, "no seal")
        self.assertEqual(self._state(), before)

    def test_the_holder_sees_the_card_itself(self):
        self.login(self.anna)
        for name in (CARD, f"{CARD}/purchases", f"{CARD}/manage"):
            answer = self._ask(self._rules()[name])
            self.assertEqual(answer.status_code, 200)
            self.assertIn(self.secrets[0][-4:], answer.text)

    def test_words_of_an_issuer_are_shown_as_words(self):
        words = "<script>alert(1)</script>{{ 1111 * 1000003 }}<t t-out='1111*1000003'/>"
        for record in (self.bonus, self.gift, self.discount, self.club, self.centre):
            record.name = words
        self.grocer.name = words
        self.env.cr.flush()
        self.login(self.anna)
        shown = 0
        for name, rule in self._rules().items():
            if ROUTES[name] == "own":
                text = self._ask(rule).text
                shown += "&lt;script&gt;alert(1)" in text
                self.assertNotIn("<script>alert(1)", text, name)
                self.assertNotIn("1111003333", text, name)
        self.assertGreater(shown, 2)

    def test_who_has_logged_out_is_nobody(self):
        self.login(self.anna)
        page = self._path(self._rules()[CARD])
        self.assertEqual(self.url_open(page, allow_redirects=False).status_code, 200)
        kept = self.session.sid
        self.url_open("/web/session/logout")
        self.assertNotEqual(root.session_store.get(kept).uid, self.anna.id)
        answer = self.url_open(page, allow_redirects=False)
        self.assertIn("/web/login", answer.headers.get("Location", ""))

    def _assert_silent(self, answer):
        for secret in self.secrets:
            self.assertNotIn(secret, answer.text)
        self.assertNotIn("Traceback", answer.text)
