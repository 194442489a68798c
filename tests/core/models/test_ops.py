"""Every primitive layer's arithmetic, against counts by hand."""

from __future__ import annotations

from typing import Any

import pytest

from core.models.builder import LAYERS
from core.models.ops import OPS, OpDoesNotFit


def window(**changes: Any) -> dict[str, Any]:
    base = {
        "filters": 32,
        "kernel_size": (3, 3),
        "strides": (1, 1),
        "padding": "same",
        "dilation_rate": (1, 1),
        "use_bias": True,
    }
    return base | changes


def facts(op: str, *shapes: tuple[int, ...], **config: Any) -> Any:
    return OPS[op].facts(shapes, config)


def test_every_layer_of_the_plan_has_one_in_keras() -> None:
    assert set(LAYERS) == set(OPS)


def test_a_convolution_is_counted_as_by_hand() -> None:
    found = facts("conv2d", (32, 32, 3), **window())
    assert found.parameters == (3 * 3 * 3 + 1) * 32 == 896
    assert found.formula == "(3 × 3 × 3 + 1) × 32 = 896"
    # 32 * 32 positions, 32 filters, 27 multiply-adds each.
    assert found.flops == 2 * 27 * 32 * 32 * 32 == 1_769_472
    assert found.output_shape == (32, 32, 32)


def test_a_convolution_without_bias_says_so_in_its_formula() -> None:
    found = facts("conv2d", (8, 8, 4), **window(use_bias=False, filters=5))
    assert found.formula == "3 × 3 × 4 × 5 = 180"


@pytest.mark.parametrize(
    ("side", "changes", "expected", "formula"),
    [
        (32, {"padding": "valid"}, 30, "⌊(32 - 3) / 1⌋ + 1 = 30"),
        (7, {"strides": (2, 2)}, 4, "⌈7 / 2⌉ = 4"),
        (8, {"strides": (3, 3), "padding": "valid"}, 2, "⌊(8 - 3) / 3⌋ + 1 = 2"),
        (9, {"dilation_rate": (2, 2), "padding": "valid"}, 5, "⌊(9 - 5) / 1⌋ + 1 = 5"),
        (9, {"dilation_rate": (2, 2)}, 9, "⌈9 / 1⌉ = 9"),
    ],
)
def test_output_sizes(side: int, changes: dict[str, Any], expected: int, formula: str) -> None:
    found = facts("conv2d", (side, side, 3), **window(**changes))
    assert found.output_shape[:2] == (expected, expected)
    assert found.size_formula == formula


def test_a_depthwise_convolution_mixes_no_channels() -> None:
    found = facts("depthwise_conv2d", (10, 10, 6), **window(use_bias=False))
    assert found.parameters == 3 * 3 * 6
    assert found.flops == 2 * 9 * 6 * 100


def test_a_dense_layer_is_counted_as_by_hand() -> None:
    found = facts("dense", (192,), units=10, use_bias=True)
    assert (found.parameters, found.flops) == (1930, 2 * 192 * 10)
    assert found.formula == "(192 + 1) × 10 = 1930"


def test_batch_norm_learns_half_of_what_it_keeps() -> None:
    found = facts("batch_norm", (4, 4, 32))
    assert (found.parameters, found.trainable, found.formula) == (128, 64, "4 × 32 = 128")


def test_group_norm_learns_a_scale_and_a_shift_a_channel() -> None:
    found = facts("group_norm", (4, 4, 32), groups=8)
    assert (found.parameters, found.trainable) == (64, 64)
    with pytest.raises(OpDoesNotFit, match="5 groups for 32 channels"):
        facts("group_norm", (4, 4, 32), groups=5)


def test_branches_are_summed_or_set_side_by_side() -> None:
    assert facts("add", (4, 4, 8), (4, 4, 8)).output_shape == (4, 4, 8)
    assert facts("concatenate", (4, 4, 8), (4, 4, 3)).output_shape == (4, 4, 11)
    with pytest.raises(OpDoesNotFit):
        facts("add", (4, 4, 8), (4, 4, 3))
    with pytest.raises(OpDoesNotFit):
        facts("concatenate", (4, 4, 8), (2, 4, 8))


@pytest.mark.parametrize(
    ("side", "changes", "argument"),
    [
        (4, {"kernel_size": (5, 5)}, "kernel_size"),
        (4, {"kernel_size": (5, 5), "padding": "valid"}, "kernel_size"),
        (2, {"padding": "valid"}, "kernel_size"),
        (1, {}, "kernel_size"),
        (4, {"dilation_rate": (2, 2)}, "dilation_rate"),
        (4, {"kernel_size": (5, 5), "dilation_rate": (2, 2)}, "kernel_size"),
        (9, {"strides": (2, 2), "dilation_rate": (2, 2)}, "strides"),
    ],
)
def test_a_window_that_does_not_fit_names_its_argument(
    side: int, changes: dict[str, Any], argument: str
) -> None:
    with pytest.raises(OpDoesNotFit, match=r"^Got .*\.$") as caught:
        facts("conv2d", (side, side, 3), **window(**changes))
    assert caught.value.argument == argument


def test_three_by_three_may_stand_on_two_by_two() -> None:
    # Each tap still meets a pixel, and digits come down to 2 x 2 after two poolings.
    assert facts("conv2d", (2, 2, 3), **window()).output_shape == (2, 2, 32)


def test_absurd_numbers_are_numbers() -> None:
    found = facts("dense", (10**9,), units=10**9, use_bias=True)
    assert found.parameters == 10**18 + 10**9
