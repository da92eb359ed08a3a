"""A plain network: affine layers with skips, one activation, an optional certificate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse, special

from .._messages import must_be
from .activation import activation_named
from .certificate import Certificate, rounded_up

if TYPE_CHECKING:
    from .convolution import Convolutions

__all__ = ["Layer", "Network"]

_CHUNK = 4096  # samples evaluated together at most: keeps the hidden values in cache-sized pieces
_NUMBERS = 16_000_000  # values held at once for a large network


@dataclass(frozen=True)
class Layer:
    """Units that read the input and every earlier layer: ``activation(weights @ sources + bias)``.

    Args:
        weights: Sparse, shape (units, sources); sources are the inputs, then the units of the earlier layers.
            In float16 (which SciPy cannot store) they are held as float32 numbers that float16 represents exactly.
        bias: Shape (units,), in the dtype of the network.
        activation: Name of the activation; None for linear units (sums), which are affine maps and no neurons.
    """

    weights: sparse.csr_array
    bias: np.ndarray
    activation: str | None

    @property
    def units(self) -> int:
        """Number of units."""
        return len(self.bias)

    @property
    def synapses(self) -> int:
        """Number of non-zero weights."""
        return int(np.count_nonzero(self.weights.data))


@dataclass(frozen=True)
class Network:
    """Layers, the last one linear: the outputs.

    Args:
        layers: All layers in order of evaluation.
        variables: Names of the inputs.
        labels: Names of the outputs.
        classes: Class labels if the outputs are logits, else None.
        certificate: What was proven about it, if anything.
        formula: SHA-256 of the exact function it was compiled from.
        metadata: Further facts, plain JSON values.
    """

    layers: tuple[Layer, ...]
    variables: tuple[str, ...]
    labels: tuple[str, ...]
    classes: np.ndarray | None = None
    certificate: Certificate | None = None
    formula: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def dtype(self) -> np.dtype:
        """Floating-point type of weights and evaluation."""
        return self.layers[-1].bias.dtype

    @property
    def neurons(self) -> int:
        """Hidden neurons: units with an activation."""
        return sum(layer.units for layer in self.layers if layer.activation)

    @property
    def synapses(self) -> int:
        """Non-zero weights of all layers (biases not counted)."""
        return sum(layer.synapses for layer in self.layers)

    @property
    def depth(self) -> int:
        """Hidden layers: layers with an activation."""
        return sum(1 for layer in self.layers if layer.activation)

    @property
    def activation(self) -> str | None:
        """Name of the activation, None for an affine network."""
        return next((layer.activation for layer in self.layers if layer.activation), None)

    def __call__(self, X: Any) -> np.ndarray:
        """Evaluates the network in its own dtype.

        In float16 the inputs and every unit are float16 numbers; the sum and the activation of a unit are computed in
        float32 and rounded to float16 once (`cheaplearn.network.HALF_PRECISION`).

        Args:
            X: Raw inputs, shape (samples, inputs), or a DataFrame with the variables as columns.

        Returns:
            Shape (samples, outputs), in `dtype`; the logits -H - mu for a classifier.
        """
        inputs = self._inputs(X)
        units = len(self.variables) + sum(layer.units for layer in self.layers)
        chunk = min(_CHUNK, max(64, _NUMBERS // units))
        outputs = [self._evaluate(inputs[i : i + chunk]) for i in range(0, len(inputs), chunk)]
        return np.concatenate(outputs) if outputs else np.empty((0, len(self.labels)), self.dtype)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Class probabilities.

        Args:
            X: Raw inputs, shape (samples, inputs).

        Returns:
            Softmax of the logits, shape (samples, classes), computed in float64.
        """
        self._require_classes("predict_proba")
        return special.softmax(self(X).astype(np.float64), axis=1)

    def predict(self, X: Any) -> np.ndarray:
        """Most probable class.

        Args:
            X: Raw inputs, shape (samples, inputs).

        Returns:
            Class labels, shape (samples,).
        """
        classes = self._require_classes("predict")
        return classes[np.argmax(self(X), axis=1)]

    def save(self, path: Any) -> None:
        """Writes the network and its certificate to one file (no pickle); `cheaplearn.load` reads it.

        Args:
            path: File to write: JSON if it ends in .json, else NPZ; .npz is added if it has no ending.
        """
        from .storage import save

        save(self, path)

    def to_onnx(self, path: Any = None, form: str = "auto") -> Any:
        """Exports to ONNX with standard operators only, and measures what the export changed.

        Args:
            path: File to write, or None to only return the model.
            form: "dense" (matrices), "sparse" (non-zero weights only), "conv" (for a network with `convolutions`) or
                "auto" (conv where the network has them, else sparse where that is smaller).

        Returns:
            The `onnx.ModelProto`; its metadata hold formula, box, dtype, certified error and measured difference.
        """
        from .to_onnx import to_onnx

        return to_onnx(self, path, form)

    def to_torch(self, form: str = "auto") -> Any:
        """Turns the network into a PyTorch module with trainable weights; needs the extra ``cheaplearn[torch]``.

        Args:
            form: "flat" (keeps the pattern of the synapses), "conv" (`torch.nn.Conv2d` and the like, for a network with
                `convolutions` on a grid of at most three axes) or "auto" (conv where that is possible).

        Returns:
            A `torch.nn.Module`; its `to_network()` leads back.

        Raises:
            ModuleNotFoundError: If PyTorch is not installed.
            ValueError: If the network has no such form.
        """
        if form not in {"auto", "flat", "conv"}:
            raise ValueError(must_be("form", "to_torch", "one of auto, flat, conv", repr(form)))
        is_conv = form == "conv" or (form == "auto" and self.convolutions and len(self.convolutions.shape) <= 3)
        try:
            from .to_torch import to_torch
            from .to_torch_conv import to_torch_conv
        except ModuleNotFoundError as err:
            if err.name != "torch":
                raise
            message = "`to_torch` of `Network` needs PyTorch. Install cheaplearn[torch]."
            raise ModuleNotFoundError(message, name="torch") from err
        return to_torch_conv(self) if is_conv else to_torch(self)

    def to_c(self, path: Any = None, name: str = "cheaplearn_net") -> str:
        """Writes the network as one C99 file that needs math.h only.

        Args:
            path: File to write, or None.
            name: The C function: ``void name(const float *x, float *y)``, double for float64.

        Returns:
            The source text.

        Raises:
            ValueError: If the network has more than 20,000 synapses or the name is no C identifier.
        """
        from .to_c import to_c

        return to_c(self, path, name)

    def draw(self, path: Any = None) -> Any:
        """Draws the network with Matplotlib.

        Args:
            path: File to write (.svg, .png, .pdf), or None.

        Returns:
            The Matplotlib figure.
        """
        from .drawing import draw

        return draw(self, path)

    @cached_property
    def convolutions(self) -> Convolutions | None:
        """The layers as convolutions, with counts per site (`net.convolutions.summary`); None if they are none."""
        from .convolution import as_convolutions

        grid = self.metadata.get("grid")
        return as_convolutions(self, grid) if grid else None

    @cached_property
    def summary(self) -> str:
        """One line: sizes, dtype, certified error and, on a grid, the counts per site."""
        text = f"{self.neurons} neurons, {self.synapses} synapses, {self.depth} hidden layers, {self.dtype.name}"
        if self.certificate:
            text += f", certified error {rounded_up(self.certificate.error):.3g}"
        if self.convolutions:
            text += f"; {self.convolutions.summary}"
        return text

    def __repr__(self) -> str:
        return f"Network({len(self.variables)} inputs -> {len(self.labels)} outputs: {self.summary})"

    def _inputs(self, X: Any) -> np.ndarray:
        if hasattr(X, "columns"):
            missing = [name for name in self.variables if name not in X.columns]
            if missing:
                advice = "Rename the columns or pass an array."
                raise ValueError(must_be("X", "Network", "a table with every input", f"no {missing[0]!r}", advice))
            X = X[list(self.variables)].to_numpy()
        array = np.asarray(X)
        if array.ndim != 2 or array.shape[1] != len(self.variables):
            expected = f"of shape (samples, {len(self.variables)})"
            raise ValueError(must_be("X", "Network", expected, f"shape {array.shape}"))
        if not np.issubdtype(array.dtype, np.number) and array.dtype != bool:
            raise ValueError(must_be("X", "Network", "numeric", f"dtype {array.dtype}"))
        return array.astype(self.dtype)

    def _evaluate(self, inputs: np.ndarray) -> np.ndarray:
        half = self.dtype == np.float16
        computed = np.dtype(np.float32) if half else self.dtype
        width = inputs.shape[1]
        # (sources, samples): one contiguous row per source; each layer fills its rows
        sources = np.empty((width + sum(layer.units for layer in self.layers), len(inputs)), dtype=computed)
        sources[:width] = inputs.T
        for layer in self.layers:
            z = layer.weights @ sources[:width]
            z += layer.bias[:, None].astype(computed, copy=False)
            values = activation_named(layer.activation)(z) if layer.activation else z
            if half:
                values = values.astype(np.float16).astype(computed)
            sources[width : width + layer.units] = values
            width += layer.units
        return values.T.astype(self.dtype, copy=False)

    def _require_classes(self, method: str) -> np.ndarray:
        if self.classes is None:
            message = f"`{method}` needs a network compiled from a classifier; call the network itself for its outputs."
            raise ValueError(message)
        return self.classes
