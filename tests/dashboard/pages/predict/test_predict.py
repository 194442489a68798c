"""Promise: the top five of every run side by side; an unreadable image is named, the rest shown."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.client import Client
from core.records.runs import Run
from dashboard.pages.predict.input_images import MOST_IMAGES, InputImages
from tests.core.store.lives import epoch, queued, running
from tests.dashboard.conftest import Opener, texts

HONEST = "A model can only choose among its own classes"


def _png(seed: int = 0, side: int = 40) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def _drop(app: AppTest, *files: tuple[str, bytes, str]) -> None:
    app.file_uploader[0].set_value(list(files)).run()
    assert not app.exception


def _cards(app: AppTest) -> list[str]:
    return [str(each.value) for each in app.html if 'class="seen"' in str(each.value)]


def test_an_empty_lab_shows_the_way(open_page: Opener) -> None:
    assert "No trained model yet" in texts(open_page("predict"))


def test_unknown_runs_are_named(open_page: Opener) -> None:
    said = texts(open_page("predict", runs="deadbeef"))
    assert "deadbeef" in said
    assert "The other runs are shown" not in said


def test_runs_without_a_model_say_why(open_page: Opener, lab: Client) -> None:
    [waiting] = queued(lab.store)
    at_work = running(lab.store)
    said = texts(open_page("predict", runs=f"{waiting.id},{at_work.id}"))
    assert "has not finished its first epoch" in said
    assert HONEST in said


def test_a_model_whose_files_are_gone_says_so(open_page: Opener, lab: Client) -> None:
    run = running(lab.store)
    lab.store.metrics.save_epoch(run.id, run.attempt, epoch(1))
    app = open_page("predict", runs=run.id)
    assert app.info
    _drop(app, ("a.png", _png(), "image/png"))
    assert not app.exception


def test_each_image_gets_the_top_five_of_every_run(open_trained: Opener, runs: list[Run]) -> None:
    app = open_trained("predict", runs=",".join(run.id for run in runs))
    _drop(app, ("one.png", _png(1), "image/png"), ("two.png", _png(2), "image/png"))
    cards = _cards(app)
    assert len(cards) == 2
    for card in cards:
        assert card.count("<section>") == len(runs)
        assert card.count("<li>") == 5 * len(runs)
        assert card.count("Model input: 8 × 8 × 1") == 1  # one data set: one view, shown once
        assert card.count("LiteRT") == len(runs)
        assert "&lt;b&gt;bold" in card
        assert "<b>bold" not in card
    for run in runs:
        assert run.best is not None
        assert f"epoch {run.best.epoch} ·" in cards[0]


def test_unreadable_images_are_named(open_trained: Opener, runs: list[Run]) -> None:
    app = open_trained("predict", runs=runs[0].id)
    _drop(
        app,
        ("<b>words</b>.txt", b"hello", "text/plain"),
        ("cut.png", _png()[:300], "image/png"),
        ("empty.png", b"", "image/png"),
        ("good.png", _png(3), "image/png"),
    )
    assert len(_cards(app)) == 1
    said = [each.value for each in app.warning]
    assert len(said) == 3
    assert any("cut" in each for each in said)
    assert all("<b>" not in each for each in said)


def test_a_drop_right_after_clearing_finds_the_same_place(
    open_trained: Opener, runs: list[Run]
) -> None:
    app = open_trained("predict", runs=runs[0].id)
    place = app.file_uploader[0].key
    _drop(app, ("one.png", _png(1), "image/png"))
    next(each for each in app.button if each.label == "Clear all").click().run()
    assert not _cards(app)
    assert app.file_uploader[0].key == place
    _drop(app, ("two.png", _png(2), "image/png"))
    [card] = _cards(app)
    assert "two.png" in card


def test_samples_are_validation_images_with_their_class(
    open_trained: Opener, trained: Client, runs: list[Run]
) -> None:
    app = open_trained("predict", runs=runs[0].id)
    next(each for each in app.button if each.label.startswith("Try 8")).click().run()
    assert len(_cards(app)) == 8
    assert texts(app).count("true class") == 8
    first = {sample.name for sample in trained.datasets.validation_samples(runs[0].id, 8, seed=0)}
    again = {sample.name for sample in trained.datasets.validation_samples(runs[0].id, 8, seed=0)}
    other = {sample.name for sample in trained.datasets.validation_samples(runs[0].id, 8, seed=1)}
    assert first == again
    assert first != other


def test_samples_never_come_from_what_was_trained_on(trained: Client, runs: list[Run]) -> None:
    from core.datasets.opened import open_dataset
    from core.datasets.split import split
    from core.spec import parse

    data = parse(runs[0].config).data
    labels = open_dataset("digits", trained.settings).train_labels
    parts = split(
        labels,
        validation_fraction=data.validation_fraction,
        train_size=data.train_size,
        seed=data.split_seed,
    )
    samples = trained.datasets.validation_samples(runs[0].id, 100)
    positions = {int(each.name.rsplit("-", 1)[1].removesuffix(".png")) for each in samples}
    assert positions <= set(parts.validation_indices.tolist())
    assert not positions & set(parts.train_indices.tolist())


def test_the_address_restores_the_runs(open_trained: Opener, runs: list[Run]) -> None:
    app = open_trained("predict", runs=f"{runs[1].id[:8]},{runs[2].id}")
    assert app.multiselect[0].value == [runs[1].id, runs[2].id]


def test_the_newest_images_are_kept_and_removed_ones_reported() -> None:
    added = InputImages()
    added.add((f"{i}.png", _png(i, 8), None) for i in range(MOST_IMAGES))
    added.add([("new.png", _png(99, 8), None), ("again.png", _png(3, 8), None)])
    assert [image.name for image in added.images[:2]] == ["new.png", "again.png"]
    assert len(added.images) == MOST_IMAGES
    assert "removed the oldest 1" in added.messages[0]
