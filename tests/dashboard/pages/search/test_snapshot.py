"""Promise: ended trials are read once, running ones each time, and both match the store."""

from __future__ import annotations

import pandas as pd
import pytest

from benchmarks.past_search import add_search, search_around
from core.client import Client
from core.client.search.promotions import Promotion
from core.spec.files import read_preset
from core.spec.overrides import override
from dashboard.pages.search import snapshot
from dashboard.pages.search.insight import timeline_bars
from dashboard.pages.search.promotions import retrained_text
from dashboard.pages.search.snapshot import EndedTrials
from tests.core.store.lives import epoch

KEYS = ["trial", "run_id", "epoch", "name"]


@pytest.fixture
def seen(lab: Client) -> snapshot.Snapshot:
    base = read_preset("basic_cnn").experiment
    base = override(base, ["data.dataset=digits", "training.epochs=4"])
    record = add_search(lab, search_around(base, max_trials=20), 5)
    return snapshot.read_search(lab, record.id)


def all_of(lab: Client, search_id: str) -> pd.DataFrame:
    frame = lab.trials.metrics(search_id)
    frame = frame[(frame["split"] == "validation") & frame["name"].isin(["accuracy", "loss"])]
    return frame.sort_values(KEYS).reset_index(drop=True)


def curves(cache: EndedTrials, lab: Client, seen: snapshot.Snapshot) -> pd.DataFrame:
    frame = cache.curves(lab, seen.numbers(ended=True), seen.numbers(ended=False))
    return frame.sort_values(KEYS).reset_index(drop=True)[all_of(lab, seen.id).columns]


def test_curves_are_those_of_the_lab_at_every_look(lab: Client, seen: snapshot.Snapshot) -> None:
    cache = EndedTrials()
    for _ in range(2):
        pd.testing.assert_frame_equal(
            curves(cache, lab, seen), all_of(lab, seen.id), check_dtype=False
        )
    run = seen.runs[seen.trials[-1].run_ids[0]]
    lab.store.metrics.save_epoch(run.id, run.attempt, epoch(3, val_accuracy=0.99))
    later = curves(cache, lab, seen)
    assert 0.99 in set(later["value"])
    pd.testing.assert_frame_equal(later, all_of(lab, seen.id), check_dtype=False)


def test_runs_of_ended_trials_are_read_once(lab: Client, seen: snapshot.Snapshot) -> None:
    cache = EndedTrials()
    ended, others = list(seen.numbers(ended=True)), list(seen.numbers(ended=False))
    first = cache.runs(lab, ended, others)
    second = cache.runs(lab, ended, others)
    assert set(first) == {*ended, *others}
    assert all(first[run_id] is second[run_id] for run_id in ended)
    assert not any(first[run_id] is second[run_id] for run_id in others)


def test_every_run_that_has_begun_is_on_the_timeline(seen: snapshot.Snapshot) -> None:
    now = seen.record.created_at
    found = timeline_bars(seen, now)
    assert sorted(each.number for each in found) == [1, 2, 3, 4, 5, 6, 7]
    assert {each.slot for each in found} == {"cpu"}
    assert all(each.end >= each.start for each in found if each.state != "running")


@pytest.mark.parametrize(
    ("scores", "words"),
    [((), "—"), ((0.8,), "80.0 %"), ((0.8, 0.82), "81.0 % ± 1.4")],
)
def test_a_spread_is_told_where_there_is_one(scores: tuple[float, ...], words: str) -> None:
    values = pd.Series(scores, dtype=float)
    mean = float(values.mean()) if scores else None
    std = float(values.std()) if len(scores) > 1 else None
    promotion = Promotion(1, {}, 0.9, ("a", "b"), scores, mean, std, None)
    assert retrained_text(promotion, is_accuracy=True) == words
