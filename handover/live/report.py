"""What became of a verification, in words: for a terminal and for a log."""

import statistics
from collections import defaultdict
from collections.abc import Sequence, Set

from handover.finding import Skipped
from handover.live.replay import BATCH_ROWS
from handover.live.rules import Broken, Rule, Seen

type Outcome = tuple[Rule, Broken | Skipped | None]


def report(seen: Seen, outcomes: Sequence[Outcome]) -> str:
    """Write what is broken in full, or what was kept; then the latencies and the count."""
    found = {rule: outcome for rule, outcome in outcomes if isinstance(outcome, Broken)}
    command = _command({rule.topic for rule in found}, seen)
    broken = [_broken(rule, outcome, command) for rule, outcome in found.items()]
    return "\n".join([*(broken or [_kept(seen)]), *_latencies(seen), "", _summary(outcomes)])


def _broken(rule: Rule, found: Broken, command: str) -> str:
    lines = [f"BROKEN  {rule.topic}: {rule.broken}", "", f"  {found.evidence}"]
    if found.cause:
        lines.append(f"  {found.cause}")
    lines += [f"  Owner: {rule.owner}", f"  Fix:   {rule.look}", f"  Run:   {command}", ""]
    return "\n".join(lines)


def _command(topics: Set[str], seen: Seen) -> str:
    """Say what to do: where the right model answers wrongly, users are better off without it meanwhile."""
    which = f"STACK={seen.stack.name} REGION={seen.stack.region}"
    if seen.stack.under_way or 0 < seen.other_models.total() < len(seen.scored):
        return f"make verify {which}   again, when the deployment has ended"
    if topics & {"model", "contract"}:
        return f"sam deploy, then make verify {which}   deploys what was built here"
    return f"make rollback {which}   moves the users back to the version before"


def _kept(seen: Seen) -> str:
    built = seen.built
    rows = len(built.golden)
    return (
        f"{seen.stack.name} answers as it was built: model {built.model}, contract {built.contract}\n\n"
        f"  {rows} golden rows one by one, {min(rows, BATCH_ROWS)} of them in a batch too: every score within "
        f"{built.tolerance:g} of training's, every decision the same.\n"
    )


def _latencies(seen: Seen) -> list[str]:
    """Write the times over HTTP, from here: the way to the region is in them."""
    replay = seen.replay
    lines = [
        f"  Cold   {_times(replay.cold_ms) or 'no answer'} that met a cold start",
        f"  Warm   {_times(replay.warm_ms) or 'no answer'} that met none",
    ]
    if replay.throttled:
        count = "1 request was" if replay.throttled == 1 else f"{replay.throttled} requests were"
        lines.append(f"  {count} answered 429, and sent again after a pause.")
    return lines


def _times(times: Sequence[float]) -> str:
    if not times:
        return ""
    hundredths = statistics.quantiles(times, n=100, method="inclusive")
    p50, p95, p99 = (hundredths[share - 1] for share in (50, 95, 99))
    count = f"{len(times)} answer{'' if len(times) == 1 else 's'}"
    return f"p50 {p50:.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms over HTTP, of {count}"


def _summary(outcomes: Sequence[Outcome]) -> str:
    skipped: dict[str, list[str]] = defaultdict(list)
    for rule, found in outcomes:
        if isinstance(found, Skipped):
            skipped[found.reason].append(rule.topic)
    broken = sum(isinstance(found, Broken) for _, found in outcomes)
    kept = sum(found is None for _, found in outcomes)
    line = f"{kept} kept, {broken} broken, {len(outcomes) - kept - broken} skipped"
    reasons = "; ".join(f"{', '.join(topics)}: {reason}" for reason, topics in skipped.items())
    return f"{line} ({reasons})" if reasons else line
