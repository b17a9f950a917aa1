"""The page on a Mac and Windows: what a data scientist does there, as far as it can be tried on Linux."""

from pathlib import Path

from tests.helpers.elsewhere import ROOT, WINDOWS, run


def test_a_project_is_made_trained_and_checked(tmp_path: Path) -> None:
    """From a data file to a checked delivery, as a data scientist does it on Windows; what takes Linux is left out."""
    git = {"GIT_AUTHOR_NAME": "n", "GIT_AUTHOR_EMAIL": "n@x", "GIT_COMMITTER_NAME": "n", "GIT_COMMITTER_EMAIL": "n@x"}
    handover = "-m", "handover"
    for words in (["example"], ["init", "parcels", "--data", "parcels.csv", "--target", "late"]):
        ended = run(*handover, *words, cwd=tmp_path, **git)
        assert (ended.returncode, ended.stderr) == (0, "")
    project = tmp_path / "parcels"
    assert ended.stdout.endswith(
        "\nNext:\n  cd parcels\n  handover setup\n  handover train\n  handover check --for modelling\n"
    )
    trained = run(*handover, "train", cwd=project)
    assert (trained.returncode, trained.stderr) == (0, "")

    modelling = run(*handover, "check", "--for", "modelling", cwd=project)
    both = run(*handover, "check", "--only", "C,H,M,P,L,S", cwd=project)

    assert modelling.returncode == 0, modelling.stdout
    last = modelling.stdout.splitlines()[-1]
    assert last.endswith(
        f" kept, 0 broken, 0 skipped, 1 warning; left out, for {WINDOWS}: L, P205, P206, P207, P209; "
        "left out, for deployment looks at it: S, T without T418"
    )
    shown = (ROOT / "docs" / "mac-and-windows.md").read_text(encoding="utf-8")
    assert last.partition(" kept")[2] in shown
    assert both.returncode == 2
    assert f"  Reason:  {WINDOWS}; handover check --for modelling does without\n" in both.stdout
