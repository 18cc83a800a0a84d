"""Two issuers with a branch each, and a keyring of this server's own."""

import os
import tempfile
from pathlib import Path
from unittest.mock import patch

from odoo.tests import TransactionCase
from odoo.tests.common import new_test_user

from ekarte_core import load_keyring, write_new_keyring

ADMINISTRATOR = "ekarte_loyalty.ekarte_loyalty_group_administrator"
ISSUER = "ekarte_loyalty.ekarte_loyalty_group_issuer"
OPERATOR = "ekarte_loyalty.ekarte_loyalty_group_operator"


class TerminalCase(TransactionCase):
    """Codes begin with T, so that the cases also run beside the demo network."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        path = Path(folder) / "keyring"
        write_new_keyring(path)
        cls.keyring = load_keyring(path)
        cls.enterClassContext(patch.dict(os.environ, {"EKARTE_KEYRING": str(path)}))
        cls.companies = cls.env["res.company"].create(
            [{"name": "Tests Grocer"}, {"name": "Tests Fuel"}]
        )
        cls.issuers = cls.env["ekarte.issuer"].create(
            [
                {"code": code, "company_id": company.id}
                for code, company in zip(
                    ("TGROCER", "TFUEL"), cls.companies, strict=True
                )
            ]
        )
        cls.branches = cls.env["ekarte.branch"].create(
            [
                {"code": code, "name": f"Branch {code}", "issuer_id": issuer.id}
                for code, issuer in zip(("TG1", "TF1"), cls.issuers, strict=True)
            ]
        )
        cls.terminal, cls.pump = cls.env["ekarte.terminal"].create(
            [
                {"code": "T0000011", "name": "Till", "branch_id": cls.branches[0].id},
                {"code": "T0000031", "name": "Pump", "branch_id": cls.branches[1].id},
            ]
        )
        cls.network = cls.env["ekarte.network"]._get()

    @classmethod
    def user(cls, login, groups, companies=None):
        companies = companies or cls.companies[0]
        return new_test_user(
            cls.env,
            login,
            groups=groups,
            company_id=companies[0].id,
            company_ids=[(6, 0, companies.ids)],
        )

    def published(self):
        """Terminals of the live document, by id."""
        self.network._publish()
        self.assertFalse(self.network.fault_ids.mapped("sentence"))
        return {part["id"]: part for part in self.network._live_document()["terminals"]}
