"""What people read of a trainer's phase."""

from __future__ import annotations

import pytest

from core.records.phases import Phase


@pytest.mark.parametrize("phase", Phase)
def test_a_label_is_plain_words_that_speak_of_models(phase: Phase) -> None:
    assert phase.label
    assert "network" not in phase.label
