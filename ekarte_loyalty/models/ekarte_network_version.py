import json

from odoo import api, fields, models


class EkarteNetworkVersion(models.Model):
    _name = "ekarte.network.version"
    _description = "Published version of the network"
    _inherit = ["ekarte.ledger.view.mixin"]
    _auto = False
    _order = "version desc"

    version = fields.Integer(readonly=True)
    published_at = fields.Datetime("Published", readonly=True)
    sha256 = fields.Char("SHA-256", readonly=True)
    body = fields.Text(readonly=True, prefetch=False)
    document = fields.Text(compute="_compute_document")
    changes = fields.Char(compute="_compute_changes")

    @api.depends("version")
    def _compute_display_name(self):
        for one in self:
            one.display_name = self.env._("Version %(number)s", number=one.version)

    @api.depends("body")
    def _compute_document(self):
        for one in self:
            one.document = json.dumps(
                json.loads(one.body), ensure_ascii=False, indent=2
            )

    @api.depends("body")
    def _compute_changes(self):
        """Name the parts that differ from the version before."""
        for one in self:
            before = self.search([("version", "<", one.version)], limit=1)
            if not before:
                one.changes = self.env._("the first version")
                continue
            old, new = before._named_parts(), one._named_parts()
            changed = [key[1] for key in {**old, **new} if old.get(key) != new.get(key)]
            if len(changed) > 8:
                changed = [*changed[:8], "…"]
            one.changes = ", ".join(changed)

    def _named_parts(self):
        """Return {(room, code or id): part}, and plain fields under their name."""
        document = json.loads(self.body)
        parts = {}
        for name, value in document.items():
            if not isinstance(value, list):
                parts["", name] = value
                continue
            for part in value:
                parts[name, part.get("code") or part["id"]] = part
        return parts
