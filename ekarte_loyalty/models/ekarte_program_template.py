import json

from odoo import Command, fields, models


class EkarteProgramTemplate(models.Model):
    """A program that many merchants have, ready to be taken over as a draft."""

    _name = "ekarte.program.template"
    _description = "Template of a Program"
    _order = "sequence, id"

    sequence = fields.Integer(default=10)
    code = fields.Char(required=True, help="What the program's own code ends with.")
    name = fields.Char(required=True, translate=True)
    description = fields.Text(required=True, translate=True)
    icon = fields.Char(default="fa-star", help="A Font Awesome class.")
    kind = fields.Selection(
        lambda self: self.env["ekarte.program"]._fields["kind"].selection,
        required=True,
    )
    figures = fields.Text(
        default="{}", help="JSON: fields of the program; lists are lines."
    )

    _code_uniq = models.UniqueIndex("(code)", "There is such a template already.")

    def action_take(self):
        """Make a draft of the user's own issuer, and open it to be looked through."""
        self.ensure_one()
        program = self.env["ekarte.program"].create(self._program_values())
        return {
            "type": "ir.actions.act_window",
            "res_model": program._name,
            "res_id": program.id,
            "views": [(False, "form")],
        }

    def _program_values(self):
        issuers = self.env["ekarte.issuer"]
        issuer = issuers._default_issuer() or issuers.search([], limit=1)
        figures = {
            name: [Command.create(line) for line in value]
            if isinstance(value, list)
            else value
            for name, value in json.loads(self.figures or "{}").items()
        }
        return {
            "name": self.name,
            "kind": self.kind,
            "code": self._free_code(issuer),
            "issuer_id": issuer.id,
            **figures,
        }

    def _free_code(self, issuer):
        """Return the first code of this issuer that no program has."""
        programs = self.env["ekarte.program"].sudo()
        stem = f"{(issuer.code or 'P')[:8]}-{self.code}"
        taken = set(programs.search([("code", "=like", f"{stem}%")]).mapped("code"))
        number = 1
        while (code := stem if number == 1 else f"{stem}-{number}") in taken:
            number += 1
        return code
