from odoo import api, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL, drop_view_if_exists, file_open


class EkarteLedgerViewMixin(models.AbstractModel):
    """A window on the ledger: a PostgreSQL view in public over schema `ekarte`.

    The ledger is written by the core alone. Each view's SELECT stands in
    sql/<table>.sql and is a join: PostgreSQL refuses to write through such a view,
    whoever asks. The refusal below only says so in people's words.
    """

    _name = "ekarte.ledger.view.mixin"
    _description = "Window on the ledger"
    _auto = False
    _ledger_path = "ekarte_loyalty/sql"
    # Views without a model that this one stands on; queries may use them too.
    _ledger_below = ()
    # Where the id is calculated from two keys: the indexed key, and its weight in it.
    _ledger_key = None

    def init(self):
        super().init()
        if not self._abstract:
            # After all tables are there: the views join Odoo's own.
            self.env.registry.post_init(self._create_view)

    def _create_view(self):
        for name in (*self._ledger_below, self._table):
            with file_open(f"{self._ledger_path}/{name}.sql") as file:
                select = file.read()
            drop_view_if_exists(self.env.cr, name)
            self.env.cr.execute(
                SQL("CREATE VIEW %s AS %s", SQL.identifier(name), SQL(select))
            )

    def _search(self, domain, *args, **kwargs):
        if self._ledger_key:
            domain = Domain(domain).map_conditions(self._with_ledger_key)
        return super()._search(domain, *args, **kwargs)

    def _with_ledger_key(self, condition):
        """Name the indexed key beside a calculated id, or every row is looked at."""
        if condition.field_expr != "id" or condition.operator not in ("=", "in"):
            return condition
        name, weight = self._ledger_key
        ids = condition.value if condition.operator == "in" else [condition.value]
        return condition & Domain(
            name, "in", list({key // weight for key in ids if key})
        )

    # They refuse instead of calling super.
    # pylint: disable=method-required-super

    @api.model_create_multi
    def create(self, vals_list):
        self._refuse_writing()

    def write(self, vals):
        self._refuse_writing()

    def unlink(self):
        self._refuse_writing()

    def _refuse_writing(self):
        raise AccessError(
            self.env._("The ledger is written by operations only, never by hand.")
        )
