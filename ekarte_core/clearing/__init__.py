"""Clearing: from what issuers owe each other to one net sum each; pure."""
