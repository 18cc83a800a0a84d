"""Differences of JSON objects as merge patches, RFC 7386.

They can say everything about values without null: the documents here have none.
"""

from typing import Any


def delta(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Return the patch that makes `after` of `before`."""
    patch: dict[str, Any] = dict.fromkeys(before.keys() - after.keys())
    for name, value in after.items():
        if name not in before:
            patch[name] = value
        elif isinstance(value, dict) and isinstance(before[name], dict):
            inner = delta(before[name], value)
            if inner:
                patch[name] = inner
        elif value != before[name] or type(value) is not type(before[name]):
            patch[name] = value
    return patch


def apply(patch: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """Return what a patch makes of an object; changes neither."""
    after = dict(before)
    for name, value in patch.items():
        if value is None:
            after.pop(name, None)
        elif isinstance(value, dict):
            inner = before.get(name)
            after[name] = apply(value, inner if isinstance(inner, dict) else {})
        else:
            after[name] = value
    return after
