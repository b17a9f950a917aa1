"""What a report says of the model: how good it is, and whether it is better than the one on the base branch."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from handover.description import Table, described
from handover.finding import Context

if TYPE_CHECKING:  # where a stack is verified, there is nothing that opens a delivery
    from handover.context import DeliveryContext


@dataclass(frozen=True)
class Model:
    """A delivery's model in tables and sentences, as far as the delivery says it."""

    tables: tuple[Table, ...]
    """The manifest's."""
    change: str
    """What became of the model on the base branch, in sentences."""
    shifts: Table | None
    """Each figure of merit there and here."""
    missing: str = ""
    """Why there are no tables."""


def model(context: Context) -> Model | None:
    """Describe the model of a delivery, however broken that is; of a live stack nothing."""
    if not context.has_model:
        return None
    delivery = cast("DeliveryContext", context)
    change, shifts = ("It is compared with no model.", None) if delivery.stand_in else _change(delivery)
    try:
        return Model(tuple(described(delivery.manifest)), change, shifts)
    except OSError:
        return Model((), change, shifts, "There is no manifest.json, which says how good the model is.")
    except Exception as error:  # a report of a broken delivery is written all the same; M111 says what is wrong
        return Model((), change, shifts, f"manifest.json does not say how good the model is ({type(error).__name__}).")


def _change(context: "DeliveryContext") -> tuple[str, Table | None]:
    try:
        comparison = context.comparison
    except Exception as error:  # no base branch, no contract, whatever lies there
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        return f"It is not compared with a model on the base branch: {reason}.", None
    if comparison is None:
        return "The base branch has no model that answers the same question.", None
    if comparison.is_none:
        return "It answers the held-out rows as the model on the base branch does.", None
    head = ("figure", "base branch", "this one", "difference", "95 % interval", "verdict")
    shifts = Table("Against the base branch", head, tuple(shift.words for shift in comparison.shifts))
    return f"Beside the model on the base branch, it {comparison.verdict}. {comparison.rows}", shifts
