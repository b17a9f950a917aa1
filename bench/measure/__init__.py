"""What is measured, one module each; contenders take turns, so that what slows the machine slows them alike."""

type Samples = dict[str, list[list[float]]]
"""Times [ms] by contender: one list for each round, in which all contenders had their turn."""
