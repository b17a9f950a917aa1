"""Each clause of training again, broken alone: the whole report, as a person reads it."""

import hashlib
import json
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xgboost
from threadpoolctl import threadpool_info

from handover import retraining
from handover.checks import CLAUSES, selected
from handover.checks.training import others_judge
from handover.context import DeliveryContext
from handover.evaluation import evaluate
from handover.finding import Kept, Skipped, Warned
from handover.reporters.text import explanation, report
from handover.retraining import trained_again
from tests.helpers import reports
from tests.helpers.remembered import Trainings
from tests.helpers.sandbox import CONTRACT, HEURISTICS, Sandbox
from tests.helpers.warm import Warm

TRAIN = '''"""Trains the parcels."""

import csv
import hashlib
from pathlib import Path

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

from delivery import heuristics
from delivery.contract import CONTRACT
from handover.delivery import deliver, matrix

HERE = Path(__file__).parent
DATA = HERE / "parcels.csv"

rows = [
    {"weight": float(row["weight"]), "pieces": int(row["pieces"]), "zone": row["zone"]}
    for row in csv.DictReader(DATA.read_text().splitlines())
]
known, unseen = rows[::2], rows[1::2]
features = matrix(known, contract=CONTRACT, heuristics=heuristics).values
days = features.sum(axis=1) / 9
model = make_pipeline(SimpleImputer(), LinearRegression()).fit(features, days)
deliver(
    model,
    rows=unseen,
    labels=[row["weight"] for row in unseen],
    contract=CONTRACT,
    heuristics=heuristics,
    to=HERE / "delivery",
    training={"data": DATA.name, "sha256": hashlib.sha256(DATA.read_bytes()).hexdigest()},
)
'''


class Workshop:
    """A small project, and beside its own delivery another one, with a training of its own."""

    def __init__(self, root: Path, warm: Warm) -> None:
        self.root, self._warm = root, warm
        self.folder = root / "parcels"
        self.delivery = Sandbox(self.folder / "delivery")

    def furnish(self) -> None:
        (self.root / "layers/model/delivery").mkdir(parents=True)
        self.delivery.folder.mkdir(parents=True)
        (self.delivery.folder / "contract.py").write_text(CONTRACT)
        (self.delivery.folder / "heuristics.py").write_text(HEURISTICS)
        lines = [f"{half / 2},{1 + half % 7},{('home', 'abroad')[half % 3 % 2]}\n" for half in range(60)]
        (self.folder / "parcels.csv").write_text("weight,pieces,zone\n" + "".join(lines))
        (self.folder / "train.py").write_text(TRAIN)

    def train(self) -> None:
        self._warm.run([sys.executable, self.folder / "train.py"], check=True)

    def manifest(self) -> dict[str, Any]:
        manifest: dict[str, Any] = json.loads((self.delivery.folder / "manifest.json").read_text())
        return manifest

    def elsewhere(self) -> None:
        """Say that it was trained on another kind of machine."""
        machine = self.manifest()["trained_on"]
        self.delivery.seal(trained_on=machine | {"numpy": [*machine["numpy"], "X86_V9"]})

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text()
        assert old in text
        (self.folder / name).write_text(text.replace(old, new, 1))

    def says(self, allowed: dict[str, str] | None = None, only: str = "R") -> str:
        with DeliveryContext(self.root, self.delivery.folder, allowed=allowed or {}) as context:
            return report(list(evaluate(context, selected(only.split(",")))), context) + "\n"


@pytest.fixture(scope="module")
def warm() -> Iterator[Warm]:
    with Warm() as warm:
        yield warm


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, warm: Warm) -> Path:
    workshop = Workshop(tmp_path_factory.mktemp("trained") / "project", warm)
    workshop.furnish()
    workshop.train()
    return workshop.root


@pytest.fixture(scope="module")
def trainings(tmp_path_factory: pytest.TempPathFactory) -> Trainings:
    return Trainings(tmp_path_factory.mktemp("trainings"))


def train_by(warm: Warm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Train again in forks of what waits."""
    monkeypatch.setattr(retraining, "subprocess", SimpleNamespace(**vars(subprocess) | {"run": warm.run}))


@pytest.fixture(autouse=True)
def trained_once(trainings: Trainings, warm: Warm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Train once on the same inputs: most tests change the delivery that training again is compared with."""
    trainings.begin()
    monkeypatch.setattr(retraining, "trained_again", trainings)
    train_by(warm, monkeypatch)


@pytest.fixture
def trained_anew(trained_once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Train whatever is remembered: what a training leaves behind, and where, is being tested."""
    monkeypatch.setattr(retraining, "trained_again", trained_again)


@pytest.fixture
def trained_as_in_a_check(trained_anew: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Train in a process of its own from the first import on."""
    monkeypatch.setattr(retraining, "subprocess", subprocess)


@pytest.fixture
def workshop(trained: Path, tmp_path: Path, warm: Warm) -> Workshop:
    return Workshop(Path(shutil.copytree(trained, tmp_path / "project")), warm)


type Break = Callable[[Workshop], None]


def then(name: str, old: str, new: str) -> Break:
    """Change something after the delivery."""

    return lambda workshop: workshop.edit(name, old, new)


def first(name: str, old: str, new: str) -> Break:
    """Write a training that is like this from the start."""

    def change(workshop: Workshop) -> None:
        workshop.edit(name, old, new)
        workshop.train()

    return change


def versions(**others: str | None) -> Break:
    """Say that the training had other versions of libraries; ``None``: that it did not say of one."""

    def change(workshop: Workshop) -> None:
        recorded = workshop.manifest()["versions"] | others
        workshop.delivery.seal(versions={name: version for name, version in recorded.items() if version})

    return change


def without_versions(workshop: Workshop) -> None:
    manifest = workshop.manifest()
    del manifest["versions"]
    (workshop.delivery.folder / "manifest.json").write_text(json.dumps(manifest))


def other_data(workshop: Workshop) -> None:
    workshop.delivery.seal(training={"data": "loans_final.csv", "sha256": "0" * 64})


def not_in_the_project(workshop: Workshop) -> None:
    (workshop.folder / ".venv").mkdir()
    (workshop.folder / ".venv" / "secret.txt").write_text("1")
    workshop.edit("train.py", "rows = [", 'SECRET = (HERE / ".venv" / "secret.txt").read_text()\nrows = [')


def changed_and_elsewhere(workshop: Workshop) -> None:
    workshop.edit("train.py", "/ 9", "/ 10")
    workshop.elsewhere()


def fills_gaps(workshop: Workshop) -> None:
    gaps = "rows[::2], rows[1::2]\nknown = [row | {'zone': None} if row['weight'] % 5 == 0 else row for row in known]"
    workshop.edit("train.py", "rows[::2], rows[1::2]", gaps)
    workshop.edit(
        "train.py",
        "matrix(known, contract=CONTRACT, heuristics=heuristics).values",
        "np.nan_to_num(\n    matrix(known, contract=CONTRACT, heuristics=heuristics).values\n)",
    )
    workshop.train()


def other_reference(workshop: Workshop) -> None:
    columns = json.loads((workshop.delivery.folder / "manifest.json").read_text())["columns"]
    columns[0]["reference"] += 1
    workshop.delivery.seal(columns=columns)


def edited(change: Callable[[dict[str, Any]], Any]) -> Break:
    """Edit the manifest by hand."""

    def edit(workshop: Workshop) -> None:
        manifest = workshop.manifest()
        change(manifest)
        workshop.delivery.seal(**manifest)

    return edit


def forgotten(part: str) -> Break:
    """Delete a part of the manifest."""

    def delete(workshop: Workshop) -> None:
        manifest = workshop.manifest()
        del manifest[part]
        (workshop.delivery.folder / "manifest.json").write_text(json.dumps(manifest))

    return delete


def scored_anew(workshop: Workshop) -> None:
    """Edit a heuristic after the training, and have the edited delivery answer its own golden rows."""
    workshop.delivery.edit("heuristics.py", "> 20", "> 18").seal().scored_anew()


def counted(workshop: Workshop) -> None:
    """Note how many rows the training had, and then edit it."""
    first("train.py", "training={", 'training={"rows": len(known), ')(workshop)
    edited(lambda it: it["training"].update(rows=9_000_000))(workshop)


def praised(workshop: Workshop) -> None:
    """Give figures of the author's own, and then edit one."""
    first("train.py", "training={", 'quality={"folds": [0.71, 0.69]},\n    training={')(workshop)
    edited(lambda it: it["quality_by_author"].update(folds=[0.71, 0.99]))(workshop)


def flattered(workshop: Workshop) -> None:
    """Edit the scores that judge the model."""
    file = workshop.delivery.folder / "held_out.csv"
    file.write_text(re.sub(r"(?m)^[^,]*,(.*\d.*)$", r"\1,\1", file.read_text()))
    workshop.delivery.seal()


BREAKS: dict[str, Break] = {
    "R501": first("train.py", ', "sha256": hashlib.sha256(DATA.read_bytes()).hexdigest()', ""),
    "R502": then("parcels.csv", "29.0,3,abroad", "29.0,4,abroad"),
    "R502-nowhere": lambda workshop: (workshop.folder / "parcels.csv").unlink(),
    "R502-name": other_data,
    "R503": versions(numpy="1.0.0"),
    "R503-many": versions(numpy="1.0.0", onnx="1.0.0", scipy="1.0.0", torch="2.9.0", zstd="1.0.0"),
    "R503-edited": versions(onnx=None, pydantic=None),
    "R503-nothing": without_versions,
    "R504": not_in_the_project,
    "R504-no-program": lambda workshop: (workshop.folder / "train.py").unlink(),
    "R505": then("train.py", "/ 9", "/ 10"),
    "R505-elsewhere": changed_and_elsewhere,
    "R505-golden": then("train.py", "features = m", "unseen = unseen[:-1]\nfeatures = m"),
    "R505-heuristic": scored_anew,
    "R505-reference": other_reference,
    "R505-rows": counted,
    "R505-author": praised,
    "R505-held-out": flattered,
    "R505-importance": edited(lambda it: it["importance"]["columns"][0].update(fall=0.0)),
    "R505-segments": forgotten("segments"),
    "R505-saw": edited(lambda it: it["seen_in_training"]["columns"][2].update(missing=True)),
    "R505-machine": forgotten("trained_on"),
    "R505-library": versions(joblib=None),
    "R505-random": first("train.py", "/ 9\n", "/ 9 + np.random.default_rng().random(len(known)) / 100\n"),
    "R506": first("train.py", "known, unseen = rows[::2], rows[1::2]", "known, unseen = rows, rows[1::2]"),
    "R507": first("train.py", "/ 9\n", "/ 9\nfeatures = features[:, [1, 0, 2, 3, 4]]\n"),
    "R507-scaled": first("train.py", "/ 9\n", "/ 9\nfeatures[:, 1:] *= 10\n"),
    "R507-filled": fills_gaps,
}


@pytest.mark.usefixtures("trained_as_in_a_check")
def test_a_training_that_repeats_keeps_every_clause(workshop: Workshop) -> None:
    before = {path: path.read_bytes() for path in workshop.folder.rglob("*") if path.is_file()}

    assert reports.is_all_kept(workshop.says())
    assert {path: path.read_bytes() for path in workshop.folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_clause_is_reported(workshop: Workshop, name: str) -> None:
    BREAKS[name](workshop)

    reports.check(name, workshop.says())


def test_it_is_reported_by_that_clause_alone() -> None:
    reports.check_alone(BREAKS)


def test_every_clause_has_been_broken() -> None:
    assert {clause.code for clause in CLAUSES if clause.code[0] == "R"} == reports.codes(BREAKS)


@pytest.mark.usefixtures("trained_anew")
def test_where_there_is_no_project_it_trains_in_its_own_folder(workshop: Workshop) -> None:
    shutil.rmtree(workshop.root / "layers")
    assert reports.is_all_kept(workshop.says())

    BREAKS["R507"](workshop)
    assert "\n  Fix:   parcels/train.py:27\n" in workshop.says(only="R507")


def test_with_leave_training_again_is_skipped_and_the_report_says_why(workshop: Workshop) -> None:
    (workshop.folder / "parcels.csv").unlink()

    assert workshop.says({"R502": "the data may not leave the bank"}, only="R502,R504,R505,R506,R507") == (
        "R502 SKIPPED  as handover.toml allows, and with it R504, R505, R506, R507\n"
        "\n"
        "  Reason:  parcels.csv is not in the project: put it there to train again\n"
        "  Allowed: the data may not leave the bank\n"
        "\n"
        "0 kept, 0 broken, 5 skipped (R502: parcels.csv is not in the project: put it there to train again; "
        "R504, R505, R506, R507: require R502, that the data here is the data of the training)\n"
    )


def test_where_nothing_trains_other_libraries_may_be_allowed(workshop: Workshop) -> None:
    (workshop.folder / "train.py").unlink()
    versions(numpy="1.0.0")(workshop)

    assert workshop.says({"R503": "modelling's repository trains"}, only="R503") == (
        "R503 SKIPPED  as handover.toml allows\n"
        "\n"
        f"  Reason:  there is no training here, and it used other libraries: numpy 1.0.0 then, {version('numpy')} now\n"
        "  Allowed: modelling's repository trains\n"
        "\n"
        "0 kept, 0 broken, 1 skipped (R503: there is no training here, and it used other libraries: numpy 1.0.0 then, "
        f"{version('numpy')} now)\n"
    )


def test_another_file_with_its_own_hash_does_not_train(workshop: Workshop) -> None:
    (workshop.folder / "parcels.csv").unlink()
    digest = hashlib.sha256((workshop.folder / "train.py").read_bytes()).hexdigest()
    workshop.delivery.seal(training={"data": "train.py", "sha256": digest})

    assert workshop.says().startswith("R504 BROKEN  training: the training does not run through\n")


def test_leave_for_another_clause_is_none(workshop: Workshop) -> None:
    (workshop.folder / "parcels.csv").unlink()

    assert workshop.says({"R504": "it trains for a day"}).startswith("R502 BROKEN  same data: ")


def test_a_model_that_was_only_loaded_is_skipped_with_a_sentence(workshop: Workshop) -> None:
    workshop.edit("train.py", "deliver(\n", "import pickle\n\nmodel = pickle.loads(pickle.dumps(model))\ndeliver(\n")

    assert (
        "R507 NOT CHECKED, and with it R506\n\n"
        "  Reason:  no fit of the Pipeline that was delivered was seen: it was loaded from a file, copied, or fitted "
        "in another process\n"
    ) in workshop.says()


def test_a_model_that_is_too_large_is_mended_in_the_training(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handover.checks.model.KIB", 1)

    assert "\n  Fix:   parcels/train.py\n  Run:   python parcels/train.py " in workshop.says(only="M108")


def test_a_model_that_was_trained_elsewhere_is_delivered_again_and_not_trained(workshop: Workshop) -> None:
    values = np.column_stack([np.arange(40) % 30, *np.zeros((4, 40))])
    xgboost.XGBRegressor(n_estimators=3).fit(values, values[:, 0] / 3).save_model(workshop.folder / "model.ubj")
    learns = "make_pipeline(SimpleImputer(), LinearRegression()).fit(features, days)"
    workshop.edit("train.py", learns, 'HERE / "model.ubj"')
    workshop.train()
    leave = {"R507": "it was trained in R"}

    assert (
        "R507 SKIPPED  as handover.toml allows, and with it R506\n\n"
        "  Reason:  no fit of the Booster that was delivered was seen: it was loaded from a file, copied, or fitted in "
        "another process\n"
        "  Allowed: it was trained in R\n"
    ) in workshop.says(leave)
    digest = workshop.manifest()["model_file"]["sha256"][:12]
    report = workshop.says(leave)
    assert (
        f"R504 kept: it delivers the model of model.ubj ({digest}); what was trained elsewhere was not trained again\n"
    ) in report
    assert "\nProved: delivering it again gives the same files.\n" in report
    assert "training again" not in report.partition("Proved: ")[2]


@pytest.mark.parametrize(
    ("raised", "guesses"),
    [
        ("ValueError('y has 3 classes, and 2 were expected')", False),
        ("ModuleNotFoundError(\"No module named 'seaborn'\")", False),
        ("SystemExit(print('parcels.csv has no column weight') or 1)", False),
        ("PermissionError(13, 'Permission denied', '/srv/parcels.csv')", True),
        ("ConnectionRefusedError(111, 'Connection refused')", True),
        ("SystemExit(3)", True),
    ],
)
def test_what_the_training_lacks_is_guessed_only_where_nothing_else_is_to_blame(
    workshop: Workshop, raised: str, guesses: bool
) -> None:
    workshop.edit("train.py", "rows = [", f"raise {raised}\nrows = [")

    assert ("It may need what only its author's machine has" in workshop.says(only="R504")) is guesses


def test_a_delivery_that_another_process_made_is_skipped_with_a_sentence(workshop: Workshop) -> None:
    (workshop.folder / "inner.py").write_text((workshop.folder / "train.py").read_text())
    (workshop.folder / "train.py").write_text(
        "import subprocess, sys\nfrom pathlib import Path\n"
        "subprocess.run([sys.executable, Path(__file__).with_name('inner.py')], check=True)\n"
    )

    assert (
        "R507 NOT CHECKED, and with it R506\n\n"
        "  Reason:  the training's own process did not call deliver() for this folder, so no fit was seen\n"
    ) in workshop.says()


def test_what_is_of_the_moment_is_not_compared(workshop: Workshop) -> None:
    notes = 'training={"seconds": time.perf_counter(), "day": str(time.time()), '
    workshop.edit("train.py", "import csv\n", "import csv\nimport time\n")
    first("train.py", "training={", notes)(workshop)

    assert reports.is_all_kept(workshop.says())


# --- the libraries


@pytest.mark.parametrize("recorded", [None, [], {}, "all", {"numpy": 2}])
def test_a_manifest_that_names_no_libraries_is_broken(workshop: Workshop, recorded: object) -> None:
    workshop.delivery.seal(versions=recorded)

    assert "R503 BROKEN  libraries: the model was trained with other libraries\n" in workshop.says(only="R503")


def test_explain_names_all_the_libraries_that_differ(workshop: Workshop) -> None:
    BREAKS["R503-many"](workshop)

    with DeliveryContext(workshop.root, workshop.delivery.folder) as context:
        (finding,) = evaluate(context, selected(["R503"]))
        text = explanation(finding, context)

    assert "\n  torch 2.9.0 then, not installed now\n  zstd 1.0.0 then, not installed now\n" in text


@pytest.mark.parametrize("name", ["xgboost", "xgboost-cpu", "xgboost-gpu", "XGBoost_CPU"])
def test_a_build_for_another_processor_is_the_same_library(workshop: Workshop, name: str) -> None:
    installed = version("xgboost-cpu")

    versions(**{name: f"{installed}+cu129"})(workshop)
    assert workshop.says(only="R503") == "1 kept, 0 broken, 0 skipped\n"

    versions(**{name: "0.1"})(workshop)
    assert f"{name} 0.1 then, {installed} now." in workshop.says(only="R503")


def test_what_is_installed_beside_what_the_training_used_does_not_count(workshop: Workshop) -> None:
    assert not {"lightgbm", "pytest", "xgboost-cpu"} & workshop.manifest()["versions"].keys()


# --- another kind of machine


def core_in_force() -> str:
    """Name the processor that OpenBLAS has code for and takes this one for."""
    (core,) = {pool["architecture"] for pool in threadpool_info() if pool["internal_api"] == "openblas"}
    return str(core)


def other_dispatch(monkeypatch: pytest.MonkeyPatch) -> str:
    """Have numpy and OpenBLAS choose other code than here for their arithmetic; give what a report says of that."""
    disabled, core = np.show_config(mode="dicts")["SIMD Extensions"]["found"], core_in_force()  # type: ignore[call-overload,index]
    cores = ("NEOVERSEN1", "ARMV8") if platform.machine() == "aarch64" else ("Nehalem", "Prescott")
    other = next(one for one in cores if one.lower() != core.lower())
    monkeypatch.setenv("NPY_DISABLE_CPU_FEATURES", " ".join(disabled))
    monkeypatch.setenv("OPENBLAS_CORETYPE", other)
    numpy = f"numpy without {' '.join(disabled)} now; " if disabled else ""
    return f"{numpy}blas openblas {core} then, openblas {other} now"


@pytest.fixture(scope="module")
def warm_elsewhere() -> Iterator[Warm]:
    with pytest.MonkeyPatch.context() as patched:
        other_dispatch(patched)
        waiting = Warm()
    with waiting:
        yield waiting


def test_on_another_kind_of_machine_answers_are_compared(
    workshop: Workshop, warm_elsewhere: Warm, monkeypatch: pytest.MonkeyPatch
) -> None:
    first("train.py", "/ 9\n", "/ 9 + np.sin(features[:, 0])\n")(workshop)
    kind = other_dispatch(monkeypatch)
    train_by(warm_elsewhere, monkeypatch)

    assert reports.uncounted(workshop.says()) == (
        f"R505 kept: trained on another kind of machine ({kind}), so answers were compared and not bytes"
    )


def test_the_same_bytes_on_another_kind_of_machine_are_more_than_was_asked(workshop: Workshop) -> None:
    workshop.elsewhere()

    assert reports.uncounted(workshop.says()) == (
        "R505 kept: the same bytes, though trained on another kind of machine (numpy without X86_V9 now)"
    )


def test_a_model_that_depends_on_the_processor_is_broken(
    workshop: Workshop, warm_elsewhere: Warm, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop.edit("train.py", "import numpy as np\n", "import numpy as np\nfrom threadpoolctl import threadpool_info\n")
    workshop.edit("train.py", "/ 9\n", f"/ (9 + ({core_in_force()!r} not in str(threadpool_info())))\n")
    workshop.train()
    kind = other_dispatch(monkeypatch)
    train_by(warm_elsewhere, monkeypatch)

    text = workshop.says()

    assert re.search(
        rf"  Trained again on another kind of machine \({re.escape(kind)}\), 105 of 105 answers differ by more than "
        r"1e-05, at most from [\d.]+ then to [\d.]+ now\.\n"
        r"  Either the training, or what it reads, is not what made this delivery, or the model depends on the "
        r"processor: trained and delivered on this kind of machine, the second shows\.\n",
        text,
    )


type Lines = list[dict[str, Any]]


def scored(by: float, **more: Any) -> Callable[[Lines], None]:
    def change(lines: Lines) -> None:
        lines[3] |= {"score": lines[3]["score"] + by, **more}

    return change


def fewer(lines: Lines) -> None:
    del lines[3]


def proof_row(lines: Lines) -> None:
    lines.append(lines[3] | {"row": lines[3]["row"] | {"pieces": 9}, "covers": ["pieces"]})


ANSWERS: dict[str, tuple[Callable[[Lines], None], str]] = {
    "another last digit": (scored(5e-6), ""),
    "more keys": (scored(0, covers=["weight"]), ""),
    "another proof row": (proof_row, ""),
    "beyond the budget": (scored(2e-5), "1 of 105 answers differ by more than 1e-05, at most from "),
    "no number": (scored(float("nan")), "1 of 105 answers differ by more than 1e-05, at most from nan then to "),
    "a decision": (scored(0, decision="late"), "1 of 105 decisions flip: a score of "),
    "a row less": (fewer, "the golden rows are others"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_the_answers_are_those_to_the_rows_of_both_deliveries(workshop: Workshop, name: str) -> None:
    change, difference = ANSWERS[name]
    workshop.delivery.golden(change)
    workshop.elsewhere()

    text = workshop.says(only="R505")

    kind = "on another kind of machine (numpy without X86_V9 now)"
    assert (
        f"Trained again {kind}, {difference}" in text
        if difference
        else f"R505 kept: trained {kind}, so answers were" in text
    )


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (lambda score, label: f"{score},{label + 1}", "the held-out labels are others"),
        (lambda score, label: f"{score + 2e-5},{label}", "held-out scores differ by more than 1e-05"),
        (lambda score, label: f"{score + 5e-6},{label}", ""),
    ],
)
def test_what_judges_the_model_is_the_same_elsewhere(
    workshop: Workshop, change: Callable[[float, float], str], difference: str
) -> None:
    file = workshop.delivery.folder / "held_out.csv"
    head, first_pair, *others = file.read_text().splitlines()
    file.write_text("\n".join([head, change(*map(float, first_pair.split(","))), *others, ""]))
    workshop.delivery.seal()
    workshop.elsewhere()

    text = workshop.says(only="R505")

    assert f"now), {difference}.\n" in text if difference else text.startswith("R505 kept: ")


def test_what_no_processor_changes_is_the_same_bytes_everywhere(workshop: Workshop) -> None:
    workshop.delivery.edit("contract.json", "{", "{ ")
    workshop.elsewhere()

    assert "now), contract.json differs.\n" in workshop.says(only="R505")


@pytest.mark.parametrize("recorded", [None, {}, "a laptop"])
def test_without_a_word_of_the_machine_bytes_are_compared(workshop: Workshop, recorded: object) -> None:
    workshop.delivery.golden(scored(5e-7))
    workshop.delivery.seal(trained_on=recorded)

    assert "golden.jsonl differs: 1 of 105 answers differ by more than 0" in workshop.says(only="R505")


def test_explain_names_what_differs_in_every_file(workshop: Workshop) -> None:
    BREAKS["R505"](workshop)

    with DeliveryContext(workshop.root, workshop.delivery.folder) as context:
        (finding,) = evaluate(context, selected(["R505"]))
        text = explanation(finding, context)

    assert "\n  model.onnx differs: " in text
    assert re.search(
        r"\n  golden.jsonl differs: \d+ of \d+ answers differ .*, at most from \S+ then to \S+ now\n", text
    )


def test_a_split_that_leaves_most_rows_out_is_warned_of() -> None:
    seen = {
        "model": "XGBClassifier",
        "place": ("train.py", 27),
        "columns": ["amount", "months"],
        "judging": {"rows": 100, "among_fitted": 0, "beyond_chance": False},
        "few": {"fitted": 14, "laid_out": 750},
        "beyond": [{"column": "amount", "share": 0.75, "ends": [4000.0, 18424.0]}],
    }
    context: Any = SimpleNamespace(observed=seen, training_root=Path("project"))
    kept = others_judge(context)

    assert isinstance(kept, Kept)
    few, beyond = kept.warnings
    assert few.evidence == (
        "The XGBClassifier was fitted on 14 rows. matrix() laid out 750 that neither train nor judge it."
    )
    assert few.cause == (
        "With 2 columns so few rows are learned by heart. Often the parts of a split are taken for each other, or a "
        "try on a few rows was left in."
    )
    assert beyond.evidence == (
        "The held-out rows have `amount` from 4000 to 18424; of the other rows 75% have `amount` beyond that."
    )
    assert beyond.cause == (
        "The figures of merit say nothing of those rows. Where the data is sorted, shuffle it before the split; where "
        "it is split by time, what grows with time is beyond rightly."
    )


ROWS = {"rows": 100, "among_fitted": 0, "by_chance": 0.0, "beyond_chance": False}
SEEN = {"model": "XGBClassifier", "place": ("train.py", 27), "judging": ROWS}


def judged(**seen: object) -> Any:
    context: Any = SimpleNamespace(observed=SEEN | seen, training_root=Path("project"))
    return others_judge(context)


def test_rows_of_a_fit_that_another_goes_on_from_have_trained_it() -> None:
    among = ROWS | {"among_fitted": 100, "beyond_chance": True, "fitted": 400}

    assert judged(judging=among, fitted={"rows": 300}, unknown="some rows are not known").evidence == (
        "All 100 held-out rows are among the 400 that the XGBClassifier was fitted on, with what it is made of and "
        "goes on from. By the duplicates in the data it would be 0."
    )


def test_of_rows_that_are_not_known_nothing_is_said() -> None:
    with pytest.raises(Skipped, match="some rows are not known"):
        judged(unknown="some rows are not known")


def test_of_numbers_to_start_from_nothing_is_said() -> None:
    assert judged(offset="base_margin") == Kept(
        "none of the 100 held-out rows trained it in a fit that was seen; what made the numbers of `base_margin` was "
        "not seen"
    )


@pytest.mark.parametrize(("together", "warned"), [(61, False), (62, True)])
def test_more_rows_than_the_data_has_are_warned_of(together: int, warned: bool, tmp_path: Path) -> None:
    (tmp_path / "parcels.csv").write_text("weight\n" + "1.5\n" * 60)
    context: Any = SimpleNamespace(
        observed=SEEN | {"together": together},
        training_root=tmp_path,
        manifest={"training": {"data": "parcels.csv"}},
    )
    kept = others_judge(context)

    assert isinstance(kept, Kept)
    assert [warning.evidence for warning in kept.warnings] == [
        (
            "matrix() laid out 62 rows at once, those that judge the XGBClassifier among them, and "
            "parcels.csv has 61 lines."
        )
    ] * warned


def test_rows_that_were_answered_and_then_left_out_are_warned_of() -> None:
    (warning,) = judged(left={"asked": 250, "left": 35}).warnings

    assert warning.evidence == (
        "A model was asked for 250 rows at once, among them all that judge the XGBClassifier. 35 of the others neither "
        "train nor judge it."
    )
    assert warning.cause == (
        "Where rows are left out after they were answered, such as those that it gets wrong, its figures are too good. "
        "Leave rows out before the split and by what they are, or give deliver() all that were held out."
    )


def test_held_out_rows_that_stopped_the_training_are_warned_of() -> None:
    rows = {"rows": 100, "among_fitted": 0, "beyond_chance": False}
    stopping = rows | {"among_fitted": 60, "beyond_chance": True}
    seen = {"model": "LGBMClassifier", "place": ("train.py", 27), "judging": rows, "stopping": stopping}
    context: Any = SimpleNamespace(observed=seen, training_root=Path("project"))

    assert others_judge(context) == Kept(
        proved="none of the 100 held-out rows trained it",
        warnings=(
            Warned(
                "60 of 100 held-out rows were in eval_set, and chose when the LGBMClassifier stopped learning.",
                Path("project/train.py"),
                27,
                "Its figures are a little too good: it stopped where these rows liked it best. Split the rows for "
                "eval_set off those of the training.",
                headline="the rows that judge the model stopped its training",
            ),
        ),
    )


def test_data_outside_of_the_project_is_a_warning_for_the_copy_is_on_the_same_machine(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = {"parcels.csv": ("parcels/train.py", 18), "more.parquet": None}
    monkeypatch.setattr(DeliveryContext, "observed", {"unseen": "it was loaded from a file", "outside": outside})

    assert workshop.says(only="R504").startswith(
        "R504 WARNING  training: the training reads what only this machine has\n\n"
        "  The training reads parcels.csv, more.parquet from outside of the project.\n"
        "  Whoever clones the project has no such file. Put it into the project, and name it by a path from there.\n"
        "  Owner: modelling\n"
        "  Look:  parcels/train.py:18\n"
    )
