"""Whatever a role may read, its lists and forms open: nothing on them is another's."""

from lxml import etree

from odoo import Command
from odoo.tests import new_test_user, tagged

from .test_session_close import DayCase

ROLES = ("operator", "accountant", "issuer", "administrator")
KINDS = ("list", "kanban", "form")
LEAST = 250
"""So many there are: a test that opens fewer looks in the wrong place."""


@tagged("post_install", "-at_install")
class TestEveryForm(DayCase):
    def test_lists_and_forms_open_for_each_role_that_may_read_them(self):
        self.whole_day()
        self.close()
        self.settle()
        kinds = self._kinds()
        opened = 0
        for role in ROLES:
            user = self._reader(role)
            for name, kind in kinds:
                model = self.env[name].with_user(user).with_company(user.company_id)
                if model.has_access("read"):
                    with self.subTest(role=role, model=name, kind=kind):
                        self._read(model, kind)
                    opened += 1
        self.assertGreater(opened, LEAST)

    def _reader(self, role):
        """A user with this role and no other, in no other app."""
        return new_test_user(
            self.env,
            f"form.{role}",
            groups=f"base.group_user,ekarte_loyalty.ekarte_loyalty_group_{role}",
            company_id=self.grocer_company.id,
            company_ids=[Command.set(self.grocer_company.ids)],
        )

    def _kinds(self):
        """Return (model, kind) of every view of ours."""
        views = self.env["ir.ui.view"].search(
            [("model", "=like", "ekarte.%"), ("type", "in", KINDS)]
        )
        found = {(view.model, view.type) for view in views}
        return sorted(one for one in found if not self.env[one[0]]._abstract)

    def _read(self, model, kind):
        """Read what the view shows, as a browser does."""
        arch = model.get_views([(False, kind)])["views"][kind]["arch"]
        model.web_search_read([], self._asked(etree.fromstring(arch)), limit=3)

    def _asked(self, node):
        """Return the fields of a view, and of the lists within."""
        asked = {}
        for part in node.iterchildren(tag=etree.Element):
            if part.tag == "field":
                inner = {}
                for view in part.iterchildren(*KINDS):
                    inner |= self._asked(view)
                more = {"fields": inner} if inner else {}
                asked[part.get("name")] = asked.get(part.get("name"), {}) | more
            else:
                for name, more in self._asked(part).items():
                    asked[name] = asked.get(name, {}) | more
        return asked
