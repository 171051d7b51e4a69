"""Opens reports in Chromium: browser_test.py MAKE_PAGES DIR

DIR keeps what the tests look at: the pages, screenshots of each page at two widths in light and dark, and PDFs.
Exit code 77: skipped, because no browser is installed.
"""

import base64
import pathlib
import re
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
import webdriver

SKIPPED = 77
DESK, PHONE = (1280, 900), (390, 844)
PAPER = (687, 1000)  # A4 without its margins, in CSS pixels
ENTER, SPACE, TAB, ESCAPE = "\ue007", " ", "\ue004", "\ue00c"

# Elements that are wider than the page and not inside a frame that scrolls.
SPILLING = """
  const scrolls = (e) => e && (["auto", "scroll", "hidden"].includes(getComputedStyle(e).overflowX) || scrolls(e.parentElement));
  return [...document.querySelectorAll("body *")]
    .filter((e) => !e.closest("svg, .unseen, .skip, script") && !scrolls(e.parentElement))
    .filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
    .map((e) => e.tagName + "." + e.className);"""

# Text whose contrast to its background is below 4.5 to 1.
FAINT = """
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const lightness = (c) => c.slice(0, 3).map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const own_text = (e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
  return [...document.querySelectorAll("body *")]
    .filter((e) => own_text(e) && !e.closest(".unseen, script, title, desc"))
    .map((e) => {
      const style = getComputedStyle(e), colour = e.closest("svg") ? style.fill : style.color;
      const [a, b] = [lightness(parse(colour)), lightness(ground(e))].sort((x, y) => y - x);
      return [(a + 0.05) / (b + 0.05), e.tagName + "." + (e.getAttribute("class") || "") + " " + e.textContent.slice(0, 30)];
    })
    .filter(([contrast]) => contrast < 4.5);"""

CELLS = """return [...arguments[0].tBodies[0].rows].filter((r) => !r.hidden).map((r) => r.cells[arguments[1]].textContent);"""
NUMBERS = """return [...arguments[0].tBodies[0].rows].map((r) => Number(r.cells[arguments[1]].dataset.sort));"""
TABLE = """return [...document.querySelectorAll("table.sortable")].find((t) => t.caption.textContent.startsWith(arguments[0]));"""
STATUS = """return arguments[0].closest(".scroll").previousElementSibling.querySelector("[role=status]").textContent;"""


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = webdriver.Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.quit()

    def setUp(self):
        self.look(DESK)

    def look(self, size, scheme="light", media="screen"):
        width, height = size
        self.browser.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                         mobile=size == PHONE)
        self.browser.cdp("Emulation.setEmulatedMedia", media=media,
                         features=[{"name": "prefers-color-scheme", "value": scheme}])

    def open(self, name):
        self.browser.open((DIRECTORY / (name + ".html")).as_uri())

    def photograph(self, name):
        height = self.browser.run("return document.documentElement.scrollHeight")
        size = {"x": 0, "y": 0, "width": self.browser.run("return innerWidth"), "height": min(height, 6000), "scale": 1}
        picture = self.browser.cdp("Page.captureScreenshot", captureBeyondViewport=True, clip=size)
        (DIRECTORY / (name + ".png")).write_bytes(base64.b64decode(picture["data"]))

    def table(self, caption):
        found = self.browser.run(TABLE, caption)
        self.assertIsNotNone(found, caption)
        return found

    def cells(self, table, column):
        return self.browser.run(CELLS, table, column)

    def button(self, table, column):
        return self.browser.run("return arguments[0].tHead.rows[0].cells[arguments[1]].firstChild", table,
                                column)[webdriver.ELEMENT]

    def order(self, table, column):
        return self.browser.run("return arguments[0].tHead.rows[0].cells[arguments[1]].ariaSort", table, column)

    def test_fit_their_window_in_light_and_dark(self):
        for name in NAMES:
            for size in (DESK, PHONE):
                for scheme in ("light", "dark"):
                    with self.subTest(page=name, width=size[0], scheme=scheme):
                        self.look(size, scheme)
                        self.open(name)
                        self.assertEqual(self.browser.run("return innerWidth"), size[0])
                        self.assertLessEqual(self.browser.run("return document.scrollingElement.scrollWidth"), size[0])
                        self.assertEqual(self.browser.run(SPILLING), [])
                        self.assertEqual(self.browser.run(FAINT), [])
                        self.assertEqual(self.browser.complaints(), [])
                        self.photograph(f"{name}_{size[0]}_{scheme}")

    def test_run_nothing_of_an_archive(self):
        for name in NAMES:
            with self.subTest(page=name):
                self.open(name)
                self.assertIsNone(self.browser.run("return window.injected"))
                self.assertEqual(self.browser.run("return document.querySelectorAll('img, iframe, object, base').length"), 0)
                self.assertEqual(self.browser.run("return document.scripts.length"), 1)

    def test_sort_by_text_and_by_number(self):
        self.open("busy")
        table = self.table("Jobs that could not")
        self.browser.click(self.button(table, 0))
        self.assertEqual(self.order(table, 0), "ascending")
        ascending = self.cells(table, 0)
        self.assertEqual(ascending, sorted(ascending))
        self.browser.click(self.button(table, 0))
        self.assertEqual(self.order(table, 0), "descending")
        self.assertEqual(self.cells(table, 0), sorted(ascending, reverse=True))
        self.browser.click(self.button(table, 1))
        self.assertEqual((self.order(table, 0), self.order(table, 1)), ("none", "ascending"))
        numbers = self.browser.run(NUMBERS, table, 1)
        self.assertEqual(numbers, sorted(numbers))
        self.assertIn("Sorted by Byte, ascending", self.browser.run(STATUS, table))

    def test_sort_sizes_by_bytes(self):
        self.open("busy")
        table = self.table("Jobs and files")
        total = self.browser.run("return arguments[0].tFoot.textContent", table)
        self.browser.click(self.button(table, 7))
        self.browser.click(self.button(table, 7))
        numbers = self.browser.run(NUMBERS, table, 7)
        self.assertEqual(numbers, sorted(numbers, reverse=True))
        self.assertEqual(self.browser.run("return arguments[0].tFoot.textContent", table), total)

    def test_sort_by_keyboard(self):
        self.open("corpus")
        table = self.table("Notes")
        for key, order in ((ENTER, "ascending"), (SPACE, "descending"), (ENTER, "ascending")):
            self.browser.type(self.button(table, 1), key)
            self.assertEqual(self.order(table, 1), order)
            numbers = self.browser.run(NUMBERS, table, 1)
            self.assertEqual(numbers, sorted(numbers, reverse=order == "descending"))

    def test_filter_and_show_how_many_rows_match(self):
        self.open("busy")
        table = self.table("Aggregations")
        field = self.browser.find("input[type=search][aria-label^='Filter: Aggregations']")[0]
        self.assertEqual(self.browser.run(STATUS, table), "42 rows")
        self.browser.type(field, "SUSP")
        self.assertEqual(set(self.cells(table, 1)), {"cpu_load"})
        self.assertEqual(self.browser.run(STATUS, table), "6 of 42 rows")
        self.browser.type(field, "  fritz")
        self.assertEqual(self.cells(table, 0), ["fritz"])
        self.browser.type(field, "x")
        self.assertEqual(self.browser.run(STATUS, table), "0 of 42 rows")
        self.browser.type(field, ESCAPE)
        self.assertEqual(len(self.cells(table, 0)), 42)

    def test_can_be_navigated_with_the_keyboard(self):
        self.open("corpus")
        self.browser.press(TAB)
        self.assertEqual(self.browser.run("return document.activeElement.className"), "skip")
        self.assertGreaterEqual(self.browser.run("return document.activeElement.getBoundingClientRect().top"), 0)
        self.browser.press(ENTER)
        self.assertEqual(self.browser.run("return location.hash"), "#content")
        self.browser.press(TAB)
        self.assertEqual(self.browser.run("return document.activeElement.closest('main') !== null"), True)
        self.assertNotEqual(self.browser.run("return getComputedStyle(document.activeElement).outlineStyle"), "none")

    def test_have_names_for_screen_readers(self):
        self.open("busy")
        tree = self.browser.cdp("Accessibility.getFullAXTree")["nodes"]
        roles = {}
        for node in tree:
            if not node.get("ignored"):
                roles.setdefault(node["role"]["value"], []).append(node.get("name", {}).get("value", ""))
        for role in ("button", "searchbox", "region", "image", "link", "navigation", "table"):
            self.assertTrue(roles.get(role), role)
            self.assertNotIn("", roles[role], role)
        self.assertIn("columnheader", roles)
        self.assertIn("rowheader", roles)

    def test_show_everything_without_the_script(self):
        for name in NAMES:
            with self.subTest(page=name):
                self.open(name)
                everything = self.browser.run("return [...document.querySelectorAll('h1, h2, dt, dd, td, p:not(.status)')]"
                                              ".filter(e => !e.closest('details')).map(e => e.innerText)")
                self.browser.cdp("Emulation.setScriptExecutionDisabled", value=True)
                self.open(name)
                shown = self.browser.cdp("DOMSnapshot.captureSnapshot", computedStyles=[])
                self.browser.cdp("Emulation.setScriptExecutionDisabled", value=False)
                document, strings = shown["documents"][0], shown["strings"]
                laid_out = "".join(strings[i] for i in document["layout"]["text"] if i >= 0)
                for text in everything:
                    for line in text.split("\n"):
                        self.assertIn(re.sub(r"\s", "", line), re.sub(r"\s", "", laid_out))
                names = {strings[i] for i in document["nodes"]["nodeName"]}
                self.assertTrue(names.isdisjoint({"BUTTON", "INPUT"}), "a control without a function")

    def test_fit_on_paper(self):
        for name in NAMES:
            with self.subTest(page=name):
                self.look(PAPER, "dark", "print")
                self.open(name)
                self.assertLessEqual(self.browser.run("return document.scrollingElement.scrollWidth"), PAPER[0])
                self.assertEqual(self.browser.run(SPILLING), [])
                self.assertEqual(self.browser.run("return getComputedStyle(document.body).backgroundColor"),
                                 "rgb(255, 255, 255)")
                self.look(DESK, "dark", "")
                printed = self.browser.cdp("Page.printToPDF", printBackground=True, preferCSSPageSize=True)
                pdf = base64.b64decode(printed["data"])
                (DIRECTORY / (name + ".pdf")).write_bytes(pdf)
                pages = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
                self.assertGreater(len(pages), 0)
                for width, height in pages:
                    self.assertAlmostEqual(float(width), 595.3, delta=1)
                    self.assertAlmostEqual(float(height), 841.9, delta=1)


if __name__ == "__main__":
    if not webdriver.installed():
        print("skipped: chromium or chromedriver is not installed")
        sys.exit(SKIPPED)
    DIRECTORY = pathlib.Path(sys.argv[2]).resolve()
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.argv[1], DIRECTORY], check=True)
    NAMES = sorted(path.stem for path in DIRECTORY.glob("*.html"))
    unittest.main(argv=sys.argv[:1], verbosity=2)
