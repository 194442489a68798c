"""Each kind of convolution against a count by hand: parameters, FLOPs, receptive field, shape."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import ModelDoesNotFit
from core.models.blocks.mixed_groups import shares
from core.models.graph import Plan
from tests.core.models.example_models import conv, experiment, plan_of

STEM = conv(filters=8)
"""3 x 3, so that 8 channels of receptive field 3 come to what is counted."""


def behind_stem(*convolutions: dict[str, Any], **model: Any) -> Plan:
    stage = {"convolutions": [STEM, *convolutions], "pooling": "none"}
    return plan_of(experiment(stage, flatten="global_average", **model), (10, 10, 3))


def counted(network: Plan, prefix: str = "stage1_conv2") -> tuple[int, int, tuple[int, ...]]:
    nodes = [node for node in network.nodes if node.name.startswith(prefix)]
    parameters, flops = sum(n.parameters for n in nodes), sum(n.flops for n in nodes)
    return parameters, flops, nodes[-1].output_shape


def sight(network: Plan, name: str) -> tuple[int, int]:
    return network.node(f"stage1_conv2{name}").receptive_field


def test_depthwise() -> None:
    network = behind_stem(conv("depthwise", depth_multiplier=3))
    assert counted(network) == ((9 + 1) * 8 * 3, 2 * 9 * 24 * 100, (10, 10, 24))
    assert network.node("stage1_conv2").formula == "(3 × 3 + 1) × 8 × 3 = 240"
    assert sight(network, "") == (5, 5)


def test_grouped() -> None:
    network = behind_stem(conv("grouped", filters=12, groups=4, kernel_size=5))
    # Each filter sees 8 / 4 channels.
    assert counted(network) == ((25 * 2 + 1) * 12, 2 * 50 * 12 * 100, (10, 10, 12))
    assert sight(network, "") == (7, 7)


def test_one_group_is_a_normal_convolution() -> None:
    grouped = behind_stem(conv("grouped", filters=12, groups=1))
    assert counted(grouped) == counted(behind_stem(conv(filters=12)))


def test_groups_of_two_sizes() -> None:
    network = behind_stem(conv("mixed_groups", filters=12))
    parameters = (9 * 4 + 1) * 6 + (25 * 4 + 1) * 6
    assert counted(network) == (parameters, 2 * (9 + 25) * 4 * 6 * 100, (10, 10, 12))
    assert [sight(network, f"_{each}") for each in ("group1", "group2", "join")] == [
        (5, 5),
        (7, 7),
        (7, 7),
    ]


def test_groups_of_two_dilations() -> None:
    windows = [{"dilation_rate": 1}, {"dilation_rate": 2}]
    network = behind_stem(conv("mixed_groups", filters=12, windows=windows))
    assert counted(network)[:2] == (2 * (9 * 4 + 1) * 6, 2 * 2 * 9 * 4 * 6 * 100)
    assert sight(network, "_join") == (7, 7)


def test_groups_see_every_channel_once() -> None:
    windows = [{"kernel_size": 1}, {"kernel_size": 3}, {"kernel_size": 5}]
    network = behind_stem(conv("mixed_groups", filters=4, windows=windows))
    parts = [node for node in network.nodes if node.op == "channel_slice"]
    assert [(node.config["start"], node.config["stop"]) for node in parts] == [
        (0, 3),
        (3, 6),
        (6, 8),
    ]
    assert counted(network)[0] == (3 + 1) * 2 + (27 + 1) + (50 + 1)


@pytest.mark.parametrize(("total", "parts"), [(8, 2), (7, 3), (3, 3), (13, 8)])
def test_shares_are_equal_within_one_and_leave_nothing_out(total: int, parts: int) -> None:
    found = shares(total, parts)
    sizes = [stop - start for start, stop in found]
    assert found[0][0] == 0
    assert found[-1][1] == total
    assert sum(sizes) == total
    assert max(sizes) - min(sizes) <= 1


def test_a_residual_unit_that_keeps_its_shape() -> None:
    network = behind_stem(conv("residual", filters=8), normalization="batch")
    assert counted(network) == (2 * 9 * 64 + 2 * 4 * 8, 2 * 2 * 9 * 64 * 100, (10, 10, 8))
    assert network.node("stage1_conv2_add").inputs == ("stage1_conv2_b_norm", "stage1_conv1_relu")
    assert sight(network, "_add") == (7, 7)


def test_a_residual_unit_that_changes_its_shape_projects_the_shortcut() -> None:
    network = behind_stem(conv("residual", filters=16, strides=2), normalization="batch")
    weights = 9 * 8 * 16 + 9 * 16 * 16 + 8 * 16
    assert counted(network) == (weights + 3 * 4 * 16, 2 * weights * 25, (5, 5, 16))


def test_a_residual_unit_in_pre_activation_order() -> None:
    units = conv("residual", filters=8, order="pre_activation", repeats=2)
    names = [node.name for node in behind_stem(units, normalization="batch").nodes]
    first, second = names.index("stage1_conv2_a_norm"), names.index("stage1_conv3_a_norm")
    unit = ["a_norm", "a_relu", "a", "b_norm", "b_relu", "b", "add"]
    assert names[first:second] == [f"stage1_conv2_{each}" for each in unit]
    # Only the last of them is closed: the next begins with what would close it.
    assert names[second:-2] == [
        *(f"stage1_conv3_{each}" for each in unit),
        "stage1_conv3_norm",
        "stage1_conv3_relu",
    ]


def test_a_pre_activation_unit_is_closed_before_another_kind() -> None:
    pre = conv("residual", filters=8, order="pre_activation")
    for following in (conv(), conv("residual", filters=8)):
        names = [node.name for node in behind_stem(pre, following).nodes]
        assert "stage1_conv2_relu" in names
    stages = [{"convolutions": [pre], "pooling": "none"}] * 2
    names = [node.name for node in plan_of(experiment(*stages)).nodes]
    assert "stage1_conv1_relu" not in names
    assert "stage2_conv1_relu" in names


def test_an_inverted_residual_that_keeps_its_shape() -> None:
    network = behind_stem(conv("inverted_residual", filters=8), normalization="batch")
    weights = 8 * 48 + 9 * 48 + 48 * 8
    assert counted(network) == (
        weights + 4 * 48 + 4 * 48 + 4 * 8,
        2 * weights * 100,
        (10, 10, 8),
    )
    assert network.node("stage1_conv2_add").inputs == (
        "stage1_conv2_project_norm",
        "stage1_conv1_relu",
    )
    assert sight(network, "_add") == (5, 5)


@pytest.mark.parametrize("change", [{"strides": 2}, {"filters": 9}])
def test_an_inverted_residual_that_changes_its_shape_adds_nothing(change: dict[str, Any]) -> None:
    spec = conv("inverted_residual", **{"filters": 8, "expansion": 1, **change})
    ops = [node.op for node in behind_stem(spec).nodes if node.name.startswith("stage1_conv2")]
    # Without expansion the widening is left out as well.
    assert ops == ["depthwise_conv2d", "activation", "conv2d"]


MISFITS = [
    (conv("grouped", filters=12, groups=3), "groups"),
    (conv("grouped", filters=6, groups=4), "groups"),
    (conv("grouped", filters=1024, groups=1024), "groups"),
    (conv("mixed_groups", windows=[{}, {"kernel_size": 11}]), "windows.1.kernel_size"),
    (conv("mixed_groups", windows=[{"dilation_rate": 5}, {}]), "windows.0.dilation_rate"),
    (conv("mixed_groups", filters=1), "filters"),
    (conv("residual", kernel_size=11), "kernel_size"),
    (conv("inverted_residual", kernel_size=11), "kernel_size"),
    (conv("depthwise", kernel_size=11), "kernel_size"),
]


@pytest.mark.parametrize(("spec", "field"), MISFITS, ids=[str(each)[:70] for each in MISFITS])
def test_what_does_not_fit_names_its_field(spec: dict[str, Any], field: str) -> None:
    with pytest.raises(ModelDoesNotFit, match=r"Got .* Expected .*\.$") as caught:
        behind_stem(spec)
    assert caught.value.field == f"model.stages.0.convolutions.1.{field}"


def test_more_windows_than_channels_are_refused() -> None:
    stage = {"convolutions": [conv("mixed_groups")]}
    with pytest.raises(ModelDoesNotFit, match="2 windows for 1 input channels") as caught:
        plan_of(experiment(stage), (8, 8, 1))
    assert caught.value.field == "model.stages.0.convolutions.0.windows"


def test_too_many_parameters_name_what_makes_them() -> None:
    wide = conv("depthwise", depth_multiplier=64, kernel_size=5, repeats=5)
    with pytest.raises(ModelDoesNotFit) as caught:
        plan_of(experiment({"convolutions": [wide]}, flatten="global_average"), (64, 64, 3))
    assert caught.value.field == "model.stages.0.convolutions.0.depth_multiplier"
