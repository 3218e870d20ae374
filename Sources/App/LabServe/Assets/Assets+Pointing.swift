extension Assets {
  /// What figures do beside being seen: they tell the numbers of the point that is nearest to the pointer, or that the arrow
  /// keys have come to.
  ///
  /// The numbers are in the figures: as titles of marks, and beside the places of lines.
  static let pointingProgram = #"""
    "use strict";
    (() => {
      const tip = document.createElement("div");
      tip.id = "tip";
      tip.setAttribute("role", "status");
      tip.hidden = true;
      document.body.append(tip);
      const drawing = "http://www.w3.org/2000/svg";
      const known = new WeakMap();
      let shown = null;

      // The points of a figure: series of places in the figure's own coordinates, each with what is told.
      const seriesOf = (svg) => {
        if (known.has(svg)) return known.get(svg);
        const all = [];
        for (const line of svg.querySelectorAll("polyline[data-values]")) {
          const { label, name, at, values } = line.dataset;
          const positions = at.split(" ");
          const texts = values.split("|");
          const places = line.getAttribute("points").split(" ").map((place) => place.split(",").map(Number));
          all.push(places.map(([x, y], index) => ({ x, y, text: `${label}, ${name} ${positions[index]}: ${texts[index]}` })));
        }
        const marks = [];
        for (const title of svg.querySelectorAll("circle > title, polygon > title, rect > title")) {
          const mark = title.parentElement;
          const box = mark.getBBox();
          const link = mark.closest("a")?.getAttribute("href");
          marks.push({ x: box.x + box.width / 2, y: box.y + box.height / 2, text: title.textContent, link });
          // The browser's own tip would say the same a second time.
          title.remove();
        }
        if (marks.length > 0) all.push(marks);
        known.set(svg, all);
        return all;
      };
      const hide = () => {
        tip.hidden = true;
        shown?.ring.remove();
        shown = null;
      };
      const show = (svg, series, index) => {
        const point = seriesOf(svg)[series]?.[index];
        if (!point) return hide();
        if (shown?.svg !== svg) {
          hide();
          const ring = document.createElementNS(drawing, "circle");
          ring.setAttribute("r", "6");
          ring.setAttribute("class", "pointed");
          svg.append(ring);
          shown = { svg, ring };
        }
        Object.assign(shown, { series, index });
        shown.ring.setAttribute("cx", point.x);
        shown.ring.setAttribute("cy", point.y);
        if (tip.textContent !== point.text) tip.textContent = point.text;
        tip.hidden = false;
        const place = new DOMPoint(point.x, point.y).matrixTransform(svg.getScreenCTM());
        const { width, height } = tip.getBoundingClientRect();
        const left = Math.min(Math.max(4, place.x - width / 2), document.documentElement.clientWidth - width - 4);
        const top = place.y - height - 12 > 4 ? place.y - height - 12 : place.y + 14;
        tip.style.left = `${Math.max(4, left)}px`;
        tip.style.top = `${top}px`;
      };
      const figure = (target) => target.closest?.("figure svg");

      const reach = 24;
      const point = (event) => {
        const svg = figure(event.target);
        if (!svg) return shown && document.activeElement !== shown.svg ? hide() : undefined;
        const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
        let best = null;
        for (const [series, points] of seriesOf(svg).entries()) {
          for (const [index, one] of points.entries()) {
            const distance = Math.hypot(one.x - place.x, one.y - place.y);
            if (distance < (best?.distance ?? reach)) best = { series, index, distance };
          }
        }
        if (best) show(svg, best.series, best.index);
        else hide();
      };
      document.addEventListener("pointermove", point);
      document.addEventListener("pointerdown", point);
      addEventListener("scroll", () => {
        if (shown && document.activeElement === shown.svg) show(shown.svg, shown.series, shown.index);
        else hide();
      }, { passive: true, capture: true });

      // The keyboard: left and right along a series, up and down to the nearest point of another one, or of another height;
      // Enter follows a point that leads somewhere.
      document.addEventListener("focusin", (event) => {
        const svg = figure(event.target);
        if (svg && svg === event.target && svg.matches(":focus-visible")) show(svg, 0, 0);
      });
      document.addEventListener("focusout", hide);
      // A figure that was drawn anew has its points elsewhere.
      document.addEventListener("redrawn", (event) => {
        known.delete(event.target);
        if (shown?.svg === event.target) hide();
      });
      document.addEventListener("keydown", (event) => {
        const svg = figure(event.target);
        if (!svg || event.altKey || event.ctrlKey || event.metaKey) return;
        if (event.key === "Escape") return hide();
        const all = seriesOf(svg);
        if (all.length === 0) return;
        let { series, index } = shown?.svg === svg ? shown : { series: 0, index: -1 };
        if (event.key === "Enter") {
          const link = all[series][index]?.link;
          if (link) location.assign(link);
          return;
        }
        const last = all[series].length - 1;
        const turn = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 }[event.key];
        if (event.key === "Home") index = 0;
        else if (event.key === "End") index = last;
        else if (turn === undefined) return;
        else if (all.length > 1 && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
          const x = all[series][Math.max(0, index)].x;
          series = (series + turn + all.length) % all.length;
          index = all[series].reduce((best, one, place) => (Math.abs(one.x - x) < Math.abs(all[series][best].x - x) ? place : best), 0);
        } else {
          const from = event.key === "ArrowUp" || event.key === "ArrowDown" ? all[series][index] : null;
          // A column is kept to before a row is skipped.
          const distance = (one) => 4 * Math.abs(one.x - from.x) + Math.abs(one.y - from.y);
          const others = from ? all[series].filter((one) => (one.y - from.y) * turn > 1) : [];
          if (others.length > 0) index = all[series].indexOf(others.reduce((best, one) => (distance(one) < distance(best) ? one : best)));
          else if (!from || all[series].every((one) => Math.abs(one.y - from.y) <= 1)) index = Math.min(last, Math.max(0, index + turn));
        }
        event.preventDefault();
        show(svg, series, index);
      });

      // Figures with points are stops of the keyboard, those too that come while a page is open.
      const told = "polyline[data-values], circle > title, polygon > title, rect > title";
      const prepare = () => {
        for (const svg of document.querySelectorAll("figure svg:not([tabindex])")) {
          if (svg.querySelector(told)) svg.setAttribute("tabindex", "0");
        }
        if (shown && !shown.svg.isConnected) hide();
      };
      prepare();
      new MutationObserver(prepare).observe(document.querySelector("main"), { childList: true });
    })();

    """#
}
