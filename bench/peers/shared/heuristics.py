"""Row-level heuristics; every public function is a column."""


def total(row):
    return row.number_0 + row.number_1 + row.number_2


def ratio(row):
    return row.number_0 / row.number_1


def gap(row):
    return abs(row.number_2 - row.number_3)


def favoured(row):
    return row.category_0 == "first" and row.number_3 > 500.0
