#!/usr/bin/env python3
"""Draws the differences to the baseline of a table that `labrun table --format markdown` printed, as an SVG.

usage: draw-differences.py TABLE.md COLUMN > PICTURE.svg      such as "Δ accuracy %"
"""
import html
import sys

ROW, TOP, LEFT, PLOT, RIGHT = 26, 74, 208, 400, 132


def colors(paper: str, ink: str, faint: str, mark: str) -> str:
    """The rules of one scheme; without variables, which many viewers do not know and draw black on black."""
    return (
        f".paper {{ fill: {paper}; }} text {{ fill: {ink}; }} .dot {{ fill: {mark}; }} "
        f".grid {{ stroke: {faint}; }} .zero {{ stroke: {ink}; }} .span {{ stroke: {mark}; }}"
    )


def number(text):
    return float(text.replace("\N{MINUS SIGN}", "-").replace("+", "").replace(",", "").strip("* "))


def first_table(text):
    """The rows of the first table with a column of variants, by their columns' titles."""
    rows = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|"):
            if rows:
                break
        elif rows or cells[0] == "variant":
            rows.append(cells)
    return [dict(zip(rows[0], row)) for row in rows[2:]]


def main():
    path, column = sys.argv[1:3]
    rows = first_table(open(path, encoding="utf-8").read())
    own = column.removeprefix("Δ ")
    values = []
    for row in rows:
        parts = row[column].split("±")
        values.append((number(parts[0]), number(parts[1])) if len(parts) == 2 else None)
    known = [value for value in values if value]
    low = min([0.0] + [value - half for value, half in known])
    high = max([0.0] + [value + half for value, half in known])
    low, high = int(low) - 1, int(high) + 1

    def x(value):
        return LEFT + PLOT * (value - low) / (high - low)

    height = TOP + ROW * len(rows) + 50
    width = LEFT + PLOT + RIGHT
    title = f"{column}, paired by seed, with 95 % intervals"
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" aria-label="{html.escape(title)}">',
        "<style>",
        ".title { font-weight: 600; } .end { text-anchor: end; } .middle { text-anchor: middle; }",
        "text { font: 13px system-ui, sans-serif; } .span { stroke-width: 2; }",
        colors(paper="#ffffff", ink="#1f2328", faint="#d1d9e0", mark="#0550ae"),
        "@media (prefers-color-scheme: dark) {",
        colors(paper="#0d1117", ink="#e6edf3", faint="#3d444d", mark="#79c0ff"),
        "}",
        "</style>",
        f'<rect class="paper" width="{width}" height="{height}" rx="6"/>',
        f'<text class="title" x="16" y="26">{html.escape(title)}</text>',
        f'<text class="end" x="{width - 16}" y="{TOP - 18}">{html.escape(own)}</text>',
        f'<text class="end" x="{LEFT - 14}" y="{TOP - 18}">variant</text>',
    ]
    bottom = TOP + ROW * len(rows)
    for tick in range(low, high + 1):
        kind = "zero" if tick == 0 else "grid"
        out.append(f'<line class="{kind}" x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="{TOP - 8}" y2="{bottom}"/>')
        sign = "\N{MINUS SIGN}" if tick < 0 else "+" if tick > 0 else ""
        out.append(f'<text class="middle" x="{x(tick):.1f}" y="{bottom + 20}">{sign}{abs(tick)}</text>')
    for index, (row, value) in enumerate(zip(rows, values)):
        y = TOP + ROW * index + ROW / 2
        out.append(f'<text class="end" x="{LEFT - 14}" y="{y + 4:.0f}">{html.escape(row["variant"])}</text>')
        out.append(f'<text class="end" x="{width - 16}" y="{y + 4:.0f}">{html.escape(row[own])}</text>')
        if value:
            mean, half = value
            out.append(
                f'<line class="span" x1="{x(mean - half):.1f}" x2="{x(mean + half):.1f}" y1="{y:.0f}" y2="{y:.0f}"/>')
            out.append(f'<circle class="dot" cx="{x(mean):.1f}" cy="{y:.0f}" r="4"/>')
        else:
            out.append(f'<text class="middle" x="{x(0):.1f}" y="{y + 4:.0f}">◆</text>')
    out.append(f'<text x="16" y="{height - 12}">◆ the baseline; mean ± standard deviation over seeds at the right</text>')
    out.append("</svg>")
    print("\n".join(out))


main()
