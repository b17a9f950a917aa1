"""What a credit officer would work out from an application: each function is a column of the model's input.

The standard library only, one row in, one number out; `None` where it cannot be known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from delivery.contract import Application

# Middles of the contract's bands; of an open band, a cautious value within it. What nobody has seen counts as none.
_SHARE = {"below_20": 0.15, "below_25": 0.225, "below_35": 0.30, "from_35": 0.40}
_SAVINGS_DM = {"unknown_or_none": 0.0, "below_100": 50.0, "below_500": 300.0, "below_1000": 750.0, "from_1000": 1500.0}
_BALANCE_DM = {"none": 0.0, "negative": -100.0, "below_200": 100.0, "from_200": 300.0}
_YEARS = {"unemployed": 0.0, "below_1": 0.5, "below_4": 2.5, "below_7": 5.5, "from_7": 9.0}
_CREDITS = {"one": 1, "two_or_three": 2, "four_or_five": 4, "six_or_more": 6}


def instalment(row: Application) -> float:
    """Amount to repay per month, before interest [DM/month]."""
    return row.amount / row.months


def income(row: Application) -> float:
    """Disposable income that the instalment and its share of it imply [DM/month]."""
    return row.amount / row.months / _SHARE[row.instalment_share]


def loan_in_incomes(row: Application) -> float:
    """The loan in monthly incomes: how long it would take to earn it [months]."""
    return row.months * _SHARE[row.instalment_share]


def reserve(row: Application) -> float:
    """Months of instalments that the savings would cover [months]."""
    return _SAVINGS_DM[row.savings] * row.months / row.amount


def liquidity(row: Application) -> float:
    """Money at hand, in the account here and in savings [DM]."""
    return _BALANCE_DM[row.checking] + _SAVINGS_DM[row.savings]


def loan_to_savings(row: Application) -> float | None:
    """The loan in units of the savings; none without savings [1]."""
    savings = _SAVINGS_DM[row.savings]
    return row.amount / savings if savings else None


def age_at_end(row: Application) -> float:
    """Age when the last instalment is due [years]."""
    return row.age + row.months / 12


def stability(row: Application) -> float | None:
    """Years with the employer and at the address, together [years]."""
    if row.employed is None or row.resident is None:
        return None
    return _YEARS[row.employed] + _YEARS[row.resident]


def started_work_at(row: Application) -> float | None:
    """Age at which the present employment began [years]."""
    return None if row.employed is None else row.age - _YEARS[row.employed]


def obligations(row: Application) -> int:
    """Credits here, past and present, and one more for instalments to another bank or to stores [1]."""
    return _CREDITS[row.credits] + (row.other_plans != "none")


def trouble_before(row: Application) -> bool:
    """Whether a credit was paid late before, or an account is in trouble [1]."""
    return row.history in {"delayed", "critical"}


def secured(row: Application) -> bool | None:
    """Whether somebody else is liable, or a house stands behind the loan [1]."""
    if row.guarantor != "none":
        return True
    return None if row.property is None else row.property == "real_estate"


def consumption(row: Application) -> bool | None:
    """Whether the loan is spent on what soon is worth little [1]."""
    return None if row.purpose == "other" else row.purpose in {"furniture", "television", "appliances", "vacation"}


def long_for_its_size(row: Application) -> float:
    """Months per thousand Deutsche Mark: a small loan over a long time tells of a tight budget [months/1000 DM]."""
    return row.months / row.amount * 1000
