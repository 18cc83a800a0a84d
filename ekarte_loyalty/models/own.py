"""What Odoo does not look at: whose a record is after it was written, and defaults."""


def check_still_own(records):
    """Refuse a record that was written over to others.

    Odoo checks rules before a write only.
    """
    if not records.env.su:
        records.check_access("write")


def without_defaults(records, names):
    """Return the records without the caller's defaults of these fields.

    `default_*` in a context comes after what `create` can see, of read-only fields too.
    """
    kept = {
        key: value
        for key, value in records.env.context.items()
        if not (key.startswith("default_") and key.removeprefix("default_") in names)
    }
    return records.with_env(records.env(context=kept))
