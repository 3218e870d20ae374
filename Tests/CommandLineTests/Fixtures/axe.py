"""Looks for what keeps people from using pages, by the rules of axe-core for WCAG 2, levels A and AA.

usage: axe.py CHROMIUM BASE PATH…

Every page is looked at on a light and on a dark ground, and on a phone. A path may say what is to be done there first, behind
a space: "image=FILE" sends an image by the page's form.
"""
import sys

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

program, base, *paths = sys.argv[1:]
axe = Axe()
rules = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
ways = {
    "light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
}
count = 0
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
    for way, options in ways.items():
        context = browser.new_context(**options)
        context.set_default_timeout(60_000)
        for path in paths:
            target, _, action = path.partition(" ")
            page = context.new_page()
            page.goto(base + target)
            for _ in range(300):
                if "are being read" not in page.locator("main").inner_text():
                    break
                page.wait_for_timeout(200)
            if action:
                page.set_input_files("input[type=file] >> nth=0", action.removeprefix("image="))
                page.get_by_role("button", name="Predict", exact=True).click()
                page.locator("main img").first.wait_for()
            for details in page.locator("details").all():
                details.evaluate("one => { one.open = true; }")
            page.wait_for_timeout(300)
            results = axe.run(page, options=rules).response
            if not results["passes"]:
                count += 1
                print(f"{way} {path}: nothing was looked at")
            for violation in results["violations"]:
                for node in violation["nodes"]:
                    count += 1
                    words = " ".join(node.get("failureSummary", "").split())
                    print(f"{way} {path}: {violation['id']}: {node['target']}: {words} {node['html'][:160]}")
            page.close()
        context.close()
    browser.close()
print("all is well" if count == 0 else f"{count} violations")
sys.exit(count > 0)
