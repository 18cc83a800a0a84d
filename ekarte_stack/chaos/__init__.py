"""Fault trials: business goes on, something breaks, three witnesses are compared.

`command` is the front door (``./ekarte chaos``); docs/CHAOS.md tells the whole. A fault
is a row of `faults.FAULTS`; `trials` holds the trials on a `stand`, `judge` compares
what clients wrote down with the ledger and with the `model`.
"""
