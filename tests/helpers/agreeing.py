"""The page on agreeing first: what it shows of the dialogue, its commands, and what two teams answer."""

import csv
import re
from pathlib import Path
from random import Random

PAGE = (Path(__file__).parents[2] / "docs" / "agree-first.md").read_text()
COMMAND = "handover init loans --contract-only"
TYPED = [
    *("amount", "Amount of the loan", "whole", "EUR", "250", "twenty thousand", "20000", "n"),
    *("purpose", "What the loan is for", "category", "car, furniture, repairs, other", "n"),
    *("employed", "Time with the present employer", "number", "years", "0", "50", "y"),
    "",
    *("score", "probability that the loan goes bad", "0", "1"),
    *("approve", "0.2", "review", "0.5", "decline", ""),
    "y",
]
"""What is typed in the dialogue that the page shows."""


def commands() -> list[str]:
    """Give each command that the page shows, in order."""
    blocks = re.findall(r"^```console\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return [command for block in blocks for command in re.findall(r"^\$ (.*)$", block, re.MULTILINE)]


def shown(language: str, begins: str = "") -> str:
    """Give the block of a language that begins so."""
    (block,) = re.findall(rf"^```{language}\n({re.escape(begins)}.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return str(block)


def write_training(project: Path) -> None:
    """Write the training that the project's README shows, and data for it."""
    (program,) = re.findall(r"^```python\n(.*?)^```$", (project / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    (project / "modelling" / "train.py").write_text(program)
    random = Random(1)
    (project / "modelling" / "data").mkdir()
    with (project / "modelling" / "data" / "loans.csv").open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["amount", "purpose", "employed", "outcome"])
        for _ in range(400):
            amount, years = random.randint(250, 20_000), random.choice(["", random.randint(0, 50)])
            purpose = random.choice(["car", "furniture", "repairs", "other"])
            lines.writerow([amount, purpose, years, int(random.random() < 0.1 + amount / 25_000)])
