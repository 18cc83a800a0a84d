"""Serial lines: opened, read and written on the event loop, opened anew when lost.

The port is pyserial's, which knows every platform's settings; its descriptor is
watched by the loop. A line that vanishes (USB pulled out, a converter without power)
is tried again every other second for as long as the gateway lives.
"""

import asyncio
import logging
import os
import termios
from contextlib import suppress
from dataclasses import dataclass

import serial

from ekarte_auth_gateway.flow import Counters
from ekarte_auth_gateway.serial.link import Event, Link, LinkLimits
from ekarte_auth_gateway.serial.service import FrameService

log = logging.getLogger(__name__)

BITS_OF_A_BYTE = 10  # start, eight of data, stop
SPEED_DEFAULT = 9600
READ_BYTES = 4096
REOPEN_S = 2.0
STOP_WAIT_S = 10.0


@dataclass(frozen=True)
class SerialPort:
    """A line as the settings name it.

    Attributes:
        path: of the device.
        terminal: number of the terminal at its other end.
        speed: bits a second.
    """

    path: str
    terminal: str
    speed: int = SPEED_DEFAULT


class SerialLine:
    """One line, whether it is there or not."""

    def __init__(
        self, port: SerialPort, service: FrameService, counters: Counters
    ) -> None:
        """Take the service; `run` opens. Must be made on the event loop."""
        self.port = port
        self._service = service
        self._loop = asyncio.get_running_loop()
        byte_s = BITS_OF_A_BYTE / port.speed
        self._link = Link(LinkLimits(byte_s=byte_s))
        self._events = counters.line_events
        self._up = counters.lines_up.labels(port.path)
        self._up.set(0)
        self._device: serial.Serial | None = None
        self._absent = False
        self._out = bytearray()
        self._timer: asyncio.TimerHandle | None = None
        self._lost = asyncio.Event()
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._messages = 0
        self._open_answers = 0

    async def run(self) -> None:
        """Serve the line until cancelled."""
        while True:
            try:
                self._begin(await self._loop.run_in_executor(None, self._open))
                await self._lost.wait()
            except (OSError, ValueError, termios.error) as fault:
                self._tell_absent(fault)
            finally:
                self._end()
            await asyncio.sleep(REOPEN_S)

    def _tell_absent(self, fault: Exception) -> None:
        """Say once that the line is not there, not every other second."""
        if not self._absent:
            self._absent = True
            self._log_fault("cannot be opened", fault)

    def _open(self) -> serial.Serial:
        """Open the port; exclusive, or two gateways would share its bytes."""
        return serial.Serial(
            self.port.path, self.port.speed, timeout=0, write_timeout=0, exclusive=True
        )

    def _begin(self, device: serial.Serial) -> None:
        self._device = device
        self._absent = False
        self._lost.clear()
        self._messages += 1  # answers from before are not for this line any more
        self._loop.add_reader(device.fileno(), self._readable)
        self._up.set(1)
        self._count("opened")
        log.info("line open", extra=self._names())

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        device, self._device = self._device, None
        self._out.clear()
        self._link.reset()
        self._see_quiet()
        if device is not None:
            self._loop.remove_reader(device.fileno())
            self._loop.remove_writer(device.fileno())
            with suppress(OSError):  # it may be gone
                device.close()
        self._up.set(0)

    def _lose(self, fault: OSError | None) -> None:
        self._count("lost")
        self._log_fault("lost", fault)
        self._end()
        self._lost.set()

    def _readable(self) -> None:
        if self._device is None:
            return
        try:
            data = os.read(self._device.fileno(), READ_BYTES)
        except BlockingIOError:
            return
        except OSError as fault:
            self._lose(fault)
            return
        if not data:
            self._lose(None)
            return
        self._happened(self._link.receive(data, self._loop.time()))

    def _time_came(self) -> None:
        self._timer = None
        self._happened(self._link.tick(self._loop.time()))

    def _happened(self, events: list[Event]) -> None:
        for event in events:
            if event.kind == "message":
                self._take(event.body)
            else:
                self._count(event.kind)
                if event.kind == "given_up":
                    log.warning("line: answer not taken", extra=self._names())
        self._go_on()

    def _take(self, body: bytes) -> None:
        self._messages += 1
        number = self._messages
        self._open_answers += 1

        def send(answer: bytes) -> None:
            self._open_answers -= 1
            if number != self._messages or self._device is None:
                # The terminal has begun anew: it asks for this one's status.
                log.info("line: answer comes too late", extra=self._names())
            else:
                self._link.send(answer, self._loop.time())
            self._go_on()

        self._service.take_from(self.port.terminal, body, send)

    def _go_on(self) -> None:
        """Send what there is to send, and see to the clock."""
        self._out += self._link.take_out()
        self._write()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        until_s = self._link.deadline_s
        if until_s is not None and self._device is not None:
            self._timer = self._loop.call_at(until_s, self._time_came)
        self._see_quiet()

    def _see_quiet(self) -> None:
        if self._link.idle and not self._open_answers:
            self._quiet.set()
        else:
            self._quiet.clear()

    def _write(self) -> None:
        if self._device is None or not self._out:
            self._out.clear()
            return
        handle = self._device.fileno()
        try:
            sent = os.write(handle, self._out)
        except BlockingIOError:
            sent = 0
        except OSError as fault:
            self._lose(fault)
            return
        del self._out[:sent]
        if self._out:
            self._loop.add_writer(handle, self._write)
        else:
            self._loop.remove_writer(handle)

    async def rest(self) -> None:
        """Wait until no answer is due and nothing is on its way."""
        await self._quiet.wait()

    def _count(self, event: str) -> None:
        self._events.labels(self.port.path, event).inc()

    def _names(self) -> dict[str, str]:
        return {"line": self.port.path, "terminal": self.port.terminal}

    def _log_fault(self, event: str, fault: Exception | None) -> None:
        reason = str(fault) if fault is not None else "end of file"
        log.warning("line %s", event, extra={**self._names(), "reason": reason})


class SerialLines:
    """All lines of the settings."""

    def __init__(
        self, ports: tuple[SerialPort, ...], service: FrameService, counters: Counters
    ) -> None:
        """Make the lines; `start` opens them."""
        self._lines = [SerialLine(port, service, counters) for port in ports]
        self._runs: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Open all lines, now or when they appear."""
        self._runs = [asyncio.create_task(line.run()) for line in self._lines]

    async def stop(self) -> None:
        """Let the last answers go out, then close."""
        resting = [asyncio.create_task(line.rest()) for line in self._lines]
        if resting:
            _, late = await asyncio.wait(resting, timeout=STOP_WAIT_S)
            for task in late:
                task.cancel()
        for run in self._runs:
            run.cancel()
        await asyncio.gather(*self._runs, return_exceptions=True)
        self._runs.clear()
