"""Densities of real variables: score matching in closed form and the exact Gaussian likelihood."""
