"""The ledger: the only room that speaks SQL. Takes a lent cursor, never commits."""
