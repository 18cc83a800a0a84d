{
    "name": "E-karte: coalition loyalty cards",
    "summary": "Issuers, programs and cards on one ledger, settled into accounting",
    "version": "19.0.1.0.0",
    "category": "Sales/Loyalty",
    "author": "E-karte",
    "license": "LGPL-3",
    "development_status": "Beta",
    "depends": [
        "account",
        "contacts",
        "mail",
    ],
    "external_dependencies": {"python": ["ekarte"]},
    "data": [
        # Security: groups first, the rest names them.
        "security/ekarte_loyalty_groups.xml",
        "security/ir.model.access.csv",
        # Views, then the menus that open them.
    ],
    "pre_init_hook": "pre_init_hook",
    "uninstall_hook": "uninstall_hook",
    "application": True,
}
