"""The network document: schema, check, compiled form."""
