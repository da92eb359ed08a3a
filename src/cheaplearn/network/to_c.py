"""A network as one C99 file: constant tables and a function, nothing but math.h."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from .._messages import must_be
from .activation import HALF_PRECISION
from .certificate import rounded_up
from .network import Layer, Network

__all__ = ["MOST_SYNAPSES", "to_c"]

MOST_SYNAPSES = 20_000
_PER_LINE = 6
_FORMULAS = {  # {f} is the suffix of the functions of math.h: f for float
    "silu": "z / (1 + exp{f}(-z))",
    "gelu": "(real)0.5 * z * erfc{f}((real)-0.70710678118654752440 * z)",
    "softplus": "(z > 0 ? z : 0) + log1p{f}(exp{f}(-fabs{f}(z)))",
    "square": "z * z",
    "tanh": "tanh{f}(z)",
    "sigmoid": "1 / (1 + exp{f}(-z))",
    "gaussian": "exp{f}(-z * z)",
    "exp": "exp{f}(z)",
    "relu": "z > 0 ? z : 0",
}
_INCLUDES = """
#include <math.h>

#ifdef __FAST_MATH__
#error "the certificate needs IEEE 754: no -ffast-math"
#endif
"""
_HALF = """
/* Rounds to the nearest float16 number, ties to even. */
static real rounded(real v)
{
    int exponent;
    real unit;
    if (!isfinite(v) || v == 0) return v;
    frexpf(v, &exponent);
    unit = ldexpf(1, (exponent < -13 ? -13 : exponent) - 11);
    v = nearbyintf(v / unit) * unit;
    return v > 65504 ? HUGE_VALF : v < -65504 ? -HUGE_VALF : v;
}
"""
_SUMS = """
static void sums(int units, const int *start, const int *source, const real *weight, const real *bias,
                 const real *values, real *result)
{
    for (int i = 0; i < units; i++) {
        real sum = bias[i];
        for (int j = start[i]; j < start[i + 1]; j++) sum += weight[j] * values[source[j]];
        result[i] = sum;
    }
}
"""
_KEYWORDS = frozenset(
    "auto break case char const continue default do double else enum extern float for goto if inline int long main "
    "register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while "
    "real rounded sums".split()
)


def to_c(net: Network, path: str | Path | None = None, name: str = "cheaplearn_net") -> str:
    """Writes a network as C99.

    The function is ``void name(const float *x, float *y)``, with double for float64. A float16 network reads and writes
    float; inputs and units are rounded to float16 by the function, as the network does it.

    Args:
        net: The network.
        path: File to write, or None.
        name: Name of the function, a C identifier.

    Returns:
        The source text.

    Raises:
        ValueError: If the network has more than `MOST_SYNAPSES` synapses, or the name is no C identifier.

    Guarantee: the certificate holds if the compiler keeps to IEEE 754 (fused products allowed, -ffast-math refused)
        and the functions of math.h to the assumed accuracy.
    Cost: no heap; the values of all units are on the stack.
    """
    if net.synapses > MOST_SYNAPSES:
        advice = "Export it with to_onnx(), which has a sparse form."
        raise ValueError(must_be("net", "to_c", f"of at most {MOST_SYNAPSES:,} synapses", f"{net.synapses:,}", advice))
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) or name in _KEYWORDS:
        raise ValueError(must_be("name", "to_c", "a C identifier", repr(name), "Pass name='cheaplearn_net'."))
    source = "".join(_parts(net, name))
    if path is not None:
        Path(path).write_text(source, encoding="utf-8")
    return source


def _parts(net: Network, name: str) -> Iterable[str]:
    real = "double" if net.dtype == np.float64 else "float"
    yield _header(net)
    yield _INCLUDES
    yield f"\ntypedef {real} real;\n"
    if net.dtype == np.float16:
        yield _HALF
    for activation in sorted({layer.activation for layer in net.layers if layer.activation}):
        formula = _FORMULAS[activation].format(f="" if real == "double" else "f")
        yield f"\nstatic real {name}_{activation}(real z)\n{{\n    return {formula};\n}}\n"
    for k, layer in enumerate(net.layers):
        yield _tables(f"{name}_{{}}{k}", k, layer, real)
    yield _SUMS
    yield _function(net, name, real)


def _header(net: Network) -> str:
    lines = [
        f"Network of {net.neurons} neurons, {net.synapses} synapses, {net.depth} hidden layers, in {net.dtype.name}.",
        f"Inputs x: {', '.join(net.variables)}",
        f"Outputs y: {', '.join(net.labels)}",
    ]
    if net.classes is not None:
        lines[-1] += f" (logits of the classes {', '.join(str(label) for label in net.classes)})"
    if net.formula:
        lines.append(f"SHA-256 of the function it was compiled from: {net.formula}")
    if net.dtype == np.float16:
        lines.append(f"Precision: {HALF_PRECISION}")
    certificate = net.certificate
    if certificate is None:
        lines.append("No certified error.")
    else:
        lines.append(f"Certified error: {rounded_up(certificate.error)!r} for all inputs with")
        lines += [f"  {low!r} <= {variable} <= {high!r}" for variable, (low, high) in certificate.box.items()]
        lines += ["provided that", *(f"  - {assumption}" for assumption in certificate.assumptions)]
    lines.append("Compile with -std=c99 -O2 and link with -lm.")
    safe = (" ".join(line.splitlines()).replace("*/", "* /").replace("/*", "/ *") for line in lines)
    return "/* " + "\n * ".join(safe) + "\n */\n"


def _tables(name: str, k: int, layer: Layer, real: str) -> str:
    weights = layer.weights.copy()
    weights.eliminate_zeros()
    suffix = "" if real == "double" else "f"
    return (
        f"\n/* layer {k}: {layer.units} units, {layer.activation or 'sums'} */"
        + _table("int", name.format("start"), (str(i) for i in weights.indptr.tolist()))
        + _table("int", name.format("source"), (str(i) for i in weights.indices.tolist()))
        + _table(
            "real", name.format("weight"), (value.hex() + suffix for value in weights.data.astype(np.float64).tolist())
        )
        + _table(
            "real", name.format("bias"), (value.hex() + suffix for value in layer.bias.astype(np.float64).tolist())
        )
    )


def _table(kind: str, name: str, values: Iterable[str]) -> str:
    entries = list(values) or ["0"]  # C has no empty arrays
    lines = [", ".join(entries[i : i + _PER_LINE]) for i in range(0, len(entries), _PER_LINE)]
    return f"\nstatic const {kind} {name}[] = {{\n    " + ",\n    ".join(lines) + "\n};\n"


def _function(net: Network, name: str, real: str) -> str:
    inputs, total = len(net.variables), len(net.variables) + sum(layer.units for layer in net.layers)
    entered, stored = ("rounded(x[i])", "rounded({})") if net.dtype == np.float16 else ("x[i]", "{}")
    lines = [
        f"void {name}(const {real} *x, {real} *y)",
        "{",
        f"    real v[{total}];",
        f"    for (int i = 0; i < {inputs}; i++) v[i] = {entered};" if inputs else "    (void)x;",
    ]
    start = inputs
    for k, layer in enumerate(net.layers):
        tables = ", ".join(f"{name}_{table}{k}" for table in ("start", "source", "weight", "bias"))
        lines.append(f"    sums({layer.units}, {tables}, v, v + {start});")
        value = stored.format(f"{name}_{layer.activation}(v[i])" if layer.activation else "v[i]")
        if value != "v[i]":
            lines.append(f"    for (int i = {start}; i < {start + layer.units}; i++) v[i] = {value};")
        start += layer.units
    outputs = net.layers[-1].units
    lines += [f"    for (int i = 0; i < {outputs}; i++) y[i] = v[{start - outputs} + i];", "}"]
    return "\n" + "\n".join(lines) + "\n"
