extension Assets {
  /// What pages do beside being read: they follow changes, sort tables, and copy commands.
  ///
  /// Without it they are whole too.
  static let program = #"""
    "use strict";
    (() => {
      const state = document.getElementById("state");
      const orders = new Map();

      // Sorting: a button in the title of each column of a table that is not sorted by the server.
      const value = (cell) => {
        const text = (cell?.textContent ?? "").trim().replaceAll("\u2212", "-").replaceAll(",", "");
        const found = /^(?:≈ )?([+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s*(min|h|d|ms|s|k|M|G|[KMGT]iB|B)?/.exec(text);
        if (!found) return text === "" || text === "–" ? null : text.toLowerCase();
        const units = { ms: 0.001, min: 60, h: 3600, d: 86400, k: 1e3, M: 1e6, G: 1e9, KiB: 1024, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };
        // A text that begins with a digit, such as an identity, is no number.
        if (/^[\d.]+[a-z_-]*[a-z0-9_-]{4,}/i.test(text) && !cell.classList.contains("number")) return text.toLowerCase();
        return Number(found[1]) * (units[found[2]] ?? 1);
      };
      const compare = (a, b) => {
        if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
        if (typeof a === "number" && typeof b === "number") return a - b;
        return String(a).localeCompare(String(b), undefined, { numeric: true });
      };
      const order = (table, column, ascending) => {
        const body = table.tBodies[0];
        const rows = Array.from(body.rows, (row) => [value(row.cells[column]), row]);
        rows.sort(([a], [b]) => (a === null || b === null ? compare(a, b) : ascending ? compare(a, b) : compare(b, a)));
        body.append(...rows.map(([, row]) => row));
        for (const [index, title] of Array.from(table.tHead.rows[table.tHead.rows.length - 1].cells).entries()) {
          if (index === column) title.setAttribute("aria-sort", ascending ? "ascending" : "descending");
          else title.removeAttribute("aria-sort");
        }
      };
      const tables = (root) => {
        const found = root.matches?.(".sortable") ? [root] : [];
        return [...found, ...root.querySelectorAll(".sortable")].map((one) => [one.id, one.matches("table") ? one : one.querySelector("table")]);
      };
      const prepareTables = (root) => {
        for (const [name, table] of tables(root)) {
          if (!table?.tHead || !table.tBodies[0]) continue;
          const titles = table.tHead.rows[table.tHead.rows.length - 1].cells;
          for (const [column, title] of Array.from(titles).entries()) {
            const button = document.createElement("button");
            button.type = "button";
            button.append(...title.childNodes);
            button.addEventListener("click", () => {
              const isAscending = title.getAttribute("aria-sort") === "ascending";
              orders.set(name, [column, !isAscending]);
              order(table, column, !isAscending);
            });
            title.append(button);
          }
          if (orders.has(name)) order(table, ...orders.get(name));
        }
      };

      // Copying.
      const prepareCommands = (root) => {
        for (const line of root.querySelectorAll(".commands li")) {
          const code = line.querySelector("code");
          const button = document.createElement("button");
          button.type = "button";
          button.textContent = "copy";
          button.setAttribute("aria-label", `copy ${code.textContent}`);
          button.addEventListener("click", async () => {
            try {
              await navigator.clipboard.writeText(code.textContent);
              button.textContent = "copied";
            } catch {
              // Browsers let pages copy over a secure connection only; then the text is selected, to copy by hand.
              getSelection().selectAllChildren(code);
              button.textContent = "selected";
            }
            setTimeout(() => { button.textContent = "copy"; }, 1500);
          });
          line.append(button);
        }
      };
      const prepare = (root) => { prepareTables(root); prepareCommands(root); };

      // What scrolls by itself is a stop of the keyboard as long as it has to.
      const prepareScrolling = () => {
        for (const one of document.querySelectorAll(".scroll, .commands code")) {
          if (one.scrollWidth > one.clientWidth) one.tabIndex = 0;
          else one.removeAttribute("tabindex");
        }
      };
      addEventListener("resize", prepareScrolling);
      document.addEventListener("toggle", prepareScrolling, true);
      new MutationObserver(prepareScrolling).observe(document.querySelector("main"), { childList: true });

      // Following changes: the page is asked for again, and the parts that differ take the places of the old ones.
      const parts = (root) => Array.from(root.querySelector("main").children);
      const key = (part, index) => part.id || `${part.tagName} ${index}`;
      const originals = new Map(parts(document).map((part, index) => [key(part, index), part.outerHTML]));
      prepare(document);
      prepareScrolling();
      const replace = (page) => {
        const main = document.querySelector("main");
        const old = new Map(parts(document).map((part, index) => [key(part, index), part]));
        const open = new Set(Array.from(document.querySelectorAll("details[open]"), (one) => one.id || one.querySelector("summary")?.textContent));
        const marked = new Set(Array.from(document.querySelectorAll("input:checked"), (box) => `${box.name} ${box.value}`));
        const active = document.activeElement?.id;
        let before = null;
        for (const [index, part] of parts(page).entries()) {
          const name = key(part, index);
          const html = part.outerHTML;
          let shown = old.get(name);
          if (!shown || originals.get(name) !== html) {
            const fresh = document.importNode(part, true);
            for (const one of fresh.querySelectorAll("details")) {
              if (open.has(one.id || one.querySelector("summary")?.textContent)) one.open = true;
            }
            const left = Array.from(shown?.querySelectorAll(".scroll") ?? [], (one) => one.scrollLeft);
            if (shown) shown.replaceWith(fresh);
            else if (before) before.after(fresh);
            else main.prepend(fresh);
            prepare(fresh);
            for (const [place, one] of Array.from(fresh.querySelectorAll(".scroll")).entries()) one.scrollLeft = left[place] ?? 0;
            for (const box of fresh.querySelectorAll("input[type=checkbox]")) box.checked = marked.has(`${box.name} ${box.value}`);
            shown = fresh;
            originals.set(name, html);
          }
          old.delete(name);
          before = shown;
        }
        for (const part of old.values()) part.remove();
        document.title = page.title;
        if (active && document.activeElement?.id !== active) document.getElementById(active)?.focus({ preventScroll: true });
      };
      if (!("live" in document.body.dataset)) return;

      const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
      const visible = () => new Promise((done) => {
        if (!document.hidden) return done();
        document.addEventListener("visibilitychange", function seen() {
          if (document.hidden) return;
          document.removeEventListener("visibilitychange", seen);
          done();
        });
      });
      const say = (text, name) => {
        if (state.textContent !== text) state.textContent = text;
        state.className = name;
      };
      let version = null;
      let shown = null;
      let tag = null;
      const patched = ({ parts, length }) => {
        const lines = shown.split("\n");
        const text = parts.map((part) => (typeof part === "string" ? part : lines.slice(part[0], part[0] + part[1]).join("\n"))).join("\n");
        if (text.length === length) return text;
        // Whoever has missed something asks for all.
        shown = null;
        throw new Error("the page is another one");
      };
      const refresh = async () => {
        // What a script of the page has written into the address is none of the server's concern.
        const pairs = location.search.slice(1).split("&").filter((pair) => pair !== "" && !["smooth", "log", "epochs"].includes(pair.split("=")[0]));
        const address = location.pathname + (pairs.length > 0 ? `?${pairs.join("&")}` : "");
        // Of a page that is here already, only what has changed is sent.
        const response = await fetch(address, shown === null || tag === null
          ? { cache: "no-cache", headers: { Accept: "text/html" } }
          : { cache: "no-store", headers: { Accept: "text/html", "Labrun-Known": tag } });
        if (response.status === 401) return location.reload();
        let text = await response.text();
        if (response.ok && response.headers.has("Labrun-Patch")) text = patched(JSON.parse(text));
        version = response.headers.get("Labrun-Version");
        if (!response.ok || text === shown) return;
        replace(new DOMParser().parseFromString(text, "text/html"));
        tag = response.headers.get("ETag");
        shown = text;
      };
      const follow = async () => {
        let wait = 1000;
        for (;;) {
          // A page that nobody sees asks for nothing, and leaves its connection to others.
          await visible();
          const ask = new AbortController();
          const hide = () => { if (document.hidden) ask.abort(); };
          document.addEventListener("visibilitychange", hide);
          try {
            const known = version === null ? "" : `?since=${version}`;
            const response = await fetch(`/api/v1/changes${known}`, { cache: "no-store", signal: ask.signal });
            if (!response.ok) throw new Error(`${response.status}`);
            const now = String((await response.json()).version);
            say("live", "live");
            wait = 1000;
            if (now !== version) {
              const start = performance.now();
              await refresh();
              // What takes the server long is asked for less often.
              await pause(Math.max(700, 5 * (performance.now() - start)));
            }
          } catch (error) {
            if (error.name !== "AbortError") {
              say("not connected, trying again", "lost");
              await pause(wait);
              wait = Math.min(15000, wait * 1.6);
            }
          } finally {
            document.removeEventListener("visibilitychange", hide);
          }
        }
      };
      follow();
    })();

    """#
}
