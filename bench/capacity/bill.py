"""A month's bill, line item by line item, and what other ways to run the function would change in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from bench.capacity.aws import BYTES_PER_GB, MB_PER_GB, MONTH_S, Figure
from bench.capacity.measured import Measured

SIZES_MB = (128, 256, 512, 1024, 1769)
ARCHITECTURES = ("x86_64", "arm64")
KEPT_DAYS = 30
"""The template's default of ``LogRetentionDays`` [days]: a month of lines is kept, all the time."""
REQUEST_ID = "c793869b-ee49-115b-a5b6-4fd21e8dedac"
REPORTED = "Duration: 1.52 ms\tBilled Duration: 2 ms\tMemory Size: 512 MB\tMax Memory Used: 67 MB\t"
# Lambda's own lines in text form, as its guide shows them; that a cold start's REPORT is longer is left out.
LAMBDA_LINES = (
    f"START RequestId: {REQUEST_ID} Version: 12",
    f"END RequestId: {REQUEST_ID}",
    f"REPORT RequestId: {REQUEST_ID}\t{REPORTED}",
)

type Figures = Mapping[str, Figure]
type LineItems = dict[str, float]


@dataclass(frozen=True)
class Size:
    """The function at one memory size, on one processor."""

    memory_mb: int
    architecture: str
    warm_ms: float
    """A warm request, when its share of a vCPU is doled out evenly [ms]: the slowest it should be."""
    cold_ms: float
    """A cold start with its first request [ms], without what AWS needs to bring an environment up."""
    billed_warm_ms: int
    billed_cold_ms: int
    usd_per_million: float
    """Duration of a million warm requests [USD], without the price of the requests themselves."""

    @property
    def memory_gb(self) -> float:
        """Memory as Lambda's bill has it [GB]."""
        return self.memory_mb / MB_PER_GB

    def warm_gb_s(self, requests: float) -> float:
        """Billed for so many requests, were all warm [GB-s]."""
        return requests * self.billed_warm_ms / 1000 * self.memory_gb

    def init_gb_s(self, cold: float) -> float:
        """Billed beyond it for so many cold starts [GB-s]."""
        return cold * (self.billed_cold_ms - self.billed_warm_ms) / 1000 * self.memory_gb


def size(memory_mb: int, architecture: str, measured: Measured, aws: Figures) -> Size:
    """Work latency and price out from CPU time.

    Memory buys CPU: below 1,769 MB a request gets its share of one vCPU, above it no more than one, for it has one
    thread. INIT gets a whole vCPU at any size, so its CPU time is its time. An arm64 processor is taken to be as fast
    as an x86_64 one.
    """
    share = min(1.0, memory_mb / aws["whole_vcpu_mb"].value)
    warm_ms = measured.warm_cpu_ms / share
    cold_ms = measured.cold_cpu_ms + warm_ms
    step_ms = int(aws["billing_step_ms"].value)
    billed_ms = ceil(warm_ms / step_ms) * step_ms
    gb_s = memory_mb / MB_PER_GB * billed_ms / 1000
    return Size(
        memory_mb=memory_mb,
        architecture=architecture,
        warm_ms=warm_ms,
        cold_ms=cold_ms,
        billed_warm_ms=billed_ms,
        billed_cold_ms=ceil(cold_ms / step_ms) * step_ms,
        usd_per_million=aws[f"lambda_duration_{architecture}"].cost(gb_s * 1e6),
    )


def month(
    rate: float, of: Size, cold_share: float, measured: Measured, aws: Figures, *, without: str | None = None
) -> LineItems:
    """Give the line items of a month at a mean rate [USD], in a stable order; their sum is the bill.

    The function is taken to be alone in its account: prices by volume count what all of an account's functions use.

    Parameters
    ----------
    cold_share
        Of the requests, those that meet a cold start.
    without
        A kind of line that is not written, by its name in ``line_bytes``.
    """
    requests = rate * MONTH_S
    warm_gb_s = of.warm_gb_s(requests)
    init_gb_s = of.init_gb_s(requests * cold_share)
    duration = aws[f"lambda_duration_{of.architecture}"]
    lines = line_bytes(measured, aws) | ({without: 0.0} if without else {})
    gb = {name: requests * line / BYTES_PER_GB for name, line in lines.items()}
    in_lambda_log = gb["metrics line"] + gb["Lambda's own lines"]
    usd_per_gb = aws["lambda_logs"].cost(in_lambda_log) / in_lambda_log  # the mean of the steps, for both kinds
    kept_gb = sum(gb.values()) * aws["log_compressed"].value * KEPT_DAYS * 24 * 3600 / MONTH_S
    return {
        "HTTP API": aws["http_api_request"].cost(requests),
        "Lambda, requests": aws["lambda_request"].cost(requests),
        "Lambda, duration": duration.cost(warm_gb_s),
        "Lambda, INIT": duration.cost(warm_gb_s + init_gb_s) - duration.cost(warm_gb_s),
        "Logs, metrics line": gb["metrics line"] * usd_per_gb,
        "Logs, Lambda's own lines": gb["Lambda's own lines"] * usd_per_gb,
        "Logs, access log": aws["access_logs"].cost(gb["access log"]),
        "Logs, kept": aws["log_storage"].cost(kept_gb),
        "Custom metrics": aws["custom_metric"].cost(measured.metrics),
        "Data out": aws["data_out"].cost(requests * measured.answer / BYTES_PER_GB),
    }


def line_bytes(measured: Measured, aws: Figures) -> dict[str, float]:
    """Count the bytes that one request leaves in the logs, by kind of line."""
    extra = aws["log_line_extra"].value
    return {
        "metrics line": measured.metrics_line + extra,
        "Lambda's own lines": sum(len(line) + extra for line in LAMBDA_LINES),
        "access log": measured.access_line + extra,
    }


def part(items: LineItems, name: str) -> float:
    """Sum the line items whose names begin so [USD]."""
    return sum(usd for item, usd in items.items() if item.startswith(name))


@dataclass(frozen=True)
class Provisioned:
    """Provisioned concurrency, for so many requests as its environments may take, in place of on-demand."""

    environments: int
    extra_usd: float
    """What a month costs more [USD]; less than 0 is a saving."""
    pays_from_busy: float
    """Share of its time that an environment must be busy for the two to cost the same."""
    busy: float
    """Share that it is busy here: each may take ten requests a second and no more."""


def provisioned(rate: float, of: Size, cold_share: float, aws: Figures) -> Provisioned:
    """Weigh provisioned concurrency that covers the mean rate against on-demand with its cold starts."""
    kept, ran, demanded = (
        aws[f"{kind}_{of.architecture}"] for kind in ("provisioned", "provisioned_duration", "lambda_duration")
    )
    environments = ceil(rate / aws["requests_per_environment"].value)
    requests = rate * MONTH_S
    gb_s = of.warm_gb_s(requests)
    init_gb_s = of.init_gb_s(requests * cold_share)
    return Provisioned(
        environments=environments,
        extra_usd=kept.cost(environments * of.memory_gb * MONTH_S) + ran.cost(gb_s) - demanded.cost(gb_s + init_gb_s),
        pays_from_busy=kept.cost(1) / (demanded.cost(1) - ran.cost(1)),
        busy=rate * of.billed_warm_ms / 1000 / environments,
    )


@dataclass(frozen=True)
class SnapStart:
    """SnapStart for one published version, in place of INIT."""

    cache_usd: float
    """A month of the snapshot [USD]."""
    restores_usd: float
    init_usd: float
    """What INIT would have cost for the same cold starts [USD]."""
    pays_from_init_s: float
    """INIT that costs as much as one restore [s]; a shorter one is cheaper than its restore."""


def snapstart(rate: float, of: Size, cold_share: float, aws: Figures) -> SnapStart:
    """Weigh SnapStart's money; how long a restore takes was not measured."""
    cold = rate * MONTH_S * cold_share
    duration = aws[f"lambda_duration_{of.architecture}"]
    return SnapStart(
        cache_usd=aws["snapstart_cache"].cost(of.memory_gb * MONTH_S),
        restores_usd=aws["snapstart_restore"].cost(cold * of.memory_gb),
        init_usd=duration.cost(of.init_gb_s(cold)),
        pays_from_init_s=aws["snapstart_restore"].cost(1) / duration.cost(1),
    )
