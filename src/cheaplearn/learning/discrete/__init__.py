"""Densities of spins, bits and categories: terms, convex objectives over them, solvers, errors of the couplings."""
