"""A year of the demo coalition: its customers, their cards, and the books.

``town`` says who lives there and ``season`` when they buy; ``trade`` what they do at a
till, ``tills`` sends it to the ledger. ``office`` is what companies do in Odoo, by day
and by month, ``people`` what customers tell them, ``letters`` what is written to them,
``checkout`` a morning at a till of Odoo. ``clock`` and ``post`` are lent to Odoo: no
time passes, and no letter leaves. ``year`` puts it together, ``shown`` proves that
nobody finds an empty screen, and ``start`` runs it beside the stack.
"""
