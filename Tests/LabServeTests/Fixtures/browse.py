"""Uses the window as people do, and complains of whatever is wrong.

usage: browse.py CHROMIUM ADDRESS [FOLDER]

ADDRESS is a server's whose sweep "ablation" begins to train when this script has printed "ready", goes on when it has printed
"running", and ends when it has printed "going on". With FOLDER, pictures of all
pages are written there, light, dark and as on a phone.
"""
import math
import sys
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import sync_playwright

try:
    from axe_playwright_python.sync_playwright import Axe
except ImportError:
    Axe = None

program, address = sys.argv[1:3]
folder = sys.argv[3] if len(sys.argv) > 3 else None
base = f"{urlsplit(address).scheme}://{urlsplit(address).netloc}"
problems = []


def require(condition, sentence):
    if not condition:
        problems.append(sentence)
        print("problem:", sentence, flush=True)


def until(page, condition, value=None):
    """Waits for a condition; Playwright's own way is one that the pages forbid."""
    for _ in range(300):
        if page.evaluate(condition, value):
            return
        page.wait_for_timeout(200)
    require(False, f"in a minute this has not come true: {condition}")


def require_access(page, name):
    """Nothing keeps anybody from using the page, by the rules of axe-core for WCAG 2, A and AA, where that is installed."""
    if Axe is None:
        return
    rules = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
    results = Axe().run(page, options=rules).response
    require(len(results["passes"]) > 0, f"axe has not looked at {name}")
    for violation in results["violations"]:
        require(False, f"{name}: {violation['id']}: {[node['target'] for node in violation['nodes']][:3]}")


def watched(context):
    """A page of which every error and every request to elsewhere is a problem."""
    page = context.new_page()
    page.on("console", lambda message: message.type in ("error", "warning") and problems.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: problems.append(f"script: {error}"))
    page.on("request", lambda request: request.url.startswith(base) or problems.append(f"request to {request.url}"))
    return page


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(60_000)
    page = watched(context)
    patches = []
    page.on("response", lambda response: "labrun-patch" in response.headers and response.status == 200 and patches.append(response.url))
    page.goto(address)
    page.get_by_text("live", exact=True).wait_for()
    require(page.locator("#sweep-table tbody tr").count() == 2, "there are not two sweeps")
    require("alert(1)" not in page.title(), "the title is a script's")

    # A running sweep, to its end, without loading the page again.
    page.get_by_role("link", name="ablation").first.click()
    page.evaluate("window.isTheSamePage = true")
    before = page.locator("#table").inner_text()
    page.locator("#runs details, #run-table table").first.wait_for()
    page.locator("#run-table thead button", has_text="seed").click()
    page.locator("#spec-text summary").click()
    page.get_by_label("compare odconv-4x", exact=True).check()
    # How courses are drawn stays while the page changes.
    page.get_by_label("smoothing").fill("0.6")
    page.get_by_label("logarithmic").check()
    print("ready", flush=True)
    page.locator("#running").wait_for()
    print("running", flush=True)
    seen = page.locator("#running tbody").inner_text()
    until(page, "seen => (document.querySelector('#running tbody')?.innerText ?? seen) !== seen", seen)
    require_access(page, "the page of a sweep that is trained, with failures")
    print("going on", flush=True)
    until(page, "() => document.querySelector('#head').innerText.includes('5/6 runs')")
    until(page, "() => !document.querySelector('#running')")
    require(page.evaluate("window.isTheSamePage === true"), "the page was loaded again")
    require(any("/sweeps/" in url for url in patches), "no change of the page was sent by itself")
    require(page.locator("#table").inner_text() != before, "the table has not changed")
    require(page.locator("#spec-text[open]").count() == 1, "what was opened is closed again")
    require(
        page.locator("#run-table thead th[aria-sort]").inner_text().strip().startswith("seed"), "the order of runs was forgotten")

    # Courses: what was chosen before they changed holds for those that came since, and stands in the address.
    view = page.locator("#curve-view")
    tops = [page.locator(one).first.bounding_box()["y"] for one in ("#figures-title", "#curve-view", "#figures figure")]
    require(tops == sorted(tops), f"what chooses how courses are drawn does not stand between their title and them: {tops}")
    courses = page.locator("#figures figure .wide svg").filter(has=page.locator("g.plot")).first
    require("smooth=0.6" in page.url and "log=true" in page.url, f"the address does not say how courses are drawn: {page.url}")
    first_plot = courses.locator("g.plot").first
    until(page, "() => document.querySelectorAll('#figures figure .wide svg g.plot polyline.unsmoothed').length > 0")
    lines = "svg => Array.from(svg.querySelectorAll('g.plot')[0].querySelectorAll('polyline[data-at]'), line => [line.dataset.at, line.dataset.values, line.dataset.y, line.getAttribute('points')])"
    smooth = courses.evaluate(lines)
    mean, weight, expected = 0.0, 0.0, []
    for value in map(float, smooth[0][2].split()):
        mean, weight = 0.6 * mean + 0.4 * value, 0.6 * weight + 0.4
        expected.append(mean / weight)
    told = [float(text.split()[0]) for text in smooth[0][1].split("|")]
    require(len(told) == len(expected) and all(abs(a - b) < 1e-3 * abs(b) for a, b in zip(told, expected)), f"smoothed are {told} and not {expected}")
    # On a logarithmic scale equal distances are equal factors.
    heights = [float(place.split(",")[1]) for place in smooth[0][3].split()]
    slopes = [(heights[0] - heights[k]) / math.log(expected[k] / expected[0]) for k in range(1, len(expected))]
    require(all(abs(slope - slopes[0]) < 0.02 * abs(slopes[0]) for slope in slopes), f"the scale is not logarithmic: {slopes}")
    view.get_by_role("button", name="reset").click()
    page.wait_for_timeout(400)
    require(urlsplit(page.url).query == "", f"the address still has something: {page.url}")
    plain_lines = courses.evaluate(lines)
    require(page.locator("#figures polyline.unsmoothed").count() == 0 and "smoothed" not in plain_lines[0][1], "reset leaves something smoothed")
    # Fewer epochs by the keyboard, others of them, and by drawing over them.
    courses.focus()
    page.keyboard.press("+")
    page.wait_for_timeout(400)
    require("epochs=" in page.url, f"the keyboard does not choose epochs: {page.url}")
    chosen = parse_qs(urlsplit(page.url).query)["epochs"][0]
    at = courses.evaluate(lines)[0][0].split()
    require(f"{at[0]}-{at[-1]}" == chosen and len(at) < 6, f"epochs {at} are drawn where {chosen} are chosen")
    require(view.locator("[role=status]").inner_text() == f"epochs {at[0]} to {at[-1]}", "the chosen epochs are not said")
    page.keyboard.press("Shift+ArrowRight")
    page.wait_for_timeout(400)
    require(courses.evaluate(lines)[0][0].split()[-1] == str(int(at[-1]) + 1), "Shift and an arrow do not move on")
    again = watched(context)
    again.goto(page.url)
    again.wait_for_timeout(600)
    same = again.locator("#figures figure .wide svg").filter(has=again.locator("g.plot")).first
    require(same.evaluate(lines)[0][0].split()[-1] == str(int(at[-1]) + 1), "the address does not show the same again")
    again.close()
    courses.focus()
    page.keyboard.press("0")
    page.wait_for_timeout(400)
    require(courses.evaluate(lines) == plain_lines, "the key 0 does not show everything as it was")
    courses.scroll_into_view_if_needed()
    corners = first_plot.evaluate(
        "plot => { const [left, top, right, bottom] = plot.dataset.area.split(' ').map(Number); const matrix = plot.ownerSVGElement.getScreenCTM();"
        " const at = (x, y) => { const point = new DOMPoint(x, y).matrixTransform(matrix); return [point.x, point.y]; };"
        " return [at(left + 0.1 * (right - left), top + 20), at(left + 0.55 * (right - left), top + 20)]; }")
    page.mouse.move(*corners[0])
    page.mouse.down()
    page.mouse.move(*corners[1], steps=4)
    require(page.locator(".chosen-epochs").count() == 1, "what is drawn over is not shown")
    page.mouse.up()
    page.wait_for_timeout(400)
    require("epochs=1-4" in page.url or "epochs=2-4" in page.url, f"drawing over epochs chooses {page.url}")
    view.get_by_role("button", name="reset").click()
    page.wait_for_timeout(400)
    require(courses.evaluate(lines) == plain_lines, "reset does not show everything as it was")

    # Figures tell the numbers of what is pointed at, or that the keyboard has come to.
    tip = page.locator("#tip")
    require(tip.is_hidden(), "something is told of no point")
    mark = page.locator("#conclusions figure .wide svg").first
    mark.scroll_into_view_if_needed()
    curves = page.locator("#figures figure .wide svg").filter(has=page.locator("polyline[data-values]")).first
    curves.scroll_into_view_if_needed()
    place = curves.evaluate(
        "svg => { const line = svg.querySelector('polyline[data-values]'); const [x, y] = line.getAttribute('points').split(' ')[2].split(',');"
        " const at = new DOMPoint(x, y).matrixTransform(svg.getScreenCTM()); return [at.x, at.y, line.dataset.label, line.dataset.at.split(' ')[2],"
        " line.dataset.values.split('|')[2]]; }")
    page.mouse.move(place[0] + 2, place[1] - 2)
    require(tip.inner_text() == f"{place[2]}, epoch {place[3]}: {place[4]}", f"of a point is told {tip.text_content()!r} and not {place[2:]}")
    page.mouse.move(2, 2)
    require(tip.is_hidden(), "a point is told of that nobody points at")
    curves.focus()
    page.keyboard.press("Home")
    first = tip.inner_text()
    page.keyboard.press("ArrowRight")
    second = tip.inner_text()
    page.keyboard.press("ArrowDown")
    third = tip.inner_text()
    require(" epoch 1: " in first and " epoch 2: " in second and " epoch 2: " in third, f"the keyboard tells {first}; {second}; {third}")
    require(second.split(",")[0] != third.split(",")[0], "the keyboard stays with one course")
    page.keyboard.press("Escape")
    require(tip.is_hidden(), "Escape does not hide what is told")
    mark.focus()
    page.keyboard.press("Home")
    require(tip.inner_text().startswith("odconv-4x: +"), f"of an interval is told {tip.text_content()!r}")
    mark.blur()
    require(tip.is_hidden(), "what was left is still told")

    # Marked rows stay so while tables change, and are compared.
    require(page.get_by_label("compare odconv-4x", exact=True).is_checked(), "what was marked was forgotten")
    page.get_by_label("compare static", exact=True).check()
    page.locator("#compare button").click()
    page.locator("#confusions svg").first.wait_for()
    require(page.locator("#compared tbody tr").count() == 2 and "variant=odconv-4x" in page.url, f"two variants are not compared: {page.url}")
    require(page.locator("#courses svg").count() >= 4, "a comparison has too few figures")
    comparison = page.url
    page.go_back()
    page.locator("#table thead a", has_text="params").wait_for()

    # Sorting: by the server in the table of variants, by the page in the list of runs.
    page.locator("#table thead a", has_text="params").click()
    page.locator("#table th[aria-sort]").wait_for()
    require("sort=parameters" in page.url, f"the address is {page.url}")
    cells = [cell.inner_text() for cell in page.locator("#run-table tbody td:first-child").all()]
    page.locator("#run-table thead button", has_text="accuracy").click()
    sorted_cells = [cell.inner_text() for cell in page.locator("#run-table tbody td:first-child").all()]
    require(sorted(cells) == sorted(sorted_cells) and cells != sorted_cells, "the list of runs was not sorted")

    # A run.
    page.locator("#run-table tbody a").first.click()
    page.locator("#confusions svg").first.wait_for()
    require(page.locator("#courses svg").count() >= 4, "a run has too few figures")

    # The keyboard: the first stop is the link to the content.
    page.keyboard.press("Tab")
    require(page.evaluate("document.activeElement.className") == "skip", "the first stop is not the link to the content")

    run = page.url
    addresses = {"sweeps": base + "/", "sweep": base + "/sweeps/ablation", "hostile": base + "/sweeps/hostile", "run": run, "compare": comparison, "api": base + "/api"}

    hostile = watched(context)
    hostile.goto(addresses["hostile"])
    require_access(hostile, "the page of a sweep with odd names")
    hostile.close()

    # A phone: nothing is wider than the screen but what scrolls by itself.
    phone = browser.new_context(viewport={"width": 390, "height": 844}, device_scale_factor=2, is_mobile=True, has_touch=True)
    for name, one in addresses.items():
        small = watched(phone)
        small.goto(one)
        width = small.evaluate("document.scrollingElement.scrollWidth")
        require(width <= 390, f"{name} is {width} pixels wide on a phone")
        for box in small.locator("tbody td:first-child > input[type=checkbox]").all()[:3]:
            beside = box.evaluate(
                "box => { const words = document.createRange(); words.selectNodeContents(box.parentElement); words.setStartAfter(box);"
                " return words.getClientRects()[0].top < box.getBoundingClientRect().bottom; }")
            require(beside, f"on a phone, {name} has a box in a line of its own")
        if folder:
            small.screenshot(path=f"{folder}/{name}-phone.png", full_page=True)
        small.close()

    # Without scripts.
    plain = browser.new_context(java_script_enabled=False)
    still = watched(plain)
    still.goto(base + "/sweeps/ablation")
    require(still.locator("#table tbody tr").count() == 2, "the table is not there without scripts")
    require(still.locator("button:not([type=submit]):visible").count() == 0, "there are buttons that do nothing without scripts")
    for box in still.locator("#run-table input").all()[:3]:
        box.check()
    still.locator("#compare button").click()
    require(still.locator("#compared tbody tr").count() == 3, "runs are not compared without scripts")

    if folder:
        for scheme in ("light", "dark"):
            colored = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
            for name, one in addresses.items():
                picture = watched(colored)
                picture.goto(one)
                picture.wait_for_timeout(600)
                picture.screenshot(path=f"{folder}/{name}-{scheme}.png", full_page=True)
                picture.close()
    browser.close()

for problem in dict.fromkeys(problems):
    print("problem:", problem)
print("all is well" if not problems else f"{len(problems)} problems")
sys.exit(bool(problems))
