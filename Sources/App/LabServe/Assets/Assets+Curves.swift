extension Assets {
  /// What pages with courses do: they smooth them, draw them on a logarithmic scale, and show some of their epochs.
  ///
  /// Figures say where their plots are and what their lines' numbers are. What is chosen stands in the address, so that a
  /// link shows the same, and is kept while parts of the page are replaced.
  static let curvesProgram = curveDrawing + curveControls

  private static let curveDrawing = #"""
    "use strict";
    (() => {
      const bar = document.getElementById("curve-view");
      if (!bar) return;
      const main = document.querySelector("main");
      const slider = bar.querySelector("input[type=range]");
      const output = bar.querySelector("output");
      const box = bar.querySelector("input[type=checkbox]");
      const [closer, wider, reset] = bar.querySelectorAll("button");
      const said = bar.querySelector("[role=status]");
      const drawing = "http://www.w3.org/2000/svg";
      const names = ["smooth", "log", "epochs"];
      bar.hidden = false;

      // What is chosen.
      const given = new URLSearchParams(location.search);
      const state = { smooth: Number(given.get("smooth") ?? 0), log: given.get("log") === "true", epochs: given.get("epochs")?.split("-").map(Number) ?? null };
      // Other parameters stay as they are written: the server keeps pages by their addresses.
      const write = (search) => {
        const all = search.replace(/^\?/, "").split("&").filter((pair) => pair !== "" && !names.includes(pair.split("=")[0]));
        if (state.smooth > 0) all.push(`smooth=${state.smooth}`);
        if (state.log) all.push("log=true");
        if (state.epochs) all.push(`epochs=${state.epochs.join("-")}`);
        return all.length > 0 ? `?${all.join("&")}` : "";
      };

      // Plots as they came, and what is in them.
      const known = new WeakMap();
      const numbers = (text) => (text ?? "").split(" ").filter((one) => one !== "").map(Number);
      const pairs = (text) => text.split(" ").map((one) => one.split(",").map(Number));
      let count = 0;
      const plotOf = (group) => {
        if (known.has(group)) return known.get(group);
        const [left, top, right, bottom] = numbers(group.dataset.area);
        const [x0, x1] = numbers(group.dataset.x);
        const [y0, y1] = numbers(group.dataset.y);
        const value = ([x, y]) => [x0 + ((x - left) / (right - left)) * (x1 - x0), y0 + ((bottom - y) / (bottom - top)) * (y1 - y0)];
        const data = group.querySelector(":scope > .data");
        const shapes = Array.from(data.children, (element) => {
          if (element.dataset.at !== undefined) {
            const { at, y, values } = element.dataset;
            return { element, isSeries: true, original: { at, values, points: element.getAttribute("points") }, at: numbers(at), y: numbers(y), texts: values.split("|") };
          }
          if (element.hasAttribute("points")) return { element, points: pairs(element.getAttribute("points")).map(value), original: { points: element.getAttribute("points") } };
          return { element, points: [value([Number(element.getAttribute("cx")), Number(element.getAttribute("cy"))])], original: { cx: element.getAttribute("cx"), cy: element.getAttribute("cy") } };
        });
        const ticks = {};
        for (const name of ["x", "y"]) ticks[name] = { group: group.querySelector(`:scope > .ticks-${name}`), original: null };
        for (const one of Object.values(ticks)) one.original = Array.from(one.group.children);
        const clip = document.createElementNS(drawing, "clipPath");
        clip.id = `plot-${(count += 1)}`;
        const area = document.createElementNS(drawing, "rect");
        for (const [name, number] of [["x", left - 2], ["y", top - 2], ["width", right - left + 4], ["height", bottom - top + 4]]) area.setAttribute(name, number);
        clip.append(area);
        group.prepend(clip);
        const plot = { group, left, top, right, bottom, x0, x1, y0, y1, data, shapes, ticks, clip: clip.id, faint: [], isSigned: group.classList.contains("signed") };
        known.set(group, plot);
        return plot;
      };
      const figures = () => Array.from(main.querySelectorAll("figure svg")).filter((svg) => svg.querySelector("g.plot"));

      // The first and the last epoch of all courses of the page.
      const extent = () => {
        let [first, last] = [Infinity, -Infinity];
        for (const svg of figures()) {
          for (const group of svg.querySelectorAll("g.plot")) {
            for (const shape of plotOf(group).shapes) {
              if (!shape.isSeries) continue;
              first = Math.min(first, shape.at[0]);
              last = Math.max(last, shape.at[shape.at.length - 1]);
            }
          }
        }
        return [first, last];
      };

      // The exponential mean that TensorBoard has: as if nothing had been before the first value.
      const smoothed = (values) => {
        let [mean, weight] = [0, 0];
        return values.map((value) => {
          if (!Number.isFinite(value)) return value;
          mean = state.smooth * mean + (1 - state.smooth) * value;
          weight = state.smooth * weight + (1 - state.smooth);
          return mean / weight;
        });
      };

      // Scales: round numbers as many as have room.
      const written = (value, step, isSigned) => {
        const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
        const text = Math.abs(value) >= 1e7 || decimals > 6 ? value.toExponential(1) : value.toFixed(decimals);
        return (isSigned && value > 0 ? "+" : "") + text.replace("-", "−");
      };
      const steps = (low, high, length, room, whole, isSigned) => {
        for (let exponent = Math.floor(Math.log10((high - low) / length)) - 1; exponent < 300; exponent += 1) {
          for (const factor of [1, 2, 5]) {
            const step = factor * 10 ** exponent;
            if ((whole && step < 1) || (step / (high - low)) * length < room) continue;
            const marks = [];
            for (let index = Math.ceil(low / step - 1e-9); index * step <= high + step * 1e-9; index += 1) {
              const value = Number((index * step).toPrecision(12));
              marks.push([value, written(value, step, isSigned)]);
            }
            return marks;
          }
        }
        return [];
      };
      const powers = (low, high, length) => {
        for (const factors of [[1, 2, 5], [1, 3], [1]]) {
          const marks = [];
          for (let exponent = Math.floor(Math.log10(low)); exponent <= Math.ceil(Math.log10(high)); exponent += 1) {
            for (const factor of factors) {
              const value = Number((factor * 10 ** exponent).toPrecision(6));
              if (value >= low * 0.999999 && value <= high * 1.000001) marks.push([value, written(value, 10 ** exponent, false)]);
            }
          }
          const place = (value) => (Math.log10(value / low) / Math.log10(high / low)) * length;
          if (marks.length > 2 && marks.every(([value], index) => index === 0 || place(value) - place(marks[index - 1][0]) >= 24)) return marks;
        }
        return steps(low, high, length, 28, false, false);
      };
      const mark = (plot, name, marks, place) => {
        const { group, original } = plot.ticks[name];
        const line = original.find((one) => one.localName === "polyline");
        const text = original.find((one) => one.localName === "text");
        group.replaceChildren();
        if (!line || !text) return;
        for (const [value, label] of marks) {
          const at = place(value);
          const [tick, words] = [line.cloneNode(), text.cloneNode()];
          if (name === "x") {
            tick.setAttribute("points", `${at},${plot.bottom} ${at},${plot.bottom + 4}`);
            words.setAttribute("x", at);
          } else {
            tick.setAttribute("points", `${plot.left},${at} ${plot.right},${at}`);
            words.setAttribute("y", at + 4);
          }
          words.textContent = label;
          group.append(tick, words);
          // A longer label than there is room for is set closer.
          const room = plot.left - 6 - 1;
          if (name === "y" && words.getComputedTextLength() > room) {
            words.setAttribute("textLength", room);
            words.setAttribute("lengthAdjust", "spacingAndGlyphs");
          }
        }
      };

      // A figure as it is chosen to be.
      const restore = (plot) => {
        for (const shape of plot.shapes) {
          for (const [name, value] of Object.entries(shape.original)) shape.element.setAttribute(name === "at" || name === "values" ? `data-${name}` : name, value);
        }
        for (const { group, original } of Object.values(plot.ticks)) group.replaceChildren(...original);
        plot.data.removeAttribute("clip-path");
      };
      const draw = (svg) => {
        const plots = Array.from(svg.querySelectorAll("g.plot"), plotOf);
        const isOther = state.smooth > 0 || state.log || state.epochs !== null;
        // Plots that had one scale have one again.
        const scales = new Map();
        for (const plot of plots) {
          for (const line of plot.faint) line.remove();
          plot.faint = [];
          for (const end of plot.group.querySelectorAll(":scope > .ends")) end.classList.toggle("hidden-ends", isOther);
          if (!isOther) {
            restore(plot);
            continue;
          }
          const key = `${plot.y0} ${plot.y1} ${plot.isSigned}`;
          if (!scales.has(key)) scales.set(key, []);
          scales.get(key).push(plot);
        }
        for (const group of scales.values()) {
          const [first, last] = state.epochs ?? [-Infinity, Infinity];
          const seen = group.flatMap((plot) => plot.shapes).flatMap((shape) => {
            if (!shape.isSeries) return shape.points.length > 2 ? shape.points.filter(([x]) => x >= first - 0.4 && x <= last + 0.4).map(([, y]) => y) : [];
            const inside = (_, index) => shape.at[index] >= first && shape.at[index] <= last;
            return [...shape.y.filter(inside), ...(state.smooth > 0 ? smoothed(shape.y).filter(inside) : [])];
          });
          const isLog = state.log && !group[0].isSigned && seen.some((value) => value > 0);
          let [low, high] = [group[0].y0, group[0].y1];
          if (isLog || state.epochs) {
            const used = seen.filter((value) => Number.isFinite(value) && (!isLog || value > 0)).map((value) => (isLog ? Math.log10(value) : value));
            if (group[0].isSigned) used.push(0);
            if (used.length > 0) {
              [low, high] = [used.reduce((a, b) => Math.min(a, b)), used.reduce((a, b) => Math.max(a, b))];
              // Bands that reach down to nothing would leave no room for the lines.
              if (isLog) {
                const lines = group.flatMap((plot) => plot.shapes).filter((shape) => shape.isSeries)
                  .flatMap((shape) => shape.y.filter((value, index) => value > 0 && shape.at[index] >= first && shape.at[index] <= last));
                if (lines.length > 0) low = Math.max(low, Math.log10(lines.reduce((a, b) => Math.min(a, b))) - 0.3);
              }
              const room = high - low > 1e-10 * Math.max(Math.abs(low), Math.abs(high)) ? 0.04 * (high - low) : 0.05 * (Math.abs(high) || 1);
              [low, high] = [low - room, high + room];
            }
          }
          for (const plot of group) drawPlot(plot, isLog, low, high);
        }
        svg.dispatchEvent(new CustomEvent("redrawn", { bubbles: true }));
      };
      const drawPlot = (plot, isLog, low, high) => {
        const { left, top, right, bottom } = plot;
        let [x0, x1] = [plot.x0, plot.x1];
        if (state.epochs) {
          const [first, last] = state.epochs;
          const room = Math.max(0.02 * (last - first), first === last ? 0.5 : 0);
          [x0, x1] = [first - room, last + room];
        }
        const near = (number) => Number(number.toFixed(2));
        const right0 = (x) => near(left + ((x - x0) / (x1 - x0)) * (right - left));
        const up = (y) => {
          const height = isLog ? (y > 0 ? Math.log10(y) : low - (high - low)) : y;
          return near(bottom - Math.max(-2, Math.min(3, (height - low) / (high - low))) * (bottom - top));
        };
        const path = (points) => points.map(([x, y]) => `${right0(x)},${up(y)}`).join(" ");
        for (const shape of plot.shapes) {
          const { element } = shape;
          if (!shape.isSeries) {
            if (element.hasAttribute("points")) element.setAttribute("points", path(shape.points));
            else for (const [name, number] of [["cx", right0(shape.points[0][0])], ["cy", up(shape.points[0][1])]]) element.setAttribute(name, number);
            continue;
          }
          const values = state.smooth > 0 ? smoothed(shape.y) : shape.y;
          const [first, last] = state.epochs ?? [-Infinity, Infinity];
          const places = shape.at.flatMap((epoch, index) => (epoch >= first && epoch <= last && (!isLog || shape.y[index] > 0) ? [index] : []));
          if (state.smooth > 0) {
            const faint = element.cloneNode();
            for (const name of ["label", "name", "at", "y", "values"]) delete faint.dataset[name];
            faint.setAttribute("points", path(places.map((index) => [shape.at[index], shape.y[index]])));
            faint.setAttribute("class", `${faint.getAttribute("class") ?? ""} unsmoothed`);
            element.before(faint);
            plot.faint.push(faint);
          }
          const told = (index) => (state.smooth > 0 ? `${Number(values[index].toPrecision(4))} smoothed, ${shape.texts[index]}` : shape.texts[index]);
          element.setAttribute("points", path(places.map((index) => [shape.at[index], values[index]])));
          element.dataset.at = places.map((index) => shape.at[index]).join(" ");
          element.dataset.values = places.map(told).join("|");
        }
        plot.data.setAttribute("clip-path", `url(#${plot.clip})`);
        if (state.epochs) mark(plot, "x", steps(...state.epochs, right - left, 44, true, false), right0);
        else plot.ticks.x.group.replaceChildren(...plot.ticks.x.original);
        if (isLog) mark(plot, "y", powers(10 ** low, 10 ** high, bottom - top), up);
        else if (state.epochs) mark(plot, "y", steps(low, high, bottom - top, 29, false, plot.isSigned), up);
        else plot.ticks.y.group.replaceChildren(...plot.ticks.y.original);
      };

    """#
}
