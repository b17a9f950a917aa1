"""The contract between modelling and deployment: what ``contract.py`` and a training program import. Never ships.

What stands here is the public interface; every other module is the tool's own. Each name is imported when it is first
asked for, so that a command that needs no contract waits for none.
"""

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from handover.contract import Budgets, Contract, ContractError, Field, Otherwise, Row, Score
    from handover.conversion.from_scorecard import Scaling
    from handover.delivery import DeliverError, deliver, matrix
    from handover.scorecards import read_scorecard

__all__ = [
    "Budgets",
    "Contract",
    "ContractError",
    "DeliverError",
    "Field",
    "Otherwise",
    "Row",
    "Scaling",
    "Score",
    "deliver",
    "matrix",
    "read_scorecard",
]

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read when onnxruntime is imported; see the template

# The function's own code, which validates and encodes, is a project's; outside of one, it is that of the wheel, or of
# the tool's own repository.
_HERE = Path(__file__).parent
_CODE = (str(root / "function") for root in (_HERE / "_project", _HERE.parent) if (root / "function").is_dir())
sys.path += [folder for folder in _CODE if folder not in sys.path]

_ELSEWHERE = {
    **dict.fromkeys(("DeliverError", "matrix"), "handover.delivery"),
    "deliver": "handover.notebook",
    "Scaling": "handover.conversion.from_scorecard",
    "read_scorecard": "handover.scorecards",
}
"""Where what is not the contract's vocabulary is."""


def __getattr__(name: str) -> Any:
    """Import a public name from its module."""
    if name not in __all__:
        raise AttributeError(f"module 'handover' has no attribute {name!r}")
    return getattr(import_module(_ELSEWHERE.get(name, "handover.contract")), name)
