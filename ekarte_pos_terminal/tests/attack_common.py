"""Two issuers' worth of rows in every table of ours, and somebody of every role.

The rows are written by SQL, past the methods that would refuse them: what matters is
whom they belong to, not whether anybody could have made them.
"""

from odoo import Command
from odoo.fields import Date, Datetime
from odoo.tests import new_test_user
from odoo.tools import SQL

from odoo.addons.ekarte_loyalty.tests.common import (
    CLUB_CARD,
    FUEL_CARD,
    NOON,
    NetworkCase,
)

LOYALTY = "ekarte_loyalty.ekarte_loyalty_group_"
# A stranger works in the company and has no role of ours.
ROLES = {
    "stranger": "base.group_user",
    "portal": "base.group_portal",
    "cashier": "base.group_user,point_of_sale.group_pos_user",
    "operator": f"base.group_user,{LOYALTY}operator",
    "accountant": f"base.group_user,{LOYALTY}accountant",
    "issuer": f"base.group_user,{LOYALTY}issuer",
    "administrator": f"base.group_user,{LOYALTY}administrator",
}
OFFICE = f"{ROLES['issuer']},{LOYALTY}accountant"
"""All that one company has to give; no administrator of the coalition."""
OURS = ("odoo.addons.ekarte_loyalty", "odoo.addons.ekarte_pos_terminal")
MADE = ("ekarte.", "pos.config")
BETWEEN = {"other_id", "creditor_id", "seller_id"}
"""The other side of what two issuers have with each other."""
WHOSE = {"issuer_id", "company_id", "card_id", "branch_id", "program_id"}


class AttackCase(NetworkCase):
    """`own` and `foreign` map a model to a record of the grocer and of the fuel chain.

    Everybody in `people` works for the grocer.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._trade()
        cls._send(cls.grocer, "authorize", CLUB_CARD, 500, minutes=15)
        cls._send(cls.fuel, "authorize", FUEL_CARD, 500, minutes=15)
        company = cls.env["res.company"].create({"name": "Test third"})
        cls.third = cls._issuer("TTHI", company)
        coalition = cls.env["ekarte.coalition"]
        cls.own = cls._seeds(cls.grocer, cls.centre, cls.bonus, cls.club, CLUB_CARD)
        cls.own["ekarte.coalition"] = coalition.search([("code", "=", "TCOA")])
        cls.foreign = cls._seeds(
            cls.fuel, cls.station, cls.fuel_bonus, cls.fuel_club, FUEL_CARD
        )
        cls.foreign["ekarte.coalition"] = coalition.create(
            {
                "code": "TOTH",
                "name": "Another",
                "issuer_ids": [Command.set((cls.fuel | cls.third).ids)],
            }
        )
        cls._drop_checks()
        for side in (cls.own, cls.foreign):
            for model in cls._models():
                cls._row(side, model)
        cls.env.invalidate_all()
        cls.people = {
            role: new_test_user(
                cls.env,
                f"t.{role}",
                groups=groups,
                company_id=cls.grocer_company.id,
                company_ids=[Command.set(cls.grocer_company.ids)],
            )
            for role, groups in {**ROLES, "office": OFFICE}.items()
        }

    @classmethod
    def _drop_checks(cls):
        """Let any value in, until the test's transaction is rolled back."""
        tables = [
            cls.env[name]._table
            for name in (*cls._models(), "pos.config")
            if cls.env[name]._auto
        ]
        cls.env.cr.execute(
            SQL(
                "SELECT relname, conname FROM pg_constraint"
                " JOIN pg_class ON pg_class.oid = conrelid"
                " WHERE contype = 'c' AND relname = ANY(%s)",
                tables,
            )
        )
        for table, check in cls.env.cr.fetchall():
            cls.env.cr.execute(
                SQL(
                    "ALTER TABLE %s DROP CONSTRAINT %s",
                    SQL.identifier(table),
                    SQL.identifier(check),
                )
            )

    @classmethod
    def _seeds(cls, issuer, branch, program, card_type, number):
        card = cls.env["ekarte.card.find"].create({"number": number}).card_id
        return {
            "res.company": issuer.company_id,
            "res.currency": cls.euro,
            "res.partner": issuer.company_id.partner_id,
            "ekarte.issuer": issuer,
            "ekarte.branch": branch,
            "ekarte.program": program,
            "ekarte.card.type": card_type,
            "ekarte.card.range": card_type.range_ids[0],
            "ekarte.card": card,
            **{
                model: cls.env[model].search([("card_id", "=", card.id)], limit=1)
                for model in ("ekarte.purse", "ekarte.operation", "ekarte.hold")
            },
        }

    @classmethod
    def _models(cls):
        """Names of the models of ours that hold something, temporary ones left out."""
        return [
            name
            for name, model in cls.env.items()
            if name.startswith("ekarte.")
            and not model._abstract
            and not model._transient
        ]

    @classmethod
    def _row(cls, side, name):
        """Return a side's record of a model, written when asked for first."""
        if name in side:
            return side[name]
        model = cls.env[name].sudo()
        if not (name.startswith(MADE) and model._auto):
            side[name] = cls._any(side, model)
            return side[name]
        side[name] = model.browse()
        columns = {
            field.name: cls._value(side, field)
            for field in model._fields.values()
            if field.store and field.column_type and cls._wanted(field)
        }
        names = SQL(", ").join(SQL.identifier(name) for name in columns)
        values = SQL(", ").join(SQL("%s", value) for value in columns.values())
        cls.env.cr.execute(
            SQL(
                "INSERT INTO %s (%s) VALUES (%s) RETURNING id",
                SQL.identifier(model._table),
                names,
                values,
            )
        )
        side[name] = model.browse(cls.env.cr.fetchone()[0])
        return side[name]

    @classmethod
    def _any(cls, side, model):
        """Return a record that something else made: a side's, if it is of a side."""
        if "issuer_id" in model._fields:
            return model.search([("issuer_id", "=", side["ekarte.issuer"].id)], limit=1)
        if "card_id" in model._fields:
            return model.search([("card_id", "=", side["ekarte.card"].id)], limit=1)
        return model.search([], limit=1)

    @classmethod
    def _wanted(cls, field):
        return field.name != "id" and (
            field.required
            or field.name in WHOSE
            or field.type in ("date", "datetime", "monetary")
            or field.name == "currency_id"
            or (field.type == "many2one" and field.comodel_name.startswith("ekarte."))
        )

    @classmethod
    def _value(cls, side, field):
        """Return something that a column takes, as SQL does."""
        if field.type == "many2one":
            if field.comodel_name == "ekarte.issuer" and field.name in BETWEEN:
                return cls.third.id
            return cls._row(side, field.comodel_name).id or None
        if field.type == "selection":
            values = field.get_values(cls.env)
            return values[0] if values else "x"
        if field.name == "res_model":
            return "ekarte.issuer"
        if field.type in ("char", "text", "html"):
            text = f"{field.name} {side['ekarte.issuer'].code}"
            text = text[-(field.size or len(text)) :] if field.type == "char" else text
            return f'{{"en_US": "{text}"}}' if field.translate else text
        plain = {
            "boolean": False,
            "date": Date.to_date(NOON),
            "datetime": Datetime.to_datetime(NOON.replace(tzinfo=None)),
            "json": "{}",
        }
        # A number of the side's own, where a number must be the only one.
        return plain.get(field.type, side["res.company"].id)
