"""Data files as teams have them: of two outcomes, of a number, with gaps and categories, of three classes."""

import csv
import random
import re
import shutil
from collections.abc import Callable
from importlib import resources
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


def penguins(folder: Path) -> tuple[Path, str]:
    """Write penguins of three species, with gaps, as the package palmerpenguins has them."""
    with resources.as_file(resources.files("palmerpenguins") / "data" / "penguins.csv") as file:
        return Path(shutil.copy(file, folder)), "species"


TABLES: dict[str, Callable[[Path], tuple[Path, str]]] = {
    "parcels": parcels,
    "diabetes": diabetes,
    "visits": visits,
    "penguins": penguins,
}

OWN_MODELS = {
    "diabetes": (
        "from sklearn.ensemble import GradientBoostingRegressor",
        "GradientBoostingRegressor(n_estimators=80, learning_rate=0.1, max_depth=2, random_state=SEED)",
    ),
    "penguins": (
        (
            "from sklearn.impute import SimpleImputer\n"
            "from sklearn.linear_model import LogisticRegression\n"
            "from sklearn.pipeline import make_pipeline\n"
            "from sklearn.preprocessing import StandardScaler"
        ),
        "make_pipeline(SimpleImputer(add_indicator=True), StandardScaler(), LogisticRegression())",
    ),
}
"""What a researcher writes into the drafted training in place of XGBoost: imports, and the model."""


def with_own_model(training: str, name: str) -> str:
    """Replace the model that a training program fits."""
    imports, model = OWN_MODELS[name]
    training = training.replace("import xgboost\n", imports + "\n")
    return re.sub(r"model = xgboost\..*?\n    \)\n", f"model = {model}\n", training, count=1, flags=re.DOTALL)
