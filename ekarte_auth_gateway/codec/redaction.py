"""Takes secrets out of a text before it is written anywhere.

The last net, not the first: nothing should hand a card number to a log at all. It
is one function over the finished line, so that no formatter, library or traceback
goes around it.
"""

import re

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    # Track data: number, separator, expiry and the rest. Before bare numbers.
    (re.compile(r";?\d{12,19}[=D]\d+\??"), "[track]"),
    # Card numbers, also with blanks or dashes between groups.
    (re.compile(r"(?<![\w-])\d(?:[ -]?\d){11,18}(?![\w-])"), "[number]"),
    (re.compile(r"(?<!\d)\d{12,19}(?!\d)"), "[number]"),
    # Keys, key blocks, tokens: long hexadecimal.
    (re.compile(r"[0-9A-Fa-f]{32,}"), "[key]"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[^\s\"',;]+"), r"\1 [key]"),
    # name: value and name=value, JSON or not, quoted or not.
    (
        re.compile(
            r"(?i)(access_code|password|secret|api_?key|pin_?block|signature)"
            # Our own sentence about a code names none.
            r"(\\?[\"']?\s*[:=]\s*\\?[\"']?)(?!must be 4 to 12)[^\s\"',}\\]+"
        ),
        r"\1\2[secret]",
    ),
)


def redact(text: str) -> str:
    """Return the text with numbers of 12 to 19 digits, tracks, codes and keys gone."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text
