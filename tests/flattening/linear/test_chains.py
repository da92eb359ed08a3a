"""Chains as objects: products, counts, skips, networks and exports."""

import functools
import operator
from itertools import pairwise

import numpy as np
import pytest
from scipy import sparse

import cheaplearn.flattening.linear as linear

REAL = [linear.haar(16), linear.haar(16, skips=True), linear.dct(12), linear.fft(10, real=True), linear.hadamard(8)]
COMPLEX = [linear.fft(12), linear.convolution(np.arange(8) + 1j, method="fft"), linear.fft(8).with_skips()]


def rng():
    return np.random.default_rng(np.random.SeedSequence().entropy)


def random_chain(sizes, density=0.3):
    draw = rng()
    return linear.FactorChain([draw.standard_normal(s) * (draw.random(s) < density) for s in pairwise(sizes)])


def numbers(chain, X):
    """Inputs and outputs as a network sees them: real parts, then imaginary parts."""
    if chain.dtype.kind != "c":
        return X, chain(X)
    Z = X + 1j * X[::-1]
    Y = chain(Z)
    return np.hstack([Z.real, Z.imag]), np.hstack([Y.real, Y.imag])


@pytest.mark.parametrize("trial", range(5))
def test_factors_multiply_in_product_order(trial):
    chain = random_chain([5, 9, 7, 6])
    dense = functools.reduce(operator.matmul, chain.factors).toarray()
    X = rng().standard_normal((4, 6))
    assert np.allclose(chain.dense(), dense, rtol=0, atol=1e-12)
    assert np.allclose(chain(X), X @ dense.T, rtol=0, atol=1e-12)
    assert chain.synapses == sum(factor.nnz for factor in chain.factors) == chain.table["non-zeros"].sum()
    assert chain.dense_synapses == np.count_nonzero(abs(dense) > 1e-13)


@pytest.mark.parametrize("trial", range(5))
def test_rewritten_chains_are_the_same_map(trial):
    chain = random_chain([8, 12, 12, 10, 6], density=0.12)
    for other in (chain.merged(), chain.merged(2), chain.without_idle_units(), chain.with_skips()):
        assert np.allclose(other.dense(), chain.dense(), rtol=0, atol=1e-12)
    assert chain.merged().synapses <= chain.synapses
    assert chain.without_idle_units().synapses <= chain.synapses
    assert chain.with_skips().synapses <= chain.synapses
    assert chain.merged(2).depth <= 2


def test_units_that_are_zero_or_unread_are_left_out():
    chain = linear.FactorChain([[[1, 2, 0]], [[1, 0], [0, 0], [3, 4]]])
    assert chain.without_idle_units().synapses == 2


def test_entries_that_cancel_are_no_synapses_of_the_dense_matrix():
    chain = linear.FactorChain([[[0.1, 0.3]], [[0.3, 1], [-0.1, 1]]])
    assert chain.dense_synapses == 1
    assert chain.merged().synapses == 1


def test_skips_of_a_permutation_take_no_synapses():
    chain = linear.FactorChain([np.eye(4)[[2, 0, 3, 1]]])
    skips = chain.with_skips()
    assert skips.synapses == 0
    X = rng().standard_normal((2, 4))
    assert np.array_equal(skips(X), chain(X))
    assert np.array_equal(skips.to_network()(X), chain(X))


@pytest.mark.parametrize("chain", [*REAL, *COMPLEX], ids=repr)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_network_and_torch_and_onnx_compute_the_chain(chain, dtype):
    torch, onnxruntime = pytest.importorskip("torch"), pytest.importorskip("onnxruntime")
    X, Y = numbers(chain, rng().standard_normal((5, chain.shape[1])))
    X = X.astype(dtype)
    net = chain.to_network(dtype)
    with torch.no_grad():
        from_torch = chain.to_torch(dtype)(torch.from_numpy(X)).numpy()
    session = onnxruntime.InferenceSession(
        chain.to_onnx(dtype=dtype).SerializeToString(), providers=["CPUExecutionProvider"]
    )
    close = {"float32": 1e-4, "float64": 1e-12}[dtype]
    for outputs in (net(X), from_torch, session.run(None, {"x": X})[0]):
        assert outputs.dtype == dtype
        assert np.allclose(outputs, Y, rtol=0, atol=close * 10)


@pytest.mark.parametrize("chain", [c for c in [*REAL, *COMPLEX] if isinstance(c, linear.FactorChain)], ids=repr)
def test_network_has_the_synapses_of_the_real_chain(chain):
    assert chain.to_network().synapses == chain.real_form().synapses
    assert chain.real_form().error() <= 1e-11


def test_network_of_a_skip_chain_pays_for_the_outputs_it_copies():
    skips = linear.haar(16, skips=True)
    assert skips.to_network().synapses == skips.synapses + 16 - 2


def test_half_precision_network_holds_rounded_weights():
    net = linear.hadamard(8).to_network("float16")
    X = np.arange(8.0)[None]
    assert np.array_equal(net(X), linear.hadamard(8)(X))


def test_real_form_of_a_real_chain_is_itself():
    assert linear.haar(8).real_form().synapses == linear.haar(8).synapses


def test_timing_gives_both_sides():
    timing = linear.hadamard(64).measure(samples=8, repeats=3)
    assert timing.ratio == timing.dense_seconds / timing.chain_seconds > 0


def test_printing_tells_sizes_counts_and_cost():
    assert "28 synapses with skips" in repr(linear.haar(8))
    assert "complex 8 x 8, 3 factors, 48 synapses, dense 64" in repr(linear.fft(8))


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: linear.FactorChain([]), "at least one matrix"),
        (lambda: linear.FactorChain([np.eye(2), np.eye(3)]), r"multiplied in order, got shapes \(2, 2\) and \(3, 3\)"),
        (lambda: linear.FactorChain([[[np.inf]]]), "finite"),
        (lambda: linear.FactorChain([np.eye(2)]).error(), "given for a comparison"),
        (lambda: linear.hadamard(4)(np.ones(4)), r"of shape \(samples, 4\)"),
        (lambda: linear.hadamard(4).merged(0), "positive integer"),
        (lambda: linear.hadamard(4).to_network("int8"), "one of float16"),
    ],
)
def test_bad_arguments_are_named(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_factors_are_sparse_arrays_without_stored_zeros():
    chain = linear.FactorChain([sparse.csr_array(([0.0, 1.0], ([0, 1], [0, 1])), shape=(2, 2))])
    assert isinstance(chain.factors[0], sparse.csr_array)
    assert chain.synapses == 1
