"""How long an epoch will take: learned from past runs of this machine, and shown as a guess.

The work of a training step is taken as ``3 * FLOPs`` an image (forward, and about twice that
backward) plus a fixed price a step. The past runs whose work an image is nearest, on the same
kind of device and, where there are such, with the same engine, say how much of it this
machine does a second; their median is the estimate and their spread its bounds. Runs of very
different work, or of much shorter epochs, say little: the further they are, the more the
default speed counts.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.datasets import DATASETS
from core.jobs.devices import CPU, gpus, machine_fingerprint, num_cores
from core.jobs.work import BACKWARD_AND_FORWARD, flops_before, flops_per_image
from core.models.summary import Summary
from core.spec import Engine, Experiment
from core.store.metrics import PastSpeed
from core.store.store import Store
from core.text import format_duration

NEAREST = 5
"""So many past runs are looked at."""

STEP_WORK = 2e8
"""What a step costs apart from its images, as FLOPs: about 10 ms on a CPU."""

CPU_FLOPS_PER_CORE = 30e9
"""Between 12e9 on two busy cores and 70e9 on two idle ones, both measured with `scratch_cnn`."""

GPU_FLOPS = 3e12
"""A cautious figure for small convolutions on a recent GPU; not measured."""

FIRST_GUESS_FACTOR = 3.0
"""From an estimate without past runs to its bounds: times and divided by this."""

SIMILAR = 4.0
"""Past runs of up to so many times more or less work count in full."""


@dataclass(frozen=True)
class Estimate:
    """Seconds for an epoch, with bounds, and what they rest on."""

    seconds_per_epoch: float
    low: float
    high: float
    based_on: int
    """Past runs of this machine; 0 for a rough default."""
    sentence: str
    seconds_before: float = 0.0
    """Before the first epoch: a frozen backbone's features are computed once for all epochs."""

    @property
    def per_epoch(self) -> tuple[float, float, float]:
        """Seconds per epoch: expected, at least, at most."""
        return self.seconds_per_epoch, self.low, self.high

    def seconds(self, epochs: int) -> float:
        """For a whole run."""
        return self.seconds_before + self.seconds_per_epoch * epochs


def estimate(store: Store, experiment: Experiment, summary: Summary, num_images: int) -> Estimate:
    """Estimate an epoch of ``num_images`` training images of a model on this machine."""
    on_gpu = bool(gpus())
    past = store.metrics.past_speeds(machine_fingerprint())
    return estimate_run(past, experiment, summary, num_images, on_gpu=on_gpu)


def estimate_run(
    past: Sequence[PastSpeed],
    experiment: Experiment,
    summary: Summary,
    num_images: int,
    *,
    on_gpu: bool,
) -> Estimate:
    """The same from given past runs, with what is done once before the first epoch."""
    flops = flops_per_image(experiment, summary)
    epochs = estimate_from(past, experiment, flops, num_images, on_gpu=on_gpu)
    before = flops_before(experiment, summary)
    if not before:
        return epochs
    # Validation images have features too.
    num_all = round(num_images / (1.0 - experiment.data.validation_fraction))
    once = estimate_from(past, experiment, before, num_all, on_gpu=on_gpu).seconds_per_epoch
    duration = _at_least_tenth(once)
    sentence = f"{epochs.sentence} Before the first, about {duration} for the backbone's features."
    return replace(epochs, seconds_before=once, sentence=sentence)


def estimate_from(
    past: Sequence[PastSpeed],
    experiment: Experiment,
    flops: float,
    num_images: int,
    *,
    on_gpu: bool,
) -> Estimate:
    """Epochs alone; ``flops`` is one image's, see ``core.jobs.work``."""
    work = work_per_image(flops, experiment.training.batch_size)
    same_device = [each for each in past if (each.device != CPU) is on_gpu and _is_typical(each)]
    nearest = _nearest(_same_engine(same_device, experiment.training.engine), work)
    if not nearest:
        return _first_guess(work * num_images, on_gpu=on_gpu)
    default = work * num_images / _default_speed(on_gpu=on_gpu)
    guesses = [_guess(each, work, num_images, default) for each in nearest]
    # The further from what was measured, the less is known.
    distance = math.exp(0.3 * abs(math.log(work / _work_of(nearest[0]))))
    seconds, doubt = statistics.median(guesses), min(1.15 * distance, FIRST_GUESS_FACTOR)
    low, high = min(guesses) / doubt, max(guesses) * doubt
    count = len(nearest)
    runs = "1 past run" if count == 1 else f"{count} past runs"
    sentence = f"About {_at_least_tenth(seconds)} per epoch, based on {runs} on this machine."
    return Estimate(seconds, low, high, count, sentence)


def work_per_image(flops: float, batch_size: int) -> float:
    """Work of training on one image, in FLOPs, its share of the step's fixed price included."""
    return BACKWARD_AND_FORWARD * flops + STEP_WORK / batch_size


def _first_guess(work: float, *, on_gpu: bool) -> Estimate:
    seconds = work / _default_speed(on_gpu=on_gpu)
    device = "a GPU" if on_gpu else f"{num_cores()} CPU cores"
    sentence = (
        f"Very roughly {_at_least_tenth(seconds)} per epoch on {device}: a default, because no "
        "run has finished an epoch on this machine yet."
    )
    low, high = seconds / FIRST_GUESS_FACTOR, seconds * FIRST_GUESS_FACTOR
    return Estimate(seconds, low, high, 0, sentence)


def _at_least_tenth(seconds: float) -> str:
    return format_duration(max(seconds, 0.1))


def _default_speed(*, on_gpu: bool) -> float:
    return GPU_FLOPS if on_gpu else CPU_FLOPS_PER_CORE * min(num_cores(), 16)


def _guess(past: PastSpeed, work: float, num_images: int, default: float) -> float:
    """Seconds per epoch: a past run and the default, weighted by the distance of the run (log)."""
    learned = past.seconds_per_image * work / _work_of(past) * num_images
    # A short epoch is mostly fixed cost: validation, saving, the start of the next one.
    shorter = math.log(max(1.0, num_images / _images_of(past)))
    distance = abs(math.log(work / _work_of(past))) + 0.5 * shorter
    share = min(1.0, math.log(SIMILAR) / distance) ** 2 if distance else 1.0
    return math.exp(share * math.log(learned) + (1 - share) * math.log(default))


def _is_typical(past: PastSpeed) -> bool:
    """Whether the measured speed is the mean over all segments, as the work is."""
    tuning = past.config["training"].get("fine_tuning")
    return tuning is None or past.epochs_done > past.config["training"]["epochs"]


def _same_engine(past: list[PastSpeed], engine: Engine) -> list[PastSpeed]:
    if engine is Engine.AUTO:
        return past
    return [each for each in past if each.engine == engine.value] or past


def _nearest(past: list[PastSpeed], work: float) -> list[PastSpeed]:
    def distance(each: PastSpeed) -> float:
        return abs(math.log(_work_of(each) / work))

    ordered = sorted(past, key=distance)[:NEAREST]
    # A run of nearly the same work says more than four of other work.
    near = [each for each in ordered if distance(each) < math.log(2)]
    return near or ordered


def _work_of(past: PastSpeed) -> float:
    return work_per_image(past.flops_per_image, past.config["training"]["batch_size"])


def _images_of(past: PastSpeed) -> float:
    """Training images an epoch of a past run had; infinite on a data set that is gone."""
    data = past.config["data"]
    info = DATASETS.get(data["dataset"])
    all_of_it = info.train_size * (1 - data["validation_fraction"]) if info else math.inf
    return float(data["train_size"] or all_of_it)
