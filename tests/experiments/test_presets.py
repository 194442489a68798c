"""Every preset keeps its promise: it loads, builds, trains, and says what it teaches."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from core.datasets.catalog import DATASETS, DIGITS
from core.errors import ModelDoesNotFit
from core.models.backbones import catalog
from core.models.builder import build
from core.models.plan import plan
from core.models.summary import describe
from core.spec.blocks import MixedGroupsConv
from core.spec.files import PRESETS, experiment_to_toml, preset_names, read_experiment, read_preset
from core.spec.grid import Grid, points
from core.spec.overrides import override
from tests.core.models.example_models import KINDS

NAMES = preset_names()
BASE = "base_cnn"
ANY_SIZE = ("basic_cnn", BASE, "dropout_conv_fc", "batch_norm", "l2", "scratch_cnn")


def parameters(name: str) -> int:
    """All parameters of a preset on the data set it names."""
    experiment = read_preset(name).experiment
    return describe(experiment, DATASETS[experiment.data.dataset]).parameters


def test_the_presets_of_the_recipes_are_there() -> None:
    assert set(NAMES) >= {
        *ANY_SIZE,
        "dropout_l2_bn",
        "extra_conv_unit",
        "more_feature_maps",
        "basic_cnn_tuned",
        "lenet_tanh",
        "lenet_relu",
        "lenet_mnist",
        "vgg16_bn",
        "resnet20",
        "dense_base",
        "fully_convolutional",
        "five_convolutions",
        "vgg16_last_layer",
        "resnet50_last_layer",
        "inceptionv3_last_layer",
        "mobilenetv2_finetune",
        *(f"conv_kind_{kind}" for kind in KINDS if kind != "mixed_groups"),
        "conv_kind_grouped_kernels",
        "conv_kind_grouped_dilation",
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_says_what_it_teaches_and_where_it_comes_from(name: str) -> None:
    about = read_preset(name).about
    for text in (about.title, about.teaches, about.reference, about.origin):
        assert text.strip() == text != ""
    assert len(about.teaches.split()) >= 30
    assert about.group in "ABCDE"
    assert set(about.compare_with) <= set(NAMES) - {name}
    assert about.base in {"", *NAMES} - {name}
    assert about.lesson.endswith(".")
    assert len(about.lesson) <= 80  # one line of a card


def test_l2_comes_with_the_grid_of_its_coefficients() -> None:
    preset = read_preset("l2")
    assert preset.grid is not None
    made = [each.model.regularization for each in points(preset.experiment, preset.grid)]
    assert [each.conv_l2 for each in made] == [1e-4, 1e-3, 1e-2, 1e-1]
    assert all(each.conv_l2 == each.dense_l2 for each in made)


@pytest.mark.parametrize("name", NAMES)
def test_a_presets_grid_can_be_run(name: str) -> None:
    preset = read_preset(name)
    assert points(preset.experiment, preset.grid or Grid())


def test_the_six_experiments_have_the_base_and_each_kind_the_normal_one() -> None:
    bases = {name: read_preset(name).about.base for name in NAMES}
    six = ("dropout_conv_fc", "batch_norm", "l2", "dropout_l2_bn", "extra_conv_unit")
    assert {bases[name] for name in (*six, "more_feature_maps")} == {BASE}
    kinds = {name for name in NAMES if name.startswith("conv_kind_")} - {"conv_kind_normal"}
    assert {bases[name] for name in kinds} == {"conv_kind_normal"}
    assert bases["lenet_relu"] == "lenet_tanh"
    assert bases["fully_convolutional"] == "dense_base"


@pytest.mark.parametrize("name", NAMES)
def test_what_was_measured_is_whole_or_said_to_be_missing(name: str) -> None:
    text = (PRESETS / f"{name}.toml").read_text()
    measured = read_preset(name).about.measured
    assert ("Not yet measured." in text) is not bool(measured)
    for each in measured:
        assert each.split in {"train", "validation", "test"}
        assert each.which in {"best", "last"}
        assert each.images > 0
        assert each.seconds > 0
        assert all((each.engine, each.machine, each.date, each.seeds))


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_fits_the_data_set_it_names(name: str) -> None:
    experiment = read_preset(name).experiment
    assert describe(experiment, DATASETS[experiment.data.dataset]).parameters > 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dataset", DATASETS)
def test_a_preset_fits_any_other_data_set_or_says_at_which_field_not(
    name: str, dataset: str
) -> None:
    try:
        describe(read_preset(name).experiment, DATASETS[dataset])
    except ModelDoesNotFit as error:
        assert error.field.startswith("model.stages.")
        assert DATASETS[dataset].image_shape[0] < DATASETS["cifar10"].image_shape[0]


@pytest.mark.parametrize("name", ANY_SIZE)
def test_the_presets_of_the_first_lesson_fit_even_the_smallest_images(name: str) -> None:
    # Where CIFAR-10 is not at hand, the lab begins on the digits that are always there.
    assert describe(read_preset(name).experiment, DIGITS).parameters > 0


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_builds_and_trains_one_step(name: str) -> None:
    experiment = read_preset(name).experiment
    if backbone := experiment.model.backbone:
        # As small as it goes, and without its weights: the same layers in a second.
        least = catalog.info(backbone.network).smallest_size
        experiment = override(experiment, [f"model.backbone.image_size={least}"])
    info = DATASETS[experiment.data.dataset]
    network = plan(experiment.model, experiment.data, info.image_shape, info.num_classes)
    channels = info.image_shape[2]
    model = build(network, seed=1, mean=[0.4] * channels, std=[0.3] * channels)
    model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy", jit_compile=False)
    images = np.random.default_rng(0).integers(0, 256, (4, *info.image_shape), dtype=np.uint8)
    loss = model.train_on_batch(images, np.arange(4))
    assert np.isfinite(loss)
    keras.backend.clear_session()


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_reads_back_from_what_it_writes(name: str, tmp_path: Path) -> None:
    experiment = read_preset(name).experiment
    path = tmp_path / "copy.toml"
    path.write_text(experiment_to_toml(experiment))
    assert read_experiment(path) == experiment


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("dropout_conv_fc", {"regularization"}),
        ("batch_norm", {"normalization"}),
        ("l2", {"normalization", "regularization"}),
        ("dropout_l2_bn", {"normalization", "regularization"}),
        ("extra_conv_unit", {"stages"}),
        ("more_feature_maps", {"stages"}),
    ],
)
def test_an_experiment_differs_from_the_base_only_in_what_it_teaches(
    name: str, changed: set[str]
) -> None:
    base, other = read_preset(BASE).experiment, read_preset(name).experiment
    assert (other.data, other.training, other.seeds) == (base.data, base.training, base.seeds)
    before, after = base.to_dict()["model"], other.to_dict()["model"]
    assert {key for key in before if before[key] != after[key]} == changed


def test_the_tuned_network_is_the_basic_one_held_back() -> None:
    base, tuned = (read_preset(name).experiment for name in ("basic_cnn", "basic_cnn_tuned"))
    assert (tuned.data, tuned.training) == (base.data, base.training)
    before, after = base.to_dict()["model"], tuned.to_dict()["model"]
    changed = {key for key in before if before[key] != after[key]}
    assert changed == {"normalization", "regularization"}


def test_networks_have_their_published_sizes() -> None:
    assert parameters("dense_base") == 1_172_410
    assert parameters("lenet_mnist") == 61_706
    lenet = read_preset("lenet_tanh").experiment
    assert plan(lenet.model, lenet.data, (32, 32, 1), 10).parameters == 61_706
    resnet = describe(read_preset("resnet20").experiment, DATASETS["cifar10"])
    assert resnet.trainable == 272_474
    assert sum(row.kind in ("Conv2D", "Dense") for row in resnet.layers) == 20 + 2


def test_vgg_16_without_its_head_has_its_published_size() -> None:
    vgg = override(read_preset("vgg16_bn").experiment, ["model.normalization=none"])
    rows = describe(vgg, DATASETS["cifar10"]).layers
    assert sum(row.parameters for row in rows if row.kind == "Conv2D") == 14_714_688


def test_without_dense_layers_a_quarter_of_the_parameters_is_enough() -> None:
    assert 4 * parameters("fully_convolutional") < parameters("dense_base")
    assert read_preset("fully_convolutional").experiment.model.dense == ()


def test_the_lenets_differ_in_their_activation_alone() -> None:
    tanh, relu = (read_preset(name).experiment for name in ("lenet_tanh", "lenet_relu"))
    changed = override(tanh, ["model.activation=relu"])
    assert changed.model_copy(update={"name": relu.name}) == relu


def test_five_convolutions_uses_five_kinds() -> None:
    convolutions = [
        each
        for stage in read_preset("five_convolutions").experiment.model.stages
        for each in stage.convolutions
    ]
    assert {each.kind for each in convolutions} == {
        "normal",
        "spatially_separable",
        "depthwise_separable",
        "mixed_groups",
    }
    windows = [each.windows for each in convolutions if isinstance(each, MixedGroupsConv)]
    assert [[each.kernel_size for each in pair] for pair in windows] == [[3, 5], [3, 3]]
    assert [[each.dilation_rate for each in pair] for pair in windows] == [[1, 1], [1, 2]]


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("conv_kind_")])
def test_the_kinds_are_compared_in_one_network(name: str) -> None:
    base, other = (read_preset(each).experiment for each in ("conv_kind_normal", name))
    assert (other.data, other.training, other.seeds) == (base.data, base.training, base.seeds)
    before, after = base.to_dict()["model"], other.to_dict()["model"]
    assert {key for key in before if before[key] != after[key]} <= {"stages"}
    stem, *own = [each for stage in other.model.stages for each in stage.convolutions]
    assert stem == base.model.stages[0].convolutions[0]
    assert len({each.kind for each in own}) == 1
    rows = describe(other, DATASETS["cifar10"]).layers
    ends = [row.output_shape for row in rows if row.kind == "Dropout"]
    assert ends == [(16, 16, 48), (8, 8, 96), (8, 8, 192)]


def test_scratch_cnn_is_as_its_recipe_says() -> None:
    experiment = read_preset("scratch_cnn").experiment
    layers = describe(experiment, DATASETS["cifar10"]).layers
    assert [row.kind for row in layers if row.kind != "Activation"] == [
        "Normalization",
        *(["Conv2D", "BatchNormalization", "MaxPooling2D", "Dropout"] * 3),
        "Flatten",
        "Dense",
    ]
    rates = [stage.dropout for stage in experiment.model.stages]
    training = experiment.training
    assert rates == [0.25, 0.4, 0.5]
    assert (training.epochs, training.batch_size, training.learning_rate) == (30, 64, 0.001)
    assert training.optimizer.kind == "adam"
    assert training.reduce_on_plateau is not None
    plateau = training.reduce_on_plateau
    assert (plateau.monitor, plateau.patience, plateau.factor) == ("val_accuracy", 3, 0.5)
    assert training.early_stopping is not None


@pytest.mark.parametrize(
    ("name", "network"),
    [
        ("vgg16_last_layer", "VGG16"),
        ("resnet50_last_layer", "ResNet50"),
        ("inceptionv3_last_layer", "InceptionV3"),
    ],
)
def test_only_the_last_layer_of_a_pretrained_network_learns(name: str, network: str) -> None:
    experiment = read_preset(name).experiment
    backbone = experiment.model.backbone
    assert backbone is not None
    assert (backbone.network, backbone.weights.kind) == (network, "imagenet")
    rows = describe(experiment, DATASETS["cifar10"]).layers
    assert [row.name for row in rows if row.trainable] == ["probabilities"]


def test_mobilenetv2_is_fine_tuned_as_its_recipe_says() -> None:
    experiment = read_preset("mobilenetv2_finetune").experiment
    layers = describe(experiment, DATASETS["cifar10"]).layers
    names = [row.kind for row in layers]
    # Resized inside the network, after scaling and augmentation.
    assert names.index("Resizing") < names.index("Functional") < names.index("Dense")
    assert names[names.index("Functional") :] == [
        "Functional",
        "GlobalAveragePooling2D",
        "Dense",
        "BatchNormalization",
        "Activation",
        "Dropout",
        "Dense",
    ]
    backbone, training = experiment.model.backbone, experiment.training
    assert backbone is not None
    assert (backbone.trainable, backbone.unfrozen_layers, backbone.image_size) == ("last", 20, 224)
    assert experiment.model.regularization.dense_l2 == 0.001
    assert experiment.model.regularization.dense_dropout == 0.5
    assert (training.epochs, training.batch_size, training.learning_rate) == (10, 64, 0.0001)
    assert training.gradient_clip_norm is not None
    assert training.reduce_on_plateau is not None
    plateau = training.reduce_on_plateau
    assert (plateau.monitor, plateau.patience, plateau.factor) == ("val_loss", 3, 0.5)
    augmentation = experiment.data.augmentation
    assert augmentation.horizontal_flip
    assert min(augmentation.shift, augmentation.rotation, augmentation.zoom) > 0
