"""Figures about the gateway, in the form that Prometheus reads."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest

_LATENCY_S = (
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
)  # fmt: skip
_GROUP = (1, 2, 4, 8, 16, 32, 64, 128)


class Counters:
    """One set for one gateway; its own registry, so that tests may have many."""

    def __init__(self) -> None:
        """Make all figures; they start at zero."""
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "ekarte_requests",
            "Requests answered, by command, answer code and transport",
            ("command", "rc", "transport"),
            registry=self.registry,
        )
        self._latency = Histogram(
            "ekarte_request_seconds",
            "From the whole request being here to its answer being ready",
            ("transport",),
            buckets=_LATENCY_S,
            registry=self.registry,
        )
        self.group_size = Histogram(
            "ekarte_group_size",
            "Requests in one ledger transaction",
            buckets=_GROUP,
            registry=self.registry,
        )
        self.queue_depth = Gauge(
            "ekarte_queue_depth", "Requests waiting", registry=self.registry
        )
        self.slow_depth = Gauge(
            "ekarte_slow_lane_depth",
            "Requests waiting for a card that somebody else holds",
            registry=self.registry,
        )
        self.terminals_slowed = Gauge(
            "ekarte_terminals_slowed",
            "Terminals that have to wait for unknown cards and wrong codes",
            registry=self.registry,
        )
        self.ledger_up = Gauge(
            "ekarte_ledger_up", "1: the ledger answers", registry=self.registry
        )
        self.network_version = Gauge(
            "ekarte_network_version",
            "Version of the network document in use",
            registry=self.registry,
        )
        self.holds_expired = Counter(
            "ekarte_holds_expired", "Holds released by time", registry=self.registry
        )
        self.settlements_pending = Gauge(
            "ekarte_settlements_pending",
            "Documents that Odoo has not accepted yet",
            registry=self.registry,
        )
        self.settlements_accepted = Counter(
            "ekarte_settlements_accepted",
            "Documents that Odoo has accepted",
            registry=self.registry,
        )
        self.connections = Gauge(
            "ekarte_connections",
            "Open connections of terminals",
            ("transport",),
            registry=self.registry,
        )
        self._make_lines()
        self._make_lane()
        self._make_chores()
        self._make_printing()
        # labels() looks its child up under a lock each time; the hot path keeps them.
        self._request_child: dict[tuple[str, str, str], Counter] = {}
        self._latency_child: dict[str, Histogram] = {}

    def _make_lines(self) -> None:
        self.lines_up = Gauge(
            "ekarte_serial_line_up",
            "1: the serial line is open",
            ("line",),
            registry=self.registry,
        )
        self.line_events = Counter(
            "ekarte_serial_line_events",
            "What happened on a serial line: opened, lost, sent, given_up, bad_block",
            ("line", "event"),
            registry=self.registry,
        )

    def _make_lane(self) -> None:
        self.queue_room = Gauge(
            "ekarte_queue_room",
            "Requests that may wait at the moment, by number and by time",
            registry=self.registry,
        )
        self.lane_busy_s = Counter(
            "ekarte_lane_busy_seconds",
            "Time that the fast lane has worked: 1 a second is all that it can",
            registry=self.registry,
        )

    def _make_chores(self) -> None:
        self.batches_closed = Counter(
            "ekarte_batches_closed",
            "Batches closed, by a terminal or by the schedule of its branch",
            ("how",),
            registry=self.registry,
        )
        for how in ("terminal", "schedule"):
            self.batches_closed.labels(how)  # a rate needs its zero
        self.settlement_oldest_s = Gauge(
            "ekarte_settlement_oldest_seconds",
            "Age of the oldest document that Odoo has not accepted",
            registry=self.registry,
        )
        self.parameters_made = Counter(
            "ekarte_parameters_made",
            "Versions of a branch's parameters that this gateway has made",
            registry=self.registry,
        )
        self.parameters_loaded = Counter(
            "ekarte_parameters_loaded",
            "Versions that terminals have told this gateway to have loaded",
            registry=self.registry,
        )

    def _make_printing(self) -> None:
        self.slips = Counter(
            "ekarte_slips",
            "Slips for printers that the gateway drives, by what became of them",
            ("fate",),
            registry=self.registry,
        )
        for fate in ("printed", "in_doubt", "given_up"):
            self.slips.labels(fate)  # a rate needs its zero
        self.slips_waiting = Gauge(
            "ekarte_slips_waiting",
            "Slips that wait to be printed",
            registry=self.registry,
        )
        self.printers_away = Gauge(
            "ekarte_printers_away",
            "Printers with slips waiting that do not print",
            registry=self.registry,
        )

    def answered(self, command: str, rc: str, transport: str, took_s: float) -> None:
        """Count one answered request."""
        key = (command, rc, transport)
        child = self._request_child.get(key)
        if child is None:
            child = self._request_child[key] = self._requests.labels(*key)
        child.inc()
        latency = self._latency_child.get(transport)
        if latency is None:
            latency = self._latency_child[transport] = self._latency.labels(transport)
        latency.observe(took_s)

    def page(self) -> bytes:
        """Return all figures as text."""
        return generate_latest(self.registry)
