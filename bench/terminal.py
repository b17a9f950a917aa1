"""One run on the terminal."""

from typing import Any

from rich.console import Console
from rich.table import Table as Drawn

from bench.tables import LABELS, tables

COLOURS = {"met": "green", "MISSED": "bold red", "not measured": "yellow"}


def show(results: dict[str, Any], console: Console) -> None:
    """Print the tables, and why somebody is absent."""
    for table in tables(results):
        drawn = Drawn(title=table.title, title_justify="left", show_edge=False)
        for index, head in enumerate(table.head):
            drawn.add_column(head, justify="right" if index and table.head[-1] != "verdict" else "left")
        for row in table.rows:
            drawn.add_row(*(f"[{COLOURS[cell]}]{cell}[/]" if cell in COLOURS else cell for cell in row))
        console.print(drawn)
        console.print()
    for name, reason in results["absent"].items():
        console.print(f"{LABELS[name]} is absent: {reason}", markup=False)
