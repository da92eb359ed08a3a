"""Arrays of NumPy and PyTorch alike: whose functions to call, and how to come and go (array API)."""

from __future__ import annotations

import sys
from typing import Any

import array_api_compat
import array_api_compat.numpy as numpy_namespace
import numpy as np

__all__ = ["is_tensor", "like", "namespace_of", "to_host"]


def is_tensor(array: Any) -> bool:
    """Whether something is a PyTorch tensor; PyTorch is not imported to find out."""
    return "torch" in sys.modules and array_api_compat.is_torch_array(array)


def namespace_of(array: Any) -> Any:
    """Returns the functions for an array: NumPy's, or those of PyTorch under the names of the array API."""
    return array_api_compat.array_namespace(array) if is_tensor(array) else numpy_namespace


def to_host(array: Any) -> np.ndarray:
    """Returns a NumPy array of the same numbers; the same object if it is one already."""
    return array.detach().cpu().numpy() if is_tensor(array) else np.asarray(array)


def like(values: Any, example: Any, dtype: Any = None) -> Any:
    """Puts numbers where another array lives.

    Args:
        values: NumPy array or tensor.
        example: Says which namespace and device.
        dtype: Of the result; that of `values` if left out.

    Returns:
        The array; not copied if it is one of these already.
    """
    if is_tensor(example):
        return namespace_of(example).asarray(values, dtype=dtype, device=example.device)
    return np.asarray(to_host(values), dtype=dtype)
