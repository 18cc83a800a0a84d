"""Figures about banks, beside the gateway's own, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class BankFigures:
    """One set for one gateway."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Make all figures; they start at zero."""
        self.answers = Counter(
            "ekarte_bank_answers",
            "Answers of acquirers to purchases, by their code; silent: none in time",
            ("acquirer", "rc"),
            registry=registry,
        )
        self.strays = Counter(
            "ekarte_bank_strays",
            "What came from acquirers and belonged to no message that waits: late,"
            " twice, or not readable",
            ("acquirer", "kind"),
            registry=registry,
        )
        self.up = Gauge(
            "ekarte_bank_up",
            "1: connected and signed on",
            ("acquirer",),
            registry=registry,
        )
        self.waiting = Gauge(
            "ekarte_bank_messages_waiting",
            "Reversals and completions that no acquirer has acknowledged yet",
            ("acquirer",),
            registry=registry,
        )
        self.oldest_s = Gauge(
            "ekarte_bank_message_oldest_seconds",
            "Age of the oldest of them",
            ("acquirer",),
            registry=registry,
        )
        self.delivered = Counter(
            "ekarte_bank_messages_delivered",
            "Reversals and completions that came to an end: acknowledged, or given up",
            ("acquirer", "how"),
            registry=registry,
        )
