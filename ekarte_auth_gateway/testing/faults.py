"""What a terminal can say of silence and nonsense."""

ANSWER_WAIT_S = 30.0


class TerminalError(Exception):
    """What came back is no answer of the gateway, or nothing came back."""
