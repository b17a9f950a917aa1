"""Fixtures: somebody whom git knows."""

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="session")
def an_author() -> Iterator[None]:
    """Let git commit where nobody has told it who they are."""
    with pytest.MonkeyPatch.context() as patched:
        for who in ("AUTHOR", "COMMITTER"):
            patched.setenv(f"GIT_{who}_NAME", "a")
            patched.setenv(f"GIT_{who}_EMAIL", "a@example.org")
        yield
