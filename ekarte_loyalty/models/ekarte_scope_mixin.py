from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class EkarteScopeMixin(models.AbstractModel):
    """A record that concerns several issuers: record rules go by `of_company_ids`.

    A rule over a one2many or many2many would do, but Odoo checks rules in memory as
    superuser, and what it then read of that field stays in the cache that the user
    reads next: names of others would leak. So the scope is asked of PostgreSQL.
    """

    _name = "ekarte.scope.mixin"
    _description = "Record that concerns several companies"

    # SELECTs of pairs (id of the record, issuer's code); any of them is enough.
    _scope_sources = ()

    of_company_ids = fields.Many2many(
        "res.company",
        compute="_compute_of_company_ids",
        search="_search_of_company_ids",
        groups="ekarte_loyalty.ekarte_loyalty_group_administrator",
    )

    def _compute_of_company_ids(self):
        rows = self.env.execute_query(
            SQL(
                "SELECT id, array_agg(DISTINCT issuer) FROM (%s) AS scope"
                " WHERE id = ANY(%s) GROUP BY id",
                SQL(" UNION ALL ").join(map(SQL, self._scope_sources)),
                self.ids,
            )
        )
        codes = dict(rows)
        issuers = self._scope_issuers([])
        for record in self:
            own = issuers.filtered(
                lambda issuer, record=record: issuer.code in codes.get(record.id, ())
            )
            record.of_company_ids = own.company_id

    def _search_of_company_ids(self, operator, value):
        if operator != "in":
            return NotImplemented
        codes = self._scope_issuers([("company_id", "in", list(value))]).mapped("code")
        if len(codes) == 1 and len(self._scope_sources) == 1:
            return self._scope_of_one(codes[0])
        return Domain.OR(
            self._scope_exists(SQL("(%s)", SQL(source)), "issuer", codes)
            for source in self._scope_sources
        )

    def _scope_issuers(self, domain):
        """Return issuers, archived ones too: their customers' history stays theirs."""
        issuers = self.env["ekarte.issuer"].sudo().with_context(active_test=False)
        return issuers.search(Domain(domain) & Domain("company_id", "!=", False))

    def _scope_of_one(self, code):
        """Return the domain of a user who sees one issuer, which is almost everybody.

        The plain form, so that PostgreSQL may walk along the issuer's own records: it
        does where others have made the newest million.
        """
        (source,) = self._scope_sources
        return Domain.custom(
            to_sql=lambda _model, alias, _query: SQL(
                "%s IN (SELECT scope.id FROM (%s) AS scope WHERE scope.issuer = %s)",
                SQL.identifier(alias, "id"),
                SQL(source),
                code,
            )
        )

    def _scope_exists(self, source, column, codes):
        """Return the domain: in `source` the record's id stands beside one of `codes`.

        OFFSET 0 makes PostgreSQL look up row by row, in the order of the list, instead
        of hashing the whole ledger for a page of eighty.
        """
        return Domain.custom(
            to_sql=lambda _model, alias, _query: SQL(
                "EXISTS (SELECT 1 FROM %s AS scope WHERE scope.id = %s"
                " AND scope.%s = ANY(%s) OFFSET 0)",
                source,
                SQL.identifier(alias, "id"),
                SQL.identifier(column),
                list(codes),
            )
        )
