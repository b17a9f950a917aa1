"""One run's results, small and made up, to write about."""

from typing import Any

import pytest

from bench.contenders import ALL, LAMBDAS


@pytest.fixture
def results() -> dict[str, Any]:
    lambdas = [one.name for one in LAMBDAS]
    cold = dict(zip(lambdas, (120, 100, 480, 300, 250, 900, 400), strict=True))
    warm = {"quiet": 0.02, "session": 0.01, "batch": 0.3, "fastapi_mangum": 0.5} | {
        name: 0.05 for name in lambdas if name not in {"floor", "fastapi_mangum"}
    }
    return {
        "date": "2026-01-01 00:00 UTC",
        "machine": {
            "processor": "Z80",
            "cores": 1,
            "memory_gb": 0.1,
            "system": "Linux 0.01",
            "python": "3.13.0",
            "load": 0.1,
        },
        "counts": {
            "cold_rounds": 2,
            "import_repeats": 1,
            "warm_blocks": 2,
            "warm_calls": 1,
            "http_starts": 1,
            "http_blocks": 1,
            "http_requests": 2,
            "memory_requests": 10_000,
            "file_rows": 2_000,
            "file_rounds": 2,
        },
        "workload": {"columns": 20, "trees": 100, "seed": 7, "onnx_sha256": "ab" * 32, "onnx_bytes": 40_960},
        "versions": {one.name: {"numpy": "2.0"} for one in ALL},
        "size": {name: {"unzipped_bytes": 90 * 2**20, "zipped_bytes": 35_000_000} for name in lambdas},
        "cold_ms": {name: [[float(time)], [time * 1.1]] for name, time in cold.items()},
        "imports_ms": {name: {"numpy": 40.0, "standard library": 20.0, "anyio": 5.0} for name in lambdas},
        "warm_ms": {name: [[time], [time]] for name, time in warm.items()},
        "http_start_ms": {name: [[500.0]] for name in ("ours", "fastapi_uvicorn", "bentoml", "mlflow")},
        "http_warm_ms": {name: [[1.0, 2.0]] for name in ("ours", "fastapi_uvicorn", "bentoml", "mlflow")},
        "file_ms": {"ours": [[500.0], [520.0]], "pandas": [[100.0], [104.0]], "pandas_apply": [[400.0], [410.0]]},
        "peak_rss_mb": dict.fromkeys(lambdas, 64.5),
        "growth": [
            {"axis": axis, "size": size, "quiet": [[(10 + each * size) / 1000]], "session": [[0.005]]}
            for axis, sizes, each in (("columns", (20, 200), 1.0), ("trees", (100, 2000), 0.1), ("rows", (1, 100), 2.0))
            for size in sizes
        ],
    }
