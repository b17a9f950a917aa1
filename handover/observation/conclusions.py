"""Conclusions from the tables of an observed training.

Whether a model's columns are those of ``matrix``, and whether the rows that judge it were among those that trained it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from predictor.files import Json

type Floats = NDArray[np.float32]
type Hashes = NDArray[np.uint64]

SAMPLE_ROWS = 2_000  # at even distances: enough for shares of a column to one percent or two, 240 KB of 30 columns

# Columns. Whole rows decide wherever they can: no chance puts a row of real data into matrix()'s rows.
AS_GIVEN = 0.25  # share of fitted rows that are matrix()'s; oversampling leaves at least half, gaps made later a few
REORDERED = 0.5  # share that are its rows with their columns in another order, and at least 0.2 more than as they are
MAX_PAIRED = 500  # fitted rows, each with at most twenty of matrix()'s
QUANTILES = np.linspace(0, 1, 101)
KNOWN = 0.5  # share of a column's distinct values that matrix()'s has; a flag that was scaled still has its 0
MOVED = 0.5  # of the column's standard deviation, by which its quantiles lie elsewhere; noise on purpose: a few percent
OUTSIDE = 0.5  # share of values outside of the column's range, where only the held-out rows are known
MIN_DISTINCT = 3  # distinct values: a flag is 0 or 1 after many a change
FILLED = 0.8  # share of the rows that are not matrix()'s which differ from one of its in gaps alone; of at least five

# Rows. Chance alone puts some of the held-out rows among the fitted ones, where the data has few distinct rows.
ERRORS = 5.0  # standard errors beyond that: one in three million; never fewer than five rows
FEW = 10  # fitted rows for each column: with fewer a model learns them by heart (Harrell 1996, events per variable)
# Honest trainings leave rows out before the split, or keep a part to compare models on: the model is asked for neither
# beside the rows that judge it. Where it is asked for all rows, they are more than the judges.
MIN_LEFT = 5
LEFT = 10  # times as many rows that neither fitted nor judge: nobody leaves these out on purpose
BEYOND = 0.25  # share of the rows beyond the held-out rows' ends; where 30 rows judge, chance leaves a fifteenth there


@dataclass(frozen=True)
class Table:
    """What is kept of one table, whatever its size: 8 bytes a row, and a sample."""

    hashes: Hashes
    """One for each row; equal rows have equal ones."""
    sample: Floats
    """Rows at even distances, at most ``SAMPLE_ROWS``."""
    names: tuple[str, ...] | None
    """The columns' names, where the table was a data frame with names."""


def table(data: Any) -> Table | None:
    """Keep what is needed of a table; ``None`` where it is no table of numbers, as a sparse matrix is not."""
    if hasattr(data, "toarray"):  # sparse: what is not in it is zero to one library and missing to the next
        return None
    with np.errstate(all="ignore"):
        try:
            values: Floats | None = np.asarray(data, dtype=np.float32)
        except (TypeError, ValueError):
            values = _by_column(data)
    if values is None or values.ndim != 2:
        return None
    columns = list(getattr(data, "columns", ()))
    names = tuple(columns) if columns and all(isinstance(name, str) for name in columns) else None
    return Table(hashed(values), values[:: -(-len(values) // SAMPLE_ROWS) or 1].copy(), names)


def _by_column(data: Any) -> Floats | None:
    """Read a data frame whose columns have types of their own: categories count as their codes, as a model counts."""
    try:
        series = [data[name] for name in data.columns]
        codes = [one.cat.codes.replace(-1, np.nan) if hasattr(one, "cat") else one for one in series]
        return np.column_stack([np.asarray(one, dtype=np.float32) for one in codes])
    except Exception:  # as many ways as there are libraries; what cannot be read is not compared, and that is reported
        return None


def hashed(values: Floats) -> Hashes:
    """Hash each row to 64 bits: -0 as 0, and every NaN as one."""
    bits = np.where(np.isnan(values), np.float32(np.nan), values + np.float32(0)).view(np.uint32)
    hashes = np.full(len(values), 0x9E3779B97F4A7C15, dtype=np.uint64)
    for column in bits.T:
        hashes = (hashes ^ column) * np.uint64(0xBF58476D1CE4E5B9)  # the multiplier of splitmix64
        hashes ^= hashes >> np.uint64(29)
    return hashes


def as_taken(values: Floats, codes: list[int], fitted: Table) -> Floats:
    """Write -1 for each gap in those columns of codes in which that was fitted: it is no code, and stands for a gap."""
    values = values.copy() if codes else values
    for column in codes:
        if -1 in fitted.sample[:, column]:
            values[np.isnan(values[:, column]), column] = -1
    return values


def conclude(own: Table, learned: list[Table], stopping: list[Table], given: list[Floats], held_out: Any) -> Json:
    """Compare what a model was fitted on with what ``matrix`` gave, and with the rows that judge it.

    Gives plain data: counts, names, shares, minima and maxima; no row.

    Parameters
    ----------
    own
        The model's input.
    learned, stopping
        What the model and its parts were fitted on, with labels; what chose how much they learned.
    given, judging
        What ``matrix`` returned to the training, each (N, K), and how it lays the held-out rows out.
    """
    names, width, judges = tuple(held_out.columns), own.sample.shape[1], hashed(held_out.values)
    fitted = {"rows": len(own.hashes), "columns": width, "names": list(own.names) if own.names else None}
    summary: Json = {"fitted": fitted, "columns": list(names), "order": "another number"}
    if width == len(names):
        summary |= _columns(own, sum(map(len, given)), np.concatenate([*given, held_out.values]), names)
    for word, tables in (("judging", learned), ("stopping", stopping)):
        sets = [table.hashes for table in tables if table.sample.shape[1] == len(names)]
        if summary["order"] == "as given" and sets:
            summary[word] = _rows(sets, given, held_out.values)
            # Where another fit had them, as one that this goes on from, the rows of all are those to count.
            by_own = summary[word]["among_fitted"] == np.isin(judges, own.hashes).sum()
            summary[word]["fitted"] = len(own.hashes) if by_own else len(np.unique(np.concatenate(sets)))
    if "judging" in summary:
        summary["together"] = max((len(rows) for rows in given if np.isin(judges, hashed(rows)).all()), default=0)
        others = np.concatenate([*given, held_out.values])
        others = others[~np.isin(hashed(others), judges)]
        summary["few"] = _few([table.hashes for table in learned], others)
        summary["beyond"] = _beyond(others, held_out.values, names)
    return summary


def left_out(
    asked: list[Hashes], learned: list[Hashes], set_apart: list[Hashes], given: list[Floats], held_out: Any
) -> Json | None:
    """Count rows that a model answered together with all those that judge it, and that neither train nor judge it.

    Parameters
    ----------
    asked, learned, set_apart
        Rows that the program asked a model for, in one call each; that the model and its parts were fitted on; and of
        an ``eval_set``.
    """
    judges = np.unique(hashed(held_out.values))
    together = [rows for rows in asked if np.isin(judges, rows).all()]
    others = [rows for rows in asked if not np.isin(judges, rows).all()]  # as of a part to compare models on
    used = np.unique(np.concatenate([judges, *learned, *set_apart, *others]))
    # A row may be laid out in several ways, as with gaps and without: then it is at one place of several calls.
    for count in {len(rows) for rows in given}:
        ways = np.array([hashed(rows) for rows in given if len(rows) == count])
        used = np.append(used, ways[:, np.isin(ways, used).any(axis=0)].ravel())
    for rows in together:
        left = int((~np.isin(np.unique(rows), used)).sum())
        if MIN_LEFT <= left < len(judges):
            return {"asked": len(np.unique(rows)), "left": left}
    return None


# --- columns


def _columns(own: Table, laid_out: int, whole: Floats, names: tuple[str, ...]) -> Json:
    known = np.unique(hashed(whole))
    share = float(np.isin(own.hashes, known).mean())
    summary: Json = {"order": "as given", "share_as_given": round(share, 4)}
    order, reordered = _order(own.sample, whole, known) if share < REORDERED else ([], 0.0)
    if reordered >= max(REORDERED, share + 0.2):
        given = [names[column] for column in order]
        return summary | {"order": "permuted", "given": given, "share_reordered": round(reordered, 4)}
    if filled := _filled(own, whole, known, names):
        return summary | {"order": "filled", "filled": filled}
    if share >= AS_GIVEN:
        return summary
    other_names = own.names if own.names != names else None
    if other_names and sorted(other_names) == sorted(names):
        return summary | {"order": "permuted", "given": list(other_names)}
    if changed := _changed(own, laid_out, whole, names):
        return summary | {"order": "changed", "changed": changed}
    return summary | {"order": "other names"} if other_names else summary


def _order(fitted: Floats, whole: Floats, known: Hashes) -> tuple[list[int], float]:
    """Find for each fitted column the index of ``matrix``'s, none without a pair; and the share that it explains.

    A row's values, sorted, are the same in every order of its columns. Rows that agree in them are laid side by side,
    and each fitted column is the one that it equals most often in such pairs.
    """
    distinct = whole[np.unique(hashed(whole), return_index=True)[1]]
    signs = hashed(np.sort(distinct, axis=1))
    distinct, signs = distinct[np.argsort(signs)], np.sort(signs)
    wanted = hashed(np.sort(fitted[:MAX_PAIRED], axis=1))
    first, last = np.searchsorted(signs, wanted), np.searchsorted(signs, wanted, side="right")
    pairs = [(row, other) for row in range(len(wanted)) for other in range(first[row], min(last[row], first[row] + 20))]
    if not pairs:
        return [], 0.0
    rows, others = np.array(pairs).T
    theirs = distinct[others]
    order: list[int] = []
    for column in fitted[rows].T:
        same = (column[:, None] == theirs) | (np.isnan(column)[:, None] & np.isnan(theirs))
        likeness = (same / (last - first)[rows, None]).sum(axis=0)
        likeness[order] = -1.0  # each is given once
        order.append(int(likeness.argmax()))
    return order, float(np.isin(hashed(np.ascontiguousarray(fitted[:, np.argsort(order)])), known).mean())


def _filled(own: Table, whole: Floats, known: Hashes, names: tuple[str, ...]) -> list[Json]:
    """Name the columns in which ``matrix`` left gaps and the fitted rows, otherwise the same, have values."""
    others = own.sample[~np.isin(hashed(own.sample), known)][:200]
    gaps = np.isnan(whole)
    gapped = whole[gaps.any(axis=1) & (gaps.mean(axis=1) <= 0.5)][:5_000]
    if len(others) < 5 or not len(gapped):
        return []
    alike = [bool((np.isnan(gapped) | (gapped == row)).all(axis=1).any()) for row in others]
    if np.mean(alike) < FILLED:
        return []
    closed = gaps.any(axis=0) & ~np.isnan(own.sample).any(axis=0)
    shares = zip(names, gaps.mean(axis=0).tolist(), closed, strict=True)
    return [{"column": name, "missing": round(share, 4)} for name, share, is_closed in shares if is_closed]


def _changed(own: Table, laid_out: int, whole: Floats, names: tuple[str, ...]) -> list[Json]:
    """Name the columns whose values are not ``matrix``'s, with both ranges.

    Where ``matrix`` gave about as many rows as were fitted, they are where these come from, and each column counts.
    Elsewhere only the held-out rows are known: the fitted ones may be of another time, and only most columns count.
    """
    from_matrix = laid_out >= len(np.unique(own.hashes)) / 2
    changed: list[Json] = []
    telling = changed_and_telling = 0
    for name, fitted, column in zip(names, own.sample.T, whole.T, strict=True):
        mine, theirs = np.sort(fitted[~np.isnan(fitted)]), np.sort(column[~np.isnan(column)])
        if not len(mine) or not len(theirs) or theirs[0] == theirs[-1]:
            continue
        tells = len(np.unique(theirs)) >= MIN_DISTINCT
        telling += tells
        outside = float(((mine < theirs[0]) | (mine > theirs[-1])).mean())
        # how far the quantiles are apart, in standard deviations
        apart = np.abs(np.quantile(mine.astype(float), QUANTILES) - np.quantile(theirs.astype(float), QUANTILES))
        moved = apart.mean() / theirs.astype(float).std() > MOVED if from_matrix else outside > OUTSIDE
        if moved and np.isin(np.unique(mine), theirs).mean() <= KNOWN:
            ranges = {"fitted": mine[[0, -1]].tolist(), "given": theirs[[0, -1]].tolist()}
            changed.append({"column": name, **ranges})
            changed_and_telling += tells
    return changed if from_matrix or changed_and_telling > telling / 2 else []


# --- rows


def _rows(fitted: list[Hashes], given: list[Floats], held_out: Floats) -> Json:
    """Count the held-out rows that are among the fitted ones, and how many of them chance would put there.

    Chance is the share of the data's rows that have a twin: of the rows of one call of ``matrix``, for they are as the
    data has them, or else of the fitted ones; no less than among the held-out rows themselves. Where only these have
    twins, the training has dropped its own, and all of them may be among the rest of those by chance.
    """
    judges, learned = hashed(held_out), np.unique(np.concatenate(fitted))
    among = int(np.isin(judges, learned).sum())
    by_chance = max([_twins(hashed(rows)) for rows in given if len(rows) >= len(judges)], default=_twins(fitted[0]))
    of_judges = _twins(judges)
    by_chance = max(by_chance, of_judges) if by_chance else float(of_judges > 0)
    likely = (by_chance * len(judges) + 1) / (len(judges) + 2)  # neither 0 nor 1: both are what few rows may say
    error = (likely * (1 - likely) / len(judges)) ** 0.5
    return {
        "rows": len(judges),
        "among_fitted": among,
        "by_chance": round(by_chance, 4),
        "beyond_chance": bool(among / len(judges) - by_chance > ERRORS * error),
    }


def _few(fitted: list[Hashes], others: Floats) -> Json | None:
    """Count the distinct rows that were fitted, where they are too few beside those that ``matrix`` laid out."""
    learned, laid_out = len(np.unique(np.concatenate(fitted))), len(np.unique(hashed(others)))
    return {"fitted": learned, "laid_out": laid_out} if learned < min(FEW * others.shape[1], laid_out / LEFT) else None


def _beyond(others: Floats, held_out: Floats, names: tuple[str, ...]) -> list[Json]:
    """Name the columns in which many rows lie beyond the ends of those that judge, as of a split of sorted rows."""
    beyond: list[Json] = []
    for name, *columns in zip(names, others.T, held_out.T, strict=True):
        known, judges = (column[~np.isnan(column)] for column in columns)
        if len(known) and len(judges):
            low, high = float(judges.min()), float(judges.max())
            if (share := float(((known < low) | (known > high)).mean())) > BEYOND:
                beyond.append({"column": name, "share": round(share, 4), "ends": [low, high]})
    return beyond


def _twins(hashes: Hashes) -> float:
    """Give the share of rows that another one equals."""
    counts = np.unique(hashes, return_counts=True)[1]
    return float(counts[counts > 1].sum() / len(hashes)) if len(hashes) else 0.0
