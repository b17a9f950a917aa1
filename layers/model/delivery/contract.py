"""The contract of the credit model: what an application sends, what it gets, and what both teams hold each other to."""

from typing import Literal

from handover import Budgets, Contract, Field, Row, Score


class Application(Row):
    """One loan application, as it stands on the day on which it is made.

    Ranges are those of the data, rounded outwards to what a bank would still call ordinary: a value beyond them is
    refused, for the model has never seen its like. A field with `| None = None` may be missing: the model is trained
    with gaps in it, and an answer without it is less certain, not wrong.
    """

    months: int = Field(ge=4, le=72, description="Duration of the loan [months]")
    amount: int = Field(ge=250, le=20_000, description="Amount of the loan [DM]")
    # "education" stands in the data's codebook, but no row has it: nothing was learned of it. A caller sends "other".
    purpose: Literal[
        "new_car", "used_car", "furniture", "television", "appliances", "repairs", "vacation", "retraining",
        "business", "other",
    ] = Field(description="What the loan is for")  # fmt: skip
    # The categories of what has an order stand in it, from the lowest to the highest: training relies on that.
    checking: Literal["none", "negative", "below_200", "from_200"] = Field(
        description="Balance of the checking account here, or at least a year of salary paid into it for from_200 [DM]"
    )
    # No answer is an answer here: the bank recorded "unknown or none" as one category, so null is not needed.
    savings: Literal["unknown_or_none", "below_100", "below_500", "below_1000", "from_1000"] = Field(
        description="Savings and bonds [DM]"
    )
    history: Literal["delayed", "critical", "none_or_repaid", "paid_so_far", "repaid_here"] = Field(
        description=(
            "Earlier and other credits: paid late before; an account in trouble, or credits elsewhere; none, or all "
            "repaid duly; running ones paid duly so far; all at this bank repaid duly"
        )
    )
    other_plans: Literal["none", "stores", "bank"] = Field(description="Who else is paid in instalments")
    guarantor: Literal["none", "co_applicant", "guarantor"] = Field(description="Who else is liable for this loan")
    # The data has this band, not the income that it was made of (bands: Groemping 2019, South German Credit).
    instalment_share: Literal["below_20", "below_25", "below_35", "from_35"] = Field(
        description="Instalment as a share of the disposable income [%]"
    )
    credits: Literal["one", "two_or_three", "four_or_five", "six_or_more"] = Field(
        description="Credits that the applicant has or had at this bank, this one included"
    )
    age: int = Field(ge=18, le=80, description="Age of the applicant [years]")
    housing: Literal["free", "rent", "own"] = Field(
        description="How the applicant lives: rent-free, as a tenant, as an owner"
    )
    # What an online form may leave out. A tenth of the training rows has a gap in each.
    employed: Literal["unemployed", "below_1", "below_4", "below_7", "from_7"] | None = Field(
        default=None, description="Time with the present employer [years]"
    )
    resident: Literal["below_1", "below_4", "below_7", "from_7"] | None = Field(
        default=None, description="Time at the present address [years]"
    )
    property: Literal["unknown_or_none", "car_or_other", "building_society", "real_estate"] | None = Field(
        default=None, description="The most valuable property"
    )
    job: Literal["unskilled_non_resident", "unskilled", "skilled", "management"] | None = Field(
        default=None, description="Kind of work"
    )


CONTRACT = Contract(
    name="credit-risk",
    version="2.0.2",
    row=Application,
    score=Score("probability that the loan goes bad", low=0.0, high=1.0),
    # The data's own cost matrix: a bad loan accepted costs five times a good one refused (UCI, DOI 10.24432/C5NC77).
    # Then refusing pays from 1/6 on. Between there and an even chance, a person looks.
    decisions={"approve": 0.17, "review": 0.5, "decline": 1.0},
    budgets=Budgets(
        model_kib=256,
        layers_mib=96,
        parity=1e-5,  # float32 sums of a hundred trees differ by about 1e-7 when their order does; 1e-5 is no rounding
        flipped_decisions=0,
    ),
)
