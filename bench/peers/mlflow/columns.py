"""A table of rows becomes the model's input."""

import numpy as np
from features import features


def to_matrix(table):
    return np.array([features(row) for row in table.itertuples(index=False)], dtype=np.float32)
