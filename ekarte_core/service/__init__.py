"""Use cases: lock, decide, write. The rules decide, the ledger writes."""
