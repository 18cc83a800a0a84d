"""The browser of our tests presses what a person would press, and when."""

import pytest

from ekarte_stack.chromium import Chromium, Page, PageError

BUTTON = "<button id='pay' onclick='window.pressed = true'>Pay</button>"
COVER = "<div id='cover' style='position: fixed; inset: 0; opacity: 0'></div>"
PRESSED = "window.pressed === true"


@pytest.fixture(scope="module")
def browser():
    with Chromium() as started:
        yield started


def shown(browser: Chromium, body: str, script: str) -> Page:
    page = browser.page()
    page.open(f"data:text/html,<body>{body}<script>{script}</script></body>")
    page.until(
        "document.getElementById('pay') && document.readyState === 'complete'", "it"
    )
    return page


def test_a_button_is_pressed(browser):
    page = shown(browser, BUTTON, "")
    page.click("#pay")
    assert page.run(PRESSED)


def test_what_lies_over_a_button_is_waited_for_until_it_is_gone(browser):
    page = shown(browser, BUTTON + COVER, "setTimeout(() => cover.remove(), 700)")
    page.click("#pay")
    assert page.run(PRESSED)


def test_a_button_that_stays_covered_is_not_pressed(browser):
    page = shown(browser, BUTTON + COVER, "")
    with pytest.raises(PageError, match="#pay to click"):
        page.click("#pay", patience_s=0.5)
    assert not page.run(PRESSED)


def test_a_button_that_moves_is_pressed_where_it_comes_to_rest(browser):
    page = shown(
        browser,
        BUTTON,
        "pay.style.position = 'absolute'; const began = performance.now();"
        "const move = () => { const ms = performance.now() - began;"
        "pay.style.left = Math.min(ms, 600) + 'px';"
        "if (ms < 600) requestAnimationFrame(move); }; move()",
    )
    page.click("#pay")
    assert page.run(PRESSED)
