"""Imported, it has a process look for rows that fail among fewer: for commands of which the reports are tested."""

import pytest

from tests.helpers.remembered import search_briefly

search_briefly(pytest.MonkeyPatch())
