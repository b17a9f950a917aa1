"""Fixtures: AWS's own tool on a Docker engine: `sam local`, its containers, and what it says."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from handover.local.pool import Pool
from handover.local.stack import BuiltFunction, NothingBuiltError, built_function
from tests.helpers.sam import BUILD, BUILT_IMAGES, DEFAULT, NATIVE, ROOT, Sam, answering, have_image


@pytest.fixture(scope="session")
def engine() -> Iterator[Any]:
    """Give the Docker engine that answers; in the end it has no image more than it had."""
    client = answering()
    if client is None:
        pytest.skip("no Docker engine answers: install Docker and start it")
    before = {image.id for image in client.images.list(BUILT_IMAGES)}
    yield client
    for image in client.images.list(BUILT_IMAGES):
        if image.id not in before:
            client.images.remove(image.id, force=True)
    client.close()


@pytest.fixture(scope="session")
def built() -> BuiltFunction:
    try:
        return built_function(BUILD)
    except NothingBuiltError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def pool(built: BuiltFunction) -> Iterator[Pool]:
    """Give what is built in our own emulator, to compare with."""
    with Pool(built, 1, lambda line: None) as started:
        yield started


@pytest.fixture(scope="session")
def sam(engine: Any, built: BuiltFunction, tmp_path_factory: pytest.TempPathFactory) -> Sam:
    """Give `sam local` on what `make build` built, as the README has it for this processor."""
    have_image(engine, NATIVE)
    options = () if NATIVE == DEFAULT else ("--parameter-overrides", f"Architecture={NATIVE}")
    return Sam(engine, tmp_path_factory.mktemp("sam"), options)


@pytest.fixture(scope="session")
def golden() -> list[dict[str, Any]]:
    path = ROOT / "layers" / "model" / "delivery" / "golden.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()]
