"""Networks as convolutions: recognised number by number, exported as Conv, led back."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from builders import lattice_action, random_invariant
from random_networks import random_network

import cheaplearn as cl
from cheaplearn.network.convolution import as_convolutions
from cheaplearn.testing import worst_error

SHAPES = [(7,), (4, 4), (5, 3), (1, 4), (8, 6), (3, 2, 4)]


def lattice_net(shape, dtype="float32", seed=0, outputs=1, activation="silu"):
    rng = np.random.default_rng(seed)
    functions = [random_invariant(rng, shape, 2, 3) for _ in range(outputs - 1)]
    scaled = lattice_action(shape) * Fraction(1, 16)
    geometry = cl.Grid(*shape, periodic=True)
    return cl.compile([scaled, *functions], box=(-1, 1), dtype=dtype, activation=activation, geometry=geometry)


def samples(net, n=40, seed=1):
    return np.random.default_rng(seed).uniform(-1, 1, (n, len(net.variables))).astype(net.dtype)


def same(a, b):
    return all(
        (x.weights != y.weights).nnz == 0 and np.array_equal(x.bias, y.bias) and x.activation == y.activation
        for x, y in zip(a, b, strict=True)
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_kernels_written_out_at_every_site_are_the_network(shape):
    net = lattice_net(shape, outputs=3)
    assert same(net.convolutions.flat_layers(), net.layers)


@pytest.mark.parametrize("seed", range(10))
def test_one_changed_number_is_no_convolution(seed):
    rng = np.random.default_rng(seed)
    net = lattice_net((4, 4))
    full = [k for k, layer in enumerate(net.convolutions.layers) if layer.grid == (4, 4)]
    k = int(rng.choice(full))
    layer = net.layers[k]
    weights, bias = layer.weights.copy(), layer.bias.copy()
    if rng.random() < 0.5:
        weights.data[rng.integers(len(weights.data))] *= 1 + 2.0**-20
    else:
        bias[rng.integers(len(bias))] += 1
    changed = replace(net, layers=(*net.layers[:k], replace(layer, weights=weights, bias=bias), *net.layers[k + 1 :]))
    assert changed.convolutions is None
    assert "site" not in changed.summary


def test_networks_that_were_not_compiled_on_a_grid_have_no_convolutions():
    net = random_network(np.random.default_rng(2), "silu", "float32")
    assert net.convolutions is None
    assert as_convolutions(net, [len(net.variables)]) is None
    assert as_convolutions(net, [len(net.variables) + 1]) is None


@pytest.mark.parametrize("suffix", [".npz", ".json"])
def test_saved_networks_stay_convolutions(suffix, tmp_path):
    net = lattice_net((4, 3))
    net.save(tmp_path / f"net{suffix}")
    loaded = cl.load(tmp_path / f"net{suffix}")
    assert loaded.convolutions.shape == (4, 3)
    assert same(loaded.convolutions.flat_layers(), net.layers)
    assert loaded.summary == net.summary


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
def test_torch_convolutions_compute_what_the_network_computes(shape, dtype):
    torch = pytest.importorskip("torch")
    net = lattice_net(shape, dtype, outputs=2, activation="square")
    module = net.to_torch()
    kinds = {torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d}
    assert {type(layer) for layer in module.layers} <= kinds
    assert module.layers[0].padding_mode == "circular"
    X = samples(net)
    with torch.no_grad():
        flat = module(torch.from_numpy(X)).numpy()
        images = module(torch.from_numpy(X.reshape(-1, *shape))).numpy()
    assert flat.dtype == net.dtype
    np.testing.assert_array_equal(flat, images)
    difference = np.abs(flat.astype(np.float64) - net(X).astype(np.float64)).max(axis=0)
    assert np.all(difference <= 2 * np.array(net.certificate.roundings))


def test_certificate_holds_for_torch_convolutions():
    torch = pytest.importorskip("torch")
    net = lattice_net((4, 4))
    module = net.to_torch(form="conv")

    def evaluate(X):
        with torch.no_grad():
            return module(torch.from_numpy(X)).numpy()

    found, _ = worst_error(net, lattice_action((4, 4)) * Fraction(1, 16), effort=300, evaluate=evaluate)
    assert 0 < found <= net.certificate.error


def test_untrained_convolutions_give_the_network_back_and_trained_ones_stay_on_the_grid():
    torch = pytest.importorskip("torch")
    net = lattice_net((4, 3), "float64")
    module = net.to_torch()
    assert module.to_network() is net
    X = torch.from_numpy(samples(net))
    module(X).square().sum().backward()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter *= 1 + 1e-9 * torch.sign(parameter.grad)
    trained = module.to_network()
    assert trained.certificate is None
    assert trained.convolutions is not None
    with torch.no_grad():
        np.testing.assert_allclose(trained(X.numpy()), module(X).numpy(), rtol=1e-9)


def test_forms_that_a_network_does_not_have_are_refused():
    pytest.importorskip("torch")
    plain = cl.compile("x*y", box=(-1, 1))
    with pytest.raises(ValueError, match=r"`form` of `to_torch` must be 'flat' for a network without convolutions"):
        plain.to_torch(form="conv")
    with pytest.raises(ValueError, match=r"`form` of `to_torch` must be one of auto, flat, conv, got 'dense'"):
        plain.to_torch(form="dense")
    with pytest.raises(ValueError, match="The network has no convolutions"):
        plain.to_onnx(form="conv")
    with pytest.raises(ValueError, match="ONNX Runtime has no double-precision Conv"):
        lattice_net((3, 3), "float64").to_onnx(form="conv")
    four = lattice_net((2, 2, 2, 2))
    with pytest.raises(ValueError, match=r"`form` of `to_torch` must be 'flat' above three axes"):
        four.to_torch(form="conv")
    with pytest.raises(ValueError, match="Conv is for grids of at most three axes"):
        four.to_onnx(form="conv")
    assert type(four.to_torch()).__name__ == "NetworkModule"


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("shape", SHAPES)
def test_onnx_convolutions_compute_what_the_network_computes(shape, dtype):
    onnxruntime = pytest.importorskip("onnxruntime")
    net = lattice_net(shape, dtype, outputs=2, activation="square")
    model = net.to_onnx()
    operators = {node.op_type for node in model.graph.node}
    assert "Conv" in operators
    assert "MatMul" not in operators
    assert operators.isdisjoint({"Gather", "Gemm"})
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    X = samples(net)
    values = session.run(None, {"x": X})[0]
    assert values.dtype == net.dtype
    difference = np.abs(values.astype(np.float64) - net(X).astype(np.float64)).max(axis=0)
    assert np.all(difference <= 2 * np.array(net.certificate.roundings))
    assert any(entry.key == "cheaplearn.measured_difference" for entry in model.metadata_props)


def test_size_of_the_onnx_model_hardly_grows_with_the_grid():
    small, large = (len(lattice_net(shape).to_onnx().SerializeToString()) for shape in [(4, 4), (16, 16)])
    names = 240 * 40  # names and ranges of 240 more inputs in the metadata
    assert large < small + names


def test_float64_falls_back_to_matrices():
    operators = {node.op_type for node in lattice_net((3, 3), "float64").to_onnx().graph.node}
    assert "Conv" not in operators
