"""Asks a model as people do, by dropping, pasting and choosing images, and complains of whatever is wrong.

usage: ask.py CHROMIUM ADDRESS RUN IMAGE OTHER LINE…

LINEs are what the page has to say of IMAGE: a class, a tab and a probability.
"""
import base64
import sys
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

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
