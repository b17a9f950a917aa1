"""The page: every figure of ``docs/capacity.md`` comes from what is given here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from bench.capacity import aws, bill, limits, simulation
from bench.capacity.bill import ARCHITECTURES, SIZES_MB, LineItems, Size
from bench.capacity.limits import Limit
from bench.capacity.measured import PROJECT, Measured
from bench.capacity.simulation import Run
from handover.cloudformation import Template
from handover.templates import environment

RATES = (1, 100, 10_000)
PROCESSES = ("poisson", "bursty")
SLOTTED_MS = 100.0
"""How long a request would hold its environment if each could take ten a second and no more [ms]."""


@dataclass(frozen=True)
class Capacity:
    """All that the page says, worked out from a measurement and simulated runs."""

    measured: Measured
    runs: Sequence[Run]
    figures: Mapping[str, aws.Figure] = field(default_factory=aws.figures)
    """AWS's prices and limits."""

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """Defaults of the template's parameters."""
        parameters = Template(PROJECT.template).source["Parameters"]
        return {name: parameter.get("Default") for name, parameter in parameters.items()}

    def size(self, memory_mb: int, architecture: str) -> Size:
        """Work the function out at one memory size, on one processor."""
        return bill.size(memory_mb, architecture, self.measured, self.figures)

    @property
    def sizes(self) -> list[Size]:
        """The memory sizes, x86_64 first."""
        return [self.size(memory_mb, architecture) for architecture in ARCHITECTURES for memory_mb in SIZES_MB]

    @property
    def own(self) -> Size:
        """The size that the template deploys by default."""
        return self.size(self.parameters["MemorySize"], self.parameters["Architecture"])

    def run(self, process: str, rate: float, lifetime_s: float | None = None, slotted: bool = False) -> Run:
        """Find a simulated run; of the default lifetime unless another is named."""
        life_s = self.figures["idle_lifetime_s"].value if lifetime_s is None else lifetime_s
        return next(
            run
            for run in self.runs
            if (run.process, run.rate, run.lifetime_s) == (process, rate, life_s)
            and (run.occupied_ms == SLOTTED_MS) == slotted
        )

    def share(self, rate: float) -> float:
        """Cold starts that a bill counts: those of the bursty stream, which has more."""
        return self.run("bursty", rate).share

    @cached_property
    def bills(self) -> dict[float, LineItems]:
        """A month at each rate, at the template's size."""
        return {rate: self.month(rate, self.own) for rate in RATES}

    def month(self, rate: float, size: Size, without: str | None = None) -> LineItems:
        """Give a month at one rate and one size."""
        return bill.month(rate, size, self.share(rate), self.measured, self.figures, without=without)

    def saving(self, rate: float, size: Size, without: str | None = None) -> float:
        """Work out what a month at another size, or without some lines, costs less [USD]."""
        return sum(self.bills[rate].values()) - sum(self.month(rate, size, without).values())

    def limits(self, process: str, rate: float) -> list[Limit]:
        """List the limits beside a stream."""
        highest = rate if process == "poisson" else limits.peak(rate)
        return limits.limits(highest, self.run(process, rate), self.parameters["RateLimit"], self.figures)

    def first(self, process: str, rate: float, *, new_account: bool) -> Limit:
        """Find the limit that a stream meets first, or those that it meets at once, beside the template's own."""
        left_out = ["template"] if new_account else ["template", "new account"]
        theirs = [limit for limit in self.limits(process, rate) if not any(word in limit.name for word in left_out)]
        most = max(limit.share for limit in theirs)
        met = [limit for limit in theirs if limit.share == most]
        return met[0]._replace(name=" and ".join(limit.name for limit in met))


def write(capacity: Capacity) -> str:
    """Write the page as Markdown."""
    own, figures = capacity.own, capacity.figures
    values = {
        "c": capacity,
        "m": capacity.measured,
        "aws": figures,
        "bill": bill,
        "limits": limits,
        "simulation": simulation,
        "rates": RATES,
        "processes": PROCESSES,
        "slotted_ms": SLOTTED_MS,
        "provisioned": {rate: bill.provisioned(rate, own, capacity.share(rate), figures) for rate in RATES},
        "snapstart": {rate: bill.snapstart(rate, own, capacity.share(rate), figures) for rate in RATES},
    }
    filters = {"usd": usd, "one_in": one_in, "percent": percent}
    return environment(aws.HERE, html=False, filters=filters).get_template("capacity.md.jinja").render(values)


def usd(amount: float) -> str:
    """Write money with as many digits as anybody needs."""
    return f"{amount:,.0f}" if abs(amount) >= 100 else f"{amount:.2f}"


def one_in(run: Run) -> str:
    """Write a share of cold starts as people say it."""
    if not run.cold:
        return f"none of {run.requests:,}"
    return percent(run.share) if run.share > 0.1 else f"1 in {run.requests / run.cold:,.0f}"


def percent(share: float) -> str:
    """Write a share with about two digits."""
    return f"{share * 100:,.0f} %" if share >= 0.1 else f"{share * 100:.2g} %"
