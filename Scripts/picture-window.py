#!/usr/bin/env python3
"""Takes the pictures of Documentation/Window.md of a running `labrun serve`.

    Scripts/picture-window.py http://127.0.0.1:8080 quick Documentation

The sweep must be complete, of images. Needs Playwright (`make python` installs it into .build/python) and Chromium.
"""

import json
import pathlib
import shutil
import sys
import urllib.request

from playwright.sync_api import sync_playwright


def main():
    address, sweep, folder = sys.argv[1].rstrip("/"), sys.argv[2], pathlib.Path(sys.argv[3])
    with urllib.request.urlopen(f"{address}/api/v1/sweeps/{sweep}/runs") as answer:
        rows = json.load(answer)["rows"]
    best = max(rows, key=lambda row: row.get("test_accuracy") or 0)["run"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])

        def page(scheme, height):
            context = browser.new_context(viewport={"width": 1000, "height": height}, color_scheme=scheme)
            return context.new_page()

        shown = page("light", 700)
        shown.goto(f"{address}/sweeps/{sweep}", wait_until="load")
        shown.screenshot(path=folder / "window-sweep.png")
        shown = page("light", 640)
        shown.goto(f"{address}/runs/{best}/images?show=wrong", wait_until="load")
        picture = shown.locator("main img").first
        picture.wait_for()
        image = folder / "picture.png"
        image.write_bytes(urllib.request.urlopen(address + picture.get_attribute("src")).read())
        shown.screenshot(path=folder / "window-images.png")
        shown = page("dark", 640)
        shown.goto(f"{address}/runs/{best}/predict", wait_until="load")
        shown.set_input_files("input[type=file]", image)
        shown.get_by_role("button", name="Predict", exact=True).click()
        shown.locator("main img").nth(1).wait_for()
        shown.screenshot(path=folder / "window-answer.png")
        image.unlink()
        browser.close()


if __name__ == "__main__":
    main()
