"""Fixtures: a stack whose API is the built function behind a door that checks signatures."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.loaders import JSONFileLoader, Loader
from botocore.stub import Stubber

from handover.live import aws
from handover.local.pool import Pool
from handover.local.server import application
from tests.helpers.function import built_with
from tests.helpers.live import ACCOUNT, BUILD, CREDENTIALS, REGION, _function


@pytest.fixture(scope="package", autouse=True)
def read_once() -> Iterator[None]:
    """Read what botocore knows of a service once: it does so for each session, of which a command makes one."""
    listing = Loader.list_available_services

    @cache
    def services(paths: tuple[str, ...], kind: str) -> list[str]:
        return listing(Loader(paths, include_default_search_paths=False), kind)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(JSONFileLoader, "load_file", staticmethod(cache(JSONFileLoader().load_file)))
        patched.setattr(
            Loader, "list_available_services", lambda self, type_name: services(tuple(self.search_paths), type_name)
        )
        yield


@pytest.fixture
def cold() -> Iterator[Any]:
    """Give the built function as an application, none of whose environments has started."""
    with Pool(_function(), 10, lambda line: None) as pool:
        yield application(pool, lambda line: None)


@pytest.fixture(scope="package")
def warm() -> Iterator[Any]:
    """Give it with two environments that have started, for tests that never have three requests in flight."""
    event = (BUILD.parents[1] / "events" / "predict.json").read_bytes()
    with Pool(_function(), 10, lambda line: None) as pool, ThreadPoolExecutor(2) as two:
        while len(pool._all) < 2:
            list(two.map(pool.invoke, [event, event]))
        yield application(pool, lambda line: None)


@pytest.fixture
def flowers_warm(flowers: Path, tmp_path: Path) -> Iterator[Any]:
    """Give the built function with the model of three classes."""
    with Pool(built_with(flowers, tmp_path / "layer"), 1, lambda line: None) as pool:
        yield application(pool, lambda line: None)


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """Give a copy of what was built, for a test to change: to the deployment, the change is the other way round."""
    if not BUILD.is_dir():
        pytest.skip("nothing is built: run make build")
    return Path(shutil.copytree(BUILD / "ModelLayer", tmp_path / "build" / "ModelLayer").parent)


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> boto3.Session:
    """Give a session that makes one client of each service, so that a test can say what it is answered."""
    session = boto3.Session(CREDENTIALS.access_key, CREDENTIALS.secret_key, CREDENTIALS.token, REGION)
    monkeypatch.setattr(session, "client", cache(session.client))
    return session


@pytest.fixture
def cloudformation(session: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setattr(aws, "session", lambda region: session)
    monkeypatch.setattr(aws, "account", lambda session: ACCOUNT)
    with Stubber(session.client("cloudformation")) as stubber:
        yield stubber


@pytest.fixture
def functions(session: boto3.Session) -> Iterator[Stubber]:
    with Stubber(session.client("lambda")) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()
