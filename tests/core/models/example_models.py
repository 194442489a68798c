"""Models that the tests share, and small random ones."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

from hypothesis import strategies as st

from core.models.blocks import BLOCKS
from core.models.graph import Plan
from core.models.plan import plan
from core.spec import Experiment, parse
from core.spec.blocks import Block, Convolution

KINDS = tuple(BLOCKS)
"""A kind that is taken away fails the tests of its presets and of its parameters by hand."""

_SPECS: dict[str, type[Block]] = {
    spec.model_fields["kind"].default: spec for spec in get_args(get_args(Convolution)[0])
}


def conv(kind: str = "normal", **fields: Any) -> dict[str, Any]:
    """One convolution as an experiment file has it."""
    return {"kind": kind, **fields}


def experiment(
    *stages: dict[str, Any], data: dict[str, Any] | None = None, **model: Any
) -> Experiment:
    """An experiment of these stages."""
    return parse({"model": {"stages": list(stages), **model}, "data": data or {}})


def plan_of(
    spec: Experiment, shape: tuple[int, int, int] = (32, 32, 3), num_classes: int = 10
) -> Plan:
    """Its plan on images of a shape."""
    return plan(spec.model, spec.data, shape, num_classes)


def sized(kind: str, filters: int, **fields: Any) -> dict[str, Any]:
    """One convolution of a kind that makes so many maps, if the kind lets one say so."""
    own = {"filters": filters} if "filters" in _SPECS[kind].model_fields else {}
    return conv(kind, **own, **fields)


def one_of(kind: str, **model: Any) -> Experiment:
    """A small model of one kind of convolution."""
    # Three channels come in: the groups of the first layer must divide them.
    first = {"groups": 3} if kind == "grouped" else {}
    return experiment(
        {"convolutions": [sized(kind, 6, **first)]},
        {"convolutions": [sized(kind, 8)], "pooling": "none"},
        **{"flatten": "global_average", **model},
    )


def lenet5() -> Experiment:
    """LeNet-5 as it is usually given: 61,706 parameters on 32 x 32 x 1."""
    first = conv(filters=6, kernel_size=5, padding="valid")
    second = conv(filters=16, kernel_size=5, padding="valid")
    return experiment(
        {"convolutions": [first], "pooling": "average"},
        {"convolutions": [second], "pooling": "average"},
        dense=[{"units": 120}, {"units": 84}],
        activation="tanh",
    )


def dense_base() -> Experiment:
    """Three units of a same and a valid convolution, two dense layers: 1,172,410 parameters."""
    stages = [
        {"convolutions": [conv(filters=n), conv(filters=n, padding="valid")]} for n in (48, 96, 192)
    ]
    return experiment(
        *stages,
        dense=[{"units": 512}, {"units": 256}],
        regularization={"conv_dropout": 0.25, "dense_dropout": 0.5},
    )


_OWN: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "depthwise": {"depth_multiplier": st.integers(1, 3)},
    "grouped": {"groups": st.integers(1, 3), "filters": st.integers(1, 6)},
    "dilated": {"dilation_rate": st.integers(1, 3), "strides": st.just(1)},
    "mixed_groups": {
        "windows": st.lists(
            st.fixed_dictionaries(
                {}, optional={"kernel_size": st.integers(1, 5), "dilation_rate": st.integers(1, 2)}
            ),
            min_size=2,
            max_size=3,
        )
    },
    "residual": {"order": st.sampled_from(["classic", "pre_activation"])},
    "inverted_residual": {"expansion": st.integers(1, 3)},
}


_WINDOW: dict[str, st.SearchStrategy[Any]] = {
    "filters": st.integers(1, 5),
    "strides": st.integers(1, 3),
    "padding": st.sampled_from(["same", "valid"]),
    "kernel_size": st.integers(1, 5),
}


def _convolutions() -> st.SearchStrategy[dict[str, Any]]:
    def fields(kind: str) -> st.SearchStrategy[dict[str, Any]]:
        optional: dict[str, st.SearchStrategy[Any]] = {
            "repeats": st.integers(1, 2),
            "activation": st.sampled_from(["relu", "leaky_relu", "gelu", "silu", "tanh"]),
        }
        # Those of ``_WINDOW`` that the kind lets one choose: a pointwise kernel is always 1.
        choices = {
            name: values
            for name, values in _WINDOW.items()
            if name in (known := _SPECS[kind].model_fields)
            and get_origin(known[name].annotation) is not Literal
        }
        own = optional | choices | _OWN.get(kind, {})
        return st.fixed_dictionaries({"kind": st.just(kind)}, optional=own)

    return st.sampled_from(KINDS).flatmap(fields)


def small_experiments() -> st.SearchStrategy[Experiment]:
    """Small models of every kind, size, stride, padding and pooling. Some do not fit."""
    stage = st.fixed_dictionaries(
        {"convolutions": st.lists(_convolutions(), min_size=1, max_size=2)},
        optional={
            "pooling": st.sampled_from(["max", "average", "strided_convolution", "none"]),
            "pool_size": st.integers(2, 3),
            "dropout": st.sampled_from([0.0, 0.25]),
        },
    )
    model = st.fixed_dictionaries(
        {"stages": st.lists(stage, min_size=1, max_size=2)},
        optional={
            "flatten": st.sampled_from(["flatten", "global_average", "global_max"]),
            "dense": st.lists(st.builds(lambda n: {"units": n}, st.integers(1, 9)), max_size=2),
            "normalization": st.sampled_from(["none", "batch", "layer", "group"]),
            "normalization_groups": st.integers(1, 2),
            "dense_normalization": st.booleans(),
            "regularization": st.fixed_dictionaries(
                {},
                optional={
                    "dropout_kind": st.sampled_from(["plain", "spatial"]),
                    "stochastic_depth": st.sampled_from([0.0, 0.5]),
                },
            ),
        },
    )
    return model.map(lambda each: parse({"model": each}))


def image_shapes() -> st.SearchStrategy[tuple[int, int, int]]:
    """Odd, even, tall, wide and tiny images."""
    side = st.integers(1, 17)
    return st.tuples(side, side, st.sampled_from([1, 3]))
