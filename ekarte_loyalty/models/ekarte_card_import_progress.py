from odoo import api, fields, models
from odoo.tools import SQL

from ..queries import queries


class EkarteCardImportProgress(models.Model):
    """How far an import in the background is, seen from outside its transaction.

    A row of its own: the import's would be changed on two connections at once.
    """

    _name = "ekarte.card.import.progress"
    _description = "Progress of an Import of Cards"

    import_id = fields.Many2one(
        "ekarte.card.import", required=True, ondelete="cascade", index=True
    )
    lines_done = fields.Integer()

    _import_uniq = models.UniqueIndex("(import_id)", "An import has one progress.")

    @api.model
    def _begin(self, importing):
        self.sudo().search([("import_id", "=", importing.id)]).unlink()
        self.sudo().create({"import_id": importing.id})

    @api.model
    def _of(self, imports):
        """Return {import id: lines done} of those that are or were booked so."""
        rows = self.search([("import_id", "in", imports.ids)])
        return {row.import_id.id: row.lines_done for row in rows}

    @api.model
    def _tell(self, importing, lines):
        """Tell on a connection of its own how many lines are done."""
        told = SQL(queries("card_import.sql")["progress"], id=importing.id, lines=lines)
        with self.env.registry.cursor() as cr:
            cr.execute(told)
