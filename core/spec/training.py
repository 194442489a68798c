"""How a model learns: optimiser, learning rate, schedule, stopping rules, engine."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from core.spec.base import Spec


class Engine(StrEnum):
    """Keras backend that a run uses. ``auto``: TensorFlow where installed, else JAX, else torch."""

    AUTO = "auto"
    TENSORFLOW = "tensorflow"
    JAX = "jax"
    TORCH = "torch"


class Monitor(StrEnum):
    """A validation metric that a rule watches."""

    VAL_LOSS = "val_loss"
    VAL_ACCURACY = "val_accuracy"


class SGD(Spec):
    """Stochastic gradient descent."""

    kind: Literal["sgd"] = "sgd"
    momentum: float = Field(
        0.9, ge=0.0, lt=1.0, title="Momentum", description="Share of the last step that goes on."
    )
    nesterov: bool = Field(
        True, title="Nesterov", description="Look ahead along the momentum before the gradient."
    )


class RMSprop(Spec):
    """Divides each gradient by a running average of its size."""

    kind: Literal["rmsprop"] = "rmsprop"
    rho: float = Field(
        0.9, ge=0.0, lt=1.0, title="Rho", description="How slowly the running average forgets."
    )


class Adam(Spec):
    """Momentum and RMSprop together: the usual first choice."""

    kind: Literal["adam"] = "adam"
    beta_1: float = Field(
        0.9, ge=0.0, lt=1.0, title="Beta 1", description="Memory of the mean gradient."
    )
    beta_2: float = Field(
        0.999, ge=0.0, lt=1.0, title="Beta 2", description="Memory of the squared gradient."
    )


class AdamW(Adam):
    """Adam with weight decay kept apart from the gradient."""

    kind: Literal["adamw"] = "adamw"  # type: ignore[assignment]
    weight_decay: float = Field(
        0.004, ge=0.0, le=1.0, title="Weight decay", description="Shrinks weights at every step."
    )


Optimizer = Annotated[SGD | RMSprop | Adam | AdamW, Field(discriminator="kind")]
"""Any optimiser."""


class ConstantSchedule(Spec):
    """The learning rate stays as it is."""

    kind: Literal["constant"] = "constant"


class StepSchedule(Spec):
    """The learning rate drops by a factor every few epochs."""

    kind: Literal["step"] = "step"
    factor: float = Field(0.5, gt=0.0, lt=1.0, title="Factor", description="Multiplies the rate.")
    every_epochs: int = Field(
        10, ge=1, le=1000, title="Every", description="Epochs between two drops."
    )


class CosineSchedule(Spec):
    """The learning rate falls along half a cosine to a share of its start."""

    kind: Literal["cosine"] = "cosine"
    final_share: float = Field(
        0.0, ge=0.0, lt=1.0, title="Final share", description="Of the start, at the last step."
    )


class OneCycleSchedule(Spec):
    """Up from a low rate to the learning rate, then down along a cosine to nearly nothing."""

    kind: Literal["one_cycle"] = "one_cycle"
    rise_share: float = Field(
        0.3, gt=0.0, lt=1.0, title="Rise", description="Share of all steps spent going up."
    )
    start_share: float = Field(
        0.04, gt=0.0, le=1.0, title="Start", description="First rate as a share of the peak."
    )


Schedule = Annotated[
    ConstantSchedule | StepSchedule | CosineSchedule | OneCycleSchedule,
    Field(discriminator="kind"),
]
"""Any learning-rate schedule."""


class ReduceOnPlateau(Spec):
    """Lower the learning rate when a validation metric stops getting better."""

    monitor: Monitor = Field(Monitor.VAL_LOSS, title="Watches", description="Validation metric.")
    patience: int = Field(
        3, ge=1, le=1000, title="Patience", description="Epochs without improvement before it acts."
    )
    factor: float = Field(0.5, gt=0.0, lt=1.0, title="Factor", description="Multiplies the rate.")
    min_learning_rate: float = Field(
        0.0, ge=0.0, le=1.0, title="Lowest rate", description="It goes no lower than this."
    )


class EarlyStopping(Spec):
    """End the run when a validation metric stops getting better."""

    monitor: Monitor = Field(Monitor.VAL_LOSS, title="Watches", description="Validation metric.")
    patience: int = Field(
        10,
        ge=1,
        le=1000,
        title="Patience",
        description="Epochs without improvement before it acts.",
    )
    min_delta: float = Field(
        0.0, ge=0.0, le=1.0, title="Smallest gain", description="Smaller gains do not count."
    )


class FineTuning(Spec):
    """A second phase of the same run: part of the backbone learns too, in smaller steps."""

    epochs: int = Field(
        10, ge=1, le=1000, title="Epochs", description="After those with the frozen backbone."
    )
    learning_rate: float = Field(
        1e-5,
        gt=0.0,
        le=10.0,
        title="Learning rate",
        description="Well below the first phase's, or the backbone forgets what it knows.",
        json_schema_extra={"step": 0.00001},
    )
    trainable: Literal["last", "all"] = Field(
        "last",
        title="What learns",
        description="last: the backbone's last layers. all: the whole backbone.",
    )
    unfrozen_layers: int = Field(
        20,
        ge=1,
        le=10_000,
        title="Layers unfrozen",
        description="With last: how many of the backbone's layers learn, counted from its end.",
    )


class Training(Spec):
    """How the model learns."""

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
        description="Size of a step; the peak when a schedule varies it.",
        json_schema_extra={"step": 0.0001},
    )
    optimizer: Optimizer = Field(
        Adam(), title="Optimiser", description="How gradients become steps."
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
        description="Epochs in which the rate rises in a line from nearly zero.",
        json_schema_extra={"unit": "epochs", "step": 1.0},
    )
    gradient_clip_norm: float | None = Field(
        None,
        gt=0.0,
        le=1000.0,
        title="Gradient clipping",
        description="Longest gradient (global norm) that is let through. Empty: no clipping.",
        json_schema_extra={"advanced": True},
    )
    label_smoothing: float = Field(
        0.0,
        ge=0.0,
        le=0.5,
        title="Label smoothing",
        description="Share of the target spread over all classes.",
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
        description="With a backbone: first only the layers after it learn, then in so many "
        "more epochs part of it as well. One run, its epochs counted through.",
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
        description="Keras backend. auto: TensorFlow where it is installed.",
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
                "rules cannot both own the learning rate. Switch one of them off",
                {"field": "reduce_on_plateau"},
            )
        if self.warmup_epochs > self.epochs:
            raise PydanticCustomError(
                "warmup_epochs",
                "Warm-up is longer than the run. Expected at most as many epochs as the run has",
                {"field": "warmup_epochs"},
            )
        return self
