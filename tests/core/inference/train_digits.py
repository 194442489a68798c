"""Train a small network on digits into a run's folder: `train_digits.py RUN_FOLDER CONFIG`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from core.datasets import load
from core.settings import Settings
from core.spec import parse
from core.training.trainer import train
from tests.core.training.recording import Recorder

Path(sys.argv[1]).mkdir(parents=True)
train(
    parse(json.loads(sys.argv[2])),
    dataset=load("digits", Settings.from_environment()),
    folder=Path(sys.argv[1]),
    reporter=Recorder(),
    resume=False,
)
