from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class EkarteScopeMixin(models.AbstractModel):
    """A record that concerns several companies: record rules go by `of_company_ids`.

    A rule over a one2many or many2many would do, but Odoo checks rules in memory as
    superuser, and what it then read of that field stays in the cache that the user
    reads next: names of others would leak. So the scope is asked of PostgreSQL.
    """

    _name = "ekarte.scope.mixin"
    _description = "Record that concerns several companies"

    # SELECTs of pairs (id of the record, company_id); any of them is enough.
    _scope_sources = ()

    of_company_ids = fields.Many2many(
        "res.company",
        compute="_compute_of_company_ids",
        search="_search_of_company_ids",
        groups="ekarte_loyalty.ekarte_loyalty_group_administrator",
    )

    def _compute_of_company_ids(self):
        self.env["ekarte.issuer"].flush_model(["code", "company_id"])
        rows = self.env.execute_query(
            SQL(
                "SELECT id, array_agg(DISTINCT company_id) FROM (%s) AS scope"
                " WHERE id = ANY(%s) AND company_id IS NOT NULL GROUP BY id",
                SQL(" UNION ALL ").join(map(SQL, self._scope_sources)),
                self.ids,
            )
        )
        companies = dict(rows)
        for record in self:
            record.of_company_ids = companies.get(record.id, [])

    def _search_of_company_ids(self, operator, value):
        if operator != "in":
            return NotImplemented
        self.env["ekarte.issuer"].flush_model(["code", "company_id"])
        companies = [company for company in value if company]
        return Domain.custom(
            to_sql=lambda _model, alias, _query: SQL(
                "(%s)",
                SQL(" OR ").join(
                    # OFFSET 0: look up row by row, never hash the whole ledger.
                    SQL(
                        "EXISTS (SELECT 1 FROM (%s) AS scope WHERE scope.id = %s"
                        " AND scope.company_id = ANY(%s) OFFSET 0)",
                        SQL(source),
                        SQL.identifier(alias, "id"),
                        companies,
                    )
                    for source in self._scope_sources
                ),
            )
        )
