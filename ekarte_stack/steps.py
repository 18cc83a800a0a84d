"""Long steps show that they live; failures say what was tried and what to do."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

HEARTBEAT_S = 15  # a longer silence looks like a hang
LOG_TAIL_LINES = 25


class StackError(Exception):
    """Something outside our code failed; the text says what to do about it."""

    def __init__(self, what: str, *, log: Path | None = None, advice: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.log = log
        self.advice = advice

    def report(self) -> str:
        """Everything a person needs to go on: fault, end of the log, advice."""
        lines = [f"ekarte: {self.what}"]
        if self.log and self.log.exists():
            tail = self.log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:]
            lines += [f"  | {line}" for line in tail]
            lines.append(f"  whole log: {self.log}")
        if self.advice:
            lines.append(f"  what to do: {self.advice}")
        return "\n".join(lines)


def say(text: str) -> None:
    """Print one line at once, also into a pipe."""
    print(text, flush=True)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Announce a step, say that it is still going on, and how long it took."""
    began = time.monotonic()
    done = threading.Event()

    def beat() -> None:
        while not done.wait(HEARTBEAT_S):
            say(f"   … {title}: {time.monotonic() - began:.0f} s")

    say(f"-> {title}")
    pulse = threading.Thread(target=beat, daemon=True)
    pulse.start()
    try:
        yield
    finally:
        done.set()
        pulse.join()
    say(f"   {title}: done in {time.monotonic() - began:.1f} s")


def run(
    argv: Sequence[str | Path],
    *,
    log: Path,
    advice: str = "",
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout_s: int = 1800,
) -> None:
    """Run a command with its output in ``log``.

    Raises:
        StackError: the command failed, is missing, or ran into ``timeout_s``.
    """
    words = [str(word) for word in argv]
    shown = " ".join(words)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        out.write(f"\n$ {shown}\n".encode())
        out.flush()
        try:
            done = subprocess.run(
                words,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=None if env is None else dict(env),
                cwd=cwd,
                timeout=timeout_s,
                check=False,
            )
        except FileNotFoundError as error:
            raise StackError(
                f"there is no command {words[0]!r}", advice=advice
            ) from error
        except subprocess.TimeoutExpired as error:
            raise StackError(
                f"no end after {timeout_s} s: {shown}", log=log, advice=advice
            ) from error
    if done.returncode != 0:
        raise StackError(
            f"this command ended with {done.returncode}: {shown}",
            log=log,
            advice=advice,
        )


def warn(text: str) -> None:
    """Print one line to the error stream."""
    print(f"ekarte: {text}", file=sys.stderr, flush=True)
