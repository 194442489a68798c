"""A backbone's layers in a plan: channels, size and scale of the images, then the model."""

from __future__ import annotations

from math import sqrt

from core.errors import FieldError, ModelDoesNotFit
from core.models.backbones import catalog
from core.models.graph import Draft
from core.models.ops.backbone import too_many_unfrozen
from core.spec.backbone import Backbone
from core.spec.data import Data, InputScaling
from core.spec.training import FineTuning
from core.text import quote

BACKBONE = "backbone"
"""Name of the layer that holds the backbone."""

# Keras' own numbers, of ImageNet on the scales 0..255 (blue first) and 0..1 (red first).
_CAFFE_MEAN = (103.939, 116.779, 123.68)
_TORCH_MEAN = (0.485, 0.456, 0.406)
_TORCH_STD = (0.229, 0.224, 0.225)

Numbers = float | tuple[float, ...]

# From pixels 0..1, the scale of augmentation, to the scale that each model expects.
_SCALES: dict[str, tuple[Numbers, Numbers]] = {
    "tf": (2.0, -1.0),
    "caffe": (255.0, tuple(-mean for mean in _CAFFE_MEAN)),
    "torch": (
        tuple(1.0 / std for std in _TORCH_STD),
        tuple(-mean / std for mean, std in zip(_TORCH_MEAN, _TORCH_STD, strict=True)),
    ),
    "none": (255.0, 0.0),
    # With ImageNet weights Keras divides once more by sqrt(std), after the model has subtracted
    # the mean: (y - mean) must be (x - mean) / sqrt(std), on 0..255. For all weights, so that
    # those of a file or another run get the scale that they were trained with.
    "efficientnet": (
        tuple(255.0 / sqrt(std) for std in _TORCH_STD),
        tuple(
            255.0 * mean * (1.0 - 1.0 / sqrt(std))
            for mean, std in zip(_TORCH_MEAN, _TORCH_STD, strict=True)
        ),
    ),
}


def append_backbone(draft: Draft, x: str, backbone: Backbone, data: Data) -> str:
    """Append the layers that prepare images as the backbone expects, then the backbone.

    ``x`` are pixels 0..1. Raises ModelDoesNotFit.
    """
    info = backbone_info(backbone)
    _refuse_other_scaling(info, data)
    x = _resized(draft, _coloured(draft, x), backbone.image_size or info.default_size)
    x = _scaled(draft, x, info)
    return draft.add(
        "backbone",
        x,
        name=BACKBONE,
        field="model.backbone",
        size_argument="network",
        network=info.name,
        side=draft.shape(x)[0],
        trainable=backbone.trainable,
        unfrozen_layers=backbone.unfrozen_layers,
    )


def backbone_info(backbone: Backbone) -> catalog.BackboneInfo:
    """Facts about the backbone. Raises ModelDoesNotFit for a name that Keras does not have."""
    try:
        return catalog.info(backbone.network)
    except KeyError as error:
        names = ", ".join(catalog.names())
        sentence = f"Unknown model {quote(backbone.network)}. Expected one of {names}."
        raise ModelDoesNotFit([FieldError("model.backbone.network", sentence)]) from error


def fine_tuning_errors(backbone: Backbone, tuning: FineTuning) -> list[FieldError]:
    """More layers to unfreeze in the second segment than there are. Raises ModelDoesNotFit."""
    info = backbone_info(backbone)
    if tuning.trainable != "last" or tuning.unfrozen_layers <= info.num_layers:
        return []
    sentence = too_many_unfrozen(info, tuning.unfrozen_layers)
    return [FieldError("training.fine_tuning.unfrozen_layers", sentence)]


def _refuse_other_scaling(info: catalog.BackboneInfo, data: Data) -> None:
    if data.input_scaling is InputScaling.UNIT:
        return
    sentence = (
        f"Got {data.input_scaling.value}, but {info.name} needs the scaling that it was trained "
        "with, and has it. Expected unit."
    )
    raise ModelDoesNotFit([FieldError("data.input_scaling", sentence)])


def _coloured(draft: Draft, x: str) -> str:
    """Three copies of a grey image as channels: the model expects red, green and blue."""
    if draft.shape(x)[2] != 1:
        return x
    return draft.add("concatenate", (x, x, x), name="grey_as_colour", field="model.backbone")


def _resized(draft: Draft, x: str, side: int) -> str:
    if draft.shape(x)[:2] == (side, side):
        return x
    return draft.add("resize", x, name="resize", field="model.backbone", side=side)


def _scaled(draft: Draft, x: str, info: catalog.BackboneInfo) -> str:
    if info.preprocessing == "caffe":
        x = _blue_first(draft, x)
    scale, offset = _SCALES[info.preprocessing]
    return draft.add(
        "scale_and_shift",
        x,
        name="as_it_expects",
        field="model.backbone",
        scale=scale,
        offset=offset,
    )


def _blue_first(draft: Draft, x: str) -> str:
    """Append the layers that reverse red, green, blue; all are Keras' own."""
    names = []
    for index, colour in ((2, "blue"), (1, "green"), (0, "red")):
        names.append(
            draft.add(
                "channel_slice",
                x,
                name=colour,
                field="model.backbone",
                start=index,
                stop=index + 1,
                channels=3,
            )
        )
    return draft.add("concatenate", tuple(names), name="blue_first", field="model.backbone")
