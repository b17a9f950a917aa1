"""Data files as teams have them, made up: one of two outcomes, one of a number, one with gaps and categories."""

import csv
import random
import shutil
from collections.abc import Callable
from pathlib import Path

from sklearn.datasets import load_diabetes

PARCELS = Path(__file__).parents[2] / "docs" / "first-delivery" / "parcels.csv"


def parcels(folder: Path) -> tuple[Path, str]:
    """Write parcels, some of which came late."""
    return Path(shutil.copy(PARCELS, folder)), "late"


def diabetes(folder: Path) -> tuple[Path, str]:
    """Write the progression of a disease, a number, as scikit-learn has it."""
    data = load_diabetes(scaled=False)
    with (folder / "diabetes.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*data.feature_names, "progression"])
        writer.writerows([*row, outcome] for row, outcome in zip(data.data, data.target, strict=True))
    return folder / "diabetes.csv", "progression"


def visits(folder: Path) -> tuple[Path, str]:
    """Write visits as a German office saves them: semicolons, decimal commas, Latin-1, gaps in most columns."""
    draw = random.Random(11)

    def gap(value: object, share: float) -> object:
        return draw.choice(["", "NA", "k.A."]) if draw.random() < share else value

    with (folder / "besuche.csv").open("w", newline="", encoding="latin-1") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(["Besuch", "Wartezeit (min)", "Abteilung", "Überweisung", "Entfernung (km)", "Wieder da"])
        for number in range(500):
            wait, ward = draw.gammavariate(2, 15), draw.choice(["Chirurgie", "Innere", "Kinder", "Prüfstelle Süd"])
            referred, distance = draw.choice(["ja", "nein"]), f"{draw.uniform(0.5, 60):.1f}".replace(".", ",")
            again = draw.random() < 0.2 + 0.4 * (ward == "Innere") + 0.2 * (wait < 20)
            writer.writerow(
                [
                    f"B-{number:05d}",
                    gap(round(wait), 0.1),
                    gap(ward, 0.08),
                    gap(referred, 0.2),
                    gap(distance, 0.05),
                    "ja" if again else "nein",
                ]
            )
    return folder / "besuche.csv", "Wieder da"


TABLES: dict[str, Callable[[Path], tuple[Path, str]]] = {"parcels": parcels, "diabetes": diabetes, "visits": visits}
