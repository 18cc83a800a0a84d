"""Suites in two lanes: each lane takes the next that may start.

Each suite runs in a process of its own and writes into a file of its own, which is
shown when the suite ends: what belongs together is read together.
"""

import multiprocessing
import os
import re
import shutil
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path

from ekarte_stack.result import Result
from ekarte_stack.steps import say

WIDTH = 2  # lanes: as many as the smallest machine we promise has cores
BEAT_S = 60.0  # a longer silence looks like a hang
END_S = 20.0  # for what was interrupted: databases are dropped, browsers closed
PERCENT = re.compile(rb"\[ *(\d+)%\]")


@dataclass(frozen=True)
class Task:
    """One suite, and the titles of those that must have ended before it starts."""

    title: str
    work: Callable[[], Result]
    after: tuple[str, ...] = ()


@dataclass
class Runner:
    """A task that runs in a process of its own."""

    task: Task
    output: Path
    process: multiprocessing.process.BaseProcess
    answer: Connection

    def progress(self) -> str:
        """The title, and how far pytest says it has come."""
        found = PERCENT.findall(self.output.read_bytes())
        return self.task.title + (f" {int(found[-1])} %" if found else "")

    def end(self) -> Result:
        """Show what the task said and return what it came to."""
        try:
            result: Result = self.answer.recv()
        except EOFError:
            self.process.join()
            result = Result()
            result.complain(f"{self.task.title}: ended with {self.process.exitcode}")
        self.process.join()
        self.show()
        return result

    def show(self) -> None:
        """Copy the task's output to ours."""
        with self.output.open(errors="replace") as told:
            shutil.copyfileobj(told, sys.stdout)
        sys.stdout.flush()

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the task and to all it started, which are a group."""
        with suppress(ProcessLookupError):  # nothing of it is left
            os.killpg(self.process.pid or 0, number)

    def stop(self) -> None:
        """Give an interrupted task time to end; show how far it had come."""
        self.process.join(END_S)
        self.send(signal.SIGKILL)
        self.process.join()
        self.show()


def run(tasks: Sequence[Task], folder: Path, beat_s: float = BEAT_S) -> Result:
    """Run every task, in their order as far as each may start; return the sum.

    Outputs are kept in ``folder``. A task that waits for one that is not among them
    waits for nothing.
    """
    waiting = list(tasks)
    running: list[Runner] = []
    total, began = Result(), time.monotonic()
    try:
        while waiting or running:
            for task in _ready(waiting, running)[: WIDTH - len(running)]:
                waiting.remove(task)
                running.append(_start(task, folder))
            ended = wait([one.answer for one in running], beat_s)
            if not ended:
                minutes = (time.monotonic() - began) / 60
                told = ", ".join(one.progress() for one in running)
                say(f"   … {minutes:.0f} min: {told}")
            for one in [one for one in running if one.answer in ended]:
                total.add(one.end())
                running.remove(one)
    finally:
        for one in running:
            one.send(signal.SIGINT)
        for one in running:
            one.stop()
    return total


def _ready(waiting: Sequence[Task], running: Sequence[Runner]) -> list[Task]:
    to_come = {task.title for task in (*waiting, *(one.task for one in running))}
    return [task for task in waiting if to_come.isdisjoint(task.after)]


def _start(task: Task, folder: Path) -> Runner:
    say(f"-> {task.title}")
    output = folder / f"test-{re.sub('[^a-z]+', '-', task.title.lower())}.log"
    output.write_bytes(b"")
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(task, output, theirs))
    process.start()
    assert process.pid is not None
    os.setpgid(process.pid, process.pid)  # here and there: whoever comes first
    theirs.close()  # the end of the process is the end of the pipe
    return Runner(task, output, process, ours)


def _work(task: Task, output: Path, answer: Connection) -> None:
    """Do the task's work in this process, all output going to its file."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    file = os.open(output, os.O_WRONLY)
    os.dup2(file, 1)
    os.dup2(file, 2)
    sys.stdout = sys.stderr = os.fdopen(1, "w", errors="replace", closefd=False)
    try:
        answer.send(task.work())
    except KeyboardInterrupt:
        say(f"{task.title}: interrupted")
        sys.exit(130)
