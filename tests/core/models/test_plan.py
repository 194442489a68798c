"""What a plan lays out, and what it refuses at which field."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given, settings

from core.errors import ModelDoesNotFit
from core.models.blocks import BLOCKS
from core.models.graph import INPUT, Draft, Node
from core.models.plan import MAX_NODES, MAX_PARAMETERS, OUTPUT
from core.spec import Experiment
from core.spec.blocks import Convolution
from tests.core.models.example_models import (
    KINDS,
    conv,
    dense_base,
    experiment,
    image_shapes,
    lenet5,
    one_of,
    plan_of,
    small_experiments,
)
from tests.core.spec.strategies import experiments


def kinds(spec: Experiment, shape: tuple[int, int, int] = (32, 32, 3)) -> list[str]:
    return [node.kind for node in plan_of(spec, shape).nodes]


def is_conv(node: Node) -> bool:
    return node.op in ("conv2d", "depthwise_conv2d")


def test_known_models_have_their_published_sizes() -> None:
    assert plan_of(dense_base()).parameters == 1_172_410
    assert plan_of(lenet5(), (32, 32, 1)).parameters == 61_706


def test_receptive_field_and_flops_by_hand() -> None:
    nodes = {node.name: node for node in plan_of(lenet5(), (32, 32, 1)).nodes}
    # 5, then pooling adds 1 pixel, then four more steps of 2, then pooling adds one of 2.
    assert [
        nodes[name].receptive_field[0]
        for name in ("stage1_conv1", "stage1_average_pool", "stage2_conv1", "stage2_average_pool")
    ] == [5, 6, 14, 16]
    assert nodes["flatten"].receptive_field == (32, 32)
    by_hand = 2 * (25 * 6 * 28 * 28 + 150 * 16 * 10 * 10 + 400 * 120 + 120 * 84 + 84 * 10)
    assert plan_of(lenet5(), (32, 32, 1)).flops == by_hand


def test_a_dilated_column_and_row_see_what_a_square_sees() -> None:
    dilated = plan_of(one_of("dilated")).node("stage1_conv1")
    assert dilated.receptive_field == (5, 5)
    column = plan_of(one_of("spatially_separable"))
    assert column.node("stage1_conv1_column").receptive_field == (3, 1)
    assert column.node("stage1_conv1_row").receptive_field == (3, 3)


def test_convolution_then_normalisation_then_activation_then_pooling_then_dropout() -> None:
    spec = experiment(
        {"convolutions": [conv()], "dropout": 0.3},
        normalization="batch",
        dense=[{"units": 8, "dropout": 0.5}],
        dense_normalization=True,
    )
    assert kinds(spec) == [
        "Rescaling",
        "Conv2D",
        "BatchNormalization",
        "Activation",
        "MaxPooling2D",
        "Dropout",
        "Flatten",
        "Dense",
        "BatchNormalization",
        "Activation",
        "Dropout",
        "Dense",
    ]


@pytest.mark.parametrize("normalization", ["batch", "layer", "group"])
@pytest.mark.parametrize("kind", KINDS)
def test_no_bias_before_a_normalisation(kind: str, normalization: str) -> None:
    model = {"normalization": normalization, "normalization_groups": 1}
    nodes = plan_of(one_of(kind, **model)).nodes
    normalized = {each for node in nodes if node.op.endswith("_norm") for each in node.inputs}
    joined = [node for node in nodes if node.op == "concatenate" and node.name in normalized]
    before = normalized.union(*(node.inputs for node in joined))
    biases = [node.config["use_bias"] for node in nodes if node.name in before and is_conv(node)]
    assert biases
    assert not any(biases)


@pytest.mark.parametrize("kind", KINDS)
def test_one_bias_a_convolution_without_a_normalisation(kind: str) -> None:
    # The first half of a separable convolution would pass its bias on as one of the second.
    halves = ("_column",) if kind != "depthwise_separable" else ("_depthwise",)
    for node in filter(is_conv, plan_of(one_of(kind)).nodes):
        assert node.config["use_bias"] is not node.name.endswith(halves)


def test_a_separable_convolution_is_counted_like_keras_separable_conv2d() -> None:
    nodes = plan_of(one_of("depthwise_separable")).nodes
    parameters = sum(node.parameters for node in nodes if node.name.startswith("stage1"))
    assert parameters == 3 * 3 * 3 + (3 + 1) * 6


def test_a_stage_may_override_the_dropout_of_the_model() -> None:
    spec = experiment(
        {"convolutions": [conv()], "dropout": 0.0},
        {"convolutions": [conv()]},
        {"convolutions": [conv()], "dropout": 0.5},
        regularization={"conv_dropout": 0.1},
    )
    rates = [(n.name, n.config["rate"], n.field) for n in plan_of(spec).nodes if n.op == "dropout"]
    assert rates == [
        ("stage2_dropout", 0.1, "model.regularization.conv_dropout"),
        ("stage3_dropout", 0.5, "model.stages.2.dropout"),
    ]


def test_a_strided_convolution_may_stand_for_pooling() -> None:
    learnt, pooled = (
        plan_of(
            experiment({"convolutions": [conv(filters=4)], "pooling": pooling, "pool_size": 3}),
            (11, 11, 3),
        )
        for pooling in (LEARNT, "max")
    )
    before = pooled.node("stage1_max_pool")
    node = learnt.node("stage1_strided_conv")
    assert node.output_shape == before.output_shape == (3, 3, 4)
    assert node.receptive_field == before.receptive_field
    assert node.parameters == (9 * 4 + 1) * 4
    assert learnt.node("stage1_strided_conv_relu").inputs == ("stage1_strided_conv",)


def test_spatial_dropout_is_for_maps_alone() -> None:
    rates = {"conv_dropout": 0.1, "dense_dropout": 0.5, "dropout_kind": "spatial"}
    spec = experiment({"convolutions": [conv()]}, dense=[{"units": 3}], regularization=rates)
    assert [kind for kind in kinds(spec) if "Dropout" in kind] == ["SpatialDropout2D", "Dropout"]


def test_later_units_are_skipped_more_often() -> None:
    units = {"convolutions": [conv("residual", filters=4, repeats=2)], "pooling": "none"}
    narrow = conv("inverted_residual", filters=4, repeats=2)
    spec = experiment(
        units,
        {"convolutions": [conv(filters=4), narrow], "pooling": "none"},
        regularization={"stochastic_depth": 0.4},
    )
    nodes = [node for node in plan_of(spec).nodes if node.op == "stochastic_depth"]
    assert [node.config["rate"] for node in nodes] == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert {node.field for node in nodes} == {"model.regularization.stochastic_depth"}
    # A unit that adds nothing cannot be skipped: nothing would go on.
    without = experiment(
        {"convolutions": [conv("inverted_residual", filters=4)]},
        regularization={"stochastic_depth": 0.4},
    )
    assert "Dropout" not in kinds(without)


def test_repeats_are_layers_of_their_own() -> None:
    spec = experiment({"convolutions": [conv(repeats=3), conv("pointwise")]})
    names = [node.name for node in plan_of(spec).nodes if node.op == "conv2d"]
    assert names == ["stage1_conv1", "stage1_conv2", "stage1_conv3", "stage1_conv4"]


def test_augmentation_and_scaling_come_first() -> None:
    data = {
        "input_scaling": "standardized",
        "augmentation": {
            "horizontal_flip": True,
            "shift": 0.1,
            "rotation": 18.0,
            "zoom": 0.1,
            "cutout": 0.25,
        },
    }
    nodes = plan_of(experiment({"convolutions": [conv()]}, data=data)).nodes
    assert [node.kind for node in nodes[:6]] == [
        "Normalization",
        "RandomFlip",
        "RandomTranslation",
        "RandomRotation",
        "RandomZoom",
        "RandomErasing",
    ]
    assert nodes[3].config["factor"] == pytest.approx(18 / 360)
    assert [node.training_only for node in nodes[:6]] == [False, True, True, True, True, True]


LEARNT = "strided_convolution"
POOLED = {"convolutions": [conv(filters=4)]}
TOO_DEEP = {"convolutions": [conv(filters=1, repeats=32)] * 16, "pooling": "none"}
MISFITS: list[tuple[list[dict[str, Any]], dict[str, Any], str]] = [
    (
        [POOLED, POOLED, {"convolutions": [conv(kernel_size=3, padding="valid")]}],
        {},
        "model.stages.2.convolutions.0.kernel_size",
    ),
    ([{"convolutions": [conv(kernel_size=9)]}], {}, "model.stages.0.convolutions.0.kernel_size"),
    (
        [POOLED, {"convolutions": [conv(), conv("dilated", dilation_rate=2)]}],
        {},
        "model.stages.1.convolutions.1.dilation_rate",
    ),
    (
        [POOLED, {"convolutions": [conv("depthwise_separable", kernel_size=5)]}],
        {},
        "model.stages.1.convolutions.0.kernel_size",
    ),
    ([POOLED] * 4, {}, "model.stages.3.convolutions.0.kernel_size"),
    (
        [POOLED, POOLED, {"convolutions": [conv("pointwise")], "pool_size": 3}],
        {},
        "model.stages.2.pool_size",
    ),
    (
        [{"convolutions": [conv(filters=4096, repeats=32)], "pooling": "none"}],
        {},
        "model.stages.0.convolutions.0.filters",
    ),
    (
        [POOLED, POOLED, POOLED, POOLED | {"convolutions": [conv("pointwise")], "pooling": LEARNT}],
        {},
        "model.stages.3.pool_size",
    ),
    ([POOLED], {"normalization": "group"}, "model.normalization_groups"),
    (
        [{"convolutions": [conv(filters=8)]}],
        {"normalization": "group", "dense_normalization": True, "dense": [{"units": 12}]},
        "model.normalization_groups",
    ),
    ([POOLED], {"dense": [{"units": 65536}, {"units": 65536}]}, "model.dense.1.units"),
    ([TOO_DEEP] * 3, {}, "model.stages.1.convolutions.15.repeats"),
]


@pytest.mark.parametrize(("stages", "model", "field"), MISFITS, ids=[each[2] for each in MISFITS])
def test_what_does_not_fit_names_its_field(
    stages: list[dict[str, Any]], model: dict[str, Any], field: str
) -> None:
    with pytest.raises(ModelDoesNotFit) as caught:
        plan_of(experiment(*stages, **model), (8, 8, 1))
    error = caught.value.errors[0]
    assert error.field == field
    assert error.message.startswith("Got ")
    assert "Expected" in error.message


def test_a_million_million_parameters_are_refused_in_words() -> None:
    convolution = conv(filters=4096, kernel_size=63, repeats=32)
    stage = {"convolutions": [convolution] * 16, "pooling": "none"}
    with pytest.raises(ModelDoesNotFit, match=f"{MAX_PARAMETERS:,}"):
        plan_of(experiment(stage), (64, 64, 3))


def resolves(raw: Any, path: str) -> bool:
    for part in path.split("."):
        if isinstance(raw, list):
            raw = raw[int(part)]
        elif part in raw:
            raw = raw[part]
        else:
            return False
    return True


@settings(max_examples=150, deadline=None)
@given(small_experiments(), image_shapes())
def test_every_field_that_a_plan_names_exists(
    spec: Experiment, shape: tuple[int, int, int]
) -> None:
    try:
        nodes = plan_of(spec, shape).nodes
        fields = {field for node in nodes for field in (node.field, node.size_field)}
    except ModelDoesNotFit as error:
        fields = {error.field}
    assert [field for field in fields if not resolves(spec.to_dict(), field)] == []


@settings(max_examples=60, deadline=None)
@given(small_experiments(), image_shapes())
def test_every_formula_gives_what_it_says(spec: Experiment, shape: tuple[int, int, int]) -> None:
    try:
        network = plan_of(spec, shape)
    except ModelDoesNotFit:
        return
    for node in network.nodes:
        if node.parameters:
            left, right = node.formula.replace("×", "*").split("=")
            assert eval(left) == int(right) == node.parameters


@settings(max_examples=60, deadline=None)
@given(experiments())
def test_any_valid_experiment_is_planned_or_refused_in_words(spec: Experiment) -> None:
    try:
        network = plan_of(spec)
    except ModelDoesNotFit:
        return
    assert network.output == OUTPUT
    assert network.parameters <= MAX_PARAMETERS
    assert len(network.nodes) <= MAX_NODES + 100


def test_the_kinds_of_the_spec_are_the_kinds_that_can_be_built() -> None:
    kinds = {spec.model_fields["kind"].default for spec in get_args(get_args(Convolution)[0])}
    assert set(BLOCKS) == kinds


def test_a_graph_may_branch_and_join() -> None:
    draft = Draft((8, 8, 3))
    fields = {"field": "model.stages.0", "padding": "same", "strides": (1, 1)}
    fields |= {"filters": 4, "use_bias": True, "dilation_rate": (1, 1)}
    left = draft.add("conv2d", INPUT, name="left", kernel_size=(3, 3), **fields)
    right = draft.add("conv2d", INPUT, name="right", kernel_size=(5, 5), **fields)
    draft.add("concatenate", (left, right), name="both", field="model.stages.0")
    joined = draft.finish(10).node("both")
    assert joined.output_shape == (8, 8, 8)
    assert joined.receptive_field == (5, 5)
    with pytest.raises(ValueError, match="left"):
        draft.add("flatten", INPUT, name="left", field="model.flatten")
