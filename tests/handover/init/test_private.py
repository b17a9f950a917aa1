"""What `handover init --private-data` writes: nothing of the data is committed, and no single row shows."""

import csv
import hashlib
import json
import os
import random
import re
import stat
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import pytest
from click.testing import CliRunner

from handover import init as project
from handover.checks import CLAUSES
from handover.cli import main
from handover.conversion import thresholds
from handover.draft import drafted
from handover.errors import CannotRunError
from handover.events import write_events
from handover.init import init
from handover.init.release import Release, current
from handover.monitoring import write_monitoring
from handover.project import Project
from handover.retraining import trained_again
from handover.skips import allowances
from tests.helpers.drafts import train

NO_DATA = "The data may not be in the repository (modelling/data/README.md)."
TARGETS = ("left", "loss_eur")
TOKEN = re.compile(r"(?<![\w.])[\w-]+(?:\.\d+)?")
TELLING = 4  # characters: a shorter one stands anywhere


def people(file: Path, seed: int) -> Path:
    """Write a table of what only one person has, in every kind of column that a draft has a sentence for."""
    draw = random.Random(seed)
    rows = []
    for number in range(120):
        income = draw.uniform(900, 9000)
        rows.append(
            {
                "person": f"P-{draw.randrange(10**7, 10**8)}",
                "income_eur": f"{income * (7000 if number == 7 else 1):.2f}",
                "debt": draw.randrange(10**5, 10**6) if number % 9 else "",
                "owed": -99999 if number == 3 else draw.randrange(10**4, 3 * 10**4),
                "born_year": 2043 if number == 11 else draw.randrange(1951, 1957),
                "city": draw.choice(["Aachen", "Bonn", "Trier"]),
                "refund": "Blomqvist" if number == 5 else draw.randrange(10**6),
                "price": f"{draw.uniform(10**3, 10**4):.2f} EUR",
                "area": f"{draw.choice((1, 2)) * 1.2345e300:.7g}" if number == 9 else draw.randrange(10**5),
                "status": "Zacharias" if number == 17 else "fine",
                "letter": f"dear madam of house {draw.randrange(10**5, 10**6)} please do call",
                "left": int(draw.random() < 0.4),
                "loss_eur": f"{(income + draw.gauss(0, 900)) * (7000 if number == 13 else 1):.2f}",
            }
        )
    with file.open("w", newline="") as opened:
        writer = csv.DictWriter(opened, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return file


def of_single_rows(file: Path) -> set[str]:
    words = Counter(TOKEN.findall(file.read_text()))
    return {word for word, count in words.items() if count == 1 and len(word) >= TELLING} - set(
        TOKEN.findall(file.read_text().partition("\n")[0])
    )


def git(folder: Path, *words: str) -> list[str]:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", "-C", folder, *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.fixture(scope="module")
def release() -> Release:
    return current()


@pytest.fixture(autouse=True)
def one_wheel(release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project, "current", lambda: release)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    init(tmp_path / "loans", people(tmp_path / "people.csv", 1), "left", private=True)
    return tmp_path / "loans"


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("target", TARGETS)
def test_nothing_of_a_single_row_is_in_a_committed_file(target: str, seed: int, tmp_path: Path) -> None:
    data = people(tmp_path / "people.csv", seed)
    init(tmp_path / "loans", data, target, private=True)

    committed = git(tmp_path / "loans", "ls-files")
    texts = {path: (tmp_path / "loans" / path).read_bytes().decode(errors="replace") for path in committed}
    telling = of_single_rows(data)

    assert len(telling) > 500
    assert {path: words for path in texts if (words := telling & set(TOKEN.findall(texts[path])))} == {}
    assert telling & set(TOKEN.findall(drafted("loans", data, target).contract)), "other drafts quote rows"


@pytest.mark.parametrize("target", TARGETS)
def test_of_single_rows_a_training_leaves_only_medians_and_labels(target: str, tmp_path: Path) -> None:
    data = people(tmp_path / "people.csv", 1)
    init(tmp_path / "loans", data, target, private=True)
    files = Project(tmp_path / "loans")
    trained = train(files)
    assert (trained.returncode, trained.stderr) == (0, "")
    write_monitoring(files.delivery, files.monitoring)
    telling = of_single_rows(data)

    texts = {path.name: path.read_text() for path in files.delivery.iterdir() if path.suffix in {".py", ".json"}}
    manifest = json.loads(texts["manifest.json"])
    assert all(column.pop("reference") is not None for column in manifest["columns"])
    texts |= {"manifest.json": json.dumps(manifest), "monitoring.yaml": files.monitoring.read_text()}
    texts["held_out.csv"] = re.sub(",.*", "", (files.delivery / "held_out.csv").read_text())  # without the labels
    assert {name: words for name, text in texts.items() if (words := telling & set(TOKEN.findall(text)))} == {}

    # A drawn number may happen to be somebody's, where there are few to draw from; two in one row are no chance.
    events = [json.loads(file.read_text()).get("body", "") for file in write_events(files.delivery, files.events)]
    golden = (files.delivery / "golden.jsonl").read_text().splitlines()
    for row in golden + [body for body in events if not body.startswith("[")]:
        assert len(telling & set(TOKEN.findall(row))) <= 1, row

    numbers = {float(np.float32(word)) for word in telling if re.fullmatch(r"-?\d+(\.\d+)?", word)}
    splits = {split for _, split in thresholds(onnx.load_model(files.delivery / "model.onnx"))}
    assert splits
    assert splits & numbers == set()


def test_the_data_is_where_it_is_trained_on_and_git_ignores_it(written: Path, tmp_path: Path) -> None:
    data = written / "modelling" / "data"

    assert (data / "people.csv").read_bytes() == (tmp_path / "people.csv").read_bytes()
    assert stat.S_IMODE((data / "people.csv").stat().st_mode) == 0o600
    assert [path for path in git(written, "ls-files") if path.startswith("modelling/data")] == [
        "modelling/data/.gitignore",
        "modelling/data/README.md",
    ]
    (data / "more").mkdir()
    (data / "more" / "people.parquet").write_bytes(b"PAR1")
    git(written, "add", "--all")
    assert git(written, "status", "--porcelain") == []


def test_what_needs_the_data_may_be_skipped_and_nothing_else(written: Path) -> None:
    assert allowances(written, {clause.code for clause in CLAUSES}) == {"R502": NO_DATA}


def test_the_page_beside_the_data(written: Path) -> None:
    sha256 = hashlib.sha256((written.parent / "people.csv").read_bytes()).hexdigest()

    assert (
        (written / "modelling" / "data" / "README.md").read_text()
        == f"""\
# The data

`people.csv` may not be in the repository: git ignores this folder but for this page. Whoever trains the model puts it
here. Where it is kept, and who gives it to whom: write it here.

The project was drafted from the file with this SHA-256. That of the data of the last training is in
`layers/model/delivery/manifest.json`.

    {sha256}  people.csv

Where the data is, `make check` trains again and compares (R502, R504 to R507). Where it is not, as in a clean clone,
they are skipped: `handover.toml` allows it, and every report says so.
"""
    )


def test_a_training_without_the_data_says_where_it_is(written: Path) -> None:
    git(written.parent, "clone", "--quiet", str(written), "clone")

    ended = train(Project(written.parent / "clone"))

    assert (ended.returncode, ended.stdout, ended.stderr) == (
        1,
        "",
        "train: modelling/data/people.csv is not there: see modelling/data/README.md\n",
    )


def test_who_has_the_data_trains_again_with_it(written: Path) -> None:
    files = Project(written)
    files.training.write_text(
        "from pathlib import Path\nassert (Path(__file__).parent / 'data/people.csv').is_file()\n"
    )

    with trained_again(files, files.root, files.delivery, files.training) as again:
        assert again.observed is None  # the program delivers nothing, and ended well


def test_the_report_quotes_no_row_and_says_what_is_left_to_do(tmp_path: Path) -> None:
    data = people(tmp_path / "people.csv", 1)
    words = ["init", str(tmp_path / "loans"), "--data", str(data), "--target", "loss_eur", "--private-data"]

    ended = CliRunner().invoke(main, words)

    assert ended.exit_code == 0
    assert (
        ended.output.replace(f"{tmp_path}{os.sep}", "")
        == """\
loans: a contract of 6 fields, read off 120 rows of people.csv.
The score is loss_eur, a number from -3800000 to 200000. Is [private] right? Of 100 rows, 99 lie above [private]. \
One error is enough to spoil the score: leave such rows out of the data, or mend them.

Left out (to take one in after all: Record in contract.py, FIELDS in train.py):
  person  an id or a name: 120 different values in 120 rows
  refund  numbers but for [private]: mend these, or write NA for them
  price   numbers with a sign or a unit, as [private]: write the numbers alone
  area    a number too large for float32 ([private]): mend it, or write NA for it
  status  nearly a constant: [private] in 119 of 120 rows, too few others to learn from
  letter  free text: 120 different texts of 41 characters on average

To settle with someone who knows the data:
  income_eur: Is [private] right? Of 100 rows, 99 lie below [private].
  born_year: Years after [private] will come, and the model has seen none: is an age meant?

Numbers whose header names no unit: 2. Write it where contract.py has [unit?].

loans is a project of 62 files, and a repository with a first commit.
Git ignores modelling/data/people.csv. Finish README.md beside it: where is the data kept?
contract.py has the words of every category, rare ones too: read it before you push.

Next:
  cd loans && make run
"""
    )


@pytest.mark.parametrize(
    ("ignored", "note"),
    [
        (
            "",
            ["people.csv itself lies in this repository, where git does not ignore it: move it out before you commit."],
        ),
        ("/people.csv", []),
    ],
)
def test_data_that_the_next_commit_would_take_is_named(ignored: str, note: list[str], tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".gitignore").write_text(ignored)

    report = init(tmp_path / "loans", people(tmp_path / "people.csv", 1), "left", private=True)

    lines = report.replace(f"{tmp_path}{os.sep}", "").splitlines()
    assert [line for line in lines if line.startswith("people.csv itself")] == note


def test_a_file_that_git_would_not_ignore_is_refused(tmp_path: Path) -> None:
    data = people(tmp_path / "README.md", 1)

    with pytest.raises(CannotRunError, match=r"^README\.md is a name that git would not ignore: give the data file"):
        init(tmp_path / "loans", data, "left", private=True)
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
