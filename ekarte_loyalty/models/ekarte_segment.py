from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..queries import queries
from .own import check_still_own


def partners_of(name, **values):
    """Return a query of sql/segment.sql as the sub-select of a domain."""
    found = queries("segment.sql")
    return SQL(found[name], own=SQL(found["own_cards"]), **values)


class EkarteSegment(models.Model):
    """Customers of an issuer whom all of its conditions mean, today.

    Nothing is kept of who they are: each use looks anew. Consent is not a condition:
    who writes to a segment asks for that, always (see ekarte.campaign).
    """

    _name = "ekarte.segment"
    _description = "Segment of customers"
    _order = "name, id"

    name = fields.Char(required=True)
    issuer_id = fields.Many2one(
        "ekarte.issuer",
        required=True,
        ondelete="cascade",
        index=True,
        default=lambda self: self.env["ekarte.issuer"]._default_issuer(),
    )
    company_id = fields.Many2one(related="issuer_id.company_id", store=True)
    line_ids = fields.One2many(
        "ekarte.segment.line", "segment_id", "Conditions", copy=True
    )
    note = fields.Text("What It Is For")
    active = fields.Boolean(default=True)
    customer_count = fields.Integer("Customers", readonly=True, copy=False)
    counted_at = fields.Datetime("Counted", readonly=True, copy=False)

    def write(self, vals):
        done = super().write(vals)
        check_still_own(self)
        return done

    def _partner_domain(self):
        """Return the customers as a domain on res.partner."""
        self.ensure_one()
        self.env.flush_all()
        issuer = self.issuer_id
        domain = Domain("id", "in", partners_of("customers", issuer=issuer.id))
        lines = self.line_ids.sorted(lambda line: line.kind == "step")
        for line in lines:
            # A step is asked of the ledger card by card: after all else.
            domain &= line._partner_domain(domain)
        return domain

    def _partners(self):
        """Return the customers whom the caller may see."""
        return self.env["res.partner"].search(self._partner_domain())

    def action_count(self):
        """Count the customers, now."""
        partners = self.env["res.partner"]
        for segment in self:
            segment.write(
                {
                    "customer_count": partners.search_count(segment._partner_domain()),
                    "counted_at": fields.Datetime.now(),
                }
            )

    def action_open_customers(self):
        """List the customers, as they are now."""
        self.ensure_one()
        self.action_count()
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": "res.partner",
            "view_mode": "list,form",
            "domain": [("id", "in", self._partners().ids)],
            "context": {"create": False},
        }

    @api.model
    def _today(self, issuer):
        """Return the day at the issuer's first branch."""
        zone = issuer.branch_ids[:1].time_zone or "UTC"
        return fields.Date.context_today(self.with_context(tz=zone))
