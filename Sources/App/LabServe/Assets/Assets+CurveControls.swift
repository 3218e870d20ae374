extension Assets {
  /// By what readers choose how courses are drawn: controls, keys and the pointer; the rest of ``curvesProgram``.
  static let curveControls = #"""
      // Controls.
      let isWaiting = false;
      const drawAll = () => {
        if (isWaiting) return;
        isWaiting = true;
        requestAnimationFrame(() => {
          isWaiting = false;
          for (const svg of figures()) draw(svg);
        });
      };
      let later = 0;
      const show = () => {
        slider.value = String(state.smooth);
        output.textContent = state.smooth.toFixed(2);
        box.checked = state.log;
        const text = state.epochs ? `epochs ${state.epochs[0]} to ${state.epochs[1]}` : "all epochs";
        if (said.textContent !== text) said.textContent = text;
        wider.disabled = state.epochs === null;
        reset.disabled = state.epochs === null && !state.log && state.smooth === 0;
        // A browser takes few new addresses a second.
        clearTimeout(later);
        later = setTimeout(() => history.replaceState(history.state, "", location.pathname + write(location.search) + location.hash), 150);
        drawAll();
      };
      const choose = (first, last) => {
        const [low, high] = extent();
        first = Math.round(Math.max(low, first));
        last = Math.round(Math.min(high, last));
        if (!(first < last)) return;
        state.epochs = first <= low && last >= high ? null : [first, last];
        show();
      };
      // Half or twice as many epochs, around one of them.
      const zoom = (factor, around) => {
        const [first, last] = state.epochs ?? extent();
        const middle = around ?? (first + last) / 2;
        const half = Math.max(1, Math.round((last - first) * factor));
        const start = Math.round(middle - ((middle - first) / (last - first)) * half);
        const [low, high] = extent();
        const from = Math.max(low, Math.min(start, high - half));
        choose(from, from + half);
      };
      const move = (share) => {
        if (!state.epochs) return;
        const [low, high] = extent();
        const [first, last] = state.epochs;
        const wanted = Math.sign(share) * Math.max(1, Math.round(Math.abs(share) * (last - first)));
        const step = Math.max(low - first, Math.min(high - last, wanted));
        choose(first + step, last + step);
      };
      const clear = () => {
        Object.assign(state, { smooth: 0, log: false, epochs: null });
        show();
      };
      slider.addEventListener("input", () => {
        state.smooth = Number(slider.value);
        show();
      });
      box.addEventListener("change", () => {
        state.log = box.checked;
        show();
      });
      closer.addEventListener("click", () => zoom(0.5));
      wider.addEventListener("click", () => zoom(2));
      reset.addEventListener("click", clear);
      const plotted = (target) => {
        const svg = target.closest?.("figure svg");
        return svg?.querySelector("g.plot") ? svg : null;
      };
      document.addEventListener("keydown", (event) => {
        const svg = plotted(event.target);
        if (!svg || event.altKey || event.ctrlKey || event.metaKey) return;
        const action = { "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), "0": clear }[event.key]
          ?? (event.shiftKey ? { ArrowLeft: () => move(-0.25), ArrowRight: () => move(0.25) }[event.key] : undefined);
        if (!action) return;
        event.preventDefault();
        event.stopPropagation();
        action();
      }, true);

      // Epochs are chosen by a pointer that is drawn over them; a finger scrolls the page instead.
      let drag = null;
      const placeIn = (svg, event) => new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      const epochAt = (plot, x) => {
        const [first, last] = state.epochs ?? [plot.x0, plot.x1];
        const room = state.epochs ? 0.02 * (last - first) : 0;
        return first - room + ((x - plot.left) / (plot.right - plot.left)) * (last - first + 2 * room);
      };
      main.addEventListener("pointerdown", (event) => {
        const svg = plotted(event.target);
        if (!svg || event.button !== 0 || event.pointerType === "touch") return;
        const place = placeIn(svg, event);
        const plot = Array.from(svg.querySelectorAll("g.plot"), plotOf)
          .find((one) => place.x >= one.left && place.x <= one.right && place.y >= one.top && place.y <= one.bottom);
        if (!plot) return;
        const area = document.createElementNS(drawing, "rect");
        area.setAttribute("class", "chosen-epochs");
        area.setAttribute("y", plot.top);
        area.setAttribute("height", plot.bottom - plot.top);
        drag = { svg, plot, from: place.x, to: place.x, area };
        event.preventDefault();
        svg.focus({ preventScroll: true });
      });
      addEventListener("pointermove", (event) => {
        if (!drag) return;
        drag.to = Math.min(drag.plot.right, Math.max(drag.plot.left, placeIn(drag.svg, event).x));
        if (Math.abs(drag.to - drag.from) < 5) return drag.area.remove();
        drag.area.setAttribute("x", Math.min(drag.from, drag.to));
        drag.area.setAttribute("width", Math.abs(drag.to - drag.from));
        if (!drag.area.isConnected) drag.svg.append(drag.area);
      });
      addEventListener("pointerup", () => {
        if (!drag) return;
        const { plot, from, to, area } = drag;
        drag = null;
        area.remove();
        if (Math.abs(to - from) >= 5) choose(epochAt(plot, Math.min(from, to)), epochAt(plot, Math.max(from, to)));
      });
      addEventListener("pointercancel", () => {
        drag?.area.remove();
        drag = null;
      });

      // Links to the same page, such as another order of its table, keep what is chosen.
      main.addEventListener("click", (event) => {
        const link = event.target.closest?.("a[href]");
        if (!link || link.pathname !== location.pathname || link.origin !== location.origin || link.getAttribute("href").startsWith("#")) return;
        link.search = write(link.search);
      }, true);

      show();
      // Figures that come while the page is open are drawn as the others are.
      new MutationObserver(drawAll).observe(main, { childList: true });
    })();

    """#
}
