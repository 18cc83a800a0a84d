"""Replay: past operations decided again, by draft rules, without writing anything."""
