"""The prediction function: one row in, one score and one decision out."""
