extension Assets {
  /// What tables of counts do beside being read: they are one stop of the keyboard, and arrow keys go from count to count.
  static let cellsProgram = #"""
    "use strict";
    (() => {
      const linksOf = (part) => Array.from(part.querySelectorAll("a[href]"));
      const prepare = () => {
        for (const grid of document.querySelectorAll("table.cells:not([data-stop])")) {
          grid.dataset.stop = "";
          for (const [index, link] of linksOf(grid).entries()) link.tabIndex = index === 0 ? 0 : -1;
          const keys = document.getElementById("cells-keys");
          if (keys) keys.hidden = false;
        }
      };
      const gridOf = (target) => target.closest?.("table.cells");
      document.addEventListener("focusin", (event) => {
        const grid = gridOf(event.target);
        if (!grid || !event.target.matches("a[href]")) return;
        for (const link of grid.querySelectorAll("a[href][tabindex='0']")) link.tabIndex = -1;
        event.target.tabIndex = 0;
      });
      document.addEventListener("keydown", (event) => {
        const grid = gridOf(event.target);
        if (!grid || !event.target.matches("a[href]") || event.altKey || event.metaKey) return;
        const cell = event.target.closest("td");
        const row = linksOf(cell.parentElement);
        const at = row.indexOf(event.target);
        let next = null;
        if (event.key === "ArrowLeft") next = row[at - 1];
        else if (event.key === "ArrowRight") next = row[at + 1];
        else if (event.key === "Home") next = event.ctrlKey ? linksOf(grid)[0] : row[0];
        else if (event.key === "End") next = event.ctrlKey ? linksOf(grid).at(-1) : row.at(-1);
        else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
          // The nearest count of the next row that has one.
          const down = event.key === "ArrowDown";
          let line = cell.parentElement;
          do line = down ? line.nextElementSibling : line.previousElementSibling;
          while (line && linksOf(line).length === 0);
          const distance = (link) => Math.abs(link.closest("td").cellIndex - cell.cellIndex);
          next = line && linksOf(line).reduce((best, one) => (distance(one) < distance(best) ? one : best));
        } else return;
        event.preventDefault();
        next?.focus();
      });
      prepare();
      new MutationObserver(prepare).observe(document.querySelector("main"), { childList: true });
    })();

    """#
}
