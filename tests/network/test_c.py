"""The C file compiles without warnings and computes what the network computes."""

import ctypes
import shutil
import subprocess

import numpy as np
import pytest
from random_networks import random_network
from single_units import errors, limits, samples, single_unit

import cheaplearn as cl
from cheaplearn.network import ACTIVATIONS, activation_named
from cheaplearn.testing import worst_error

compiler = shutil.which("cc")
needs_compiler = pytest.mark.skipif(compiler is None, reason="no C compiler")
CLOSE = {"float16": 1e-2, "float32": 1e-5, "float64": 1e-13}


def build(net, folder, name="cheaplearn_net"):
    """Compiles and loads: a function from samples to outputs in the dtype of the network."""
    net.to_c(folder / "net.c", name=name)
    flags = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-O2", "-shared", "-fPIC"]
    command = [compiler, *flags, folder / "net.c", "-o", folder / "net.so", "-lm"]
    subprocess.run(command, check=True, capture_output=True)
    real = np.float64 if net.dtype == np.float64 else np.float32
    pointer = np.ctypeslib.ndpointer(real, flags="C_CONTIGUOUS")
    function = getattr(ctypes.CDLL(str(folder / "net.so")), name)
    function.argtypes, function.restype = [pointer, pointer], None

    def run(X):
        outputs = np.empty((len(X), len(net.labels)), real)
        for x, y in zip(np.ascontiguousarray(X, dtype=real), outputs, strict=True):
            function(x, y)
        return outputs

    return run


@needs_compiler
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_c_function_computes_what_the_network_computes(tmp_path, activation, dtype):
    rng = np.random.default_rng(len(activation))
    net = random_network(rng, activation, dtype)
    X = rng.uniform(-1, 1, (30, 4))
    scale = 1 + np.abs(net(X).astype(np.float64)).max()
    assert np.abs(build(net, tmp_path)(X).astype(np.float64) - net(X)).max() <= CLOSE[dtype] * scale


@needs_compiler
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations_in_c_keep_to_the_assumed_accuracy(tmp_path, activation, dtype):
    run = build(single_unit(activation, dtype), tmp_path)
    info = np.finfo(dtype)
    for seed, limit in enumerate(limits(activation, 0.125, 1.0, 4.0, 200.0)):
        z = samples(dtype, limit, seed, 500)
        found = errors(activation, z, run(z[:, None]).ravel())
        assumed = activation_named(activation).error(limit, dtype) * float(info.eps) / 2
        assert found.max() <= assumed + float(info.smallest_subnormal)


@needs_compiler
def test_float16_is_rounded_in_c_as_numpy_rounds_it(tmp_path):
    rng = np.random.default_rng(1)
    run = build(single_unit("relu", "float16"), tmp_path)
    values = np.exp2(rng.uniform(-27, 15.9, 2000)).astype(np.float32)
    halfway = (np.float16(1) + np.arange(1, 12, 2) * 2.0**-11).astype(np.float32)
    values = np.concatenate([values, halfway, np.float32([0, 2.0**-25, 3 * 2.0**-25, 65504, 65519])])
    assert np.array_equal(run(values[:, None]).ravel(), values.astype(np.float16).astype(np.float32))


@needs_compiler
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_certificate_holds_for_the_c_function(tmp_path, dtype):
    net = cl.compile(["x*y*z - z**2", "x + 2*y"], box=(-2, 1), dtype=dtype)
    found, _ = worst_error(net, ["x*y*z - z**2", "x + 2*y"], effort=200, evaluate=build(net, tmp_path, "energy"))
    assert 0 < found <= net.certificate.error


@needs_compiler
def test_rows_without_weights_and_constants_compile(tmp_path):
    net = random_network(np.random.default_rng(2), "silu", "float32", density=0.0)
    assert build(net, tmp_path)(np.ones((2, 4))) == pytest.approx(net(np.ones((2, 4))), abs=1e-6)


def test_header_tells_what_was_proven():
    net = cl.compile("x*y", box={"x": (-1, 1), "y": (0, 2)})
    header, _, _ = net.to_c().partition("*/")
    for fact in (net.formula, "-1.0 <= x <= 1.0", "0.0 <= y <= 2.0", "float32", *net.certificate.assumptions):
        assert fact in header
    stated = float(header.split("Certified error: ")[1].split()[0])
    assert net.certificate.error <= stated <= 1.01 * net.certificate.error


@pytest.mark.parametrize("name", ["2x", "a b", "x;", "", "double"])
def test_names_that_c_does_not_allow_are_refused(name):
    with pytest.raises(ValueError, match="`name` of `to_c` must be a C identifier"):
        cl.compile("x", box=(-1, 1)).to_c(name=name)


def test_large_networks_are_refused_with_what_to_do():
    net = random_network(np.random.default_rng(3), "silu", "float32", inputs=300, sizes=(300, 3, 3), density=0.5)
    with pytest.raises(ValueError, match=r"must be of at most 20,000 synapses, got 46,\d+\. Export it with to_onnx"):
        net.to_c()
