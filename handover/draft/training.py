"""The training program, and whether pandas, by which it reads the data, reads what the draft was made of."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from math import isclose
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from handover.draft.fields import Field
from handover.draft.formats import DataFile
from handover.draft.table import Table
from handover.draft.target import Target
from handover.draft.words import GAPS, GAPS_AMONG_NUMBERS, Column, quoted
from handover.draft.writing import laid_out, rendered
from handover.errors import CannotRunError
from predictor import delivery as serving

DTYPES = {"whole": "Int64", "decimal": "float64", "flag": "str", "category": "str"}
IMPORTS = "import io\nfrom pathlib import Path\n\nimport numpy as np\nimport pandas as pd\n\nclass CONTRACT:\n    "
LAST_BITS = 1e-15  # relative; where thousands are grouped, pandas may read the last bit of a number otherwise


@dataclass(frozen=True)
class Source:
    """A column of the file, as pandas reads it."""

    column: Column
    """In all rows, those without a target too."""
    name: str
    """As pandas names it: otherwise than its header where that is empty or repeated."""
    dtype: str
    gaps: Set[str]
    """The words that say that there is no value, blanks around them taken off."""

    @cached_property
    def missing(self) -> set[str]:
        """The words for no value as they stand in it; always the empty word, and the NA that the draft asks for."""
        blank = (word for word, stripped in self.column.blanks.items() if stripped in self.gaps)
        return {"", "NA", *(self.column.counts.keys() & self.gaps), *blank}

    @property
    def has_blanks(self) -> bool:
        """Whether it has words with blanks that are no part of them."""
        return self.dtype == "str" and not self.gaps >= set(self.column.blanks.values())


def training(table: Table, file: DataFile, fields: Sequence[Field], target: Target, **words: str) -> str:
    """Write ``train.py``, of the contract's ``name``, which says ``where`` the data is when it is not there.

    ``CannotRunError`` when pandas does not read the file, or reads other values than the draft was made of.
    """
    sources = _sources(table, file, fields, target)
    decimal, thousands = _marks(table.name, list(sources.values()))
    values = {"table": table, "fields": fields, "target": target, "sources": sources}
    values |= {"decimal": decimal, "thousands": thousands, "missing": _missing(list(sources.values()))}
    values["renamed"] = {word: name for word, name in zip(target.words, target.classes, strict=False) if word != name}
    with TemporaryDirectory() as folder:
        copy = Path(folder) / file.name
        copy.write_bytes(file.content)
        reading = (
            f"{IMPORTS}classes = {target.classes}\nDATA = Path({quoted(str(copy))})\n{rendered('read.py', **values)}"
        )
        try:
            reason = _difference(fields, target, *serving.load_source(reading.encode(), Path("read.py")).read())
        except Exception as error:  # pandas may raise anything
            reason = str(error.__cause__ or error).partition("\n")[0]
    if reason:
        raise CannotRunError(f"{table.name} cannot be trained on, for pandas reads it otherwise: {reason}")
    return rendered("train.py", **words, file=file, **values)


def _sources(table: Table, file: DataFile, fields: Sequence[Field], target: Target) -> dict[str, Source]:
    headers = pd.read_csv(
        BytesIO(file.content),
        sep=table.separator,
        encoding=table.encoding,
        skiprows=table.preamble,
        skipinitialspace=table.separator != "\t",
        nrows=0,
    ).columns
    names = dict(zip(table.columns, headers, strict=False))  # a blank header at the end is no column of the table
    kinds = {field.header: field.kind for field in fields}
    kinds[target.header] = "decimal" if target.is_number else "category"
    return {
        header: Source(
            table.columns[header], names[header], DTYPES[kind], GAPS if kind == "category" else GAPS_AMONG_NUMBERS
        )
        for header, kind in kinds.items()
    }


def _marks(name: str, used: Sequence[Source]) -> tuple[str, str]:
    """Give the decimal mark of the file's numbers, and what groups their thousands, if anything does."""
    headers: dict[str, str] = {}
    marks: set[str] = set()
    for source in used:
        if source.dtype != "str" and source.column.number:
            own = {mark for word in source.column.counts.keys() - source.gaps for mark in ".," if mark in word}
            headers |= {source.column.number.decimal_mark: source.column.header} if own else {}
            marks |= own
    if len(headers) > 1:
        raise CannotRunError(
            f"{name} has a decimal dot in '{headers['.']}' and a decimal comma in '{headers[',']}': "
            f"write both in one way"
        )
    decimal = next(iter(headers), ".")
    return decimal, next(iter(marks - {decimal}), "")


def _missing(used: Sequence[Source]) -> str:
    """Write the words for no value as an argument: by column only where one of them is a value in another column."""
    everywhere = {word for source in used for word in source.missing}
    if all(everywhere & source.column.counts.keys() <= source.missing for source in used):
        return laid_out("            na_values=", "[]", list(map(quoted, sorted(everywhere))))
    by_column = [f"{quoted(source.name)}: [{', '.join(map(quoted, sorted(source.missing)))}]" for source in used]
    return laid_out("            na_values=", "{}", by_column)


def _difference(fields: Sequence[Field], target: Target, rows: pd.DataFrame, labels: np.ndarray) -> str:
    """Say in what pandas has read other values than the draft was made of; nothing where it has not."""
    if len(labels) != len(target.labels):
        return f"{len(labels)} rows with a '{target.header}', not {len(target.labels)}"
    read = rows.astype(object).where(rows.notna(), None)
    columns = {field.header: (field.values, read[field.name].tolist()) for field in fields}
    columns[target.header] = target.labels.tolist(), labels.tolist()
    for header, (drafted, given) in columns.items():
        for place, (value, other) in enumerate(zip(drafted, given, strict=True)):
            is_near = isinstance(value, float) and isinstance(other, float) and isclose(value, other, rel_tol=LAST_BITS)
            if value != other and not is_near:
                return f"'{header}' in row {place + 1} is {other!r}, not {value!r}"
    return ""
