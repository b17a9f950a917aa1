"""Data as its owner has it, a table of any library or dicts, becomes rows as an application would send them."""

import math
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from handover.errors import DeliverError
from handover.rows import Domain
from handover.wording import shortly
from predictor.files import Json

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame, IntoSeries

type Rows = Iterable[Mapping[str, Any]] | IntoFrame
"""Dicts from the contract's fields to values, or a table of pandas, Polars, Arrow or DuckDB: what narwhals reads."""
type Labels = Iterable[Any] | IntoSeries
type Where = Callable[[int], str]

SINGLE: dict[Any, Callable[[Any], Any]] = {nw.Float16: np.float16, nw.Float32: np.float32}
MISSING = {"NAType", "NaTType"}  # of pandas, by name: it need not be imported here
PLAIN = (list, np.ndarray)  # which narwhals would look for among the plugins of all that is installed
MAX_NAMED = 10  # columns in a sentence


def read(rows: Rows, fields: Sequence[Domain], *, most: int | None = None) -> tuple[list[Any], Where]:
    """Read a table or dicts as the rows that an application would send, ``most`` at most, see ``handover.matrix``.

    A float32 is the shortest decimal that means it: 0.1, and not the 0.10000000149011612 that it is in float64. Columns
    of a table that the contract has no field for are left out, with a warning that is shown where the caller's caller
    is.

    Given are the rows, which nobody has validated yet, and what names one by its place: ``row 3``, and where a pandas
    table has another label for it, ``row 3 (index 1007)``. ``DeliverError`` when a table has no column for a field, or
    two of one name; when a value is no number, flag or word, which names row, field and kind.
    """
    known = {field.name: field for field in fields}
    table = _table(rows)
    if table is None:
        if not isinstance(rows, Iterable) or isinstance(rows, str | Mapping | np.ndarray):
            raise DeliverError(
                f"rows are a {type(rows).__name__}: give a table of pandas, Polars or Arrow, or a list of dicts, one "
                f"for each row"
            )
        return _sent(islice(rows, most), known, _named), _named
    columns = list(map(str, table.columns))
    extra = [column for column in columns if column not in known]
    if absent := [name for name in known if name not in columns]:
        beside = f"; it has {shortly(extra, MAX_NAMED)}, which the contract has not" if extra else ""
        raise DeliverError(
            f"the table has no column for the contract's {shortly(absent, MAX_NAMED)}{beside}: say in FIELDS of the "
            f"training which column it is read from, rename one, or add one of None"
        )
    if extra:
        warnings.warn(
            f"columns that the contract has not are left out: {shortly(extra, MAX_NAMED)}",
            skip_file_prefixes=(str(Path(__file__).parent),),  # whoever called, by whichever way
        )
    where = partial(_named, index=nw.maybe_get_index(table))
    values = zip(*(_values(table[name]) for name in known), strict=True)
    return _sent((dict(zip(known, row, strict=True)) for row in islice(values, most)), known, where), where


def require_beside(rows: Rows, labels: Labels) -> None:
    """Require that two tables of pandas stand in one order, where they have one index: labels are taken by place."""
    of_rows: Any = getattr(rows, "index", None)
    of_labels: Any = getattr(labels, "index", None)
    if not (hasattr(of_rows, "equals") and hasattr(of_labels, "equals")) or of_rows.equals(of_labels):
        return
    if of_rows.is_unique and of_rows.sort_values().equals(of_labels.sort_values()):
        raise DeliverError("labels have the index of the rows in another order: give labels.loc[rows.index]")


def label_values(labels: Labels) -> Iterable[Any]:
    """Give a column as numbers and words, ``None`` where one is missing; labels of no library are given as they are."""
    column: Any = labels if isinstance(labels, PLAIN) else nw.from_native(labels, pass_through=True, allow_series=True)
    if isinstance(column, nw.LazyFrame):
        column = column.collect()
    if isinstance(column, nw.DataFrame) and len(column.columns) == 1:
        column = column[column.columns[0]]
    if not isinstance(column, nw.Series):
        return labels
    try:
        return list(map(_plain, column.to_list()))
    except TypeError as error:
        raise DeliverError(f"a label is a {error}: give numbers, or the classes that the model knows") from None


def _table(rows: Any) -> nw.DataFrame[Any] | None:
    if type(rows).__module__.startswith("pyarrow") and hasattr(rows, "to_table"):  # a data set
        rows = rows.to_table()
    try:
        frame = rows if isinstance(rows, PLAIN) else nw.from_native(rows, pass_through=True)
        if frame is rows and hasattr(rows, "__arrow_c_stream__") and hasattr(rows, "schema"):  # record batches
            return nw.DataFrame.from_arrow(rows, backend="pyarrow")
    except nw.exceptions.DuplicateError as error:
        _, _, twice = str(error).partition("\n- ")
        raise DeliverError(f"the table has columns of one name ({twice}): give each a name of its own") from None
    if isinstance(frame, nw.LazyFrame):  # what DuckDB makes by itself is Arrow's, which need not be installed
        frame = frame.collect("pandas" if frame.implementation.is_duckdb() else None)
    return frame if isinstance(frame, nw.DataFrame) else None


def _values(column: nw.Series[Any]) -> list[Any]:
    """Give a column as a list, in which a float32 still is one."""
    values: list[Any] = column.to_list()
    if single := SINGLE.get(type(column.dtype)):
        return [None if (number := _plain(value)) is None else single(number) for value in values]
    return values


def _named(place: int, index: Sequence[Any] | None = None) -> str:
    label = place if index is None else index[place]
    return f"row {place}" if label == place else f"row {place} (index {label})"


def _sent(rows: Iterable[Any], fields: Mapping[str, Domain], where: Where) -> list[Json]:
    """Give each value of each row as it would be sent. What the contract has no field for, it refuses by its name."""
    sent = []
    for place, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise DeliverError(
                f"{where(place)} is a {type(row).__name__}: write it as a dict, from the contract's fields to values"
            )
        values = {}
        for name, value in row.items():
            try:
                values[name] = _fitted(_plain(value), fields[name]) if name in fields else str(value)
            except TypeError as error:
                raise DeliverError(
                    f"{where(place)}, field {name}: a {error} is no number, flag or word; make one of what matters in "
                    f"it, as of a date the days since"
                ) from None
        sent.append(values)
    return sent


def _fitted(value: Any, field: Domain) -> Any:
    """Give a number as the whole number or the flag that the contract asks for, where it is one."""
    if field.whole and isinstance(value, float) and value.is_integer():
        return int(value)
    if field.choices == (False, True) and isinstance(value, int | float) and value in {0, 1}:
        return bool(value)
    return value


def _plain(value: Any) -> Any:
    """Give a value as JSON has it, ``None`` where it is missing; ``TypeError`` names a kind that JSON does not have."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float | np.floating | Decimal):
        number = float(str(value))
        return None if math.isnan(number) else number
    kind = type(value)
    if kind.__name__ in MISSING or (isinstance(value, np.datetime64 | np.timedelta64) and np.isnat(value)):
        return None
    if isinstance(value, np.bool | np.integer) and not isinstance(value, np.timedelta64):
        return value.item()
    raise TypeError(kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}")
