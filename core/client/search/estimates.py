"""How many trials a search will make and how long they will take, as an honest guess."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

from core.jobs.devices import CPU, Slots
from core.jobs.estimates import Estimate
from core.spec import Experiment
from core.spec.search import (
    Search,
    Values,
    apply_values,
    corners,
    num_combinations,
    planned_epochs,
    planned_trials,
)
from core.text import format_duration

START_S = 5.0
"""From one run's end to the next one's first batch; 4 to 6 s were measured on two cores."""

_SAMPLES = 6
"""Combinations whose epochs are estimated; their mean stands for all."""


@dataclass(frozen=True)
class SearchEstimate:
    """What a search will take on this machine."""

    combinations: int | None
    """Different trials that there can be; None: any number."""
    trials: int
    """At most so many will be made."""
    epochs: int
    """Of all runs of all trials together; early stopping and pruning make them fewer."""
    seconds: float
    seconds_low: float
    seconds_high: float
    based_on: int
    """Past runs of this machine; 0 for a rough default."""
    sentence: str


def estimate_search(
    search: Search, estimate: Callable[[Experiment], Estimate], slots: Slots
) -> SearchEstimate:
    """Trials, epochs and seconds of a search; ``estimate`` is that of one experiment's epoch."""
    trials, epochs = planned_trials(search), planned_epochs(search)
    total = num_combinations(search)
    guesses = [estimate(apply_values(search, values)) for values in _samples(search)]
    at_once = num_at_once(search, slots)
    starts = START_S * trials * len(search.seeds)

    def seconds(each_epoch: float) -> float:
        whole = (starts + epochs * each_epoch) / at_once
        hours = search.budget.hours
        return whole if hours is None else min(whole, 3600 * hours)

    based_on = max(guess.based_on for guess in guesses)
    middle = seconds(statistics.fmean(guess.seconds_per_epoch for guess in guesses))
    return SearchEstimate(
        combinations=total,
        trials=trials,
        epochs=epochs,
        seconds=middle,
        seconds_low=seconds(statistics.fmean(guess.low for guess in guesses)),
        seconds_high=seconds(statistics.fmean(guess.high for guess in guesses)),
        based_on=based_on,
        sentence=_sentence(trials, total, middle, based_on),
    )


def num_at_once(search: Search, slots: Slots) -> int:
    """By how much trials side by side shorten a search: runs on one CPU share its cores."""
    gpus = [slot for slot in slots.names if slot != CPU]
    return min(search.budget.parallel, len(gpus)) if gpus else 1


def _samples(search: Search) -> list[Values]:
    found = corners(search, 8 * _SAMPLES)
    every = max(1, len(found) // _SAMPLES)
    return found[::every][:_SAMPLES]


def _sentence(trials: int, combinations: int | None, seconds: float, based_on: int) -> str:
    whole = "" if combinations is None else f" of {combinations:,} combinations"
    guess = "About" if based_on else "Very roughly"
    return f"{trials:,} trials{whole}. {guess} {format_duration(seconds)}."
