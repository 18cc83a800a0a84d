# The suite: this checkout as one add-on without code (docs/adr/0007). No `installable`
# here and no __init__.py beside: pytest-odoo would then collect no test, or break.
{
    "name": "E-karte",
    "summary": "Coalition loyalty cards: programs, cards, terminals, settlement",
    "version": "19.0.1.0.0",
    "category": "Sales/Loyalty",
    "author": "E-karte",
    "license": "LGPL-3",
    # Else Odoo would take README.md for reStructuredText and complain.
    "description": "Installs both add-ons: ekarte_loyalty and ekarte_pos_terminal.",
    "depends": ["ekarte_loyalty", "ekarte_pos_terminal"],
}
