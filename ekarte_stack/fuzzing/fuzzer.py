"""A small coverage-guided fuzzer for decoders in Python.

Inputs that take a way through the code which none took before are kept, and changed
further. Only the modules that a target names are traced. It runs on every Python and
machine that the project runs on: Atheris has ready packages for few of them.

A decoder may raise what it says it raises and nothing else, and without the numbers
that it was sent; it has its time, and leaves no memory behind.
"""

import gc
import random
import re
import signal
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any, NamedTuple

from ekarte_stack.fuzzing.changes import change

INPUT_BYTES_MAX = 16_384
TRIMMING_S = 2.0
MEMORY_SHARE = 0.2  # of a target's time
_LONG_NUMBER = re.compile(r"\d{12,}")
_KEPT_BYTES = 256 * 1024  # between two halves of as many inputs

Decode = Callable[[bytes], object]
Change = Callable[[bytes, random.Random], bytes]


@dataclass(frozen=True)
class Target:
    """A decoder and what holds for it.

    Attributes:
        name: in reports.
        decode: takes any bytes.
        errors: what it may raise.
        modules: prefixes of module names whose code is traced.
        seeds: inputs that mean something.
        words: pieces that this language is made of.
        shapes: changes that know the language; what they cannot read they refuse by
            any exception.
        cpu_s: the longest that one input may take, traced.
        peak_bytes: the most memory that one input may take.
    """

    name: str
    decode: Decode
    errors: tuple[type[Exception], ...]
    modules: tuple[str, ...]
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...] = ()
    shapes: tuple[Change, ...] = ()
    cpu_s: float = 1.0
    peak_bytes: int = 8 * 1024 * 1024


class Finding(NamedTuple):
    """An input that breaks the rules: of what kind, and how it is told."""

    target: str
    seed: int
    kind: str
    told: str
    raw: bytes

    def __str__(self) -> str:
        """Tell all that is needed to see it again."""
        return (
            f"{self.target}, seed {self.seed}: {self.kind}: {self.told}\n"
            f"  input ({len(self.raw)} bytes): {self.raw.hex()}"
        )


@dataclass
class Figures:
    """What was tried on one target."""

    target: str
    inputs: int = 0
    understood: int = 0
    edges: int = 0
    corpus: int = 0
    kept_bytes: int = 0
    peak_bytes: int = 0
    slowest_ms: int = 0
    findings: list[Finding] = field(default_factory=list)


class TooSlow(BaseException):
    """Not an Exception: no decoder may take it for a fault of its input."""


Edge = tuple[int, int, int]  # number of the code, line before, line


class Tracer:
    """Counts the steps from line to line in the code of some modules."""

    def __init__(self, modules: tuple[str, ...]) -> None:
        """Take prefixes of module names."""
        self._modules = modules
        # By id: to hash a code object means to read all of it.
        self._numbers: dict[int, int | None] = {}
        self._codes: list[CodeType] = []
        self.steps: dict[Edge, int] = {}

    def run(self, work: Callable[[], object]) -> None:
        """Do some work and count its steps."""
        self.steps = {}
        before = sys.gettrace()
        sys.settrace(self._call)
        try:
            work()
        finally:
            sys.settrace(before)

    def _call(self, frame: FrameType, _event: str, _arg: object) -> Any:
        code = frame.f_code
        if id(code) not in self._numbers:
            name = frame.f_globals.get("__name__", "")
            ours = name.startswith(self._modules)
            self._numbers[id(code)] = len(self._codes) if ours else None
            self._codes.append(code)  # so that no other gets its id
        number = self._numbers[id(code)]
        return None if number is None else self._lines(number)

    def _lines(self, number: int) -> Any:
        steps, last = self.steps, 0

        def line(frame: FrameType, event: str, _arg: object) -> Any:
            nonlocal last
            if event == "line":
                edge = (number, last, frame.f_lineno)
                steps[edge] = steps.get(edge, 0) + 1
                last = frame.f_lineno
            return line

        return line


@contextmanager
def _time_limit(cpu_s: float) -> Iterator[None]:
    """Stop what takes more of the processor's time; a busy machine does not count."""

    def over(_signal: int, _frame: object) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, cpu_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


class Fuzzer:
    """Fuzzes one target."""

    def __init__(self, target: Target, seed: int, *, guided: bool = True) -> None:
        """Take a target; the same seed makes the same inputs from the same corpus.

        `guided`: keep what takes new ways; without it, this is noise.
        """
        self.target = target
        self.figures = Figures(target.name)
        self._seed = seed
        self._guided = guided
        name = f"{seed} {target.name}"
        self._dice = random.Random(name)  # noqa: S311 - no secret: a seed repeats a run
        self._tracer = Tracer(target.modules)
        self._corpus: list[bytes] = []
        self._seen: set[tuple[Edge, int]] = set()
        self._edges: set[Edge] = set()
        self._met: set[str] = set()

    def run(self, seconds: float, inputs: int | None = None) -> Figures:
        """Go on for so long, or for so many inputs; then look at memory."""
        for_memory_s = seconds * MEMORY_SHARE
        end_s = time.monotonic() + seconds - for_memory_s
        self._corpus += self.target.seeds
        for raw in self.target.seeds:
            self._try(raw)
        for raw in self._inputs(end_s, inputs):
            self._try(raw)
        self._look_at_memory(time.monotonic() + for_memory_s)
        self.figures.edges = len(self._edges)
        self.figures.corpus = len(self._corpus)
        return self.figures

    def _inputs(self, end_s: float, most: int | None) -> Iterator[bytes]:
        made = 0
        while time.monotonic() < end_s and (most is None or made < most):
            made += 1
            yield self._next()

    def _next(self) -> bytes:
        """Change one of the corpus; the newest more often: their ways are new."""
        dice, corpus = self._dice, self._corpus
        newest = corpus[-8:] if dice.random() < 0.3 else corpus
        raw = dice.choice(newest)
        shapes = self.target.shapes
        if shapes and dice.random() < 0.5:
            try:
                raw = dice.choice(shapes)(raw, dice)
            except Exception:  # noqa: BLE001 - it was mangled before: any bytes will do
                raw = change(raw, dice, corpus, self.target.words)
            if dice.random() < 0.7:
                return raw[:INPUT_BYTES_MAX]
        return change(raw, dice, corpus, self.target.words)[:INPUT_BYTES_MAX]

    def _try(self, raw: bytes) -> None:
        self.figures.inputs += 1
        began_s = time.process_time()
        problem = self._problem(raw)
        took_ms = round(1000 * (time.process_time() - began_s))
        self.figures.slowest_ms = max(self.figures.slowest_ms, took_ms)
        if problem is not None:
            self._note(problem, raw)
            return
        steps = self._tracer.steps
        ways = {(edge, count.bit_length()) for edge, count in steps.items()}
        if self._guided and raw not in self._corpus and not ways <= self._seen:
            self._corpus.append(raw)
        self._seen |= ways
        self._edges |= steps.keys()

    def _problem(self, raw: bytes) -> tuple[str, str, str] | None:
        """Return what is wrong: kind, how it is told, and where it happened."""
        try:
            with _time_limit(self.target.cpu_s):
                self._tracer.run(lambda: self.target.decode(raw))
        except self.target.errors as fault:
            return _leak(str(fault), raw)
        except TooSlow:
            return "too slow", f"more than {self.target.cpu_s} s", "time"
        except Exception as fault:  # noqa: BLE001 - that is what is looked for
            place = _place(fault)
            told = f"{type(fault).__name__}: {fault} at {place}"
            return "undocumented error", told, f"{type(fault).__name__} {place}"
        self.figures.understood += 1
        return None

    def _note(self, problem: tuple[str, str, str], raw: bytes) -> None:
        """Note a finding once for each place, with the shortest input at hand."""
        kind, told, mark = problem
        if mark in self._met:
            return
        self._met.add(mark)
        if kind in ("undocumented error", "tells a number"):
            raw = self._trimmed(raw, mark)
        finding = Finding(self.target.name, self._seed, kind, told, raw)
        self.figures.findings.append(finding)

    def _trimmed(self, raw: bytes, mark: str) -> bytes:
        """Cut pieces out as long as the same goes wrong at the same place."""
        end_s = time.monotonic() + TRIMMING_S
        size = len(raw) // 2
        while size:
            place = 0
            while place < len(raw) and time.monotonic() < end_s:
                shorter = raw[:place] + raw[place + size :]
                found = self._problem(shorter)
                if found is not None and found[2] == mark:
                    raw = shorter
                else:
                    place += size
            size //= 2
        return raw

    # --- memory

    def _look_at_memory(self, end_s: float) -> None:
        """Decode inputs as before, untraced: what the second half keeps is a leak."""
        gc.collect()
        gc.freeze()  # what is here already is not looked through again
        tracemalloc.start()
        try:
            self._measure((time.monotonic() + end_s) / 2)  # caches fill up
            kept = self.figures.kept_bytes = self._measure(end_s)
        finally:
            tracemalloc.stop()
            gc.unfreeze()
        if kept > _KEPT_BYTES:
            told = f"{kept} bytes are kept; this is one of the inputs"
            self._note(("memory grows", told, "memory kept"), self._corpus[-1])

    def _measure(self, end_s: float) -> int:
        """Return how many bytes are kept after many inputs."""
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        while True:
            raw = self._next()
            there, _ = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            self._decode(raw)
            peak = tracemalloc.get_traced_memory()[1] - there
            self.figures.inputs += 1
            self.figures.peak_bytes = max(self.figures.peak_bytes, peak)
            if peak > self.target.peak_bytes:
                self._note(("too much memory", f"{peak} bytes", "memory taken"), raw)
            if time.monotonic() >= end_s:
                break
        del raw
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - before

    def _decode(self, raw: bytes) -> None:
        try:
            with _time_limit(self.target.cpu_s):
                self.target.decode(raw)
        except self.target.errors:
            pass  # what it may say; looked at above
        except (Exception, TooSlow):  # noqa: BLE001 - the same input, traced, tells it
            self._try(raw)


def _leak(told: str, raw: bytes) -> tuple[str, str, str] | None:
    """Return what is wrong with a refusal that repeats a long number of its input."""
    text = raw.decode("latin-1")
    for number in _LONG_NUMBER.findall(told):
        # Limits of nines stand in our own sentences.
        if number.strip("9") and number in text:
            return "tells a number", told, "a number is told"
    return None


def _place(fault: BaseException) -> str:
    """Name the line that raised."""
    trace = fault.__traceback__
    assert trace is not None, "an exception that was raised has a traceback"
    while trace.tb_next is not None:
        trace = trace.tb_next
    module = trace.tb_frame.f_globals.get("__name__", "?")
    return f"{module}:{trace.tb_lineno}"
