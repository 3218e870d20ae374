"""Asks a model as people do, by dropping, pasting and choosing images, and complains of whatever is wrong.

usage: ask.py CHROMIUM ADDRESS RUN IMAGE OTHER LINE…

LINEs are what the page has to say of IMAGE: a class, a tab and a probability.
"""
import base64
import re
import sys
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

try:
    from axe_playwright_python.sync_playwright import Axe
except ImportError:
    Axe = None

program, address, run, image, other, *lines = sys.argv[1:]
base = f"{urlsplit(address).scheme}://{urlsplit(address).netloc}"
problems = []


def require(condition, sentence):
    if not condition:
        problems.append(sentence)


def watched(context):
    """A page of which every error and every request to elsewhere is a problem."""
    page = context.new_page()
    page.on("console", lambda message: message.type in ("error", "warning") and problems.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: problems.append(f"script: {error}"))
    page.on("request", lambda request: request.url.startswith(base) or problems.append(f"request to {request.url}"))
    return page


def transfer(page, *paths):
    """Files as a browser hands them over that are dropped or pasted."""
    files = [[path.rsplit("/", 1)[-1], base64.b64encode(open(path, "rb").read()).decode()] for path in paths]
    return page.evaluate_handle(
        """files => {
          const transfer = new DataTransfer();
          for (const [name, text] of files) {
            transfer.items.add(new File([Uint8Array.from(atob(text), one => one.charCodeAt(0))], name));
          }
          return transfer;
        }""", files)


def check(page, way):
    page.wait_for_url("**/answers/*")
    said = [line.strip() for line in page.locator("#image-1 .sayings > table tr").all_inner_texts()]
    said = ["\t".join(part.strip() for part in line.split("\t") if part.strip()) for line in said]
    require(said == lines, f"{way}: the page says {said}, and {lines} was expected")
    for picture in page.locator(".looks img").all():
        require(picture.evaluate("one => one.complete && one.naturalWidth > 0"), f"{way}: a picture is missing")


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(60_000)
    page = watched(context)
    page.goto(f"{base}/runs/{run}/predict")

    # Nothing is chosen.
    page.get_by_role("button", name="Predict", exact=True).click()
    require("at least one image" in page.locator("#chosen").inner_text(), "it is not said that nothing is chosen")

    page.dispatch_event("body", "drop", {"dataTransfer": transfer(page, image)})
    check(page, "dropped")
    require(page.locator(".looks img").count() == 2, "there are not two pictures")
    page.locator(".sayings details summary").click()
    require(page.locator(".sayings details tr").count() == 38, "the other classes are not there")

    # The answer's page asks on.
    page.evaluate(
        """data => document.dispatchEvent(Object.assign(new Event("paste", { bubbles: true, cancelable: true }),
          { clipboardData: data }))""", transfer(page, image, other))
    page.locator("#image-2").wait_for()
    check(page, "pasted")
    page.locator("input[name=label]").first.fill("stop")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    require(download.value.suggested_filename.endswith(".tar"), "there is no archive")

    # Several runs, of which the best one is chosen.
    page.goto(f"{base}/predict")
    require(page.locator("input[name=run]:checked").count() == 1, "no run is chosen, or more than one")
    for box in page.locator("input[name=run]:not(:checked)").all():
        box.check()
    page.set_input_files("input[type=file] >> nth=0", [image, other])
    page.get_by_role("button", name="Predict", exact=True).click()
    page.wait_for_url("**/answers/*")
    require(page.locator("#image-2 .said").count() == 2, "there are not two answers")

    # Test images, by a cell of the confusions, and what the model looks at in one of them.
    several = page.url
    page.goto(f"{base}/runs/{run}")
    page.locator("#confusions a[href*='predicted=']").locator("visible=true").first.click()
    page.wait_for_url("**/images?true=*")

    # The same by the keyboard alone: a figure is one stop, and so is the table of counts, however many classes there are.
    def leads_to(words, way):
        page.wait_for_url("**/images?true=*")
        page.locator(".images li").first.wait_for()
        count = int(words.split(": ")[1].split()[0].replace(",", ""))
        require(page.locator("p", has_text=f"{count} of 86 test images").count() == 1, f"{way}: {words} does not lead to so many images")

    meaning = re.compile(r"^true .+, predicted .+: \d+ images?(, [\d.]+ %)?$")
    page.goto(f"{base}/runs/{run}")
    figure = page.locator("#confusions figure .wide svg")
    require(figure.locator("a").count() > 43, "the figure has too few cells")
    figure.focus()
    page.keyboard.press("Home")
    first = page.locator("#tip").inner_text()
    page.keyboard.press("ArrowDown")
    below = page.locator("#tip").inner_text()
    require(first != below and first.split(",")[0] != below.split(",")[0], f"from {first!r}, down leads to {below!r}")
    require(all(meaning.match(text) for text in (first, below)), f"the figure tells {first!r} and {below!r}")
    # On the diagonal are cells without images, which lead nowhere.
    while ": 0 images" in page.locator("#tip").inner_text():
        page.keyboard.press("ArrowRight")
    there = page.locator("#tip").inner_text()
    page.keyboard.press("Enter")
    leads_to(there, "figure")

    page.goto(f"{base}/runs/{run}")
    focused = "document.activeElement.getAttribute('aria-label')"
    cells = page.locator("#cells")
    require(cells.locator("a").first.is_hidden(), "counts are stops of the keyboard before somebody wants them")
    page.locator("#cells summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    if page.evaluate("document.activeElement.className") == "scroll":
        page.keyboard.press("Tab")
    names = cells.locator("a").evaluate_all("links => links.map(link => link.getAttribute('aria-label'))")
    require(len(names) > 43 and all(meaning.match(name) for name in names), f"the counts are called {names[:3]}")
    require(len(set(names)) == len(names), "two counts are called the same")
    require(cells.locator("a[tabindex='0']").count() == 1 and page.evaluate(focused) == names[0], "the table is not one stop of the keyboard")
    require(cells.locator("[role=grid] tbody th[scope=row]").count() == 43, "not every class has a row")
    rows = cells.locator("tbody tr").evaluate_all("rows => rows.map(row => Array.from(row.querySelectorAll('a'), link => link.getAttribute('aria-label')))")
    long = next(index for index, row in enumerate(rows) if len(row) > 1)
    for _ in range(len([row for row in rows[:long] if row])):
        page.keyboard.press("ArrowDown")
    require(page.evaluate(focused) == rows[long][0], f"down leads to {page.evaluate(focused)} and not to {rows[long][0]}")
    page.keyboard.press("ArrowRight")
    require(page.evaluate(focused) == rows[long][1], "right does not lead to the next count")
    page.keyboard.press("Control+End")
    require(page.evaluate(focused) == names[-1], "Control and End do not lead to the last count")
    page.keyboard.press("ArrowRight")
    require(page.evaluate(focused) == names[-1], "there is something behind the last count")
    page.keyboard.press("Control+Home")
    page.keyboard.press("End")
    last = page.evaluate(focused)
    require(last == rows[0][-1] and cells.locator("a[tabindex='0']").count() == 1, f"End leads to {last}")
    # The next stop is behind the table.
    page.keyboard.press("Tab")
    require(page.evaluate("document.activeElement.closest('table.cells') === null"), "the table is more than one stop")
    page.keyboard.press("Shift+Tab")
    require(page.evaluate(focused) == last, "the table forgets where one was")
    if Axe is not None:
        rules = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
        for violation in Axe().run(page, options=rules).response["violations"]:
            require(False, f"counts: {violation['id']}: {[node['target'] for node in violation['nodes']][:3]}")
    page.keyboard.press("Enter")
    leads_to(last, "table")
    page.goto(f"{base}/runs/{run}/images")
    page.locator(".images li").first.wait_for()
    require(page.locator(".images li").count() == 60, "there are not sixty test images")
    page.get_by_role("button", name="what it looks at").first.click()
    page.wait_for_url("**/answers/*")
    require(page.locator(".looks img").count() == 2, "there are not two pictures of a test image")

    # A phone has a camera, and nothing is wider than it.
    phone = browser.new_context(viewport={"width": 390, "height": 844}, device_scale_factor=2, is_mobile=True, has_touch=True)
    small = watched(phone)
    for one in (f"{base}/runs/{run}/images", f"{base}/sweeps/tiny/images"):
        small.goto(one)
        small.locator(".images li").first.wait_for()
        width = small.evaluate("document.scrollingElement.scrollWidth")
        require(width <= 390, f"{one} is {width} pixels wide on a phone")
    for one in (f"{base}/predict", f"{base}/runs/{run}/predict", several):
        small.goto(one)
        width = small.evaluate("document.scrollingElement.scrollWidth")
        require(width <= 390, f"{one} is {width} pixels wide on a phone")
        require(small.locator(".camera").is_visible(), f"{one} has no camera")
    small.goto(f"{base}/runs/{run}/predict")
    small.set_input_files(".camera input", image)
    check(small, "photographed")

    # Without scripts.
    plain = browser.new_context(java_script_enabled=False)
    still = watched(plain)
    still.goto(f"{base}/runs/{run}/predict")
    still.set_input_files("input[type=file] >> nth=0", image)
    still.get_by_role("button", name="Predict", exact=True).click()
    check(still, "without scripts")
    browser.close()

for problem in dict.fromkeys(problems):
    print("problem:", problem)
print("all is well" if not problems else f"{len(problems)} problems")
sys.exit(bool(problems))
