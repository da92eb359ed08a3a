"""From the strengths of couplings between the columns of an alignment to contacts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .._messages import must_be

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["contact_scores", "top_contacts"]


def contact_scores(strengths: Any) -> np.ndarray:
    r"""Corrects coupling strengths for what each column shares with all others (average product correction).

    .. math:: S_{ij} = F_{ij} - \bar F_i \bar F_j / \bar F

    with the means over all other columns and over all pairs. Columns with many strong couplings
    (variable or badly aligned ones) lose them; direct partners stand out.

    Args:
        strengths: F, symmetric, not negative, shape (n, n), for example `coupling_strengths_` of a
            density of categories; the diagonal is not used.

    Returns:
        S, symmetric, shape (n, n), in units of `strengths`, with a diagonal of zeros.

    Raises:
        ValueError: If `strengths` is no symmetric matrix of finite numbers of at least 0 with n >= 2.

    Source: Dunn, Wahl & Gloor, Mutual information without the influence of phylogeny or entropy
        dramatically improves residue contact prediction, Bioinformatics 24, 333 (2008).

    Example:
        >>> contact_scores(np.array([[0, 3, 1], [3, 0, 1], [1, 1, 0]])).round(3).tolist()
        [[0.0, 0.6, -0.2], [0.6, 0.0, -0.2], [-0.2, -0.2, 0.0]]
    """
    F = _checked(strengths, "strengths", "contact_scores", lowest=0.0)
    n = len(F)
    np.fill_diagonal(F, 0.0)
    means, mean = F.sum(axis=1) / (n - 1), F.sum() / (n * (n - 1))
    if mean > 0:
        F -= np.outer(means, means) / mean
    np.fill_diagonal(F, 0.0)
    return F


def top_contacts(scores: Any, count: int, min_separation: int = 5) -> pd.DataFrame:
    """Lists the pairs of columns with the highest scores.

    Args:
        scores: Symmetric, shape (n, n), as `contact_scores` returns them.
        count: Number of pairs; fewer if there are not as many.
        min_separation: Smallest distance |i - j| of a pair: nearer ones touch whatever the fold.

    Returns:
        Columns first, second (columns of the alignment, from 0), separation, score; highest score
        first, equal scores in the order of the columns.

    Raises:
        ValueError: If `scores` is no symmetric matrix of finite numbers, `count` is negative or
            `min_separation` is below 1.

    Example:
        >>> top_contacts(np.array([[0, 3, 1], [3, 0, 2], [1, 2, 0]]), 2, min_separation=1)
           first  second  separation  score
        0      0       1           1    3.0
        1      1       2           1    2.0
    """
    import pandas as pd

    S = _checked(scores, "scores", "top_contacts")
    if count < 0:
        raise ValueError(must_be("count", "top_contacts", "at least 0", count))
    if min_separation < 1:
        raise ValueError(must_be("min_separation", "top_contacts", "at least 1", min_separation))
    first, second = np.triu_indices(len(S), min_separation)
    best = np.argsort(-S[first, second], kind="stable")[:count]
    i, j = first[best], second[best]
    return pd.DataFrame({"first": i, "second": j, "separation": j - i, "score": S[i, j]})


def _checked(matrix: Any, argument: str, owner: str, lowest: float = -np.inf) -> np.ndarray:
    S = np.array(matrix, dtype=np.float64)
    square = S.ndim == 2 and S.shape[0] == S.shape[1] >= 2
    if not square or not np.all(np.isfinite(S)) or not np.allclose(S, S.T, rtol=1e-9, atol=0):
        got = "one that is not finite or not symmetric" if square else f"shape {S.shape}"
        raise ValueError(must_be(argument, owner, "a symmetric matrix of finite numbers, 2 x 2 or larger", got))
    if S.min() < lowest:
        advice = "Pass norms, such as `coupling_strengths_`."
        raise ValueError(must_be(argument, owner, f"at least {lowest:g}", f"{S.min():g}", advice))
    return (S + S.T) / 2  # what rounding made unequal
