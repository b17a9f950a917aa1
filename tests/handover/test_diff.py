"""Two deliveries compared: what a caller must know, what the version must be, and which answers differ."""

import json
import re
import shutil
from pathlib import Path
from typing import Any, Literal

import pydantic
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import ValidationError
from sklearn.ensemble import RandomForestClassifier

from handover import Budgets, Contract, Field, Row, Score
from handover.cli import main
from handover.context.delivered import run
from handover.diff import comparison
from handover.diff.changes import Change, changes, least_version, reaches
from handover.diff.comparison import compare
from handover.diff.reporters import plot, text
from handover.diff.revisions import DiffError, delivery_at
from handover.metrics import Comparison
from handover.quality import HeldOut
from predictor import delivery as serving
from tests.helpers.flowers import CONTRACT as FLOWERS
from tests.helpers.flowers import deliver_flowers
from tests.helpers.sandbox import CONTRACT, HEURISTICS, Sandbox, commit
from tests.helpers.strategies import accepted_rows

ZONE = 'zone: Literal["home", "abroad"] | None = Field(default=None, description="Where it goes")'
WEIGHT = 'weight: float = Field(ge=0, le=30, description="Weight [kg]")'
PIECES = 'pieces: int = Field(ge=1, le=9, description="Pieces [1]")'


def compiled(folder: Path, *edits: tuple[str, str]) -> dict[str, Any]:
    source = CONTRACT
    for old, new in edits:
        assert old in source
        source = source.replace(old, new, 1)
    (folder / "contract.py").write_text(source)
    contract: dict[str, Any] = run(folder / "contract.py", "compared_contract").CONTRACT.compiled()
    return contract


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (WEIGHT, "", ["major  weight: removed; a caller who sends it is refused"]),
        (
            ZONE,
            f'{ZONE}\n    height: int = Field(ge=0, le=9, description="Height [cm]")',
            ["major  height: added, and every caller must send it"],
        ),
        (
            ZONE,
            f'{ZONE}\n    height: int | None = Field(default=None, ge=0, le=9, description="Height [cm]")',
            ["minor  height: added, may be left out"],
        ),
        ("le=30", "le=20", ["major  weight: is taken only up to 20 now, was up to 30"]),
        (
            "ge=0, le=30",
            "gt=0, le=50",
            [
                "major  weight: is taken only from 0 (left out) now, was from 0",
                "minor  weight: is taken up to 50 now, was up to 30",
            ],
        ),
        ("ge=1, le=9", "gt=0, lt=10", []),
        ("ge=1, le=9", "ge=1, le=9, multiple_of=2", ["major  pieces: must be a multiple of 2 now"]),
        ("pieces: int", "pieces: float", ["minor  pieces: need not be a whole number any more"]),
        ("weight: float", "weight: int", ["major  weight: is a whole number now, was a number"]),
        (
            PIECES,
            'pieces: bool = Field(description="Pieces [1]")',
            ["major  pieces: is true or false now, was a whole number"],
        ),
        ('"home", "abroad"', '"home"', ['major  zone: may not be "abroad" any more']),
        ('"home", "abroad"', '"home", "abroad", "sea"', ['minor  zone: may be "sea" now']),
        (
            "| None = Field(default=None, d",
            "= Field(d",
            [
                "major  zone: every caller must send it now, it could be left out",
                "major  zone: may not be null any more",
            ],
        ),
        ("default=None", 'default="home"', ['major  zone: left out it is "home" now, was null']),
        (f"{WEIGHT}\n    {PIECES}", f"{PIECES}\n    {WEIGHT}", ["patch  the fields stand in another order"]),
        (
            'decisions={"soon"',
            'decisions={"fast"',
            [
                'major  decisions: "soon" is never answered any more',
                'major  decisions: "fast" may be answered now, which no caller knows yet',
            ],
        ),
        ('"soon": 3.0', '"soon": 4.0', ["minor  decisions: soon is answered up to 4.0 now, was up to 3.0"]),
        (
            'high=40.0),\n    decisions={"soon": 3.0, "late": 40.0}',
            'high=50.0),\n    decisions={"soon": 3.0, "late": 50.0}',
            ["major  score: from 0.0 to 50.0 now, was 0.0 to 40.0"],
        ),
        ("days on the way", "days", ['major  score: it means "days" now, was "days on the way"']),
        ("Weight [kg]", "Mass [kg]", ['patch  weight: described as "Mass [kg]" now']),
        ("Weight [kg]", "Weight [g]", ["major  weight: its unit is [g] now, was [kg]"]),
        ("Weight [kg]", "Weight [kg], packed [1]", ["major  weight: its unit is [kg], [1] now, was [kg]"]),
        ("high=40.0)", "high=40.0, probability=False)", ["major  score: it is no probability any more"]),
        ("ge=1, le=9", "ge=1, le=9, multiple_of=1", []),
        ("pieces: int = Field(", "pieces: float = Field(multiple_of=0.5, ", [
            "minor  pieces: need not be a whole number any more",
            "minor  pieces: may be any multiple of 0.5 now, was of 1",
        ]),
        ("A parcel on its way.", "A parcel.", ["patch  the row is described otherwise"]),
        ("model_kib=64", "model_kib=32", ["patch  budgets: model_kib is 32 now, was 64"]),
        ('name="parcels"', 'name="letters"', ["major  the contract is named letters, was parcels"]),
        (
            "class Record(Row):",
            'class Record(Row, str_to_lower=True):',
            ["major  the row as a whole must keep other rules (unknown fields, strict types)"],
        ),
        ('version="1.0.0"', 'version="1.0.1"', []),
    ],
)  # fmt: skip
def test_each_change_is_named_with_what_it_means_to_a_caller(
    old: str, new: str, expected: list[str], tmp_path: Path
) -> None:
    before, after = compiled(tmp_path), compiled(tmp_path, (old, new))
    assert [f"{change.level}  {change.sentence}" for change in changes(before, after)] == expected
    assert changes(before, before) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"versicolor"),', '"versicolor", "kaempferi"),', ['major  decisions: "kaempferi" may be answered now']),
        ('"setosa", ', '"sibirica", ', ['major  decisions: "setosa" is never', 'major  decisions: "sibirica" may be']),
        ('"setosa", "virginica"', '"virginica", "setosa"', ["minor  classes: they stand in another order, virginica"]),
        ("below=0.6", "below=0.7", ["minor  decisions: ask_an_expert is answered below 0.7 now, was below 0.6"]),
        (
            '"ask_an_expert"',
            '"unsure"',
            ['major  decisions: "ask_an_expert" is never', 'major  decisions: "unsure" may'],
        ),
        (
            'classes=("setosa", "virginica", "versicolor"),\n    otherwise=Otherwise("ask_an_expert", below=0.6)',
            'score=Score("how likely it is one", 0.0, 1.0),\n    decisions={"no": 0.5, "yes": 1.0}',
            ["major  score: it means", "major  the answer has one score now, and had several"],
        ),
    ],
)
def test_each_change_of_classes_is_named(tmp_path: Path, old: str, new: str, expected: list[str]) -> None:
    source = FLOWERS.replace("Otherwise, Row", "Otherwise, Row, Score")
    assert old in source
    contracts = []
    for name, text_of_it in (("old", source), ("new", source.replace(old, new, 1))):
        (tmp_path / f"{name}.py").write_text(text_of_it)
        contracts.append(run(tmp_path / f"{name}.py", name).CONTRACT.compiled())

    lines = [f"{change.level}  {change.sentence}" for change in changes(*contracts)]
    assert len(lines) == len(expected)
    assert all(line.startswith(begin) for line, begin in zip(lines, expected, strict=True)), lines


def test_two_models_of_classes_are_compared_class_by_class(tmp_path: Path) -> None:
    deliver_flowers(tmp_path / "old")
    deliver_flowers(tmp_path / "new", RandomForestClassifier(20, max_depth=3, random_state=0))
    difference = compare(tmp_path / "old", tmp_path / "new")
    printed = text(difference)

    assert re.findall(r"^  (\S.*?)  +[\d.]+ -> ", printed, re.MULTILINE) == ["AUC", "log loss", "accuracy"]
    assert re.search(r"from setosa [\d.]+, virginica [\d.]+, versicolor [\d.]+ to setosa ", printed)
    assert "  old, new:      setosa  virginica  versicolor  ask_an_expert\n" in printed
    plot(difference, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


def test_another_order_of_categories_is_the_models_own_affair(tmp_path: Path) -> None:
    before, after = compiled(tmp_path), compiled(tmp_path)
    after["validator"]["schema"]["fields"]["zone"]["schema"]["schema"]["schema"]["expected"] = ["abroad", "home"]
    assert changes(before, after) == [Change("patch", "zone: its categories stand in another order")]


@pytest.mark.parametrize(
    ("level", "least"), [("major", "2.0.0"), ("minor", "1.10.0"), ("patch", "1.9.4"), ("none", "1.9.3")]
)
def test_the_least_version_raises_one_part_and_starts_the_rest_anew(level: Any, least: str) -> None:
    assert least_version("1.9.3", level) == least
    assert (
        least_version("0.0.0", level) == {"major": "0.1.0", "minor": "0.0.1", "patch": "0.0.1", "none": "0.0.0"}[level]
    )
    assert reaches("2.0.0", least)
    assert not reaches("1.9.2", least)


def numbers(kind: type) -> st.SearchStrategy[tuple[Any, Any]]:
    ends = st.tuples(st.integers(-3, 3), st.integers(0, 3))
    return st.builds(
        lambda optional, end, opened: (
            kind | None if optional else kind,
            Field(
                **({"default": None} if optional else {}),
                **({"gt": end[0] - 1} if opened else {"ge": end[0]}),
                le=end[0] + end[1],
            ),
        ),
        st.booleans(),
        ends,
        st.booleans(),
    )


FIELDS = st.one_of(
    numbers(int),
    numbers(float),
    st.just((bool, Field())),
    st.builds(
        lambda words, optional: (
            (Literal[*words] | None, Field(default=None)) if optional else (Literal[*words], Field())
        ),
        st.lists(st.sampled_from("abc"), min_size=1, unique=True),
        st.booleans(),
    ),
)
CONTRACTS = st.dictionaries(st.sampled_from(["a_field", "b_field"]), FIELDS, min_size=1).map(
    lambda fields: Contract(
        name="any",
        version="1.0.0",
        row=pydantic.create_model("Row", __base__=Row, **fields),
        score=Score("x", low=0.0, high=1.0),
        decisions={"all": 1.0},
        budgets=Budgets(model_kib=1, layers_mib=1, parity=0.1, flipped_decisions=0),
    ).compiled()
)


@settings(max_examples=300)
@given(CONTRACTS, CONTRACTS, st.data())
def test_a_row_that_the_old_contract_accepts_is_refused_only_after_a_major_change(
    old: dict[str, Any], new: dict[str, Any], data: st.DataObject
) -> None:
    row = json.dumps(data.draw(accepted_rows(old)))
    serving.validators(old)[0].validate_json(row)
    try:
        serving.validators(new)[0].validate_json(row)
    except ValidationError:
        assert changes(old, new)[0].level == "major"


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Sandbox(tmp_path_factory.mktemp("old") / "delivery").deliver().folder


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Path:
    contract = CONTRACT.replace('"abroad"]', '"abroad", "sea"]').replace("le=30", "le=31").replace("1.0.0", "1.0.1")
    heuristics = HEURISTICS.replace("row.weight / row.pieces", "row.weight * row.pieces / 9")
    return Sandbox(tmp_path_factory.mktemp("new") / "delivery").deliver(contract, heuristics).folder


@pytest.fixture
def narrower(old: Path, tmp_path: Path) -> Path:
    """Give the old delivery under a contract that takes less: two golden rows in three."""
    folder = tmp_path / "narrower"
    shutil.copytree(old, folder)
    contract = json.loads((folder / "contract.json").read_text())
    contract["validator"]["schema"]["fields"]["weight"]["schema"]["le"] = 20
    (folder / "contract.json").write_text(json.dumps(contract))
    Sandbox(folder).seal()
    return folder


def test_the_same_delivery_twice_is_no_difference(old: Path) -> None:
    assert (
        text(compare(old, old))
        == """\
parcels 1.0.0 -> parcels 1.0.0

Callers: the contract is the same.

Models: the new one answers the held-out rows as the old one does.

Answers: 100 golden rows of the old delivery, each scored by both.
  No score moves.
  No decision flips."""
    )


def test_the_text_says_what_callers_must_know_and_which_answers_differ(old: Path, new: Path) -> None:
    difference = compare(old, new)
    assert (
        text(difference)
        == """\
parcels 1.0.0 -> parcels 1.0.1

Callers: every caller gets along, and may send or see something new (minor).
  minor  weight: is taken up to 31 now, was up to 30
  minor  zone: may be "sea" now
The version must be at least 1.1.0, but is 1.0.1.

Replaced:
  heuristics.py: other heuristics
  model.onnx: another model
  golden.jsonl: other golden rows, or other answers to them

Models: the new one is no better and no worse: within the noise.
  R2   1.0000 -> 1.0000          +0.0000    (95 %: +0.0000 to +0.0000)      within the noise
  MAE  0.00065511 -> 0.00092327  +0.000268  (95 %: +4.81e-05 to +0.000488)  worse
  The held-out rows are not the same, 40 then and 40 now: some of the difference may be theirs. The mean label was \
2.23, and is 3.11: more than chance explains.

Answers: 100 golden rows of the old delivery, each scored by both.
  Scores move by 1.22 on average, half by up to 1.04, nine in ten by up to 2.85,
  and row 83 by 4.91, from 7.25641 to 2.34244.
  26 of 100 decisions flip (26.0%), the first on row 1: soon -> late.

  old, new:   soon   late
  soon          52     24
  late           2     22"""
    )
    assert (difference.level, difference.least, difference.raised) == ("minor", "1.1.0", False)


def test_rows_that_the_new_contract_refuses_are_counted_and_the_first_is_named(old: Path, narrower: Path) -> None:
    assert (
        text(compare(old, narrower))
        == """\
parcels 1.0.0 -> parcels 1.0.0

Callers: a caller of the old contract breaks (major).
  major  weight: is taken only up to 20 now, was up to 30
The version must be at least 2.0.0, but is 1.0.0.

Models: the new one answers the held-out rows as the old one does.

Answers: 69 golden rows of the old delivery, each scored by both.
  The new contract refuses 31 more, the first: row 1, weight: Input should be less than or equal to 20.
  No score moves.
  No decision flips."""
    )


def test_an_edge_that_moves_flips_decisions_though_no_score_moves(old: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(old, tmp_path / "delivery")
    contract = json.loads((folder / "contract.json").read_text())
    contract["decisions"]["soon"] = 5.0
    (folder / "contract.json").write_text(json.dumps(contract))
    Sandbox(folder).seal()
    assert (
        text(compare(old, folder)).partition("Answers: ")[2]
        == """\
100 golden rows of the old delivery, each scored by both.
  No score moves.
  22 of 100 decisions flip (22.0%), the first on row 5: late -> soon.

  old, new:   soon   late
  soon          76      0
  late          22      2"""
    )


def test_the_plot_is_the_same_png_each_time(old: Path, new: Path, tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        plot(compare(old, new), tmp_path / name)
    assert (tmp_path / "one.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("def heavy(row):", "{folder}: opening it does not end: it was stopped after 0.5 s"),
        (
            "    return row.weight > 20",
            "parcels {version} comes to no end on old golden rows: it was stopped after 0.5 s",
        ),
    ],
)
def test_heuristics_that_come_to_no_end_are_one_sentence(
    old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, sentence: str
) -> None:
    monkeypatch.setattr(comparison, "LIMIT_S", 0.5)
    endless = Sandbox(Path(shutil.copytree(old, tmp_path / "endless")))
    indent = line[: len(line) - len(line.lstrip())]
    endless.edit("heuristics.py", line, f"{indent}while True:\n{indent}    pass\n\n\n{line}").seal()

    with pytest.raises(DiffError) as caught:
        compare(old, endless.folder)

    version = json.loads((old / "contract.json").read_bytes())["version"]
    assert str(caught.value) == sentence.format(folder=endless.folder, version=version)


def test_a_folder_without_a_delivery_is_one_sentence(old: Path, tmp_path: Path) -> None:
    with pytest.raises(DiffError) as caught:
        compare(old, tmp_path)
    assert str(caught.value) == f"{tmp_path}/manifest.json: cannot be read: No such file or directory"


def test_classes_are_compared_by_name_and_those_that_one_model_lacks_are_named(tmp_path: Path) -> None:
    deliver_flowers(tmp_path / "old")
    folder = shutil.copytree(tmp_path / "old", tmp_path / "new")
    held_out = HeldOut.from_csv((folder / "held_out.csv").read_bytes())
    (folder / "held_out.csv").write_bytes(held_out.ordered(sorted(held_out.names)).as_csv())
    compared = compare(tmp_path / "old", folder).comparison
    assert isinstance(compared, Comparison)
    assert compared.is_same

    (folder / "held_out.csv").write_bytes(held_out.as_csv().replace(b"setosa", b"sibirica"))
    assert compare(tmp_path / "old", folder).comparison == (
        "their classes are not the same: only the old one has setosa, only the new one has sibirica"
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "Models: not compared, for the new delivery has no held_out.csv."),
        (
            b"score,label\n1,x\n",
            (
                "Models: not compared, for the held_out.csv of the new delivery cannot be read: it should have the "
                "columns score and label, and a finite number in each."
            ),
        ),
        (b"score,label\n0.2,0\n0.7,1\n", "Models: not compared, for their labels are not of one kind."),
    ],
)
def test_where_the_models_cannot_be_compared_the_reason_is_named(
    old: Path, tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    folder = shutil.copytree(old, tmp_path / "delivery")
    (folder / "held_out.csv").unlink() if content is None else (folder / "held_out.csv").write_bytes(content)

    assert text(compare(old, folder)).split("\n\n")[2] == sentence


@pytest.fixture
def repository(old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(old, tmp_path / "layers" / "model" / "delivery")
    monkeypatch.chdir(tmp_path)
    commit(tmp_path)
    return tmp_path


def test_a_git_revision_means_the_delivery_in_it(repository: Path, old: Path) -> None:
    (repository / "layers" / "model" / "delivery" / "model.onnx").unlink()
    for name in ("HEAD", "HEAD:layers/model/delivery"):
        with delivery_at(name) as folder:
            assert (folder / "model.onnx").read_bytes() == (old / "model.onnx").read_bytes()
            assert compare(old, folder).level == "none"
    with delivery_at(str(old)) as folder:
        assert folder == old


def test_in_a_folder_of_a_repository_a_revision_means_the_delivery_in_that_folder(
    old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(old, tmp_path / "services" / "loans" / "layers" / "model" / "delivery")
    monkeypatch.chdir(tmp_path / "services" / "loans")
    commit(tmp_path)

    for name in ("HEAD", "HEAD:services/loans/layers/model/delivery", "HEAD:./layers/model/delivery"):
        with delivery_at(name) as folder:
            assert compare(old, folder).level == "none"


@pytest.mark.parametrize("name", ["nowhere", "HEAD:nowhere", "--output=x", ":x"])
def test_what_is_neither_folder_nor_revision_is_one_sentence(name: str, repository: Path) -> None:
    with pytest.raises(DiffError, match=f"'{name}' is neither a folder nor a git revision"), delivery_at(name):
        pass
    assert sorted(path.name for path in repository.iterdir()) == [".git", "layers"]


@pytest.mark.usefixtures("warm_commands")
def test_a_plot_and_an_exit_status_for_a_build(old: Path, new: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["diff", str(old), str(new), "--plot", str(tmp_path / "moved.png")])

    assert result.exit_code == 1  # the version is too low
    assert result.output == text(compare(old, new)) + "\n"
    assert (tmp_path / "moved.png").is_file()
    assert CliRunner().invoke(main, ["diff", str(old), str(old)]).exit_code == 0


@pytest.mark.usefixtures("warm_commands")
def test_what_cannot_be_compared_is_exit_2(old: Path) -> None:
    result = CliRunner().invoke(main, ["diff", "nowhere", str(old)])

    assert result.exit_code == 2
    assert result.output.startswith("handover: 'nowhere' is neither a folder nor a git revision")
