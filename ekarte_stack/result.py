"""What a suite came to."""

from dataclasses import dataclass, field


@dataclass
class Result:
    """What one suite, or all of them, came to."""

    passed: int = 0
    failed: int = 0
    complaints: list[str] = field(default_factory=list)

    def complain(self, text: str) -> None:
        """Count something that pytest would let pass as a failure."""
        self.failed += 1
        self.complaints.append(text)

    def add(self, other: "Result") -> None:
        """Take over what another suite came to."""
        self.passed += other.passed
        self.failed += other.failed
        self.complaints += other.complaints
