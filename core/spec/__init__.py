"""WHAT to run: frozen pydantic models, no Keras, no SQL.

Bounds, titles and help text live on the fields; forms, command line and files are drawn
from them.
"""

from core.spec.backbone import Backbone, Trainable
from core.spec.data import Augmentation, Data, InputScaling
from core.spec.experiment import Experiment, parse
from core.spec.model import Dense, Flattening, Model, Pooling, Stage
from core.spec.regularizers import Normalization, Regularization
from core.spec.training import Engine, FineTuning, Training

__all__ = [
    "Augmentation",
    "Backbone",
    "Data",
    "Dense",
    "Engine",
    "Experiment",
    "FineTuning",
    "Flattening",
    "InputScaling",
    "Model",
    "Normalization",
    "Pooling",
    "Regularization",
    "Stage",
    "Trainable",
    "Training",
    "parse",
]
