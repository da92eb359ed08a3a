"""Networks as pictures."""

import sys

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from scipy import sparse

import cheaplearn as cl
from cheaplearn.network import Layer, Network
from cheaplearn.network.drawing import NEGATIVE, POSITIVE, draw


def large_network() -> Network:
    rng = np.random.default_rng(0)
    first, last = rng.normal(size=(200, 64)), rng.normal(size=(10, 264))
    layers = (
        Layer(sparse.csr_array(first), np.zeros(200), "silu"),
        Layer(sparse.csr_array(last), np.zeros(10), None),
    )
    return Network(layers, tuple(f"x{i}" for i in range(64)), tuple("0123456789"))


def texts(figure):
    return [text.get_text() for text in figure.findobj(match=lambda artist: hasattr(artist, "get_text"))]


def said(figure):
    return " ".join(" ".join(texts(figure)).split())


def test_small_network_is_drawn_whole():
    net = cl.compile("x*y + z", box=(-1, 1))
    figure = net.draw()
    assert "Everything is drawn." in said(figure)
    for text in ("x", "y", "z", "3 inputs", "1 output", "2 neurons\nsilu"):
        assert text in texts(figure)
    edges, *nodes = [c for c in figure.axes[0].collections if isinstance(c, PathCollection)]
    assert len(edges.get_paths()) == net.synapses
    assert [len(column.get_offsets()) for column in nodes] == [3, *(layer.units for layer in net.layers)]


def test_large_network_says_what_is_left_out():
    net = large_network()
    figure = draw(net, most_nodes=20, most_edges=150)
    edges, *nodes = figure.axes[0].collections
    assert [len(column.get_offsets()) for column in nodes] == [20, 20, 10]
    drawn = len(edges.get_paths())
    assert drawn <= 150
    left_out = f"{net.synapses - drawn:,} of {net.synapses:,} synapses"
    assert f"Not drawn, the weakest: 44 of 64 inputs, 180 of 200 neurons, {left_out}." in said(figure)


def test_strongest_paths_are_kept():
    first = np.zeros((3, 2))
    first[[0, 1, 2], [0, 0, 1]] = [1.0, 1.0, 5.0]
    last = np.array([[0, 0, 1.0, 0.1, 1.0]])  # skip weights of x0, x1, then of the three neurons
    layers = (
        Layer(sparse.csr_array(first), np.zeros(3), "silu"),
        Layer(sparse.csr_array(last), np.zeros(1), None),
    )
    figure = draw(Network(layers, ("weak", "strong"), ("y",)), most_nodes=1)
    assert "strong" in texts(figure)
    assert "weak" not in texts(figure)


def test_of_two_neurons_the_one_with_the_stronger_input_is_kept():
    layers = (
        Layer(sparse.csr_array(np.array([[0.1], [1.0]])), np.zeros(2), "silu"),
        Layer(sparse.csr_array(np.array([[0.0, 1.0, 1.0]])), np.zeros(1), None),
    )
    edges = draw(Network(layers, ("x",), ("y",)), most_nodes=1).axes[0].collections[0]
    assert edges.get_linewidths() == pytest.approx([1.5, 1.5])  # full width: each the largest of its block


def test_colour_is_the_sign_and_width_the_size():
    figure = cl.compile("3*x - y", box=(-1, 1)).draw()
    edges = figure.axes[0].collections[0]
    weak, strong = edges.get_edgecolors()
    from matplotlib.colors import to_rgb

    assert tuple(weak[:3]) == pytest.approx(to_rgb(NEGATIVE))
    assert tuple(strong[:3]) == pytest.approx(to_rgb(POSITIVE))
    assert edges.get_linewidths()[0] < edges.get_linewidths()[1]


def test_constant_network_without_any_weight():
    layers = (Layer(sparse.csr_array((1, 2)), np.ones(1), None),)
    assert "2 inputs" in said(draw(Network(layers, ("x", "y"), ("z",))))


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_file_is_written(tmp_path, ending):
    path = tmp_path / f"net.{ending}"
    cl.compile("x*y", box=(-1, 1)).draw(path)
    assert path.stat().st_size > 1000


def test_pyplot_is_left_alone():
    loaded = "matplotlib.pyplot" in sys.modules
    cl.compile("x*y", box=(-1, 1)).draw()
    assert ("matplotlib.pyplot" in sys.modules) == loaded
    assert draw(large_network(), size=(6.0, 3.0)).get_size_inches().tolist() == [6.0, 3.0]
