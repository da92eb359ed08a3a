"""Invariant functions on periodic grids become convolutions: the same gates at each site, a valid certificate."""

from fractions import Fraction

import numpy as np
import pytest
from builders import invariant_polynomial, lattice_action, random_invariant
from flint import fmpq

import cheaplearn as cl
from cheaplearn.compiler.lattice import Lattice
from cheaplearn.compiler.lattice_lowering import _Channels
from cheaplearn.compiler.program import Program
from cheaplearn.compiler.rows import add_multiple
from cheaplearn.hamiltonian import Variables, local_monomials
from cheaplearn.testing import assert_certified, worst_error

SHAPES = [(3,), (4,), (7,), (1, 4), (2, 2), (3, 2), (4, 4), (5, 3), (2, 2, 2)]


def periodic(*shape):
    return cl.Grid(*shape, periodic=True)


def on_grid(p, shape, **kwargs):
    return cl.compile(p, geometry=periodic(*shape), **({"box": (-1, 1)} | kwargs))


def invariant_hamiltonian(rng, shape, classes=3, order=2, radius=1):
    grid = periodic(*shape)
    monomials = local_monomials(grid.n_sites, order, radius, grid)
    coefficients = np.zeros((len(monomials), classes))
    value_of = {}
    for k, sites in enumerate(monomials):
        steps = grid.coordinates(list(sites))
        orbit = min(tuple(sorted(map(tuple, ((steps - step) % shape).tolist()))) for step in steps)
        coefficients[k] = value_of.setdefault(orbit, rng.normal(size=classes))
    labels = np.array([f"class {k}" for k in range(classes)])
    variables = Variables.default(grid.n_sites)
    return cl.Hamiltonian(monomials, coefficients, rng.normal(size=classes), labels, variables, grid, order, radius)


@pytest.mark.parametrize(
    ("shape", "per_site"),
    # the squares of the differences along each axis, phi^2 and (phi^2)^2
    [((9,), 3), ((4, 4), 4), ((8, 8), 4), ((16, 16), 4), ((3, 4, 3), 5)],
)
def test_lattice_action_takes_one_square_a_direction_and_two_for_its_potential(shape, per_site):
    net = on_grid(lattice_action(shape), shape)
    sites = int(np.prod(shape))
    assert net.convolutions.neurons_per_site == per_site
    assert net.neurons == per_site * sites
    assert f"{per_site} neurons a site, {per_site * sites} in total" in net.summary
    total = net.synapses + sum(np.count_nonzero(layer.bias) for layer in net.layers)
    assert f"{net.convolutions.parameters_per_site} parameters a site" in net.summary
    assert f"{total} weights and biases in total" in net.summary


def test_free_field_needs_no_square_of_single_sites():
    gradient = lattice_action((4, 6), mass=Fraction(0), coupling=Fraction(0))
    assert on_grid(gradient, (4, 6)).convolutions.neurons_per_site == 2
    assert on_grid(-gradient, (4, 6)).convolutions.neurons_per_site == 2
    here, right, down = (0, 0), (0, 1), (1, 0)
    staggered = invariant_polynomial((4, 6), {(here, here): 2, (here, right): Fraction(1), (here, down): Fraction(-1)})
    assert on_grid(staggered, (4, 6)).convolutions.neurons_per_site == 2


def test_forms_that_are_negatives_of_translates_are_one_channel():
    lattice = Lattice((5,))
    of_site = Program([fmpq(0)] * 5, [fmpq(1)] * 5, outputs=[{}], defects=[0.0])
    half = fmpq(1, 2)
    columns = [of_site.square_column({1: half, 2: -half}), of_site.square_column({5: half, 1: -half})]
    add_multiple(of_site.outputs[0], fmpq(1), of_site.product({columns[0]: fmpq(1)}, {2: half, 3: -half}))
    add_multiple(of_site.outputs[0], fmpq(1), of_site.product({columns[1]: fmpq(1)}, {1: half, 2: -half}))
    add_multiple(of_site.outputs[0], fmpq(1), of_site.product({columns[1]: fmpq(1)}, {2: half, 1: -half}))
    program = _Channels(lattice, of_site).expand()
    assert len(program.nodes) == 2 * 5  # one square and one product a site
    assert [row for row in program.outputs[0].values()] == [1] * 5  # the last product cancels one of the others


STENCILS = {  # with couplings back and across, whose sites are numbered differently on every grid
    ((0, 0), (1, -1)): Fraction(2, 3),
    ((0, 0), (0, 2)): Fraction(-1),
    ((0, -1), (0, 0), (0, 1)): Fraction(1, 2),
    ((0, 0), (-1, 0), (-1, 1), (0, 1)): Fraction(-1, 4),
    ((0, 0),): Fraction(1, 5),
}


@pytest.mark.parametrize("potential", ["action", "stencils"])
def test_kernels_do_not_depend_on_the_size_of_the_grid(potential):
    small, large = (
        on_grid(
            lattice_action(shape) if potential == "action" else invariant_polynomial(shape, STENCILS), shape
        ).convolutions
        for shape in [(8, 8), (16, 16)]
    )
    pairs = [
        (a, b)
        for a, b in zip(small.layers, large.layers, strict=True)
        if (a.grid, b.grid) == (small.shape, large.shape)
    ]
    assert len(pairs) >= 4
    assert small.parameters_per_site == large.parameters_per_site
    for a, b in pairs:
        assert (a.sources, a.padding, a.activation) == (b.sources, b.padding, b.activation)
        np.testing.assert_array_equal(a.kernel, b.kernel)
        np.testing.assert_array_equal(a.bias, b.bias)


@pytest.mark.parametrize("seed", range(12))
def test_random_invariant_functions_are_convolutions_with_a_valid_certificate(seed):
    rng = np.random.default_rng(seed)
    shape = SHAPES[rng.integers(len(SHAPES))]
    functions = [random_invariant(rng, shape, 4, 3, reach=2) for _ in range(int(rng.integers(1, 3)))]
    activation = ["square", "silu", "gelu", "softplus", "relu"][rng.integers(5)]
    box = [(-1, 1), (0, 1), (-2, 3), (Fraction(1, 3), 2)][rng.integers(4)]
    net = on_grid(functions, shape, box=box, activation=activation, dtype=["float32", "float64"][rng.integers(2)])
    found, _ = worst_error(net, cl.Circuit.from_polynomials(functions), effort=100)
    assert found <= net.certificate.error
    assert net.convolutions is not None


@pytest.mark.parametrize(
    ("activation", "dtype"),
    [("silu", "float32"), ("softplus", "float64"), ("square", "float16"), ("square", "float32")],
)
@pytest.mark.parametrize("shape", [(4, 4), (6, 5)])
def test_certificate_of_the_lattice_action_is_valid_and_tight(shape, activation, dtype):
    net = on_grid(lattice_action(shape), shape, activation=activation, dtype=dtype)
    assert_certified(net, lattice_action(shape), slack=20 if activation == "square" else 10, effort=500)


@pytest.mark.parametrize(("activation", "per_site"), [("square", 4), ("silu", 4)])
def test_three_site_terms_of_a_chain_are_two_products_a_site(activation, per_site):
    p = invariant_polynomial((10,), {((0,), (1,), (2,)): Fraction(3, 2), ((0,),): Fraction(1, 3)})
    net = cl.compile(p, box=(-1, 1), activation=activation, geometry=cl.Chain(10, periodic=True))
    assert net.convolutions.shape == (10,)
    assert net.convolutions.neurons_per_site == per_site
    assert_certified(net, p, slack=20, effort=500)


@pytest.mark.parametrize("kind", ["spin", "bit"])
@pytest.mark.parametrize("activation", ["square", "silu", "relu"])
def test_ising_couplings_are_one_neuron_each(kind, activation):
    p = invariant_polynomial((4, 4), {((0, 0), (0, 1)): Fraction(-1), ((0, 0), (1, 0)): Fraction(-2), ((0, 0),): 1})
    kinds = dict.fromkeys(p.variables, kind)
    net = cl.compile(p, variables=kinds, activation=activation, geometry=periodic(4, 4))
    assert net.convolutions.neurons_per_site == 2
    found, _ = worst_error(net, cl.Circuit.from_polynomials([p], kinds), effort=200)
    assert found <= net.certificate.error


def test_hamiltonian_with_classes_uses_its_own_grid_and_shares_the_squares():
    H = invariant_hamiltonian(np.random.default_rng(5), (4, 5))
    net = cl.compile(H, box=(-2, 2))
    # u^2, and the couplings to (0, 1), (1, -1), (1, 0), (1, 1), for all classes
    assert net.convolutions.neurons_per_site == 5
    assert_certified(net, H, slack=10, effort=500)
    assert cl.compile(H, box=(-2, 2), geometry=False).convolutions is None


def test_cubic_terms_take_one_product_a_class_and_the_squares_of_the_couplings():
    H = invariant_hamiltonian(np.random.default_rng(8), (5, 4), classes=2, order=3)
    net = cl.compile(H, box=(-1, 1))
    assert net.convolutions.neurons_per_site == 5 + 2 * 2  # a product is two squares
    found, _ = worst_error(net, H, effort=100)
    assert found <= net.certificate.error


def test_hamiltonian_that_is_not_invariant_on_its_grid_is_compiled_without_convolutions():
    H = invariant_hamiltonian(np.random.default_rng(6), (3, 3))
    changed = H.coefficients.copy()
    changed[3, 1] += 0.5
    other = cl.Hamiltonian(H.monomials, changed, H.offsets, H.classes, H.variables, H.geometry, H.order, H.radius)
    assert cl.compile(other, box=(-1, 1)).convolutions is None
    with pytest.raises(ValueError, match=r"`geometry` of `compile` must be a grid on which every term"):
        cl.compile(other, box=(-1, 1), geometry=H.geometry)


def test_tolerance_changes_whole_channels():
    p = lattice_action((4, 4))
    cheap = on_grid(p, (4, 4))
    between = 0.35 * cheap.certificate.error
    net = on_grid(p, (4, 4), tolerance=between)
    assert net.certificate.error <= between
    assert cheap.neurons < net.neurons < 2 * cheap.neurons  # some channels exact, some cheap
    assert net.convolutions is not None


def test_unreachable_tolerance_is_refused_with_a_network_of_convolutions():
    with pytest.raises(cl.ToleranceError, match="What would help") as caught:
        on_grid(lattice_action((4, 4)), (4, 4), tolerance=1e-5)
    assert caught.value.network.convolutions is not None


def test_compiled_function_is_invariant_within_its_certificate():
    rng = np.random.default_rng(3)
    net = on_grid(lattice_action((4, 6)), (4, 6))
    X = rng.uniform(-1, 1, (20, 4, 6))
    moved = np.roll(X, (1, 2), axis=(1, 2))
    difference = np.abs(net(X.reshape(20, -1)) - net(moved.reshape(20, -1)))
    assert difference.max() <= 2 * net.certificate.rounding


def test_term_that_breaks_the_symmetry_is_named():
    p = lattice_action((3, 3)) + cl.Polynomial({((4, 1), (5, 1)): Fraction(1, 2)}, [f"x{i}" for i in range(9)])
    with pytest.raises(ValueError, match=r"got -1 for x1\*x2 but -0\.5 for its translate x4\*x5 in output 'y'"):
        on_grid(p, (3, 3))


def test_missing_translate_is_named():
    p = cl.Polynomial({((0, 1), (1, 1)): 1}, ["a", "b", "c"])
    with pytest.raises(ValueError, match=r"got 1 for a\*b but 0 for its translate b\*c"):
        on_grid(p, (3,))


@pytest.mark.parametrize(
    ("geometry", "message"),
    [
        (cl.Grid(3, 3), "a grid that is periodic along every axis"),
        (cl.Grid(3, 3, periodic=(True, False)), "a grid that is periodic along every axis"),
        (cl.Graph(9, [(0, 1)]), "a grid that is periodic along every axis"),
        ((3, 3), "a grid that is periodic along every axis"),
        (cl.Grid(3, 4, periodic=True), r"of as many sites as there are inputs \(9\)"),
    ],
)
def test_other_geometries_are_refused(geometry, message):
    with pytest.raises(ValueError, match=message):
        cl.compile(lattice_action((3, 3)), box=(-1, 1), geometry=geometry)


def test_inputs_that_are_not_alike_are_refused():
    box = {f"x{i}": (-1, 1) for i in range(9)} | {"x4": (-1, 2)}
    with pytest.raises(ValueError, match="kind, box, center or scale of 'x4' unlike those of 'x0'"):
        on_grid(lattice_action((3, 3)), (3, 3), box=box)


def test_strict_layers_are_refused_on_a_grid():
    with pytest.raises(ValueError, match=r"`strict_layers` of `compile` must be False for convolutions"):
        on_grid(lattice_action((3, 3)), (3, 3), strict_layers=True)
    H = invariant_hamiltonian(np.random.default_rng(7), (3, 3))
    assert cl.compile(H, box=(-1, 1), strict_layers=True).convolutions is None  # nobody asked for them


def test_float16_certificate_counts_the_rounding_of_every_partial_sum():
    p = invariant_polynomial((7, 7), {((0, 0),): Fraction(1, 3)})
    net = on_grid(p, (7, 7), box=(0, 1), dtype="float16", activation="square")
    X = np.linspace(0, 1, 4001)[:, None] * np.ones(49)  # equal inputs, whose sums are all rounded alike
    error = np.abs(net(X).astype(np.float64)[:, 0] - p(X)).max()
    assert error <= net.certificate.error <= 10 * error
