"""Whoever sits at the software terminal's screen: presses keys, reads what it says."""

import asyncio
from collections.abc import Callable

from textual import events
from textual.pilot import Pilot
from textual.widgets import Static

from ekarte_terminal.screen import Screen
from tests.gateway.gateway_process import PATIENCE_S

SIZE = (100, 31)
SIGNS_TYPED = 8
KEYS = {"enter", "escape", "backspace", *(f"f{n}" for n in range(1, 13))}


class Cashier:
    """Presses keys and reads what stands on the screen."""

    def __init__(self, screen: Screen, pilot: "Pilot[int]") -> None:
        self.screen = screen
        self._pilot = pilot

    async def press(self, *words: str) -> None:
        """Press keys; a word that is no key's name is typed."""
        for word in words:
            if word in KEYS:
                await self._pilot.press(word)
            elif len(word) > SIGNS_TYPED:  # as a reader that pastes: typing is slow
                self.screen.post_message(events.Paste(word))
            else:
                await self._pilot.press(*word)
            await self.rest()

    async def rest(self) -> None:
        """Wait until the terminal has its answer."""
        for _ in range(int(PATIENCE_S / 0.05)):
            await self._pilot.pause()
            if not self.screen.busy:
                return
            await asyncio.sleep(0.05)
        raise AssertionError("the terminal does not come to rest")

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for something that happens outside."""
        for _ in range(int(PATIENCE_S / 0.05)):
            if holds():
                return
            await asyncio.sleep(0.05)
        raise AssertionError("it does not happen")

    def reads(self, name: str) -> str:
        return str(self.screen.query_one(f"#{name}", Static).visual)

    def everything(self) -> str:
        """All that anybody could see."""
        return "\n".join(str(part.visual) for part in self.screen.query(Static))
