"""The table of backbones has Keras' numbers, and wrong requests are refused at their field."""

from __future__ import annotations

import inspect
from math import prod
from typing import Any

import keras
import pytest

from core.errors import ModelDoesNotFit
from core.models.backbones import catalog
from core.models.graph import Plan
from core.models.plan import plan
from core.spec import Experiment, parse
from core.spec.backbone import Trainable

# As published for Keras: without the top.
PUBLISHED = {
    "VGG16": 14_714_688,
    "ResNet50": 23_587_712,
    "InceptionV3": 21_802_784,
    "MobileNetV2": 2_257_984,
}


def experiment(network: str = "MobileNetV2", data: Any = None, **backbone: Any) -> Experiment:
    model = {
        "backbone": {"network": network, "weights": {"kind": "none"}, **backbone},
        "flatten": "global_average",
    }
    return parse({"model": model, "data": data or {}})


def plan_of(spec: Experiment, shape: tuple[int, int, int] = (32, 32, 3)) -> Plan:
    return plan(spec.model, spec.data, shape, 10)


def refused(spec: Experiment) -> tuple[str, str]:
    with pytest.raises(ModelDoesNotFit) as caught:
        plan_of(spec)
    [error] = caught.value.errors
    return error.field, error.message


def test_the_table_has_every_model_of_keras() -> None:
    functions = {n for n, each in vars(keras.applications).items() if inspect.isfunction(each)}
    assert functions == set(catalog.names())
    assert tuple(catalog.names()[:4]) == catalog.FAVOURITES


@pytest.mark.parametrize("name", PUBLISHED)
def test_models_have_their_published_sizes(name: str) -> None:
    node = plan_of(experiment(name)).node("backbone")
    assert node.parameters == PUBLISHED[name]
    assert node.trainable == 0


@pytest.mark.parametrize("name", catalog.names())
def test_every_model_fits_its_own_size_and_refuses_a_smaller_one(name: str) -> None:
    network = catalog.info(name)
    own = plan_of(experiment(name)).node("backbone")
    assert own.output_shape[0] == network.output_side(network.default_size) >= 7
    assert own.flops == network.flops > 0
    plan_of(experiment(name, image_size=network.smallest_size))
    field, message = refused(experiment(name, image_size=network.smallest_size - 1))
    assert field == "model.backbone.image_size"
    assert str(network.smallest_size) in message
    assert str(network.smallest_size - 1) in message


# One of every family that counts its windows in a way of its own.
FAMILIES = (
    *PUBLISHED,
    "MobileNet",
    "MobileNetV3Small",
    "ResNet50V2",
    "DenseNet121",
    "Xception",
    "EfficientNetB0",
    "EfficientNetV2B0",
    "NASNetMobile",
    "ConvNeXtTiny",
    "InceptionResNetV2",
)


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_the_table_counts_as_keras_does(name: str) -> None:
    known = catalog.info(name)
    # Odd, and neither the least nor the size that it was made for.
    side = known.smallest_size + 23
    make = getattr(keras.applications, name)
    network = make(weights=None, include_top=False, input_shape=(side, side, 3))
    assert network.output_shape[1:] == (known.output_side(side),) * 2 + (known.channels,)
    assert tuple(layer.count_params() for layer in network.layers) == known.parameters
    learnt = (sum(prod(w.shape) for w in layer.trainable_weights) for layer in network.layers)
    assert tuple(learnt) == known.trainable
    draws = any(isinstance(layer, keras.layers.Dropout) for layer in network.layers)
    assert draws is known.draws
    keras.backend.clear_session()


def test_what_learns_is_counted_from_the_end() -> None:
    network = catalog.info("VGG16")
    assert network.num_trainable(Trainable.NONE, 5) == 0
    assert network.num_trainable(Trainable.ALL, 5) == sum(network.trainable) == 14_714_688
    # The last block: three convolutions of 512 and a pooling.
    assert network.num_trainable(Trainable.LAST, 4) == 3 * (9 * 512 + 1) * 512
    assert network.num_trainable(Trainable.LAST, 1) == 0


def test_more_layers_to_unfreeze_than_there_are() -> None:
    field, message = refused(experiment(trainable="last", unfrozen_layers=155))
    assert field == "model.backbone.unfrozen_layers"
    assert "155" in message
    assert "154" in message
    # Of no consequence where no number is asked for.
    plan_of(experiment(trainable="all", unfrozen_layers=155))


def test_a_model_that_keras_does_not_have() -> None:
    field, message = refused(experiment("AlexNet"))
    assert field == "model.backbone.network"
    assert "MobileNetV2, VGG16, ResNet50, InceptionV3" in message


def test_its_own_scaling_of_pixels_is_the_only_one() -> None:
    field, message = refused(experiment(data={"input_scaling": "standardized"}))
    assert field == "data.input_scaling"
    assert "MobileNetV2" in message


def test_resized_after_augmentation_and_before_the_model() -> None:
    spec = experiment(data={"augmentation": {"horizontal_flip": True}}, image_size=96)
    kinds = [node.kind for node in plan_of(spec).nodes]
    assert kinds[:5] == ["Rescaling", "RandomFlip", "Resizing", "Rescaling", "Functional"]
    same = [node.kind for node in plan_of(spec, (96, 96, 3)).nodes]
    assert "Resizing" not in same


def test_a_small_image_enlarged_is_seen_whole_by_few_windows() -> None:
    vgg = plan_of(experiment("VGG16"))
    # 212 of 224 pixels, which were 32: 2 + 211 / 7.
    assert vgg.node("backbone").receptive_field == (33, 33)
    assert (
        plan_of(experiment("VGG16"), (224, 224, 3)).node("backbone").receptive_field == (212,) * 2
    )


def test_work_goes_by_the_area() -> None:
    whole, half = (
        plan_of(experiment(image_size=side)).node("backbone").flops for side in (224, 112)
    )
    assert half == round(whole / 4)
    # As it is usually given for this model, a multiply-add being two: 0.6 GFLOPs.
    assert whole == pytest.approx(0.6e9, rel=0.01)
