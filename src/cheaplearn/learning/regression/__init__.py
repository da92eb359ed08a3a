"""Polynomial regression: sums over rows, families scored on the same sums, sparse formulas, their errors."""
