"""Promise: a page draws often while a run trains, rarely while nothing changes, and ends."""

from __future__ import annotations

from dashboard.clock import CALM_S, QUIET_S, TRAINING_S, Clock


def test_it_draws_most_often_while_a_run_trains() -> None:
    clock = Clock()
    clock.update(seen=1, now=100.0)
    assert clock.interval(active=True, training=True, now=101.0) == TRAINING_S


def test_it_keeps_its_pace_between_one_run_and_the_next() -> None:
    clock = Clock()
    clock.update(seen=1, now=100.0)
    assert clock.interval(active=True, training=False, now=101.0) == TRAINING_S
    clock.update(seen=2, now=103.0)
    assert clock.interval(active=True, training=True, now=103.5) == TRAINING_S
    assert clock.interval(active=True, training=False, now=114.0) == CALM_S


def test_it_slows_down_as_nothing_changes_and_wakes_with_the_next_change() -> None:
    clock = Clock()
    clock.update(seen=1, now=100.0)
    assert clock.interval(active=True, training=True, now=150.0) == CALM_S
    assert clock.interval(active=True, training=True, now=400.0) == QUIET_S
    clock.update(seen=2, now=401.0)
    assert clock.interval(active=True, training=True, now=402.0) == TRAINING_S


def test_it_ends_soon_after_everything_ended_and_not_just_then() -> None:
    clock = Clock()
    clock.update(seen=1, now=100.0)
    assert clock.interval(active=True, training=True, now=104.0) == TRAINING_S
    assert clock.interval(active=False, training=False, now=105.0) == TRAINING_S
    assert clock.interval(active=False, training=False, now=111.0) is None


def test_a_part_that_is_slow_to_draw_is_drawn_less_often() -> None:
    clock = Clock()
    clock.update(seen=1, now=100.0)
    clock.add_drawing(0.5)
    assert clock.interval(active=True, training=True, now=101.0) == CALM_S
    clock.add_drawing(1.5)
    assert clock.interval(active=True, training=True, now=101.0) == QUIET_S
    for _ in range(20):
        clock.add_drawing(0.01)
    assert clock.interval(active=True, training=True, now=101.0) == TRAINING_S
