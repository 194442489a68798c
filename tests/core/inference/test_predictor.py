"""LiteRT and Keras predict the same, fast, and with damaged or replaced files."""

from __future__ import annotations

import functools
import itertools
import json
import os
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from core.client import Client
from core.errors import PredictionUnavailable
from core.files import sha256_of, write_file
from core.inference.predictor import Prediction, Predictor, Refusal
from core.records.runs import RunState
from core.settings import PROJECT_ROOT
from core.spec import parse
from core.store.store import Store
from core.training.installed_engines import installed_engines
from tests.core.inference.conftest import CONFIG, Trained

pytestmark = [
    pytest.mark.processes,
    pytest.mark.timing,
    pytest.mark.skipif(
        "tensorflow" not in installed_engines(), reason="only TensorFlow writes LiteRT files"
    ),
]

Pictures = list[tuple[str, bytes]]


def answers(predictor: Predictor, trained: Trained, pictures: Pictures) -> list[Prediction]:
    found = predictor.predict(trained.run, pictures, top=10)
    assert all(isinstance(each, Prediction) for each in found)
    return [each for each in found if isinstance(each, Prediction)]


def test_litert_predicts_with_classes_epoch_and_the_models_input(
    predictor: Predictor, copy: Trained, pictures: Pictures
) -> None:
    assert predictor.why_not(copy.run) is None
    best = json.loads((copy.folder / "best" / "meta.json").read_text())
    for (name, _), answer in zip(pictures, answers(predictor, copy, pictures), strict=True):
        probabilities = [probability for _, probability in answer.top]
        assert (answer.image, answer.engine, answer.epoch) == (name, "litert", best["epoch"])
        assert answer.seen.shape == (8, 8, 1)
        assert sorted(label for label, _ in answer.top) == [str(digit) for digit in range(10)]
        assert sum(probabilities) == pytest.approx(1.0, abs=1e-5)
        assert probabilities == sorted(probabilities, reverse=True)


def test_the_client_says_that_a_trained_run_can_predict(trained: Trained) -> None:
    client = Client(trained.settings)
    try:
        assert client.predictions.can_predict(trained.run.id) is True
        assert client.predictions.problem(trained.run.id) is None
    finally:
        client.close()


def test_keras_gives_the_same_numbers_as_litert(
    predictor: Predictor, copy: Trained, pictures: Pictures
) -> None:
    by_litert = answers(predictor, copy, pictures)
    shutil.rmtree(copy.folder / "litert")
    by_keras = answers(predictor, copy, pictures)
    assert {each.engine for each in by_keras} == {"keras"}
    for one, other in zip(by_litert, by_keras, strict=True):
        assert dict(one.top) == pytest.approx(dict(other.top), abs=1e-5)
        assert one.epoch == other.epoch


def test_a_warm_prediction_takes_less_than_half_a_second(
    predictor: Predictor, copy: Trained, pictures: Pictures
) -> None:
    predictor.predict(copy.run, pictures)
    started = time.perf_counter()
    predictor.predict(copy.run, pictures)
    assert time.perf_counter() - started < 0.5


def test_a_bad_image_is_refused_by_name_and_the_rest_are_predicted(
    predictor: Predictor, copy: Trained, pictures: Pictures
) -> None:
    mixed = [pictures[0], ("notes.txt", b"not a picture"), pictures[1]]
    first, refused, last = predictor.predict(copy.run, mixed)
    assert isinstance(first, Prediction)
    assert isinstance(last, Prediction)
    assert isinstance(refused, Refusal)
    assert refused.image == "notes.txt"
    assert "notes.txt" in refused.error
    assert predictor.predict(copy.run, []) == []


def test_a_model_that_its_trainer_replaced_is_loaded_again(
    predictor: Predictor, copy: Trained, pictures: Pictures
) -> None:
    before = answers(predictor, copy, pictures[:1])[0].epoch
    for path in (copy.folder / "litert" / "best.json", copy.folder / "best" / "meta.json"):
        described = json.loads(path.read_text())
        path.write_text(json.dumps(described | {"epoch": before + 5}))
    assert answers(predictor, copy, pictures[:1])[0].epoch == before + 5


def test_once_a_run_has_ended_its_best_model_predicts_even_if_it_was_not_exported(
    predictor: Predictor, copy: Trained, pictures: Pictures
) -> None:
    path = copy.folder / "best" / "meta.json"
    newer = json.loads(path.read_text())["epoch"] + 1
    path.write_text(json.dumps(json.loads(path.read_text()) | {"epoch": newer}))
    training = replace(copy.run, state=RunState.RUNNING)
    assert predictor.predict(training, pictures[:1])[0].engine == "litert"
    ended = replace(copy.run, state=RunState.FINISHED)
    answer = predictor.predict(ended, pictures[:1])[0]
    assert (answer.engine, answer.epoch) == ("keras", newer)


def test_another_engine_predicts_for_a_run_of_one_that_is_not_installed(
    predictor: Predictor, copy: Trained, pictures: Pictures
) -> None:
    shutil.rmtree(copy.folder / "litert")
    missing = sorted({"jax", "torch", "tensorflow"} - set(installed_engines()))
    if not missing:
        pytest.skip("every engine is installed here")
    training = copy.run.config["training"] | {"engine": missing[0]}
    elsewhere = replace(copy.run, config=copy.run.config | {"training": training})
    assert predictor.predict(elsewhere, pictures[:1])[0].engine == "keras"


@pytest.fixture
def busy_trainer(copy: Trained) -> Iterator[None]:
    """Replaces the run's model ten times a second, as a trainer of a tiny model does."""
    ended = threading.Event()
    file, meta = copy.folder / "best" / "best.keras", copy.folder / "best" / "meta.json"
    described = json.loads(meta.read_text())

    def replace_again_and_again() -> None:
        for epoch in itertools.count(100):
            write_file(file, functools.partial(commented_copy, file, str(epoch)))
            description = json.dumps(described | {"epoch": epoch, "sha256": sha256_of(file)})
            write_file(meta, functools.partial(write_text, description))
            if ended.wait(0.1):
                return

    thread = threading.Thread(target=replace_again_and_again)
    thread.start()
    yield
    ended.set()
    thread.join()


def write_text(text: str, target: Path) -> None:
    target.write_text(text)


def commented_copy(source: Path, comment: str, target: Path) -> None:
    """The same model in other bytes."""
    target.write_bytes(source.read_bytes())
    with zipfile.ZipFile(target, "a") as archive:
        archive.comment = comment.encode()


@pytest.mark.usefixtures("busy_trainer")
def test_keras_predicts_while_its_model_is_replaced_again_and_again(
    predictor: Predictor, copy: Trained, pictures: Pictures
) -> None:
    shutil.rmtree(copy.folder / "litert")
    training = replace(copy.run, state=RunState.RUNNING)
    # The first request starts the process: the model has been replaced when it is up.
    epochs = [predictor.predict(training, pictures[:1])[0].epoch for _ in range(3)]
    assert epochs == sorted(epochs)
    assert epochs[0] > 100


def test_a_damaged_litert_file_is_no_reason_to_give_up(
    predictor: Predictor, copy: Trained, pictures: Pictures
) -> None:
    path = copy.folder / "litert" / "best.tflite"
    path.write_bytes(path.read_bytes()[:1000])
    assert answers(predictor, copy, pictures[:1])[0].engine == "keras"


def test_a_damaged_description_of_one_form_leaves_the_other(
    predictor: Predictor, copy: Trained, pictures: Pictures
) -> None:
    (copy.folder / "best" / "meta.json").write_text("{")
    assert answers(predictor, copy, pictures[:1])[0].engine == "litert"
    (copy.folder / "litert" / "best.json").write_text("[]")
    with pytest.raises(PredictionUnavailable, match="no model"):
        predictor.predict(copy.run, pictures[:1])


def test_damaged_weights_are_a_sentence(
    predictor: Predictor, copy: Trained, pictures: Pictures
) -> None:
    shutil.rmtree(copy.folder / "litert")
    path = copy.folder / "best" / "best.keras"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(PredictionUnavailable, match="replaced just now, or is damaged"):
        predictor.predict(copy.run, pictures[:1])


def test_a_run_without_files_cannot_predict(
    predictor: Predictor, copy: Trained, pictures: Pictures
) -> None:
    shutil.rmtree(copy.folder)
    assert "no model yet" in (predictor.why_not(copy.run) or "")
    with pytest.raises(PredictionUnavailable, match="small waits in the queue"):
        predictor.predict(copy.run, pictures)


def test_many_threads_get_the_predictions_that_one_gets(
    predictor: Predictor, copy: Trained, pictures: Pictures
) -> None:
    expected = [each.top for each in answers(predictor, copy, pictures)]
    with ThreadPoolExecutor(8) as pool:
        several = list(pool.map(lambda _: answers(predictor, copy, pictures), range(24)))
    assert all([each.top for each in one] == expected for one in several)


@pytest.mark.parametrize("form", ["litert", "keras"])
def test_the_client_never_loads_an_engine(copy: Trained, pictures: Pictures, form: str) -> None:
    if form == "keras":
        shutil.rmtree(copy.folder / "litert")
    picture = copy.settings.results / "picture.png"
    picture.write_bytes(pictures[0][1])
    # A database is made in a folder without runs only.
    aside = copy.folder.rename(copy.settings.results / "aside")
    with Store.open(copy.settings) as store:
        [run] = store.runs.add(parse(CONFIG))
    aside.rename(copy.settings.run_folder(run.id))
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from core.client import Client\n"
        "client = Client()\n"
        "[run] = client.runs.list()\n"
        "[answer] = client.predictions.predict(run.id, [('p', Path(sys.argv[1]).read_bytes())])\n"
        "client.close()\n"
        "engines = ('keras', 'tensorflow', 'jax', 'torch')\n"
        "print(answer.engine, [m for m in engines if m in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, picture],
        env={**os.environ, **copy.settings.to_environment(), "PYTHONPATH": str(PROJECT_ROOT)},
        capture_output=True,
        text=True,
        check=True,
        cwd=PROJECT_ROOT,
    )
    assert done.stdout.strip() == f"{form} []"
