"""The environment of somebody's own desk, wherever the tests run."""

import os

from handover.diff.revisions import IN_CI, TARGETS

OF_A_PIPELINE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "CI_MERGE_REQUEST_DIFF_BASE_SHA", *TARGETS, *IN_CI)
"""Variables by which git hooks and a CI system's runners say which repository, and which base branch, is meant."""


def environment() -> dict[str, str]:
    """Give this process's variables without those of a pipeline, for fixtures that outlive a test."""
    return {name: value for name, value in os.environ.items() if name not in OF_A_PIPELINE}
