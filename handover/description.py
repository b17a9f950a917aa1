"""What a manifest says of a model, as tables that people read: in the card, the reports and where it was delivered."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

type Json = Mapping[str, Any]

# The name of a figure, what it is of any constant answer where that is always the same, and whether it has a unit.
FIGURES: Mapping[str, tuple[str, float | None, bool]] = {
    "auc": ("AUC", 0.5, False),
    "accuracy": ("accuracy", None, False),
    "log_loss": ("log loss", None, False),
    "brier": ("Brier score", None, False),
    "calibration_error": ("calibration error", None, False),
    "r2": ("R2", 0.0, False),
    "mae": ("mean absolute error", None, True),
    "rmse": ("root mean squared error", None, True),
}
COMPARED_BY = frozenset({"AUC", "R2", "MAE"})
COLUMNS_SHOWN = 10
MARKUP = re.compile(r"([\\`*<>|\[\]])")
BEYOND_CHANCE = "beyond chance"


class Code(str):
    """A name or a word of the delivery, which stands as code wherever there is a way to."""

    __slots__ = ()


@dataclass(frozen=True)
class Table:
    """A few facts, with a sentence that says how to read them."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def stands_in(answer: str) -> str:
    """Say of a delivery that there is no model in it yet, and what is answered instead; nothing where there is one."""
    return f"This is a stand-in: no model was trained yet, and {answer}." if answer else ""


def described(manifest: Json) -> list[Table]:
    """Lay out what a manifest says of the model.

    The figures of merit beside the base rate's, of several classes how well it knows each, the decisions' shares, what
    matters, where it is weakest, and what it was trained on. Of a stand-in, only that it is one. ``KeyError``,
    ``TypeError`` or ``ValueError`` when the manifest is not as ``deliver()`` writes it.
    """
    if answer := manifest.get("stand_in"):
        note = f"{stands_in(answer)} There are no figures of merit before there is a model."
        return [Table("A stand-in", (), (), note)]
    return [
        _figures(manifest["quality"]),
        *([classes(manifest["quality"]["confusion"])] if "confusion" in manifest["quality"] else []),
        _decisions(manifest),
        importance(manifest),
        _segments(manifest),
        _origin(manifest),
    ]


def _in_words(mean: Any, digits: int = 6) -> str:
    """Write the mean label; of classes the share of each."""
    if not isinstance(mean, dict):
        return f"{mean:.{digits}g}"
    return ", ".join(f"{name} {share:.{digits}g}" for name, share in mean.items())


def _figures(quality: Json) -> Table:
    everyone = "base rate" if "auc" in quality else "mean label"
    rows = []
    for name, (title, constant, has_unit) in FIGURES.items():
        if name in quality:
            base = quality.get("base_rate", {}).get(name, constant)  # points have no rate
            interval = " to ".join(_written(end, has_unit) for end in quality["interval"].get(name, ()))
            rows.append((title, _written(quality[name], has_unit), interval, _written(base, has_unit)))
    note = (
        f"On {_count(quality['rows'], 'held-out row')}, which it never saw. The {everyone} is what answering "
        f"{_in_words(quality['mean_label'])} to everyone has."
    )
    return Table("Figures of merit", ("figure", "the model", "95 % interval", everyone), tuple(rows), note)


def classes(confusion: Json) -> Table:
    """Lay out how well each class is known: its rows are counted by the class that has their highest score."""
    rows = []
    confusion = {name: dict(counts) for name, counts in dict(confusion).items()}
    for name, counts in confusion.items():
        of_it, right = sum(counts.values()), counts[name]
        as_it = sum(others[name] for others in confusion.values())
        count, other = max((count, other) for other, count in counts.items() if other != name)
        mistaken = (Code(other), _share(count, of_it)) if count else ("", "")
        rows.append((Code(name), f"{of_it:d}", _share(right, of_it), _share(right, as_it), *mistaken))
    note = (
        "Of the rows of each class, in which share it has the highest score; of the rows in which it has, which share "
        "is of it; and the class for which its rows are taken most often."
    )
    head = ("class", "rows", "recognised", "right where it is highest", "taken for", "share")
    return Table("Class by class", head, tuple(rows), note)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else ""


def _decisions(manifest: Json) -> Table:
    baseline = manifest["baseline"]
    rows = ((Code(decision), f"{share:.1%}") for decision, share in baseline["decision_share"].items())
    mean, label = f"{baseline['mean_score']:.4g}", _in_words(baseline["mean_label"], 4)
    note = f"The mean score is {mean}, and the mean label {label}."
    if isinstance(baseline["mean_label"], dict):
        note = f"The mean of the highest score is {mean}; of the rows are {label}."
    return Table("Decisions", ("decision", "share of held-out rows"), tuple(rows), note)


def importance(manifest: Json) -> Table:
    """Lay out the columns that the model looks at most, see ``described``."""
    shuffled, figure = manifest["importance"], _compared_by(manifest["importance"])
    columns = sorted(shuffled["columns"], key=lambda column: -float(column["fall"]))
    shown = [column for column in columns if column["fall"] > 0][:COLUMNS_SHOWN]
    rows = ((Code(column["name"]), f"{column['fall']:.4f}", f"{column['spread']:.4f}") for column in shown)
    note = (
        f"By how much the {figure} falls on {shuffled['rows']:d} held-out rows when the column is shuffled, the mean "
        f"of {shuffled['repeats']:d} times. Columns that say the same stand in for each other, so "
        f"each seems to matter less."
    )
    if rest := columns[len(shown) :]:
        most = max(0.0, rest[0]["fall"])
        note += f" {_count(len(rest), 'other column')} {'matter' if len(rest) > 1 else 'matters'} " + (
            f"by {most:.4f} or less." if most else "nothing."
        )
    return Table("What it looks at", ("column", f"fall of the {figure}", "spread"), tuple(rows), note)


def _segments(manifest: Json) -> Table:
    segments = manifest["segments"]
    figure, worst, beyond = _compared_by(segments), segments["worst"], segments["beyond_chance"]
    note = (
        f"Of {_count(segments['tried'], 'segment')} of single fields with {segments['fewest_rows']:d} rows and more, "
        f"{f'{beyond:d}' if beyond else 'none'} {'are' if beyond > 1 else 'is'} worse than chance explains"
    )
    note += "; these come nearest to it." if worst and not beyond else "."
    if beyond and figure == "AUC":
        note += " Within a segment of a field that a model leans on, scores differ less, and the AUC is lower."
    rows = (
        (
            Code(f"{one['field']} {one['segment']}"),
            f"{one['rows']:d}",
            *(f"{one[word]:.4g}" for word in ("value", "elsewhere", "mean_score", "mean_label")),
            BEYOND_CHANCE if one["beyond_chance"] else "within the noise",
        )
        for one in worst
    )
    head = ("segment", "rows", figure, f"{figure} elsewhere", "mean score", "mean label", "difference")
    return Table("Where it is weakest", head, tuple(rows), note)


def _origin(manifest: Json) -> Table:
    training, contract = manifest["training"], manifest["contract"]
    facts = {
        "model (SHA-256)": manifest["files"]["model.onnx"],
        "contract": f"{contract['name']} {contract['version']}",
        "data": training.get("data"),
        "data (SHA-256)": training.get("sha256"),
        "trained on rows": training.get("rows"),
        "seed": training.get("seed"),
    }
    rows = ((name, Code(fact)) for name, fact in facts.items() if fact is not None)
    return Table("Where it is from", ("what", "which"), tuple(rows))


def _written(value: float | None, has_unit: bool) -> str:
    if value is None:
        return ""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:#.4g}" if has_unit else f"{value:.4f}"


def _compared_by(part: Json) -> str:
    """Give the figure that a part is about: a word that is known, for it stands in sentences."""
    figure: str = part["figure"]
    if figure not in COMPARED_BY:
        raise ValueError(f"{figure!r} is no figure of merit")
    return figure


def _count(number: int, what: str) -> str:
    return f"{number:d} {what}" + "s" * (number != 1)


def as_markdown(table: Table) -> str:
    """Write a table as Markdown: names as code, in which nothing is markup."""
    lines = [MARKUP.sub(r"\\\1", table.note), ""] if table.note else []  # there may be names in it
    if table.rows:
        lines += [_line(table.head), "|" + "---|" * len(table.head), *map(_line, table.rows), ""]
    return "\n".join(lines)


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(cell: str) -> str:
    if not isinstance(cell, Code):
        return cell
    plain = " ".join(cell.split()).replace("`", "'").replace("|", "\\|")
    return f"`{plain}`" if plain else ""


def as_text(table: Table) -> str:
    """Write a table as lines of text, columns below each other."""
    return "\n".join(in_columns([table.head, *table.rows]))


def in_columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Write rows as lines of text, their cells below each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
