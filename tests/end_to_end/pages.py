"""What a person does on the pages, in the page's own words; waits are for what becomes visible."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from io import BytesIO

import numpy as np
from PIL import Image
from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, expect
from sklearn.datasets import load_digits

Top = list[tuple[str, float]]
"""Labels with their probabilities in percent, the likeliest first."""


def policy_violations(context: BrowserContext) -> list[str]:
    """A list that fills with what the page tried to load or run against its own policy."""
    found: list[str] = []

    def read(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            found.append(message.text)

    context.on("console", read)
    return found


def open_form(page: Page, url: str = "") -> None:
    """New experiment, by its address or, without one, by the navigation; ready to launch."""
    if url:
        page.goto(f"{url}/new_experiment")
    else:
        page.get_by_test_id("stTopNavLink").filter(has_text="New experiment").click()
    expect(launch_button(page)).to_be_enabled()


def launch_button(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^Launch"))


def choose(page: Page, label: str, option: str | re.Pattern[str]) -> None:
    """Pick from a select box as people do: open it, click."""
    page.get_by_role("combobox", name=label, exact=True).click()
    page.get_by_role("option", name=option).click()


def start_from_preset(page: Page, title: str) -> None:
    """Fill the whole form from a preset, and wait for the fields that it brings."""
    choose(page, "Start from a preset", re.compile(rf"^\S+\s+{title}$"))
    wait_until_drawn(page)
    # The form was made anew, with the box empty for the next choice.
    expect(page.get_by_role("combobox", name="Start from a preset").last).to_have_value("")
    expect(page.get_by_text(f"Started from the preset {title}.")).to_be_visible()


def fill(page: Page, label: str, value: str) -> None:
    """Type into a field of numbers, and leave it."""
    box = page.get_by_role("spinbutton", name=label, exact=True)
    box.fill(value)
    box.press("Enter")
    wait_until_drawn(page)
    expect(box).to_have_value(value)


def wait_until_drawn(page: Page) -> None:
    """Until the page stands: a field of the drawing before would take a text and be replaced."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def launch(page: Page, nth: int = 1) -> None:
    """Press Launch and follow the link to the ``nth`` run launched by this visitor."""
    expect(launch_button(page)).to_be_enabled()
    launch_button(page).click()
    expect(page.get_by_text(re.compile(rf"Launched: {nth} run"))).to_be_visible()
    box = page.get_by_test_id("stMain").get_by_role("link", name=re.compile(r"\(seed \d+\)"))
    box.nth(nth - 1).click()
    expect(page).to_have_url(re.compile(r"/run\?.*run="))
    expect(launch_button(page)).to_have_count(0)  # nor the form's own chart


def wait_for_curves(page: Page, run_ids: Sequence[str]) -> None:
    """Until the comparison's first chart holds curves of every run."""
    expect(page.get_by_role("heading", name="Compare", level=1)).to_be_visible()
    page.wait_for_function(
        """ids => {
            const drawn = document.querySelector(".live-chart__plot")?._fullData ?? [];
            return ids.every((id) => drawn.some((trace) => trace.uid.includes(id)));
        }""",
        arg=list(run_ids),
    )


def run_id(page: Page) -> str:
    """Which run the address names."""
    found = re.search(r"run=([0-9a-f-]+)", page.url)
    assert found is not None, page.url
    return found[1]


def wait_for_state(page: Page, state: str, timeout_s: float = 120) -> None:
    """Until the badge beside the run's name says so."""
    badge = page.locator(".stMarkdownBadge").filter(has_text=state)
    expect(badge.first).to_be_visible(timeout=1000 * timeout_s)


def digit(number: int) -> tuple[bytes, str]:
    """An image of the digits data set as a PNG of 8 x 8 pixels, and its class."""
    found = load_digits()
    pixels = np.clip(found.images[number] * 16, 0, 255).astype(np.uint8)
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue(), str(found.target[number])


def drop(page: Page, files: Mapping[str, bytes]) -> None:
    """Let files fall onto the page, with the events that a browser sends."""
    encoded = [[name, base64.b64encode(content).decode()] for name, content in files.items()]
    transfer = page.evaluate_handle(
        """files => {
            const transfer = new DataTransfer();
            for (const [name, content] of files) {
                const bytes = Uint8Array.from(atob(content), (char) => char.charCodeAt(0));
                transfer.items.add(new File([bytes], name, { type: "image/png" }));
            }
            return transfer;
        }""",
        encoded,
    )
    zone = page.get_by_test_id("stFileUploaderDropzone")
    for event in ("dragenter", "dragover", "drop"):
        zone.dispatch_event(event, {"dataTransfer": transfer})


def answers(page: Page, image: str, num_runs: int) -> dict[str, Top]:
    """Predictions for an image: the label of each run, which no two share -> its top classes."""
    card = page.locator(".seen").filter(has=page.get_by_alt_text(f"{image}, original"))
    expect(card.locator("section ol")).to_have_count(num_runs)
    found = {
        section.locator("h4").inner_text(): top_of(section)
        for section in card.locator("section").all()
    }
    assert len(found) == num_runs, found
    return found


def top_of(section: Locator) -> Top:
    """One run's likeliest classes of one image."""
    return [_bar(bar.inner_text()) for bar in section.locator("li").all()]


def _bar(text: str) -> tuple[str, float]:
    *label, share = text.split("\n")
    return " ".join(label).strip(), float(share.strip().rstrip("%"))


def assert_top_five(top: Top) -> None:
    """Five different classes, likeliest first, with shares of one whole."""
    shares = [share for _, share in top]
    assert len({label for label, _ in top}) == 5
    assert shares == sorted(shares, reverse=True)
    assert 20 <= sum(shares) <= 100.3
