import os
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from unittest.mock import patch

from odoo import Command
from odoo.tests import TransactionCase, new_test_user

from ekarte_core import (
    CardRef,
    Request,
    Tender,
    current_network,
    execute,
    load_keyring,
    write_new_keyring,
)

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=timezone.utc)
CLUB_CARD = "9980001000000011"
OTHER_CLUB_CARD = "9980001000000029"
THIRD_CLUB_CARD = "9980001000000037"
GIFT_CARD = "9980002000000019"
FUEL_CARD = "9980003000000017"


class NetworkCase(TransactionCase):
    """A network of two issuers in two companies, entered without any demo data.

    TGRO: branches TG1, TG2; a bonus, a discount and a gift card that all accept.
    TFUE: branch TF1; a bonus. The grocer's club cards collect at both.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._make_keyring()
        cls.network = cls.env["ekarte.network"]._get()
        cls.euro = cls.env.ref("base.EUR")
        cls.network.currency_id = cls.euro
        cls.grocer_company, cls.fuel_company = cls.env["res.company"].create(
            [
                {"name": "Test grocer", "currency_id": cls.euro.id},
                {"name": "Test fuel", "currency_id": cls.euro.id},
            ]
        )
        cls.grocer = cls._issuer("TGRO", cls.grocer_company)
        cls.fuel = cls._issuer("TFUE", cls.fuel_company)
        cls.env["ekarte.coalition"].create(
            {
                "code": "TCOA",
                "name": "Test coalition",
                "issuer_ids": [Command.set((cls.grocer | cls.fuel).ids)],
            }
        )
        cls.centre = cls._branch("TG1", cls.grocer)
        cls.suburb = cls._branch("TG2", cls.grocer)
        cls.station = cls._branch("TF1", cls.fuel)
        cls._make_programs()
        cls._make_card_types()
        cls.numbers = iter(range(1, 1_000_000))
        cls.env.cr.flush()

    @classmethod
    def _make_keyring(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        path = Path(folder.name) / "keyring"
        write_new_keyring(path)
        environment = patch.dict(os.environ, {"EKARTE_KEYRING": str(path)})
        environment.start()
        cls.addClassCleanup(environment.stop)
        cls.keyring = load_keyring(path)

    @classmethod
    def _issuer(cls, code, company):
        return cls.env["ekarte.issuer"].create({"code": code, "company_id": company.id})

    @classmethod
    def _branch(cls, code, issuer):
        return cls.env["ekarte.branch"].create(
            {"code": code, "name": f"Branch {code}", "issuer_id": issuer.id}
        )

    @classmethod
    def _program(cls, code, issuer, kind, **values):
        return cls.env["ekarte.program"].create(
            {
                "code": code,
                "name": f"Program {code}",
                "issuer_id": issuer.id,
                "kind": kind,
                "state": "active",
                **values,
            }
        )

    @classmethod
    def _make_programs(cls):
        cls.bonus = cls._program(
            "T-BON", cls.grocer, "bonus_amount", step=5, convert_at=10, convert_to=1
        )
        cls.discount = cls._program(
            "T-DIS",
            cls.grocer,
            "accumulated_discount",
            base_rate=5,
            step_amount=50,
            step_rate=1,
            max_rate=15,
        )
        cls.gift = cls._program(
            "T-GIF", cls.grocer, "gift_card", min_load=5, accept_at="coalition"
        )
        cls.fuel_bonus = cls._program("T-FBO", cls.fuel, "bonus_amount", step=10)

    @classmethod
    def _card_type(cls, code, issuer, programs, *spans, **values):
        ranges = [
            Command.create(
                {"number_from": f"{span}000000000", "number_to": f"{span}999999999"}
            )
            for span in spans
        ]
        return cls.env["ekarte.card.type"].create(
            {
                "code": code,
                "name": f"Card {code}",
                "issuer_id": issuer.id,
                "range_ids": ranges,
                "program_ids": [Command.set(programs.ids)],
                "state": "active",
                **values,
            }
        )

    @classmethod
    def _make_card_types(cls):
        cls.club = cls._card_type(
            "T-CLUB",
            cls.grocer,
            cls.bonus | cls.discount,
            "9980001",
            auto_register=True,
        )
        cls.gift_type = cls._card_type("T-GIFT", cls.grocer, cls.gift, "9980002")
        cls.fuel_club = cls._card_type(
            "T-FUEL",
            cls.fuel,
            cls.fuel_bonus,
            "9980003",
            "9980001",
            auto_register=True,
        )

    @classmethod
    def _send(cls, issuer, command, number, amount=None, minutes=0, **values):
        """Send one operation through the issuer's own terminal; return the outcome.

        `terminal` among the values is another one.
        """
        request = Request(
            command=command,
            terminal=values.pop("terminal", issuer._back_office_id()),
            batch=2,
            operation=next(cls.numbers),
            card=CardRef(value=number),
            amount=amount,
            **values,
        )
        cls.env.cr.flush()
        (outcome,) = execute(
            cls.env.cr,
            [request],
            current_network(cls.env.cr),
            cls.keyring,
            NOON + timedelta(minutes=minutes),
        )
        cls.env.invalidate_all()
        return outcome

    @classmethod
    def _trade(cls):
        """Purchases of both issuers' customers; a gift card used at the other's."""
        cls._send(cls.grocer, "sale", CLUB_CARD, 1750)
        cls._send(cls.grocer, "activate", GIFT_CARD, 3000)
        cls._send(
            cls.fuel, "sale", GIFT_CARD, 2000, tender=Tender(gift=1200), minutes=5
        )
        cls._send(cls.fuel, "sale", FUEL_CARD, 4500, minutes=9)
        cls.env.cr.flush()

    @classmethod
    def _user(cls, login, group, company):
        return new_test_user(
            cls.env,
            login=login,
            groups=f"base.group_user,ekarte_loyalty.ekarte_loyalty_group_{group}",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
