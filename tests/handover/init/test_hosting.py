"""A project on another system than GitHub: that one's pipelines and files, and nothing that only GitHub reads."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from handover.cli import main
from handover.cloudformation import Template
from handover.errors import CannotRunError
from handover.init import init, rendered
from handover.init.hosting import SYSTEMS, TRUST, chosen, notes, placed
from handover.init.release import File, Release, current
from handover.init.upgrade import upgrade

ROOT = Path(__file__).parents[3]
PARCELS = ROOT / "docs" / "first-delivery" / "parcels.csv"
OF_GITHUB = {
    ".github/CODEOWNERS", ".github/dependabot.yml", ".github/oidc-role.yaml", ".github/pull_request_template.md",
    ".github/workflows/check.yml", ".github/workflows/deploy.yml",
}  # fmt: skip
INSTEAD = {
    "github": OF_GITHUB,
    "gitlab": {
        ".gitlab-ci.yml", ".gitlab/CODEOWNERS", ".gitlab/merge_request_templates/Default.md", ".gitlab/oidc-role.yaml",
    },
    "azure": {"azure-pipelines.yml", ".azuredevops/oidc-role.yaml", ".azuredevops/pull_request_template.md"},
}  # fmt: skip


@pytest.fixture(scope="module")
def release() -> Release:
    return current()


@pytest.mark.parametrize("ci", SYSTEMS)
def test_a_project_has_the_files_of_its_system_alone(ci: str, release: Release) -> None:
    anywhere = {*rendered(release, "loans")} - OF_GITHUB

    (system,) = (system for system in SYSTEMS if system == ci)
    assert {*rendered(release, "loans", ci=system)} == anywhere | INSTEAD[ci]


@pytest.mark.parametrize("ci", TRUST)
def test_every_word_of_githubs_has_its_place(ci: str) -> None:
    role = (ROOT / ".github" / "oidc-role.yaml").read_text()
    (system,) = (system for system in TRUST if system == ci)

    for words in TRUST[system]:
        assert words in role, words
    ((_, file),) = chosen({".github/oidc-role.yaml": File(role.encode())}, system).items()
    assert not re.search("github", file.content.decode(), re.IGNORECASE)


@pytest.mark.parametrize(
    ("ci", "trusted"),
    [
        ("gitlab", ("gitlab.com", "sts.amazonaws.com", "project_path:${Repository}:ref_type:branch:ref:main")),
        (
            "azure",
            ("vstoken.dev.azure.com/ORGANIZATION-ID", "api://AzureADTokenExchange", "sc://${Repository}/${StackName}"),
        ),
    ],
)
def test_the_role_trusts_that_systems_tokens_alone(
    ci: str, trusted: tuple[str, str, str], release: Release, tmp_path: Path
) -> None:
    issuer, audience, subject = trusted
    (system,) = (system for system in TRUST if system == ci)
    (path,) = (path for path in INSTEAD[ci] if path.endswith("oidc-role.yaml"))
    (tmp_path / "role.yaml").write_bytes(rendered(release, "loans", ci=system)[path].content)

    resources = Template(tmp_path / "role.yaml").source["Resources"]

    assert resources["Provider"]["Properties"] == {"Url": f"https://{issuer}", "ClientIdList": [audience]}
    (role,) = (resource for resource in resources.values() if resource["Type"] == "AWS::IAM::Role")
    (statement,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert str(statement["Principal"]["Federated"]).endswith(f"oidc-provider/{issuer}'}}")
    assert statement["Condition"] == {
        "StringEquals": {f"{issuer}:aud": audience, f"{issuer}:sub": {"Fn::Sub": subject}}
    }


@pytest.mark.parametrize("ci", ["gitlab", "azure"])
def test_what_names_a_file_names_it_where_it_is(ci: str, release: Release) -> None:
    (system,) = (system for system in TRUST if system == ci)
    files = rendered(release, "loans", ci=system)

    for path, file in files.items():
        named = re.findall(rb"\.github/[\w./-]+", file.content) if not path.startswith("vendor/") else []
        assert not {name.decode() for name in named} & {".github/oidc-role.yaml", ".github/pull_request_template.md"}, (
            path
        )


def test_the_command_offers_each(tmp_path: Path) -> None:
    ended = CliRunner().invoke(main, ["init", str(tmp_path / "loans"), "--ci", "jenkins"])

    assert ended.exit_code == 2
    assert "is not one of 'github', 'gitlab', 'azure'" in ended.output
    assert SYSTEMS == ("github", "gitlab", "azure")


def test_a_project_remembers_its_system_and_an_upgrade_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "ada@example.org")
    folder = tmp_path / "loans"
    init(folder, PARCELS, "late", ci="gitlab")
    assert tomllib.loads((folder / "pyproject.toml").read_text())["tool"]["handover"] == {"ci": "gitlab"}
    assert "`.gitlab/CODEOWNERS`" in (folder / "README.md").read_text()
    release = current()
    newer = Release(release.name.replace(release.version, "9.0.0"), release.content + b"\0")
    monkeypatch.setattr("handover.init.upgrade.current", lambda: newer)

    _, planned = upgrade(folder, dry_run=True)

    assert planned.startswith("loans: from handover ")
    assert ".github/" not in planned
    assert "gitlab" not in planned  # nothing of it changed

    pyproject = folder / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace('ci = "gitlab"', 'ci = "jenkins"'))
    with pytest.raises(CannotRunError) as raised:
        upgrade(folder, dry_run=True)
    assert str(raised.value) == (
        "pyproject.toml has ci = 'jenkins' below [tool.handover], and it is one of github, gitlab, azure"
    )


def test_in_a_folder_gitlabs_jobs_run_there_and_for_its_changes_only() -> None:
    shipped = File((ROOT / ".gitlab-ci.yml").read_bytes().replace(b"credit-risk", b"loans"))

    ((path, file),) = placed({".gitlab-ci.yml": shipped}, "loans", "services/loans").items()

    pipeline = yaml.safe_load(file.content)
    assert path == ".gitlab-ci.yml"
    assert pipeline[".loans"]["before_script"] == ["cd services/loans/"]
    assert pipeline["loans-build"]["artifacts"]["paths"] == ["services/loans/built.tar.gz"]
    rules = [rule for job in pipeline.values() if isinstance(job, dict) for rule in job.get("rules", [])]
    assert len(rules) == 3
    assert {str(rule["changes"]) for rule in rules} == {"['services/loans/**/*']"}
    assert {name for name in pipeline if "loans" not in name} == {"stages"}
    assert notes([path], "a/b") == [
        "GitLab reads pipelines and owners at the repository's root: include a/b/.gitlab-ci.yml in its .gitlab-ci.yml",
        "(include: [local: /a/b/.gitlab-ci.yml]), and append a/b/.gitlab/CODEOWNERS to its CODEOWNERS.",
    ]


def test_in_a_folder_azures_pipeline_runs_there_and_for_its_changes_only() -> None:
    shipped = File((ROOT / "azure-pipelines.yml").read_bytes())

    ((path, file),) = placed({"azure-pipelines.yml": shipped}, "loans", "services/loans").items()

    pipeline = yaml.safe_load(file.content)
    assert (
        pipeline["trigger"]
        == pipeline["pr"]
        == {"branches": {"include": ["main"]}, "paths": {"include": ["services/loans"]}}
    )
    assert file.content.count(b"workingDirectory: services/loans/") == shipped.content.count(b"workingDirectory: ./")
    assert file.content.count(b"cd services/loans/\n") == 2
    assert notes([path], "services/loans") == ["On Azure DevOps make a pipeline of services/loans/azure-pipelines.yml."]
