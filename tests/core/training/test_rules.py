"""Our rules act when Keras' own callbacks do, and remember where they were."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.spec.training import EarlyStopping, Monitor, ReduceOnPlateau
from core.training.rules import Patience, reduced_rate, should_end

# Keras compares on the engine, in 32 bits, where a processor may take a subnormal number for 0.
values = st.lists(st.floats(0.0, 3.0, width=32, allow_subnormal=False), min_size=1, max_size=25)
MONITORS = [Monitor.VAL_LOSS, Monitor.VAL_ACCURACY]


class _Optimizer:
    def __init__(self) -> None:
        self.learning_rate = keras.Variable(0.5)


class _Model:
    """The little of a model that Keras' callbacks touch."""

    def __init__(self) -> None:
        self.optimizer = _Optimizer()
        self.stop_training = False


@pytest.mark.parametrize("monitor", MONITORS)
@given(values=values, patience=st.integers(1, 4))
def test_plateau_lowers_the_rate_when_keras_would(
    monitor: Monitor, values: list[float], patience: int
) -> None:
    rule = ReduceOnPlateau(monitor=monitor, patience=patience, factor=0.5, min_learning_rate=0.01)
    reference = keras.callbacks.ReduceLROnPlateau(
        monitor.value,
        factor=0.5,
        patience=patience,
        min_lr=0.01,
        mode="max" if monitor is Monitor.VAL_ACCURACY else "min",
    )
    reference.set_model(_Model())
    reference.on_train_begin()
    state, ours = Patience(), 0.5

    for epoch, value in enumerate(values):
        reference.on_epoch_end(epoch, {monitor.value: value})
        ours = reduced_rate(rule, state, {monitor.value: value}, ours)
        # As if the run had been resumed after every epoch.
        state = Patience.from_dict(json.loads(json.dumps(state.to_dict())))
        theirs = float(np.asarray(reference.model.optimizer.learning_rate))
        assert ours == pytest.approx(theirs, rel=1e-5)


@pytest.mark.parametrize("monitor", MONITORS)
@given(values=values, patience=st.integers(1, 4), min_delta=st.sampled_from([0.0, 0.25]))
def test_early_stopping_ends_the_run_when_keras_would(
    monitor: Monitor, values: list[float], patience: int, min_delta: float
) -> None:
    rule = EarlyStopping(monitor=monitor, patience=patience, min_delta=min_delta)
    reference = keras.callbacks.EarlyStopping(
        monitor.value,
        patience=patience,
        min_delta=min_delta,
        mode="max" if monitor is Monitor.VAL_ACCURACY else "min",
    )
    reference.set_model(_Model())
    reference.on_train_begin()
    state = Patience()

    for epoch, value in enumerate(values):
        reference.on_epoch_end(epoch, {monitor.value: value})
        ended = should_end(rule, state, {monitor.value: value})
        state = Patience.from_dict(json.loads(json.dumps(state.to_dict())))
        assert ended == reference.model.stop_training
        if ended:
            break
