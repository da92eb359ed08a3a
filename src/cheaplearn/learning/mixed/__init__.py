"""Densities of real and discrete variables together: score matching of the ones, pseudo-likelihood of the others."""
