"""Networks as PyTorch modules: the same numbers, trainable with their pattern of synapses, and back."""

import subprocess
import sys

import numpy as np
import pytest
from random_networks import random_network
from single_units import errors, limits, samples, single_unit

import cheaplearn as cl
from cheaplearn.network import ACTIVATIONS, activation_named
from cheaplearn.testing import worst_error

torch = pytest.importorskip("torch")
CLOSE = {"float16": 1e-2, "float32": 1e-5, "float64": 1e-13}


def run(module, X):
    with torch.no_grad():
        return module(torch.from_numpy(X)).numpy()


@pytest.mark.parametrize("small", [0, 2**16])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_module_computes_what_the_network_computes(activation, dtype, small, monkeypatch):
    monkeypatch.setattr("cheaplearn.network.to_torch._SMALL", small)
    rng = np.random.default_rng([len(activation), small])
    net = random_network(rng, activation, dtype, density=0.2)
    X = rng.uniform(-1, 1, (30, 4)).astype(dtype)
    outputs = run(net.to_torch(), X)
    assert outputs.dtype == net.dtype
    scale = 1 + np.abs(net(X).astype(np.float64)).max()
    assert np.abs(outputs.astype(np.float64) - net(X)).max() <= CLOSE[dtype] * scale


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations_of_the_module_keep_to_the_assumed_accuracy(activation, dtype):
    module = single_unit(activation, dtype).to_torch()
    info = np.finfo(dtype)
    for seed, limit in enumerate(limits(activation, 0.125, 1.0, 4.0, 200.0)):
        z = samples(dtype, limit, seed, 500)
        found = errors(activation, z, run(module, z[:, None]).ravel())
        assumed = activation_named(activation).error(limit, dtype) * float(info.eps) / 2
        assert found.max() <= assumed + float(info.smallest_subnormal)


@pytest.mark.parametrize("activation", ["relu", "square"])
def test_float16_module_rounds_each_unit_once_and_nothing_else(activation):
    rng = np.random.default_rng(3)
    net = random_network(rng, activation, "float16", coarse=True)
    X = (rng.integers(-64, 65, (200, 4)) / 32).astype(np.float16)
    assert np.array_equal(run(net.to_torch(), X), net(X))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_certificate_holds_for_the_module(dtype):
    net = cl.compile(["x*y*z - z**2", "x + 2*y"], box=(-2, 1), dtype=dtype)
    module = net.to_torch()
    found, _ = worst_error(
        net, ["x*y*z - z**2", "x + 2*y"], effort=300, evaluate=lambda x: run(module, x.astype(dtype))
    )
    assert 0 < found <= net.certificate.error


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_untrained_module_gives_the_network_back(dtype):
    net = random_network(np.random.default_rng(1), "silu", dtype)
    again = net.to_torch().to_network()
    assert again is net
    compiled = cl.compile("x*y", box=(-1, 1))
    assert compiled.to_torch().to_network().certificate == compiled.certificate


def test_one_changed_weight_ends_the_certificate():
    net = cl.compile("x*y", box=(-1, 1))
    module = net.to_torch()
    with torch.no_grad():
        module.affine[1].values[0] *= 2
    changed = module.to_network()
    assert changed.certificate is None
    assert changed.layers[1].weights.data[0] == 2 * net.layers[1].weights.data[0]


def test_state_dict_round_trip_restores_every_weight():
    net = random_network(np.random.default_rng(2), "silu", "float64")
    module, other = net.to_torch(), net.to_torch()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += torch.rand_like(parameter)
    other.load_state_dict(module.state_dict())
    X = np.random.default_rng(3).uniform(-1, 1, (9, 4))
    assert np.array_equal(run(other, X), run(module, X))
    assert run(other, X) == pytest.approx(other.to_network()(X), abs=1e-12)


@pytest.mark.parametrize("small", [0, 2**16])
def test_fine_tuning_lowers_the_loss_and_keeps_the_pattern(small, monkeypatch):
    monkeypatch.setattr("cheaplearn.network.to_torch._SMALL", small)
    net = cl.compile("x*y*z - z**2 + x", box=(-1, 1))
    module = net.to_torch()
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter *= 1 + 0.01 * torch.randn_like(parameter)
    X = torch.rand((200, 3)) * 2 - 1
    wanted = torch.from_numpy(net(X.numpy()))
    optimizer = torch.optim.Adam(module.parameters(), lr=1e-4)
    losses = []
    for _ in range(50):
        optimizer.zero_grad()
        loss = ((module(X) - wanted) ** 2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2
    tuned = module.to_network()
    assert tuned.certificate is None
    assert (tuned.formula, dict(tuned.metadata)) == ("", {})
    for new, old in zip(tuned.layers, net.layers, strict=True):
        assert np.array_equal(new.weights.toarray() != 0, old.weights.toarray() != 0)
    assert tuned(X.numpy()) == pytest.approx(run(module, X.numpy()), abs=1e-3)


def test_gradients_are_those_of_finite_differences():
    net = random_network(np.random.default_rng(4), "tanh", "float64")
    module = net.to_torch()
    X = torch.rand((3, 4), dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(module, (X,))


def test_missing_pytorch_is_named_with_the_extra_to_install():
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import cheaplearn as cl\n"
        "try: cl.compile('x', box=(-1, 1)).to_torch()\n"
        "except ModuleNotFoundError as err: print(err)\n"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed == "`to_torch` of `Network` needs PyTorch. Install cheaplearn[torch].\n"
