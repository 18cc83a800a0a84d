import json

from odoo import api, fields, models

from .ekarte_network import ROOMS


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
    differences = fields.Text(
        compute="_compute_differences", help="From the version before to this one."
    )

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

    @api.depends("body")
    @api.depends_context("lang")
    def _compute_differences(self):
        """Tell field by field what was and what is, as the forms name it."""
        for one in self:
            before = self.search([("version", "<", one.version)], limit=1)
            old = before._named_parts() if before else {}
            new = one._named_parts()
            lines = [
                line
                for key in {**old, **new}
                for line in self._differences_of(key, old.get(key), new.get(key))
            ]
            one.differences = "\n".join(lines) if before else False

    def _differences_of(self, key, old, new):
        """Return a line for each value of one part that differs."""
        room, name = key
        if old is None or new is None:
            sentence = (
                self.env._("%(part)s: new", part=name)
                if old is None
                else self.env._("%(part)s: taken out", part=name)
            )
            return [sentence]
        was, now = _leaves(old), _leaves(new)
        model = self.env.get(ROOMS.get(room))
        return [
            f"{name} · {_label(model, path)}: {was.get(path, '–')} → "
            f"{now.get(path, '–')}"
            for path in {**was, **now}
            if was.get(path) != now.get(path)
        ]

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


def _label(model, path):
    return path if model is None else model._network_field_label(path)


def _leaves(part):
    """Return {path: value} of a part; lists count as one value."""
    if not isinstance(part, dict):
        return {"": part}
    found = {}
    for name, value in part.items():
        if isinstance(value, dict):
            for path, leaf in _leaves(value).items():
                found[f"{name}.{path}"] = leaf
        else:
            found[name] = (
                json.dumps(value, ensure_ascii=False)
                if isinstance(value, list)
                else value
            )
    return found
