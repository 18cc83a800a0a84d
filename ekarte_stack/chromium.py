"""Chromium without a driver in between: real pages, real keys, several tills at once.

Each page has cookies and storage of its own, as two machines at two counters have.
The DevTools protocol is spoken over one connection; every page is a session of it.
"""

import base64
import contextlib
import itertools
import json
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import websocket

from ekarte_stack.steps import StackError

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
PORT_FILE = "DevToolsActivePort"
START_S, ANSWER_S, STOP_S = 30.0, 60.0, 10.0
LOOK_EVERY_S = 0.05
SWITCHES = (
    "--headless",
    "--no-sandbox",  # in containers there is none to be had; pages are our own
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-breakpad",
    "--disable-component-update",
    "--disable-default-apps",
    "--mute-audio",
    "--no-default-browser-check",
    "--no-first-run",
    "--remote-debugging-port=0",
)
# Keys that are not the character they type: name, code and number of the key.
NAMED_KEYS = {"\n": ("Enter", "Enter", 13)}


class PageError(Exception):
    """A page threw, or did not become what was expected."""


class Chromium:
    """One browser process; a context manager."""

    def __init__(self) -> None:
        self._pages: dict[str, Page] = {}
        self._answers: dict[int, Future[dict[str, Any]]] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def __enter__(self) -> "Chromium":
        program = next((path for path in map(shutil.which, NAMES) if path), None)
        if program is None:
            raise StackError("no Chromium is installed", advice="install chromium")
        self._profile = Path(tempfile.mkdtemp(prefix="ekarte-chromium-"))
        log = (self._profile / "log").open("wb")
        self._process = subprocess.Popen(
            [program, *SWITCHES, f"--user-data-dir={self._profile}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        log.close()
        try:
            self._socket = websocket.create_connection(
                self._address(), suppress_origin=True, enable_multithread=True
            )
        except BaseException:
            self._end()
            raise
        self._receiver = threading.Thread(target=self._receive, daemon=True)
        self._receiver.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._end()

    def _end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._profile, ignore_errors=True)

    def _address(self) -> str:
        """Where the browser listens, once it has written it down."""
        end = time.monotonic() + START_S
        note = self._profile / PORT_FILE
        while time.monotonic() < end and self._process.poll() is None:
            lines = note.read_text().split("\n") if note.exists() else []
            if len(lines) > 1:
                return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
            time.sleep(LOOK_EVERY_S)
        said = (self._profile / "log").read_text(errors="replace")[-1000:]
        raise StackError(f"Chromium did not start: {said}")

    def page(self, width: int = 1366, height: int = 768) -> "Page":
        """Open an empty page with cookies of its own."""
        context = self.ask("Target.createBrowserContext")["browserContextId"]
        target = self.ask(
            "Target.createTarget",
            {"url": "about:blank", "browserContextId": context},
        )["targetId"]
        session = self.ask(
            "Target.attachToTarget", {"targetId": target, "flatten": True}
        )["sessionId"]
        page = Page(self, session)
        self._pages[session] = page
        for domain in ("Page", "Runtime", "Network"):
            page.ask(f"{domain}.enable")
        page.ask("Emulation.setFocusEmulationEnabled", {"enabled": True})
        page.ask(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )
        return page

    def ask(
        self, method: str, params: Mapping[str, Any] | None = None, session: str = ""
    ) -> dict[str, Any]:
        """Send one command of the protocol and return its result."""
        return self.tell(method, params, session).result(ANSWER_S)

    def tell(
        self, method: str, params: Mapping[str, Any] | None = None, session: str = ""
    ) -> Future[dict[str, Any]]:
        """Send one command of the protocol and go on."""
        number = next(self._numbers)
        answer: Future[dict[str, Any]] = Future()
        self._answers[number] = answer
        message = {"id": number, "method": method, "params": dict(params or {})}
        if session:
            message["sessionId"] = session
        with self._lock:
            self._socket.send(json.dumps(message))
        return answer

    def _receive(self) -> None:
        """Hand answers to who waits for them, events to their page."""
        closed = (websocket.WebSocketException, OSError)
        while True:
            try:
                text = self._socket.recv()
            except closed:
                text = ""
            if not text:
                for answer in list(self._answers.values()):
                    answer.cancel()
                return
            message = json.loads(text)
            if "id" not in message:
                page = self._pages.get(message.get("sessionId", ""))
                if page:
                    page.note(message["method"], message["params"])
                continue
            answer = self._answers.pop(message["id"])
            if "error" in message:
                answer.set_exception(PageError(message["error"]["message"]))
            else:
                answer.set_result(message["result"])


@dataclass
class Page:
    """One page: a person's window, with the keyboard in front of it."""

    browser: Chromium
    session: str
    complaints: list[str] = field(default_factory=list)  # console errors, exceptions

    def ask(
        self, method: str, params: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Send one command of the protocol to this page."""
        return self.browser.ask(method, params, self.session)

    def note(self, method: str, params: dict[str, Any]) -> None:
        """Keep what the page complained about."""
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            thrown = details.get("exception", {}).get("description", "")
            self.complaints.append(f"{details['text']} {thrown}")
        elif method == "Runtime.consoleAPICalled" and params["type"] == "error":
            words = [
                str(part.get("value", part.get("description", "")))
                for part in params["args"]
            ]
            self.complaints.append(" ".join(words))

    def cookie(self, url: str, name: str, value: str) -> None:
        """Give the page a cookie, for example a session that is logged in."""
        self.ask("Network.setCookie", {"url": url, "name": name, "value": value})

    def open(self, url: str) -> None:
        """Go to an address; what shows is to be waited for with `until`."""
        self.ask("Page.navigate", {"url": url})

    def run(self, script: str) -> Any:
        """Evaluate an expression, wait for its promise, return its value."""
        answer = self.ask(
            "Runtime.evaluate",
            {
                "expression": script,
                "awaitPromise": True,
                "returnByValue": True,
                "userGesture": True,
            },
        )
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            thrown = details.get("exception", {})
            raise PageError(thrown.get("description") or str(thrown.get("value")))
        return answer["result"].get("value")

    def until(self, condition: str, what: str, patience_s: float = 30.0) -> Any:
        """Wait until an expression is true; return its value."""
        end = time.monotonic() + patience_s
        while True:
            # While a page is being replaced, its scripts have nowhere to run.
            with contextlib.suppress(PageError):
                value = self.run(condition)
                if value:
                    return value
            if time.monotonic() > end:
                shown = self.run("document.body.innerText.slice(0, 600)")
                raise PageError(
                    f"not in {patience_s:.0f} s: {what}; the page shows: {shown}; "
                    f"it complained: {self.complaints[-3:]}"
                )
            time.sleep(LOOK_EVERY_S)

    def keys(self, text: str) -> None:
        """Type as a scanner does: key by key, none waiting for the one before."""
        told = []
        for character in text:
            key, code, number = NAMED_KEYS.get(character) or _key(character)
            common = {"key": key, "code": code, "windowsVirtualKeyCode": number}
            typed = "\r" if character == "\n" else character
            for event in ({"type": "keyDown", "text": typed}, {"type": "keyUp"}):
                params = event | common
                told.append(
                    self.browser.tell("Input.dispatchKeyEvent", params, self.session)
                )
        for one in told:
            one.result(ANSWER_S)

    def click(self, selector: str, patience_s: float = 30.0) -> None:
        """Click on the middle of the first element that can be seen.

        As a person does: not while it moves, nor while something lies over it.
        """
        where = self.until(
            _HITTABLE % json.dumps(selector), f"{selector} to click", patience_s
        )
        spot = {"x": where["x"], "y": where["y"], "button": "left", "clickCount": 1}
        self.ask("Input.dispatchMouseEvent", {"type": "mousePressed"} | spot)
        self.ask("Input.dispatchMouseEvent", {"type": "mouseReleased"} | spot)

    def picture(self, path: Path) -> None:
        """Keep what can be seen as a PNG file."""
        data = self.ask("Page.captureScreenshot", {"format": "png"})["data"]
        path.write_bytes(base64.b64decode(data))


# Where the mouse meets the element, unmoved from one frame to the next. Odoo's
# till is covered for a second by its loader, long after that was to be seen.
_HITTABLE = """(async () => {
    const boxOf = (element) => element.getBoundingClientRect();
    const element = [...document.querySelectorAll(%s)].find(
        (one) => boxOf(one).width && boxOf(one).height
    );
    element?.scrollIntoView({ block: "nearest", behavior: "instant" });
    const seen = element && boxOf(element);
    await new Promise((resolve) => requestAnimationFrame(resolve));
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const box = element && boxOf(element);
    if (!box || JSON.stringify(box) !== JSON.stringify(seen)) {
        return null;
    }
    const at = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    return element.contains(document.elementFromPoint(at.x, at.y)) ? at : null;
})()"""


def _key(character: str) -> tuple[str, str, int]:
    """Name, code and number of the key of a character on an American keyboard."""
    if character.isdigit():
        return character, f"Digit{character}", ord(character)
    if character.isascii() and character.isalpha():
        return character, f"Key{character.upper()}", ord(character.upper())
    return character, "", 0


@contextlib.contextmanager
def picture_of_failure(pages: Mapping[str, Page], folder: Path) -> Iterator[None]:
    """Keep what every page showed when something went wrong."""
    try:
        yield
    except BaseException:
        for name, page in pages.items():
            page.picture(folder / f"{name}.png")
        raise
