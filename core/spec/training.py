"""How a model is trained: optimiser, learning rate, schedule, stopping rules, engine."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from core.spec.base import Spec


class Engine(StrEnum):
    """Keras backend of a run. ``auto``: TensorFlow if installed, else JAX, else torch."""

    AUTO = "auto"
    TENSORFLOW = "tensorflow"
    JAX = "jax"
    TORCH = "torch"


class Monitor(StrEnum):
    """A validation metric."""

    VAL_LOSS = "val_loss"
    VAL_ACCURACY = "val_accuracy"


class SGD(Spec):
    """Stochastic gradient descent."""

    kind: Literal["sgd"] = "sgd"
    momentum: float = Field(
        0.9, ge=0.0, lt=1.0, title="Momentum", description="Share of the last step that is kept."
    )
    nesterov: bool = Field(
        True, title="Nesterov", description="Look ahead along the momentum before the gradient."
    )


class RMSprop(Spec):
    """Divides each gradient by a running average of its size."""

    kind: Literal["rmsprop"] = "rmsprop"
    rho: float = Field(
        0.9, ge=0.0, lt=1.0, title="Rho", description="Decay of the running average."
    )


class Adam(Spec):
    """Momentum and RMSprop combined: the usual first choice."""

    kind: Literal["adam"] = "adam"
    beta_1: float = Field(
        0.9, ge=0.0, lt=1.0, title="Beta 1", description="Decay of the mean gradient."
    )
    beta_2: float = Field(
        0.999, ge=0.0, lt=1.0, title="Beta 2", description="Decay of the squared gradient."
    )


class AdamW(Adam):
    """Adam with weight decay separate from the gradient."""

    kind: Literal["adamw"] = "adamw"  # type: ignore[assignment]
    weight_decay: float = Field(
        0.004, ge=0.0, le=1.0, title="Weight decay", description="Shrinks weights at every step."
    )


Optimizer = Annotated[SGD | RMSprop | Adam | AdamW, Field(discriminator="kind")]
"""Any optimiser."""


class ConstantSchedule(Spec):
    """The learning rate does not change."""

    kind: Literal["constant"] = "constant"


class StepSchedule(Spec):
    """The learning rate drops by a factor every few epochs."""

    kind: Literal["step"] = "step"
    factor: float = Field(0.5, gt=0.0, lt=1.0, title="Factor", description="Multiplies the rate.")
    every_epochs: int = Field(
        10, ge=1, le=1000, title="Every", description="Epochs between two drops."
    )


class CosineSchedule(Spec):
    """The learning rate falls along half a cosine to a share of its initial value."""

    kind: Literal["cosine"] = "cosine"
    final_share: float = Field(
        0.0,
        ge=0.0,
        lt=1.0,
        title="Final share",
        description="Of the initial rate, at the last step.",
    )


class OneCycleSchedule(Spec):
    """From a low rate up to the learning rate, then down along a cosine to nearly zero."""

    kind: Literal["one_cycle"] = "one_cycle"
    rise_share: float = Field(
        0.3, gt=0.0, lt=1.0, title="Rise", description="Share of all steps in which the rate rises."
    )
    start_share: float = Field(
        0.04, gt=0.0, le=1.0, title="Start", description="Initial rate as a share of the peak."
    )


Schedule = Annotated[
    ConstantSchedule | StepSchedule | CosineSchedule | OneCycleSchedule,
    Field(discriminator="kind"),
]
"""Any learning-rate schedule."""


class ReduceOnPlateau(Spec):
    """Lower the learning rate when a validation metric stops improving."""

    monitor: Monitor = Field(
        Monitor.VAL_LOSS, title="Metric", description="Validation metric that must improve."
    )
    patience: int = Field(
        3,
        ge=1,
        le=1000,
        title="Patience",
        description="Epochs without improvement before it takes effect.",
    )
    factor: float = Field(0.5, gt=0.0, lt=1.0, title="Factor", description="Multiplies the rate.")
    min_learning_rate: float = Field(
        0.0, ge=0.0, le=1.0, title="Minimum rate", description="The rate is not lowered further."
    )


class EarlyStopping(Spec):
    """End the run when a validation metric stops improving."""

    monitor: Monitor = Field(
        Monitor.VAL_LOSS, title="Metric", description="Validation metric that must improve."
    )
    patience: int = Field(
        10,
        ge=1,
        le=1000,
        title="Patience",
        description="Epochs without improvement before it takes effect.",
    )
    min_delta: float = Field(
        0.0,
        ge=0.0,
        le=1.0,
        title="Minimum improvement",
        description="Smaller improvements do not count.",
    )


class FineTuning(Spec):
    """A second segment of the run, in which layers of the backbone are trained too."""

    epochs: int = Field(
        10,
        ge=1,
        le=1000,
        title="Epochs",
        description="In addition to those with the frozen backbone.",
    )
    learning_rate: float = Field(
        1e-5,
        gt=0.0,
        le=10.0,
        title="Learning rate",
        description="Well below the first segment's, or the backbone loses what it learnt.",
        json_schema_extra={"step": 0.00001},
    )
    trainable: Literal["last", "all"] = Field(
        "last",
        title="Trainable layers",
        description="last: the backbone's last layers. all: the whole backbone.",
    )
    unfrozen_layers: int = Field(
        20,
        ge=1,
        le=10_000,
        title="Unfrozen layers",
        description="With last: how many of its layers are trained, counted from its end.",
    )


class Training(Spec):
    """How the model is trained."""

    epochs: int = Field(
        10, ge=1, le=1000, title="Epochs", description="Passes over all training images."
    )
    batch_size: int = Field(
        64,
        ge=1,
        le=8192,
        title="Batch size",
        description="Images per step. Larger batches: fewer, smoother steps.",
    )
    learning_rate: float = Field(
        1e-3,
        gt=0.0,
        le=10.0,
        title="Learning rate",
        description="Step size; the peak if a schedule changes it.",
        json_schema_extra={"step": 0.0001},
    )
    optimizer: Optimizer = Field(
        Adam(), title="Optimiser", description="How weights are updated from gradients."
    )
    schedule: Schedule = Field(
        ConstantSchedule(),
        title="Schedule",
        description="How the learning rate changes over the run.",
    )
    warmup_epochs: float = Field(
        0.0,
        ge=0.0,
        le=100.0,
        title="Warm-up",
        description="Epochs in which the rate rises linearly from nearly zero.",
        json_schema_extra={"unit": "epochs", "step": 1.0},
    )
    gradient_clip_norm: float | None = Field(
        None,
        gt=0.0,
        le=1000.0,
        title="Gradient clipping",
        description="Maximum global norm of the gradients. Empty: no clipping.",
        json_schema_extra={"advanced": True},
    )
    label_smoothing: float = Field(
        0.0,
        ge=0.0,
        le=0.5,
        title="Label smoothing",
        description="Share of the label that is spread over all classes.",
        json_schema_extra={"step": 0.05},
    )
    reduce_on_plateau: ReduceOnPlateau | None = Field(
        None,
        title="Reduce learning rate on plateau",
        description="Lower the rate when validation stops improving. Needs the constant schedule.",
    )
    early_stopping: EarlyStopping | None = Field(
        None, title="Early stopping", description="End when validation stops improving."
    )
    fine_tuning: FineTuning | None = Field(
        None,
        title="Fine-tuning",
        description="With a backbone: first only the layers after it are trained, then also layers "
        "of the backbone. It is one run, with consecutive epochs.",
    )
    mixed_precision: bool = Field(
        False,
        title="Mixed precision",
        description="Compute in 16 bits where it is safe. Faster on recent GPUs and on CPUs with "
        "AMX, slower on other CPUs.",
        json_schema_extra={"advanced": True},
    )
    engine: Engine = Field(
        Engine.AUTO,
        title="Engine",
        description="Keras backend. auto: TensorFlow if it is installed.",
        json_schema_extra={"advanced": True},
    )

    @property
    def total_epochs(self) -> int:
        """Epochs of a whole run, those of fine-tuning included."""
        return self.epochs + (self.fine_tuning.epochs if self.fine_tuning else 0)

    @model_validator(mode="after")
    def _one_owner_of_the_rate(self) -> Self:
        if self.reduce_on_plateau and (self.schedule.kind != "constant" or self.warmup_epochs):
            raise PydanticCustomError(
                "reduce_on_plateau",
                "Reduce-on-plateau needs the constant schedule without warm-up, because two "
                "rules cannot both set the learning rate. Switch one of them off",
                {"field": "reduce_on_plateau"},
            )
        if self.warmup_epochs > self.epochs:
            raise PydanticCustomError(
                "warmup_epochs",
                "Warm-up is longer than the run. Expected at most as many epochs as the run has",
                {"field": "warmup_epochs"},
            )
        return self
