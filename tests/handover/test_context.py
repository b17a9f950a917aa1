"""A delivery's files are read as they are now."""

import os
import sys
from pathlib import Path

import pytest

from handover.context import sources


def test_an_edit_a_moment_later_is_seen_and_no_byte_code_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    file = tmp_path / "contract.py"
    for value in (1, 2):
        file.write_text(f"CONTRACT = {value}\n")
        os.utime(file, (1_000_000_000, 1_000_000_000))  # the same second and the same size: byte-code would look fresh

        assert value == sources.run(file, "read_now").CONTRACT
    assert list(tmp_path.iterdir()) == [file]
    assert "read_now" not in sys.modules
