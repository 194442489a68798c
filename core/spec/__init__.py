"""What to run: frozen pydantic models, without Keras or SQL.

Forms, the command line and files are made from the fields, which have bounds, titles and help
texts.
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
