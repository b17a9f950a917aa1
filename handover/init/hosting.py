"""The system that runs a project's pipelines: which of the shipped files it reads, and where it has the others."""

from collections.abc import Mapping
from typing import Literal, get_args

from handover.init.release import File

type CI = Literal["github", "gitlab", "azure"]

SYSTEMS: tuple[CI, ...] = get_args(CI.__value__)
DEFAULT: CI = "github"
PIPELINES: dict[CI, str] = {"gitlab": ".gitlab-ci.yml", "azure": "azure-pipelines.yml"}
"""The one file with a system's pipelines, of those that have one."""

ROLE, OWNERS, REVIEW = ".github/oidc-role.yaml", ".github/CODEOWNERS", ".github/pull_request_template.md"
PLACES: dict[CI, dict[str, str]] = {
    "github": {},
    "gitlab": {
        ROLE: ".gitlab/oidc-role.yaml",
        OWNERS: ".gitlab/CODEOWNERS",
        REVIEW: ".gitlab/merge_request_templates/Default.md",
    },
    "azure": {ROLE: ".azuredevops/oidc-role.yaml", REVIEW: ".azuredevops/pull_request_template.md"},
}
"""Where a file of GitHub's folder is on other systems; what is named here for none of them, they do not have."""

TRUST: dict[CI, dict[str, str]] = {
    "gitlab": {
        "that deploy.yml takes for one stage - of this repository's environment of that name": (
            "that GitLab's jobs take for one stage - on the branch main of this project"
        ),
        '"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+"': '"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)+"',
        "The repository on GitHub, as OWNER/NAME.": "The project on GitLab, as GROUP/NAME.",
        "the environment on GitHub": "the environment on GitLab",
        "trusts GitHub's tokens": "trusts GitLab's tokens",
        "The environment, and so its approval and its branches: no pull request and no other branch": (
            "The branch, and no environment, for which GitLab alone is asked: no merge request and no other branch"
        ),
        "repo:${Repository}:environment:${StackName}": "project_path:${Repository}:ref_type:branch:ref:main",
        "token.actions.githubusercontent.com": "gitlab.com",
    },
    "azure": {
        "that deploy.yml takes for one stage - of this repository's environment of that name": (
            "that the pipeline takes for one stage - through the service connection of that name"
        ),
        '"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+"': '"[^/]+/[^/]+"',
        "The repository on GitHub, as OWNER/NAME.": "The project on Azure DevOps, as ORGANIZATION/PROJECT.",
        "into the variable AWS_ROLE of the environment on GitHub": "into the service connection on Azure DevOps",
        "the environment on GitHub": "the service connection on Azure DevOps",
        "trusts GitHub's tokens": "trusts the organization's tokens",
        "The environment, and so its approval and its branches: no pull request and no other branch": (
            "The service connection, and so its checks and its pipelines: no other connection"
        ),
        "repo:${Repository}:environment:${StackName}": "sc://${Repository}/${StackName}",
        "sts.amazonaws.com": "api://AzureADTokenExchange",
        "token.actions.githubusercontent.com": "vstoken.dev.azure.com/ORGANIZATION-ID",
    },
}
"""Whose tokens the role trusts, and what their subject names, in place of GitHub's."""


def chosen(files: Mapping[str, File], ci: CI) -> dict[str, File]:
    """Give the files of a project on one system, by where they are there: its pipelines, and no other's."""
    places = PLACES[ci]
    others = {pipeline for system, pipeline in PIPELINES.items() if system != ci}
    given = {}
    for path, file in files.items():
        if path in others or (ci != DEFAULT and path.startswith(".github/") and path not in places):
            continue
        words = TRUST.get(ci, {}) | places if path == ROLE else places
        given[places.get(path, path)] = worded(file, words)
    return given


def worded(file: File, words: Mapping[str, str]) -> File:
    """Put the words of another system in place of GitHub's, such as ``PLACES``."""
    for old, new in words.items():
        file = file._replace(content=file.content.replace(old.encode(), new.encode()))
    return file
