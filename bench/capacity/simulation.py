"""Cold starts of a stream of requests: environments are taken, freed and, when idle for too long, lost."""

from collections import deque
from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

type Times = NDArray[np.float64]
type Counts = NDArray[np.int64]

SPIKE_EVERY_S = 1200.0
SPIKE_S = 60.0
SPIKE_HEIGHT = 10.0
"""Bursty: a minute at ten times the rate every twenty minutes, which is longer than an idle environment may live."""
MIN_REQUESTS = 30_000
"""Requests that a run has at least: at low rates it lasts as long as that takes."""
SEED = 20261125


@dataclass(frozen=True)
class Run:
    """What a simulated stream met, from its warm-up on."""

    process: str
    rate: float
    """Mean [1/s]."""
    lifetime_s: float
    occupied_ms: float
    """How long a warm request holds its environment."""
    requests: int
    cold: int
    busiest: int
    """Most environments busy at once."""
    cold_in_10_s: int
    """Most cold starts within ten seconds."""

    @property
    def share(self) -> float:
        """Of the requests, those that met a cold start."""
        return self.cold / self.requests


def arrivals(process: str, rate: float, horizon_s: float, rng: np.random.Generator) -> Times:
    """Draw the times of requests [s], ascending: ``poisson``, or ``bursty``, a Poisson process whose rate has spikes.

    A Poisson process of rate 1, its clock bent so that as much of it passes in a moment as the rate there says.
    """
    mean = rate * horizon_s
    clock = np.cumsum(rng.exponential(size=int(mean + 6 * np.sqrt(mean) + 10)))
    if process == "poisson":
        times = clock / rate
    else:
        base = rate / (1 + (SPIKE_HEIGHT - 1) * SPIKE_S / SPIKE_EVERY_S)
        starts = np.arange(0.0, horizon_s + SPIKE_EVERY_S, SPIKE_EVERY_S)
        edges = np.stack([starts, starts + SPIKE_EVERY_S - SPIKE_S], axis=1).ravel()
        rates = np.tile([base, base * SPIKE_HEIGHT], len(starts))[:-1]
        times = np.interp(clock, np.concatenate([[0.0], np.cumsum(np.diff(edges) * rates)]), edges)
    return times[times < horizon_s]


def grouped(times: Times, width_s: float) -> tuple[Times, Counts]:
    """Take requests within ``width_s`` as simultaneous: their time, and how many they are.

    Far shorter than a request lasts, it changes little; it makes the fastest streams a hundred times cheaper to follow.
    """
    slots = np.floor(times / width_s)
    first = np.flatnonzero(np.diff(slots, prepend=-1.0))
    return slots[first] * width_s, np.diff(first, append=len(times))


def cold_starts(times: Times, counts: Counts, warm_s: float, cold_s: float, lifetime_s: float) -> tuple[Counts, Counts]:
    """Follow requests through their environments.

    A request takes the environment that was freed last, as one does who wants few of them; a cold start when none is
    idle. It never waits for a busy one. An environment idle for ``lifetime_s`` is lost.

    Parameters
    ----------
    warm_s, cold_s
        How long a warm request holds its environment, and how much longer a cold one [s].

    Returns
    -------
    Cold starts at each time, and environments busy from then on.
    """
    busy: list[tuple[float, int]] = []  # a heap by the time they will be free
    idle: deque[tuple[float, int]] = deque()  # freed last at the right
    cold = []
    busy_then = []
    running = 0
    for now, count in zip(times.tolist(), counts.tolist(), strict=True):
        while busy and busy[0][0] <= now:
            idle.append(heappop(busy))
            running -= idle[-1][1]
        while idle and idle[0][0] + lifetime_s <= now:
            idle.popleft()
        needed = count
        while needed and idle:
            since, waiting = idle.pop()
            if waiting > needed:
                idle.append((since, waiting - needed))
            needed -= min(waiting, needed)
        if needed < count:
            heappush(busy, (now + warm_s, count - needed))
        if needed:
            heappush(busy, (now + cold_s + warm_s, needed))
        running += count
        cold.append(needed)
        busy_then.append(running)
    return np.array(cold, dtype=np.int64), np.array(busy_then, dtype=np.int64)


def run(process: str, rate: float, *, lifetime_s: float, occupied_ms: float, cold_ms: float, seed: int = SEED) -> Run:
    """Simulate one stream: a warm-up of one idle life or one spike's period, then what counts, at least as long."""
    warm_up_s = max(lifetime_s, SPIKE_EVERY_S)
    horizon_s = np.ceil(max(MIN_REQUESTS / rate, warm_up_s) / SPIKE_EVERY_S) * SPIKE_EVERY_S + warm_up_s
    rng = np.random.default_rng(seed)
    times, counts = grouped(arrivals(process, rate, horizon_s, rng), occupied_ms / 4000)
    after = times >= warm_up_s
    cold, busy = (each[after] for each in cold_starts(times, counts, occupied_ms / 1000, cold_ms / 1000, lifetime_s))
    tens = np.unique(times[after][cold > 0] // 10, return_inverse=True)[1]
    return Run(
        process=process,
        rate=rate,
        lifetime_s=lifetime_s,
        occupied_ms=occupied_ms,
        requests=int(counts[after].sum()),
        cold=int(cold.sum()),
        busiest=int(busy.max()),
        cold_in_10_s=int(np.bincount(tens, weights=cold[cold > 0], minlength=1).max()),
    )
