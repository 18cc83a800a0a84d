"""The terminal gateway: a process between terminals and the card ledger.

Terminals speak HTTP/JSON or ISO 8583 to it; it asks `ekarte_core`, in groups, and
delivers settlement documents to Odoo. It runs without Odoo. Start it with
``python -m ekarte_auth_gateway``; `ekarte_auth_gateway.testing` holds terminals for
tests and demonstrations. Rooms, from the outside in: app, then http and channel,
then parameters, then flow and codec, then ports, then messages.
"""

__all__: list[str] = []
