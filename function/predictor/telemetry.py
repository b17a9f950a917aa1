"""What a request leaves in the log: one line of metrics. Never the row.

A line that cannot be written (a closed stdout, a full disk, a library that raises) is lost. The answer is not.
"""

import sys
from contextlib import suppress
from time import perf_counter_ns
from typing import Any

from aws_lambda_powertools.metrics import EphemeralMetrics
from pydantic_core import to_json

from predictor.scores import Scores
from predictor.settings import Settings


class Telemetry:
    """Writes the line of metrics of each request to one delivery."""

    def __init__(self, settings: Settings, model: str, scores: Scores) -> None:
        self._metrics = EphemeralMetrics(namespace=settings.namespace, service=settings.service)
        self._metrics.add_dimension("model", model)
        # The shares of decisions that are made by edges show in the score itself.
        self._places = (
            {name: float(place) for place, name in enumerate(scores.decisions, 1)} if scores.of_classes else {}
        )

    def log_answer(self, metadata: dict[str, Any], scores: list[tuple[float, ...]], cold: float, started: int) -> None:
        """Write the request's metrics, in CloudWatch's embedded metric format, and what else is known of it.

        Parameters
        ----------
        metadata
            What stands beside the metrics: route, status, error code, decisions, request id.
        scores
            Of each row that was answered. The metric is the highest of a row: how sure the model is of its class.
        cold
            1 when the request met a cold start, else 0.
        started
            When the request came, by ``perf_counter_ns``.
        """
        with suppress(Exception):
            values: dict[str, Any] = {
                "latency": {"Unit": "Microseconds", "Value": [(perf_counter_ns() - started) / 1000]},
                "cold_start": {"Unit": "Count", "Value": [cold]},
                "error": {"Unit": "Count", "Value": [float(metadata["error_code"] is not None)]},
            }
            if scores:
                values["score"] = {"Unit": "None", "Value": list(map(max, scores))}
            if scores and self._places:
                values["decided"] = {"Unit": "None", "Value": [self._places[name] for name in metadata["decision"]]}
            line = self._metrics.serialize_metric_set(metrics=values, metadata=metadata)
            sys.stdout.write(to_json(line, ensure_ascii=True).decode() + "\n")
