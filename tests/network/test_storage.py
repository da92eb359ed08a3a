"""NPZ and JSON files hold a network exactly."""

import json

import numpy as np
import pytest
from random_networks import random_network

import cheaplearn as cl
from cheaplearn.network import ACTIVATIONS


def assert_same(again, net):
    for new, old in zip(again.layers, net.layers, strict=True):
        assert (new.activation, new.bias.dtype, new.weights.dtype) == (
            old.activation,
            old.bias.dtype,
            old.weights.dtype,
        )
        assert np.array_equal(new.bias, old.bias)
        assert np.array_equal(new.weights.toarray(), old.weights.toarray())
    assert (again.variables, again.labels, again.formula) == (net.variables, net.labels, net.formula)
    assert (again.certificate, dict(again.metadata)) == (net.certificate, dict(net.metadata))
    if net.classes is None:
        assert again.classes is None
    else:
        assert list(again.classes) == list(net.classes)


@pytest.mark.parametrize("ending", ["npz", "json"])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_every_weight_comes_back_to_the_last_bit(tmp_path, ending, dtype):
    for seed, activation in enumerate(ACTIVATIONS):
        net = random_network(np.random.default_rng(seed), activation, dtype)
        net.save(tmp_path / f"net.{ending}")
        again = cl.load(tmp_path / f"net.{ending}")
        assert_same(again, net)
        X = np.random.default_rng(seed).uniform(-1, 1, (20, 4))
        assert np.array_equal(again(X), net(X))


@pytest.mark.parametrize("ending", ["npz", "json"])
@pytest.mark.parametrize("classes", [np.array([3, 7]), np.array(["cat", "dög"]), np.array([0.5, 1.5]), None])
def test_certificate_classes_and_metadata_come_back(tmp_path, ending, classes):
    circuit = cl.Circuit.from_polynomials(["x*y", "x - y"])
    circuit = type(circuit)(**{**circuit.__dict__, "classes": classes})
    net = cl.compile(circuit, box=(-1, 1))
    net.save(tmp_path / f"net.{ending}")
    assert_same(cl.load(tmp_path / f"net.{ending}"), net)


def test_numbers_at_the_ends_of_the_range_come_back(tmp_path):
    for dtype in ("float16", "float32", "float64"):
        info = np.finfo(dtype)
        net = random_network(np.random.default_rng(0), "relu", dtype)
        bias = net.layers[-1].bias
        bias[:] = [info.max, info.smallest_subnormal, -info.tiny]
        net.save(tmp_path / "net.json")
        assert np.array_equal(cl.load(tmp_path / "net.json").layers[-1].bias, bias)


def test_json_is_read_by_its_content_whatever_the_name(tmp_path):
    net = cl.compile("x*y", box=(-1, 1))
    net.save(tmp_path / "net.json")
    (tmp_path / "net.json").rename(tmp_path / "net.model")
    assert_same(cl.load(tmp_path / "net.model"), net)


@pytest.mark.parametrize(
    "change", [{"layers": []}, {"dtype": "float99"}, {"format": "other"}, {"version": 99}, {"classes": 3}]
)
def test_changed_json_is_refused(tmp_path, change):
    cl.compile("x*y", box=(-1, 1)).save(tmp_path / "net.json")
    record = json.loads((tmp_path / "net.json").read_text())
    (tmp_path / "net.json").write_text(json.dumps(record | change))
    with pytest.raises(ValueError, match="`path` of `load` must be"):
        cl.load(tmp_path / "net.json")


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"PK", b"\xff\xfe\x00", b"3"])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "net.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"must be a network saved by `Network\.save`"):
        cl.load(tmp_path / "net.json")
