"""Promise: the form shows every field of any experiment, and a wrong value where it is wrong."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.errors import InvalidExperiment
from core.spec import Experiment, Stage, Training, parse
from core.spec.base import Spec
from core.spec.files import preset_names, read_preset
from core.spec.training import EarlyStopping, ReduceOnPlateau
from dashboard.form.draft import Draft
from dashboard.form.scalars import numbers
from dashboard.shared import config_diff
from dashboard.shared.field_names import spoken_path
from dashboard.shared.field_shapes import Fixed, Group, Items, Number, Shape, Variant, fields


def _script() -> None:
    import streamlit as st

    from core.errors import InvalidExperiment
    from core.spec import parse
    from dashboard.form import Form, draw

    draft = st.session_state["draft"]
    try:
        parse(draft.raw)
        errors = []
    except InvalidExperiment as error:
        errors = error.errors
    form = Form(draft, errors)
    draw(form)
    form.tell_the_rest()


def _drawn(experiment: Experiment) -> tuple[AppTest, Draft]:
    draft = Draft(experiment, origin="test")
    app = AppTest.from_function(_script, default_timeout=60)
    app.session_state["draft"] = draft
    app.run()
    assert not app.exception
    return app, draft


def _widgets(app: AppTest) -> dict[str, Any]:
    """Widgets of the fields by dotted path."""
    kinds = (app.number_input, app.text_input, app.text_area, app.selectbox, app.checkbox)
    found = [*(each for kind in kinds for each in kind), *app.toggle, *app.button_group]
    return {
        each.key.split("/", 2)[2]: each for each in found if each.key and each.key.count("/") == 2
    }


def _beside(app: AppTest, path: str) -> list[str]:
    """The sentences in the cell of a field."""
    widget = _widgets(app)[path]
    cell = next(block for block in _blocks(app.main) if widget in block.children.values())
    return [each.value for each in cell.children.values() if each.type == "markdown"]


def _blocks(block: Any) -> Iterator[Any]:
    yield block
    for child in block.children.values():
        if hasattr(child, "children"):
            yield from _blocks(child)


def _leaves(shape: Shape, value: Any, path: str = "") -> Iterator[tuple[str, Any, Shape]]:
    """Every value that a person can choose, with its path."""
    if isinstance(shape, Group) and value is not None:
        for field in fields(shape.spec):
            if field.name == "unfrozen_layers" and value["trainable"] != "last":
                continue  # a number of no consequence is not asked for
            below = f"{path}.{field.name}".lstrip(".")
            yield from _leaves(field.shape, value[field.name], below)
    elif isinstance(shape, Variant):
        yield f"{path}.kind", value["kind"], Fixed()
        yield from _leaves(Group(shape.specs[value["kind"]]), value, path)
    elif isinstance(shape, Items) and not isinstance(shape.item, Number):
        for index, item in enumerate(value):
            yield from _leaves(shape.item, item, f"{path}.{index}")
    elif not isinstance(shape, Fixed | Group):
        yield path, value, shape


RICH = Experiment(seeds=(1, 2)).model_copy(
    update={
        "training": Experiment().training.model_copy(
            update={"early_stopping": EarlyStopping(), "reduce_on_plateau": ReduceOnPlateau()}
        )
    }
)
"""Optional groups on and two seeds: what no preset may happen to have."""
EXPERIMENTS = {
    **{name: read_preset(name).experiment for name in preset_names()},
    "defaults": Experiment(),
    "everything on": RICH,
}


def _with_kind(path: tuple[str | int, ...], spec: type[Spec]) -> Experiment:
    draft = Draft(Experiment(), origin="test")
    draft.choose_kind(path, spec().model_dump(mode="json"), [])
    return parse(draft.raw)


def _kinds() -> Iterator[tuple[str, Experiment]]:
    for owner, name, path in (
        (Stage, "convolutions", ("model", "stages", 0, "convolutions", 0)),
        (Training, "optimizer", ("training", "optimizer")),
        (Training, "schedule", ("training", "schedule")),
    ):
        shape = next(field.shape for field in fields(owner) if field.name == name)
        choices = shape.item if isinstance(shape, Items) else shape
        assert isinstance(choices, Variant)
        for kind, spec in choices.specs.items():
            yield f"{name} {kind}", _with_kind(path, spec)


EXPERIMENTS |= dict(_kinds())


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_drawing_an_experiment_and_reading_it_back_gives_the_same(name: str) -> None:
    experiment = EXPERIMENTS[name]
    app, draft = _drawn(experiment)
    widgets = _widgets(app)
    for path, value, shape in _leaves(Group(Experiment), draft.raw):
        shown = widgets[path].value
        assert (numbers(shown) if isinstance(shape, Items) else shown) == value, path
    assert parse(draft.raw) == experiment


def _numbers_of(shape: Shape, value: Any) -> list[tuple[str, Number]]:
    return [(path, found) for path, _, found in _leaves(shape, value) if isinstance(found, Number)]


NUMBERS = dict(_numbers_of(Group(Experiment), RICH.to_dict()))


@pytest.mark.parametrize("path", NUMBERS)
def test_a_number_out_of_range_gets_its_sentence_at_its_field(path: str) -> None:
    app, draft = _drawn(RICH)
    too_large = NUMBERS[path].high
    assert too_large is not None, "a number without an upper bound can be nonsense"
    _widgets(app)[path].set_value(type(draft.get(_parts(path)) or 1)(too_large + 1)).run()
    with pytest.raises(InvalidExperiment) as refused:
        parse(draft.raw)
    assert refused.value.errors[0].field == path
    assert any(":red[" in sentence for sentence in _beside(app, path))


def _parts(path: str) -> tuple[str | int, ...]:
    return tuple(int(part) if part.isdigit() else part for part in path.split("."))


def test_an_optional_number_can_be_emptied_again() -> None:
    app, draft = _drawn(Experiment())
    _widgets(app)["data.train_size"].set_value(500).run()
    assert parse(draft.raw).data.train_size == 500
    _widgets(app)["data.train_size"].set_value(None).run()
    assert parse(draft.raw) == Experiment()


EMPTIED = {
    "training.epochs": "Expected a whole number, 1 to 1,000",
    "training.learning_rate": "Expected a number, above 0, at most 10",
    "model.stages.0.convolutions.0.filters": "Expected a whole number, 1 to",
}


@pytest.mark.parametrize("path", EMPTIED)
def test_a_number_that_is_needed_says_so_when_it_is_emptied(path: str) -> None:
    app, draft = _drawn(Experiment())
    before = draft.get(_parts(path))
    _widgets(app)[path].set_value(None).run()

    assert _widgets(app)[path].value is None
    [sentence] = _beside(app, path)
    assert EMPTIED[path] in sentence.replace("\\", "")
    # At the field and nowhere else.
    assert sum("The field is empty" in each.value for each in app.markdown) == 1
    with pytest.raises(InvalidExperiment) as refused:
        parse(draft.raw)
    assert [error.field for error in refused.value.errors] == [path]
    _widgets(app)[path].set_value(before).run()
    assert parse(draft.raw) == Experiment()


def test_no_choice_is_shown_with_an_underscore() -> None:
    app, _ = _drawn(RICH)
    for box in app.selectbox:
        # The names of data sets are what files call them.
        if not str(box.key).endswith("data.dataset"):
            assert not any("_" in option for option in box.options), box.label
    for group in app.button_group:
        assert not any("_" in option for option in group.options), group.label


def test_values_are_spoken_and_names_of_things_are_not() -> None:
    assert config_diff.shown("strided_convolution") == "strided convolution"
    assert config_diff.shown("leaky_relu") == "leaky ReLU"
    assert config_diff.shown("inverted_residual") == "inverted residual"
    assert config_diff.shown("fashion_mnist") == "fashion_mnist"


def test_a_change_leaves_every_other_value_alone() -> None:
    app, draft = _drawn(Experiment())
    _widgets(app)["training.learning_rate"].set_value(3e-4).run()
    _widgets(app)["model.regularization.conv_dropout"].set_value(0.25).run()
    _widgets(app)["training.optimizer.kind"].set_value("sgd").run()
    _widgets(app)["seeds"].set_value("1, 2, 3").run()
    read = parse(draft.raw)
    assert read.training.learning_rate == 3e-4
    assert read.model.regularization.conv_dropout == 0.25
    assert read.training.optimizer.kind == "sgd"
    assert read.seeds == (1, 2, 3)


def test_a_seed_that_is_no_number_gets_its_sentence_at_the_seeds() -> None:
    app, _ = _drawn(Experiment())
    _widgets(app)["seeds"].set_value("1, two").run()
    assert any("two" in sentence for sentence in _beside(app, "seeds"))


def test_a_rule_over_several_fields_speaks_at_the_one_it_names() -> None:
    app, _ = _drawn(Experiment())
    _widgets(app)["training.warmup_epochs"].set_value(50.0).run()
    sentences = _beside(app, "training.warmup_epochs")
    assert any("longer than the run" in sentence for sentence in sentences)


def test_stages_are_added_duplicated_moved_and_removed_by_buttons() -> None:
    app, draft = _drawn(Experiment())
    for action, filters in (
        ("model.stages.0/duplicate", [32, 32]),
        ("model.stages/add", [32, 32, 32]),
        ("model.stages.2/remove", [32, 32]),
    ):
        where, name = action.split("/")
        app.button(key=f"form/{draft.generation}/{where}.{name}").click().run()
        assert [s["convolutions"][0]["filters"] for s in draft.raw["model"]["stages"]] == filters
    _widgets(app)["model.stages.0.convolutions.0.filters"].set_value(8).run()
    app.button(key=f"form/{draft.generation}/model.stages.0.down").click().run()
    stages = parse(draft.raw).model.stages
    assert [stage.convolutions[0].filters for stage in stages] == [32, 8]
    assert _widgets(app)["model.stages.1.convolutions.0.filters"].value == 8


def test_a_pretrained_network_replaces_the_stages_and_gives_them_back() -> None:
    app, draft = _drawn(Experiment())
    before = draft.get(("model", "stages"))
    choice = next(each for each in app.button_group if each.key.endswith("model.backbone.on"))
    choice.set_value(choice.options[1]).run()
    assert not app.exception
    found = parse(draft.raw).model
    assert found.backbone is not None
    assert found.stages == ()
    shown = _widgets(app)
    assert {"model.backbone.network", "model.backbone.weights.kind"} <= set(shown)
    assert not any(path.startswith("model.stages") for path in shown)
    # How many layers learn is asked only where a number decides it.
    assert "model.backbone.unfrozen_layers" not in shown
    shown["model.backbone.trainable"].set_value("last").run()
    _widgets(app)["model.backbone.unfrozen_layers"].set_value(7).run()
    assert draft.get(("model", "backbone", "unfrozen_layers")) == 7
    choice = next(each for each in app.button_group if each.key.endswith("model.backbone.on"))
    choice.set_value(choice.options[0]).run()
    assert draft.get(("model", "backbone")) is None
    assert draft.get(("model", "stages")) == before


def test_a_kind_of_convolution_brings_its_own_fields() -> None:
    app, draft = _drawn(Experiment())
    path = "model.stages.0.convolutions.0"
    assert f"{path}.dilation_rate" not in _widgets(app)
    _widgets(app)[f"{path}.kind"].set_value("dilated").run()
    _widgets(app)[f"{path}.dilation_rate"].set_value(3).run()
    assert parse(draft.raw).model.stages[0].convolutions[0].model_dump()["dilation_rate"] == 3


def test_paths_are_spoken_as_people_call_the_fields() -> None:
    assert spoken_path("training.epochs") == "Epochs"
    spoken = spoken_path("model.stages.0.convolutions.1.filters")
    assert spoken == "Stage 1, Convolution 2, Filters"
    spoken = spoken_path("model.stages.2.convolutions.0.windows.1.kernel_size")
    assert spoken == "Stage 3, Convolution 1, Window 2, Kernel size"
    assert spoken_path("no.such.field") == "no.such.field"


def _sent(app: AppTest) -> set[bool]:
    return {each.proto.set_value for each in app.get("number_input")}


def _script_in_hand() -> None:
    import streamlit as st

    from core.spec import Experiment
    from dashboard.form import Draft, Form, draw, handing_over

    draft = st.session_state.setdefault("draft", Draft(Experiment(), origin="the defaults"))
    with handing_over("here") as handing:
        draw(Form(draft, handing=handing))
        if st.session_state.pop("cut short", False):
            st.rerun()


def _left_in_peace(app: AppTest) -> AppTest:
    app.session_state["form/handing/here"].drawn_at = time.monotonic() - 60
    return app


def test_numbers_go_to_the_browser_until_the_page_was_left_in_peace() -> None:
    app = AppTest.from_function(_script_in_hand, default_timeout=60)
    app.session_state["cut short"] = True
    assert _sent(app.run()) == {True}, "the drawing before was cut short"
    assert _sent(app.run()) == {True}, "the one before ended just now"
    assert _sent(_left_in_peace(app).run()) == {False}, "what is typed is not written over"
    app.session_state["cut short"] = True
    assert _sent(_left_in_peace(app).run()) == {False}, "the browser had them all"
    assert not app.exception
