"""``python -m bench.capacity``: measure, simulate, and write ``docs/capacity.md`` with its plots."""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import product
from typing import Any

import click
import numpy as np

from bench.capacity import aws, page, plots, simulation
from bench.capacity.measured import PROJECT, Measured, measure
from bench.capacity.page import PROCESSES, RATES, SLOTTED_MS, Capacity
from bench.capacity.simulation import Run
from handover.cli.group import one_sentence, progress

DOCS = PROJECT.root / "docs"
NUMBERS = DOCS / "capacity" / "numbers.json"
DRAWN = (*(float(f"{rate:.2g}") for rate in np.geomspace(0.0003, 0.3, 7)), 10.0, 1000.0)
"""Rates that are simulated for the plot, beside those of the tables [1/s]."""
SLOW = (0.001, 0.01)
LIFETIMES_S = (300.0, 3600.0)
"""Other lives of an idle environment, to see what hangs on the assumption [s]."""


def runs(occupied_ms: float) -> Iterator[dict[str, Any]]:
    """List what is to be simulated."""
    default_s = aws.figures()["idle_lifetime_s"].value
    for process in PROCESSES:
        streams = [(rate, default_s) for rate in sorted({*DRAWN, *SLOW, *RATES})]
        streams += product((*SLOW, *RATES[:2]), LIFETIMES_S)
        for rate, lifetime_s in streams:
            yield {"process": process, "rate": rate, "lifetime_s": lifetime_s, "occupied_ms": occupied_ms}
    for rate in RATES:
        yield {"process": "bursty", "rate": rate, "lifetime_s": default_s, "occupied_ms": SLOTTED_MS}


def read() -> Capacity:
    """Read what the page in ``docs`` was written from."""
    numbers = json.loads(NUMBERS.read_text(encoding="utf-8"))
    return Capacity(Measured(**numbers["measured"]), [Run(**run) for run in numbers["runs"]])


@click.command()
@click.option("--cold-ms", type=click.FloatRange(min=0), help="Take this for a cold start's CPU time [ms].")
@click.option("--warm-ms", type=click.FloatRange(min=0), help="Take this for a warm request's CPU time [ms].")
def main(cold_ms: float | None, warm_ms: float | None) -> None:
    """Measure the built function, simulate its cold starts, write docs/capacity.md: a month's bill and the limits."""
    event = json.loads((PROJECT.events / "predict.json").read_text(encoding="utf-8"))
    with one_sentence("capacity"), progress() as shown:
        measured = measure(PROJECT.build, event, shown)
        given: dict[str, Any] = {"cold_cpu_ms": cold_ms, "warm_cpu_ms": warm_ms}
        measured = replace(measured, **{name: ms for name, ms in given.items() if ms is not None})
        streams = shown.track(list(runs(Capacity(measured, []).own.warm_ms)), description="Simulated streams")
        simulated = [simulation.run(**stream, cold_ms=measured.cold_cpu_ms) for stream in streams]
    NUMBERS.parent.mkdir(exist_ok=True)
    NUMBERS.write_text(json.dumps({"measured": asdict(measured), "runs": [asdict(run) for run in simulated]}, indent=1))
    capacity = read()
    lifetime_s = capacity.figures["idle_lifetime_s"].value
    plots.memory(capacity.sizes, measured.memory_mb, NUMBERS.parent / "memory.png")
    drawn = [run for run in capacity.runs if run.lifetime_s == lifetime_s and run.occupied_ms != SLOTTED_MS]
    plots.cold(drawn, lifetime_s, NUMBERS.parent / "cold.png")
    plots.month(capacity.bills, NUMBERS.parent / "month.png")
    (DOCS / "capacity.md").write_text(page.write(capacity), encoding="utf-8")
    click.echo("docs/capacity.md  docs/capacity/{memory,cold,month}.png")


if __name__ == "__main__":
    main()
