"""Linear networks: matrices as chains of sparse factors, counted against the dense matrix.

Transforms: `fft`, `hadamard`, `haar`, `daubechies`, `dct`, `convolution`. Products: `low_rank`, `sparse_product`,
`strassen`. Any matrix: `factorize` looks for a cheaper chain.
"""

from __future__ import annotations

from .chains import FactorChain
from .convolutions import convolution
from .cosine import dct
from .factorizing import factorize
from .fourier import fft
from .matrix_products import random_sparse, sparse_product, sparse_product_cost
from .multiplication import strassen
from .rank import low_rank
from .results import Factorization
from .skips import SkipChain
from .strassen_counts import strassen_crossover, strassen_synapses
from .timing import Timing
from .walsh import hadamard
from .wavelets import daubechies, haar

__all__ = [
    "FactorChain",
    "Factorization",
    "SkipChain",
    "Timing",
    "convolution",
    "daubechies",
    "dct",
    "factorize",
    "fft",
    "haar",
    "hadamard",
    "low_rank",
    "random_sparse",
    "sparse_product",
    "sparse_product_cost",
    "strassen",
    "strassen_crossover",
    "strassen_synapses",
]
