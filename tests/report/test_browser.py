"""The page in headless Chromium: opens from a file, fetches nothing, fits the screen."""

import os
import re
import shutil
from contextlib import contextmanager

import pytest

import cheaplearn as cl
from cheaplearn.flattening import linear
from cheaplearn.report import FlatteningPage, LinearPage, write_report

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
CHROMIUM = shutil.which("chromium")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None and os.environ.get("CHEAPLEARN_REQUIRE_BROWSER") != "1",
        reason="chromium is not installed (apt-get install chromium)",
    ),
]


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    assert CHROMIUM, "CHEAPLEARN_REQUIRE_BROWSER=1, but chromium is not installed (apt-get install chromium)"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@contextmanager
def opened(browser, path, width, scheme="light"):
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    requests, complaints = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    try:
        page.goto(path.as_uri())
        yield page
        assert requests == [path.as_uri()]
        assert complaints == []
    finally:
        page.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_page_opens_offline_and_fits_the_screen(browser, written, width):
    result, path = written
    with opened(browser, path, width) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("h1").inner_text().endswith(f"tell the {len(result.hamiltonian.classes)} classes apart.")
        assert page.locator("h2").all_inner_texts() == [
            "The ladder: how much structure is needed",
            "What speaks for which class",
            "Accuracy on data not used for the choice",
            "The network",
            "The certificate",
            "Use it",
            "Where this comes from",
        ]
        assert page.locator("#ladder-table tbody tr").count() == len(result.ladder)
        assert page.locator("#ladder-table tr.chosen").count() == 1


@pytest.mark.parametrize("width", [390, 1280])
def test_three_pictures_are_visible(browser, written, width):
    with opened(browser, written[1], width) as page:
        check_pictures(page, width, 3)


def test_dark_mode_changes_page_and_pictures(browser, written):
    def colors(scheme):
        with opened(browser, written[1], 1280, scheme) as page:
            text = page.locator("#figure-ladder .wide text").first.evaluate("e => getComputedStyle(e).fill")
            return page.locator("body").evaluate("e => getComputedStyle(e).backgroundColor"), text

    light, dark = colors("light"), colors("dark")
    assert light[0] != dark[0]
    assert light[1] != dark[1]


@pytest.mark.parametrize("width", [390, 1280])
def test_page_of_a_density_fits_the_screen(browser, density, width):
    shape, result, path = density
    with opened(browser, path, width) as page:
        assert "numbers describe" in page.locator("h1").inner_text()
        check_pictures(page, width, {"circle": 2, "maps": 1, "bars": 1, "contacts": 2}[shape])
        assert page.locator("#coupling-table tbody tr").count() == len(result.strongest(16))


@pytest.mark.parametrize("width", [390, 1280])
def test_page_of_real_variables_fits_the_screen(browser, real, width):
    _, result, path = real
    with opened(browser, path, width) as page:
        assert re.search(r"numbers? describes? \d variables", page.locator("h1").inner_text())
        check_pictures(page, width, 2 if result.ladder_score else 1)
        assert page.locator("#coupling-table tbody tr").count() == len(result.strongest(16))


@pytest.mark.parametrize("width", [390, 1280])
def test_page_of_a_regression_fits_the_screen(browser, regression, width):
    _, result, path = regression
    with opened(browser, path, width) as page:
        assert page.locator("h1").inner_text().endswith("predict force.")
        check_pictures(page, width, 4)
        assert page.locator("#coupling-table tbody tr").count() == len(result.strongest(16))


def check_pictures(page, width, count):
    """Whether the page is no wider than the screen, and all its pictures are seen and legible."""
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    seen = [picture for picture in page.locator("figure svg").all() if picture.is_visible()]
    assert len(seen) == count
    for picture in seen:
        box = picture.bounding_box()
        assert min(box["width"], box["height"]) > 100
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        sizes = picture.locator("text").evaluate_all("all => all.map(t => t.getBoundingClientRect().height)")
        assert min(sizes) > 6  # CSS pixels: still legible


@pytest.mark.parametrize("width", [390, 1280])
def test_pages_of_flattenings_fit_the_screen(browser, tmp_path, width):
    fourier = linear.fft(32)
    pages = {
        "product": FlatteningPage(cl.flatten("a*b*c*d*e"), "cheaplearn flatten", {}),
        "linear": LinearPage(fourier, fourier.measure(4, 1), fourier.error(), "cheaplearn flatten", {}),
    }
    for name, content in pages.items():
        path = tmp_path / f"{name}.html"
        write_report(content, path)
        with opened(browser, path, width) as page:
            check_pictures(page, width, 1)
