"""What a credit officer expects of the model, whatever it has learned. `make check` asks for it; it never ships."""

from handover.behaviours import always, drawn, mostly

_SOLID = {
    "months": 12, "amount": 1_500, "purpose": "furniture", "checking": "from_200", "savings": "from_1000",
    "history": "repaid_here", "other_plans": "none", "guarantor": "none", "instalment_share": "below_20",
    "credits": "one", "age": 45, "housing": "own", "employed": "from_7", "resident": "from_7",
    "property": "real_estate", "job": "skilled",
}  # fmt: skip
_STRAINED = _SOLID | {
    "months": 72, "amount": 12_000, "checking": "negative", "savings": "unknown_or_none", "history": "delayed",
    "instalment_share": "from_35", "property": "unknown_or_none",
}  # fmt: skip


# --- what must be decided


@always(
    "a small loan is approved to those who have savings, an account in order and repaid all before",
    rows=[_SOLID, _SOLID | {"amount": 3_000, "purpose": "used_car"}, _SOLID | {"age": 25, "employed": "below_4"}],
)
def approves_the_solid(decide, row):
    assert decide(row) == "approve"


@always(
    "six years of a third of the income are not lent to those with an overdraft, no savings and late payments",
    rows=[_STRAINED, _STRAINED | {"amount": 20_000}, _STRAINED | {"job": None, "resident": None}],
)
def declines_the_strained(decide, row):
    assert decide(row) == "decline"


@always(
    "nobody without an account who paid late before gets the largest loan approved",
    rows=drawn(300, checking="none", history="delayed", amount=20_000),
)
def largest_loan_is_not_for_everybody(decide, row):
    assert decide(row) != "approve"


# --- what makes a loan safer, or no safer


@always("savings of 1,000 marks make no loan riskier", rows=drawn(300))
def savings_help(score, row):
    assert score(row | {"savings": "from_1000"}) <= score(row | {"savings": "below_100"})


@always("money in the account makes a loan safer than an overdraft")
def balance_helps(score, row):
    assert score(row | {"checking": "from_200"}) < score(row | {"checking": "negative"})


@always("those who paid late before are no safer than those who repaid all")
def late_payment_counts(score, row):
    assert score(row | {"history": "delayed"}) >= score(row | {"history": "repaid_here"})


@always("a third of the income is no safer a burden than a fifth", rows=drawn(300))
def burden_counts(score, row):
    assert score(row | {"instalment_share": "from_35"}) >= score(row | {"instalment_share": "below_20"})


@always("instalments to stores as well are no safer")
def other_plans_count(score, row):
    assert score(row | {"other_plans": "stores"}) >= score(row | {"other_plans": "none"})


# Mostly: with the duration the instalment falls, of which the training expects no direction (modelling/card.md).
@mostly("half a year longer for the same amount is no safer", least=0.85, unless=lambda row: row.months > 66)
def longer_is_no_safer(score, row):
    assert score(row | {"months": row.months + 6}) >= score(row)


# --- what must make no difference


@always("a mark more hardly moves the score", unless=lambda row: row.amount == 20_000)
def amounts_have_no_cliffs(score, row):
    assert abs(score(row | {"amount": row.amount + 1}) - score(row)) < 0.05


@always("whether it pays for repairs or for an appliance hardly matters")
def purposes_are_alike(score, row):
    assert abs(score(row | {"purpose": "repairs"}) - score(row | {"purpose": "appliances"})) < 0.1


@always("leaving out the kind of work hardly matters", unless=lambda row: row.job is None)
def work_may_be_left_out(score, row):
    assert abs(score(row | {"job": None}) - score(row)) < 0.1
