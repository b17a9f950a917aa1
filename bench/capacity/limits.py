"""Which limit a rate meets first: each limit beside what the rate asks of it."""

from collections.abc import Mapping
from typing import NamedTuple

from bench.capacity.aws import Figure
from bench.capacity.simulation import SPIKE_EVERY_S, SPIKE_HEIGHT, SPIKE_S, Run


class Limit(NamedTuple):
    """One limit, and how much of it a stream of requests takes."""

    name: str
    allowed: float
    unit: str
    used: float

    @property
    def share(self) -> float:
        """Of the limit, what is taken; above 1, requests are refused with 429."""
        return self.used / self.allowed


def peak(rate: float) -> float:
    """Give the rate within a spike of the bursty stream of this mean [1/s]."""
    return rate * SPIKE_HEIGHT / (1 + (SPIKE_HEIGHT - 1) * SPIKE_S / SPIKE_EVERY_S)


def limits(rate: float, run: Run, own_rate: float, aws: Mapping[str, Figure]) -> list[Limit]:
    """List the limits beside a stream and its highest rate [1/s]; the one with the highest share is met first."""
    each = aws["requests_per_environment"].value
    account, new = aws["concurrency"].value, aws["concurrency_new"].value
    return [
        Limit("the template's RateLimit", own_rate, "1/s", rate),
        Limit("requests in a new account", new * each, "1/s", rate),
        Limit("environments in a new account", new, "at once", run.busiest),
        Limit("requests in an account", account * each, "1/s", rate),
        Limit("environments in an account", account, "at once", run.busiest),
        Limit("API Gateway's throttle", aws["http_api_throttle"].value, "1/s", rate),
        Limit("new environments", aws["scaling"].value, "in 10 s", run.cold_in_10_s),
    ]
