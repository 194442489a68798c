"""The demo of an empty lab: two small models of digits that differ in dropout only.

With few training images and a wide dense layer, the model without dropout memorises its images,
so that the pair shows what dropout is for. Measured with seed 1 (TensorFlow on a CPU), accuracy
after the last epoch: without dropout 98.7 % on training and 90.5 % on validation images, with
dropout 91.3 % and 89.8 %. Training accuracy is measured with dropout active.
"""

from __future__ import annotations

from core.spec import Data, Dense, Experiment, Model, Regularization, Stage, Training
from core.spec.blocks import NormalConv

TAG = "demo"
"""The tag of the demo's runs."""
_EPOCHS = 15


def demo_experiments() -> list[Experiment]:
    """The experiment without dropout, and the same with dropout."""
    plain = Experiment(
        name="Demo: plain",
        notes="Memorises its few images: training accuracy is far above validation accuracy.",
        data=Data(dataset="digits", train_size=150, validation_fraction=0.3),
        model=Model(
            stages=(Stage(convolutions=(NormalConv(filters=32),)),),
            dense=(Dense(units=256),),
        ),
        training=Training(epochs=_EPOCHS, batch_size=32, learning_rate=2e-3),
    )
    regularization = Regularization(conv_dropout=0.25, dense_dropout=0.5)
    dropout = plain.model_copy(
        update={
            "name": "Demo: with dropout",
            "notes": "The same model and images with dropout: the gap is far smaller.",
            "model": plain.model.model_copy(update={"regularization": regularization}),
        }
    )
    return [plain, dropout]
