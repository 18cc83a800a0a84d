"""A year of the demo coalition: its customers, their cards, and the books.

``town`` says who lives there and ``season`` when they buy; ``trade`` what they do at a
till, ``tills`` sends it to the ledger. ``office`` is what companies do in Odoo, by day
and by month, ``people`` what customers tell them. ``year`` puts it together and
``start`` runs it beside the stack.
"""
