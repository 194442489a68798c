"""What the columns of a row may hold: a row of somebody else's lab may hold anything.

SQLite stores any value in any column, and a file can be edited by hand. What does not hold here
is refused before a record is made of it, so that no reader has to check again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from core.records.phases import Phase
from core.records.runs import EventKind, RunState
from core.records.searches import SearchState, TrialState
from core.settings import is_id
from core.text import is_clean, quote

Holds = Callable[[Any], bool]

_MOST = 2**31 - 1
_MOST_BYTES = 2**63 - 1
_LONGEST = 200_000
"""Characters of a text that has no bound of its own, such as a reason or a traceback."""
_MOST_TAGS = 1000


class UnreadableValue(ValueError):
    """A column holds what the lab never writes there."""

    def __init__(self, column: str, value: object) -> None:
        super().__init__(f"column {column} has {quote(value, 60)}")


def check_row(row: Mapping[str, Any], checks: Mapping[str, Holds]) -> None:
    """Raises UnreadableValue for the first column whose value does not hold."""
    for column, holds in checks.items():
        value = row[column]
        if not holds(value):
            raise UnreadableValue(column, value)


def is_count(value: object) -> bool:
    """A whole number from 0 that any arithmetic of the lab can take."""
    return type(value) is int and 0 <= value <= _MOST


def is_process_id(value: object) -> bool:
    """What the system can have given to a process."""
    return type(value) is int and 0 < value <= _MOST


def is_number(value: Any) -> bool:
    """A finite number."""
    return type(value) in (float, int) and abs(value) < math.inf


def _is_span(value: Any) -> bool:
    return is_number(value) and value >= 0


def _is_size(value: object) -> bool:
    return type(value) is int and 0 <= value <= _MOST_BYTES


def _is_time(value: object) -> bool:
    return isinstance(value, datetime)


def _is_flag(value: object) -> bool:
    return type(value) is bool


def _text(longest: int) -> Holds:
    def holds(value: object) -> bool:
        return type(value) is str and len(value) <= longest

    return holds


def _one_of(known: frozenset[Any]) -> Holds:
    def holds(value: object) -> bool:
        return type(value) is str and value in known

    return holds


def _maybe(holds: Holds) -> Holds:
    def holds_or_none(value: object) -> bool:
        return value is None or holds(value)

    return holds_or_none


def _is_setting(value: object) -> bool:
    """A number of slots, or the identity of the lab."""
    return is_count(value) or (type(value) is str and is_id(value))


def _is_hash(value: object) -> bool:
    return type(value) is str and len(value) == 64 and set(value) <= set("0123456789abcdef")


def is_path_below(value: object) -> bool:
    """A relative path that leads to nothing above where it starts."""
    if type(value) is not str or not 0 < len(value) <= 4096 or not is_clean(value):
        return False
    path = PurePosixPath(value)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in value


def is_experiment(value: object) -> bool:
    """An experiment's outline: what light processes and tables read of it without parsing it."""
    if type(value) is not dict:
        return False
    model, training = value.get("model"), value.get("training")
    if not (type(model) is dict and type(training) is dict and type(value.get("data")) is dict):
        return False
    tuning = training.get("fine_tuning")
    return (
        _is_table_or_none(model.get("own"))
        and _is_table_or_none(model.get("backbone"))
        and _is_table_or_none(tuning)
        and is_count((tuning or {}).get("epochs", 0))
        and is_count(training.get("epochs"))
        and type(training.get("engine", "")) is str
    )


def _is_table_or_none(value: object) -> bool:
    return value is None or type(value) is dict


def _is_search(value: object) -> bool:
    return (
        type(value) is dict
        and is_experiment(value.get("base"))
        and type(value.get("parameters")) is list
        and type(value.get("objective", {})) is dict
        and type(value.get("objective", {}).get("metric", "")) is str
    )


def _is_budget(value: object) -> bool:
    return (
        type(value) is dict
        and is_process_id(value.get("max_trials"))
        and _maybe(is_process_id)(value.get("epochs"))
        and _maybe(is_number)(value.get("hours"))
        and is_process_id(value.get("parallel", 1))
    )


def _is_values(value: object) -> bool:
    return type(value) is dict and all(
        type(each) in (bool, str) or is_number(each) for each in value.values()
    )


def _is_tags(value: object) -> bool:
    return (
        type(value) is list
        and len(value) <= _MOST_TAGS
        and all(type(each) is str and len(each) <= _LONGEST for each in value)
    )


_ID = _maybe(is_id)
_TIME = _maybe(_is_time)
_COUNT = _maybe(is_count)
_NUMBER = _maybe(is_number)


def _are_numbers(value: object) -> bool:
    return type(value) is dict and all(map(_NUMBER, value.values()))


_PROGRESS: dict[str, Holds] = {
    "phase": _one_of(frozenset(Phase)),
    "epoch": is_count,
    "batch": is_count,
    "num_batches": is_count,
    "fraction": _maybe(is_number),
    "seconds_per_epoch": _maybe(is_number),
    "metrics": _maybe(_are_numbers),
    "at": lambda value: type(value) is str and _is_iso(value),
}
_FAILURE: dict[str, Holds] = {
    "code": _text(200),
    "message": _text(_LONGEST),
    "traceback": _text(_LONGEST),
    "epoch": is_count,
}


def _table_of(checks: Mapping[str, Holds]) -> Holds:
    """A table with these fields and no others."""

    def holds(value: object) -> bool:
        return (
            type(value) is dict
            and value.keys() == checks.keys()
            and all(check(value[name]) for name, check in checks.items())
        )

    return holds


def _is_iso(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


RUN: dict[str, Holds] = {
    "id": is_id,
    "name": _text(200),
    "state": _one_of(frozenset(RunState)),
    "attempt": is_count,
    "preset": _maybe(_text(200)),
    "dataset": _text(64),
    "seed": is_count,
    "digest": _text(64),
    "config": is_experiment,
    "group_id": is_id,
    "queue_position": is_number,
    "epochs": is_count,
    "epochs_done": is_count,
    "best_epoch": _COUNT,
    "best_val_accuracy": _NUMBER,
    "best_val_loss": _NUMBER,
    "progress": _maybe(_table_of(_PROGRESS)),
    "failure": _maybe(_table_of(_FAILURE)),
    "engine": _maybe(_text(32)),
    "device": _maybe(_text(32)),
    "machine": _maybe(_text(64)),
    "flops_per_image": _NUMBER,
    "created_at": _is_time,
    "started_at": _TIME,
    "finished_at": _TIME,
    "heartbeat_at": _TIME,
    "stop_requested_at": _TIME,
    "auto_resumes": is_count,
    "pid": _maybe(is_process_id),
    "pid_created_at": _NUMBER,
    "archived": _is_flag,
    "tags": _is_tags,
    "notes": _text(_LONGEST),
    "search_id": _ID,
    "trial_number": _COUNT,
    "continues_run": _ID,
    "promoted": _is_flag,
}
METRIC: dict[str, Holds] = {
    "run_id": is_id,
    "epoch": is_count,
    "split": _one_of(frozenset({"train", "validation", "test"})),
    "name": _text(64),
    "value": lambda value: value is None or type(value) is float,
    "special": _maybe(_one_of(frozenset({"nan", "inf", "-inf"}))),
    "seconds": _is_span,
    "images": _is_size,
}
EVENT: dict[str, Holds] = {
    "id": _is_size,
    "run_id": is_id,
    "at": _is_time,
    "attempt": is_count,
    "before": _maybe(_one_of(frozenset(RunState))),
    "after": _one_of(frozenset(RunState)),
    "kind": _one_of(frozenset(EventKind)),
    "reason": _text(_LONGEST),
}
ARTIFACT: dict[str, Holds] = {
    "run_id": is_id,
    "kind": _text(32),
    "path": is_path_below,
    "epoch": is_count,
    "num_bytes": _is_size,
    "sha256": _is_hash,
    "created_at": _is_time,
}
SEARCH: dict[str, Holds] = {
    "id": is_id,
    "name": _text(200),
    "state": _one_of(frozenset(SearchState)),
    "reason": _text(_LONGEST),
    "config": _is_search,
    "budget": _is_budget,
    "preset": _maybe(_text(200)),
    "base_run_id": _ID,
    "created_at": _is_time,
    "started_at": _is_time,
    "finished_at": _TIME,
    "seconds_before": _is_span,
    "best_number": _COUNT,
    "best_score": _NUMBER,
    "heartbeat_at": _TIME,
    "pid": _maybe(is_process_id),
    "pid_created_at": _NUMBER,
    "generation": is_count,
    "failures": is_count,
    "restarts": is_count,
}
TRIAL: dict[str, Holds] = {
    "search_id": is_id,
    "number": is_count,
    "key": _text(200),
    "state": _one_of(frozenset(TrialState)),
    "values": _is_values,
    "score": _NUMBER,
    "best_epoch": _COUNT,
    "epochs": is_count,
    "initial_epoch": is_count,
    "continues": _COUNT,
    "origin": _one_of(frozenset({"oracle", "manual"})),
    "verdict": _maybe(_one_of(frozenset(TrialState))),
    "reason": _text(_LONGEST),
    "num_runs": is_count,
    "created_at": _is_time,
    "started_at": _TIME,
    "finished_at": _TIME,
    "told_order": _COUNT,
}
SETTING: dict[str, Holds] = {"name": _text(64), "value": _is_setting}
