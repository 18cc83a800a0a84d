"""The rules: facts in, plan out. No clock, no disk, no database, no randomness."""
