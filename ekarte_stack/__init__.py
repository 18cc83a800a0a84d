"""One machine, the whole of E-karte: PostgreSQL, Odoo 19 and the gateway.

Started by the script ``ekarte`` at the top of the checkout.
"""
