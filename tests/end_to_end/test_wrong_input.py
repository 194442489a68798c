"""Nonsense typed into the form, a link to nothing, a hostile name: a sentence, and nothing else."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Dialog, Locator, Page, expect

from core.spec import parse
from tests.end_to_end import pages
from tests.end_to_end.served_lab import ServedLab

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)> **bold** [link](http://evil.invalid) :red[x] $a$"
"""A name that HTML, Markdown and LaTeX would each like to read."""

NONSENSE = [
    ("", "Epochs", "1000000"),
    ("", "Learning rate", "0"),
    ("", "Batch size", "0"),
    ("", "Dropout after stages", "1.5"),
    ("Model", "Filters", "0"),
    ("Model", "Kernel size", "99"),
    ("Run", "Seeds", "1, x"),
]
"""Tab of the form, field, what is typed."""


def test_nonsense_in_a_field_is_said_at_the_field_and_launches_nothing(
    page: Page, lab: ServedLab
) -> None:
    before = lab.client.runs.list()
    pages.open_form(page, lab.url)
    for tab, label, typed in NONSENSE:
        if tab:
            page.get_by_role("tab", name=tab, exact=True).click()
        field = first_field(page, label)
        field.fill(typed)
        field.press("Enter")
        # In sight: what is wrong in a tab must not close the tab.
        expect(sentence_at(field)).to_be_visible()
        assert len(sentence_at(field).inner_text()) > 15
        expect(pages.launch_button(page)).to_be_disabled()
        expect(page.get_by_text("1 problem to fix")).to_be_visible()
        page.get_by_role("button", name="Undo").click()
        expect(pages.launch_button(page)).to_be_enabled()
    assert lab.client.runs.list() == before


def test_what_is_no_number_never_becomes_one(page: Page, lab: ServedLab) -> None:
    before = lab.client.runs.list()
    pages.open_form(page, lab.url)
    field = first_field(page, "Learning rate")
    for epochs, typed in enumerate(("nan", "infinity", "1e999", "abc"), start=5):
        field.press("ControlOrMeta+a")
        field.press_sequentially(typed)
        field.press("Enter")
        expect(page.get_by_text("Expected a number, above 0").first).to_be_visible()
        # Mended, the preview comes back.
        pages.fill(page, "Learning rate", "0.001")
        pages.fill(page, "Epochs", str(epochs))
        expect(page.get_by_text(f"{epochs} epochs: about")).to_be_visible()
    assert lab.client.runs.list() == before


def test_a_link_to_no_run_says_so(page: Page, lab: ServedLab) -> None:
    before = lab.client.runs.list()
    page.goto(f"{lab.url}/run?run=feedfacefeedface")
    expect(page.get_by_role("alert")).to_contain_text("feedface")
    expect(page.get_by_test_id("stMain").get_by_role("link", name="All runs")).to_be_visible()
    page.goto(f"{lab.url}/compare?runs=feedface,%3Cb%3E")
    expect(page.get_by_role("alert").first).to_contain_text("not found")
    page.goto(f"{lab.url}/predict?runs=feedface")
    expect(page.get_by_role("alert").first).to_contain_text("not found")
    assert lab.client.runs.list() == before


def test_a_hostile_name_is_shown_as_written_on_every_page(page: Page, lab: ServedLab) -> None:
    dialogs: list[Dialog] = []

    def dismiss(dialog: Dialog) -> None:
        dialogs.append(dialog)
        dialog.dismiss()

    page.on("dialog", dismiss)
    run = lab.client.store.runs.add(parse({"name": HOSTILE, "data": {"dataset": "digits"}}))[0]
    main = page.get_by_test_id("stMain")
    for path in ("", f"/run?run={run.id}", f"/compare?runs={run.id}", "/runs"):
        page.goto(lab.url + path)
        if path == "/runs":  # its table is a canvas
            expect(main.get_by_text("1 run of 1")).to_be_visible()
            expect(main.locator("canvas").first).to_be_attached()
        else:
            expect(main.get_by_text(HOSTILE[:44]).first).to_be_attached()
        assert main.locator("img[src=x]").count() == 0
        assert main.get_by_role("link", name="link", exact=True).count() == 0
    assert dialogs == []


def first_field(page: Page, label: str) -> Locator:
    """The first number or line of text whose label begins so."""
    return page.get_by_label(re.compile(f"^{label}")).and_(page.locator("input")).first


def sentence_at(field: Locator) -> Locator:
    """The sentence in the very cell that holds the field."""
    cell = field.locator("xpath=ancestor::*[@data-testid='stVerticalBlock'][1]")
    return cell.get_by_text(re.compile(r"\w+ \w+")).filter(
        has=field.page.locator("[role=img], [data-testid=stIconMaterial]")
    )
