"""A second ledger, in memory, and the tests that both give the same answers.

Written from docs/PROGRAMS.md, docs/ANSWER_CODES.md and the decisions in docs/adr, apart
from ekarte_core: plain dictionaries, no sets of changes, no SQL. Of ekarte_core only
the values on the wire are used.
"""
