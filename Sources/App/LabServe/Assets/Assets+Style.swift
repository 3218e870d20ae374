extension Assets {
  /// How pages look: dense and quiet, numbers below each other, the system's fonts, light or dark as the reader has it.
  static let styleSheet = """
    :root {
      color-scheme: light dark;
      --ink: #1f2328; --muted: #59636e; --paper: #ffffff; --panel: #f5f7f9; --line: #d8dee4; --link: #0a58a8;
      --better: #0a58a8; --worse: #b5430f; --warning: #7a5200; --row: #f8fafb;
    }
    @media screen and (prefers-color-scheme: dark) {
      :root {
        --ink: #e6edf3; --muted: #9198a1; --paper: #0d1117; --panel: #161b22; --line: #30363d; --link: #79b8ff;
        --better: #79b8ff; --worse: #f0986a; --warning: #e6b84d; --row: #12171e;
      }
    }
    * { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
    body {
      margin: 0; background: var(--paper); color: var(--ink); overflow-wrap: break-word;
      font: 0.875rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
      font-variant-numeric: tabular-nums;
    }
    a { color: var(--link); text-decoration-color: color-mix(in srgb, currentColor 35%, transparent); text-underline-offset: 0.2em; }
    a:hover { text-decoration-color: currentColor; }
    :focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 2px; }
    .skip { position: absolute; left: -100rem; }
    .skip:focus { left: 0.5rem; top: 0.5rem; background: var(--paper); padding: 0.3rem 0.6rem; z-index: 3; }
    .hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
    .bar {
      display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; justify-content: space-between; align-items: baseline;
      padding: 0.45rem 1.25rem; border-bottom: 1px solid var(--line); background: var(--panel);
    }
    .bar ol { list-style: none; display: flex; flex-wrap: wrap; margin: 0; padding: 0; min-width: 0; }
    .bar li + li::before { content: "/"; color: var(--muted); padding: 0 0.45rem; }
    .bar li { overflow-wrap: anywhere; }
    .bar li:first-child a { font-weight: 650; }
    .bar a { color: inherit; text-decoration: none; }
    .bar a:hover { text-decoration: underline; }
    .side { margin: 0; display: flex; align-items: baseline; gap: 1rem; color: var(--muted); font-size: 0.8125rem; }
    #state.live::before { content: "●"; color: #2da44e; margin-right: 0.35rem; font-size: 0.7em; vertical-align: 0.15em; }
    #state.lost { color: var(--worse); }
    main { padding: 1rem 1.25rem 3rem; max-width: 110rem; }
    h1 { font-size: 1.35rem; line-height: 1.3; margin: 0 0 0.2rem; overflow-wrap: anywhere; }
    h1 small { font-size: 0.8em; font-weight: 400; color: var(--muted); margin-left: 0.35rem; }
    h2 { font-size: 1rem; line-height: 1.3; margin: 1.9rem 0 0.5rem; scroll-margin-top: 0.5rem; }
    h3 { font-size: 0.9rem; margin: 1rem 0 0.3rem; }
    .lead { color: var(--muted); margin: 0 0 0.8rem; }
    .fact { display: inline-block; }
    p, ul, dl { margin: 0 0 0.7rem; }
    p, main li { max-width: 56rem; }
    ul { padding-left: 1.25rem; }
    code, pre { font: 0.8125rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
    pre {
      background: var(--panel); padding: 0.7rem 0.9rem; overflow: auto; max-height: 30rem; border-radius: 4px; max-width: 72rem;
      margin: 0.4rem 0; tab-size: 2;
    }
    .scroll { overflow-x: auto; max-width: 100%; }
    table { border-collapse: separate; border-spacing: 0; line-height: 1.125rem; font-size: 0.8125rem; }
    caption { text-align: left; color: var(--muted); padding: 0 0 0.35rem; }
    th, td { padding: 0.25rem 0.7rem; text-align: left; white-space: nowrap; vertical-align: baseline; }
    th { font-weight: 600; }
    thead th { border-bottom: 1px solid var(--muted); vertical-align: bottom; }
    thead th a, thead th button { color: inherit; text-decoration: none; font: inherit; background: none; border: 0; padding: 0; cursor: pointer; }
    thead th a:hover, thead th button:hover { text-decoration: underline; }
    th[aria-sort="ascending"]::after { content: " ▲"; font-size: 0.7em; color: var(--muted); }
    th[aria-sort="descending"]::after { content: " ▼"; font-size: 0.7em; color: var(--muted); }
    tbody td, tbody th { border-bottom: 1px solid var(--line); }
    tbody tr:hover > * { background: var(--row); }
    th:first-child, td:first-child { padding-left: 0; position: sticky; left: 0; background: var(--paper); }
    th:last-child, td:last-child { padding-right: 0; }
    td:last-child { white-space: normal; min-width: 4rem; }
    .number { text-align: right; }
    .center { text-align: center; }
    .nowrap, td.nowrap:last-child { white-space: nowrap; }
    td.verdict { white-space: normal; min-width: 14rem; }
    small { font-size: 0.85em; color: var(--muted); font-weight: 400; }
    .total td { border-top: 1px solid var(--muted); font-weight: 600; }
    sup { line-height: 0; font-size: 0.75em; margin-left: 0.15em; }
    .best, .second, .better { color: var(--better); }
    .worse, .failure { color: var(--worse); }
    .warning { color: var(--warning); }
    .faint { color: var(--muted); }
    td > input[type="checkbox"] { margin: 0 0.25rem 0 0; vertical-align: -0.1rem; accent-color: var(--link); }
    .notes, .note { font-size: 0.78rem; line-height: 1.5; color: var(--muted); margin: 0.35rem 0; max-width: 64rem; }
    .notes { padding-left: 1.25rem; }
    progress {
      appearance: none; width: 6rem; height: 0.5rem; border: 0; border-radius: 0.25rem; background: var(--line); overflow: hidden;
      vertical-align: 0.05em;
    }
    progress::-webkit-progress-bar { background: var(--line); }
    progress::-webkit-progress-value { background: var(--link); }
    progress::-moz-progress-bar { background: var(--link); }
    progress[value="100"]::-webkit-progress-value { background: var(--muted); }
    progress[value="100"]::-moz-progress-bar { background: var(--muted); }
    .percent { display: inline-block; min-width: 2.6rem; text-align: right; margin-right: 0.4rem; }
    .bars { vertical-align: -0.35em; }
    .bars rect { fill: var(--muted); }
    .bars rect:hover { fill: var(--link); }
    .choices ul { list-style: none; padding: 0; margin: 0 0 0.6rem; display: flex; flex-wrap: wrap; gap: 0.2rem 1rem; }
    .choices a { text-decoration: none; }
    .choices a:hover { text-decoration: underline; }
    .choices a[aria-current] { color: var(--ink); font-weight: 600; border-bottom: 2px solid var(--link); }
    .commands { list-style: none; padding: 0; }
    .commands li { display: flex; gap: 0.6rem; align-items: baseline; margin-bottom: 0.2rem; max-width: 100%; }
    .commands code { overflow-x: auto; white-space: pre; }
    .commands button {
      font: inherit; font-size: 0.75rem; color: var(--muted); background: none; border: 1px solid var(--line); border-radius: 3px;
      padding: 0 0.4rem; cursor: pointer;
    }
    .commands button:hover { color: var(--ink); border-color: var(--muted); }
    .failures { list-style: none; padding: 0; }
    .failures > li { margin-bottom: 0.3rem; }
    main li.better { list-style-type: "\\25B2  "; color: inherit; }
    main li.worse, main li.failure { list-style-type: "\\25BC  "; color: inherit; }
    main li.best { list-style-type: "\\25A0  "; color: inherit; }
    main li.faint { list-style-type: "\\25CB  "; color: inherit; }
    li.better::marker { color: var(--better); }
    li.worse::marker, li.failure::marker { color: var(--worse); }
    figure { margin: 0.5rem 0 1rem; }
    figure svg { display: block; }
    figure .wide svg { max-width: 100%; height: auto; }
    figure .narrow { display: none; }
    #tip {
      position: fixed; z-index: 4; pointer-events: none; background: var(--ink); color: var(--paper); border-radius: 3px;
      padding: 0.15rem 0.5rem; font-size: 0.78rem; line-height: 1.35; max-width: min(24rem, calc(100vw - 8px)); overflow-wrap: anywhere;
    }
    #curve-view { display: flex; flex-wrap: wrap; gap: 0.3rem 1.2rem; align-items: center; margin: 0 0 0.6rem; }
    #curve-view + section { scroll-margin-top: 5rem; }
    #curve-view[hidden] { display: none; }
    #curve-view label { display: inline-flex; gap: 0.4rem; align-items: center; }
    #curve-view input[type="range"] { width: 8rem; accent-color: var(--link); }
    #curve-view output { min-width: 2.2rem; }
    #curve-view input[type="checkbox"] { margin: 0; accent-color: var(--link); }
    #curve-view button {
      font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--line); border-radius: 3px;
      padding: 0.1rem 0.6rem; cursor: pointer;
    }
    #curve-view button:disabled { color: var(--muted); cursor: default; }
    @media (pointer: coarse) { #curve-view small { display: none; } }
    .unsmoothed { opacity: 0.3; stroke-width: 1.2; }
    .hidden-ends { display: none; }
    .chosen-epochs { fill: var(--link); opacity: 0.15; pointer-events: none; }
    .cells a { text-decoration: none; display: block; }
    .cells a:hover { text-decoration: underline; }
    .cells .right { color: var(--ink); font-weight: 600; }
    .pointed { fill: none; stroke: var(--link); stroke-width: 2; pointer-events: none; }
    figcaption { margin-bottom: 0.3rem; }
    figcaption span { color: var(--muted); margin-left: 0.6rem; }
    summary { cursor: pointer; color: var(--muted); }
    details { margin: 0.4rem 0; }
    dt { font-weight: 600; }
    dd { margin: 0 0 0.4rem; overflow-wrap: anywhere; }
    @media (min-width: 40rem) {
      section > dl { display: grid; grid-template-columns: minmax(10rem, max-content) minmax(0, 1fr); gap: 0.1rem 1.5rem; max-width: 72rem; }
      section > dl dd { margin: 0; }
      section > dl dt { font-weight: 400; color: var(--muted); }
      .routes ul { margin: 0.1rem 0 0.4rem; }
    }
    #courses, #figures { display: flow-root; }
    @media (min-width: 68rem) {
      #courses { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); column-gap: 2rem; }
      #courses > h2, #courses > details { grid-column: 1 / -1; }
    }
    @media (max-width: 42rem), (pointer: coarse) {
      td > input[type="checkbox"] { width: 1.5rem; height: 1.5rem; margin-right: 0.4rem; vertical-align: middle; }
    }
    @media (max-width: 42rem) {
      .bar { padding: 0.4rem 0.8rem; }
      main { padding: 0.8rem 0.8rem 2rem; }
      figure .wide { display: none; }
      figure .narrow { display: block; }
      figure .narrow svg { max-width: 100%; height: auto; }
      th, td { padding: 0.25rem 0.5rem; }
      th:first-child, td:first-child { max-width: 45vw; white-space: normal; min-width: 6.5rem; }
      td:first-child:has(> input[type="checkbox"]) { min-width: 8.2rem; padding-left: 2rem; }
      td:first-child > input[type="checkbox"] { position: absolute; left: 0; top: 0.1rem; margin: 0; }
      td:last-child:not(.number) { min-width: 9rem; }
      thead th[colspan] { text-align: left; }
    }
    button[type="submit"] {
      font: inherit; padding: 0.35rem 1.1rem; border-radius: 4px; border: 1px solid var(--link); background: var(--link);
      color: var(--paper); cursor: pointer;
    }
    button[type="submit"] + span { margin-left: 0.5rem; }
    form button.plain[type="submit"] { border: 0; background: none; padding: 0; color: var(--link); font-size: 0.78rem; text-decoration: underline; }
    form button[disabled] { opacity: 0.6; cursor: default; }
    input { font: inherit; max-width: 100%; }
    input[name="label"] {
      padding: 0.2rem 0.4rem; border: 1px solid var(--line); border-radius: 3px; background: var(--paper); color: inherit;
    }
    section + p, .sortable + p { margin-top: 1rem; }
    .images { list-style: none; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); gap: 1rem; }
    .images li { font-size: 0.8125rem; line-height: 1.4; overflow-wrap: anywhere; }
    .images img { display: block; width: 7rem; height: auto; margin-bottom: 0.2rem; border-radius: 3px; background: var(--panel); image-rendering: pixelated; }
    .strips, .groups { list-style: none; padding: 0; }
    main .strips > li, main .groups > li { max-width: none; margin-bottom: 0.7rem; }
    .strips div { display: flex; flex-wrap: wrap; gap: 0.4rem; margin-top: 0.2rem; }
    .strips img, .images.whole img { aspect-ratio: 1; object-fit: contain; }
    .strips img { display: block; width: 4.5rem; height: auto; border-radius: 3px; background: var(--panel); image-rendering: pixelated; }
    .groups > li { border-left: 3px solid var(--line); padding-left: 0.8rem; }
    .groups .images { margin: 0; }
    .filters { display: flex; flex-wrap: wrap; gap: 0.5rem 1.2rem; align-items: center; margin: 0.6rem 0; }
    select { font: inherit; max-width: 16rem; }
    .drop {
      display: flex; flex-wrap: wrap; gap: 0.6rem 1.2rem; align-items: center; padding: 1.1rem; margin: 0 0 0.8rem;
      border: 2px dashed var(--line); border-radius: 6px; background: var(--panel); max-width: 56rem;
    }
    .drop[data-hint]::after { content: attr(data-hint); color: var(--muted); flex-basis: 100%; }
    .drop p { margin: 0; flex-basis: 100%; }
    .drop p:empty { display: none; }
    .dropping .drop { border-color: var(--link); }
    .camera { display: none; }
    @media (pointer: coarse) { .camera { display: inline; } .drop[data-hint]::after { content: none; } }
    fieldset { border: 1px solid var(--line); border-radius: 6px; margin: 0 0 0.8rem; padding: 0.5rem 1rem; max-width: 56rem; min-width: 0; }
    legend { color: var(--muted); padding: 0 0.3rem; }
    .runs, .labels { list-style: none; padding: 0; }
    .runs { columns: 18rem; }
    .labels li { margin-bottom: 0.3rem; }
    .said { display: flex; flex-wrap: wrap; gap: 0.6rem 1.6rem; align-items: flex-start; margin-bottom: 1.4rem; }
    .said > h3, .said > .note, .said > details, .said > .failure { flex-basis: 100%; margin: 0; }
    .said > details { min-width: 0; }
    .looks { display: flex; flex-wrap: wrap; gap: 0.8rem; }
    .looks figure { margin: 0; }
    .looks img { display: block; max-width: 100%; height: auto; min-width: 8rem; border-radius: 3px; background: var(--panel); }
    .looks figcaption { color: var(--muted); font-size: 0.78rem; margin: 0.2rem 0 0; }
    .shares th { font-weight: 400; white-space: normal; }
    .shares tr:first-child th, .shares tr:first-child .number { font-weight: 650; }
    .sayings > details .shares tr:first-child > * { font-weight: 400; }
    .shares progress { width: 9rem; }
    .shares td:last-child { white-space: nowrap; }
    @media (max-width: 42rem) {
      .looks { flex-wrap: nowrap; }
      .images { grid-template-columns: repeat(auto-fill, minmax(6.6rem, 1fr)); gap: 0.8rem; }
      .images img { width: 100%; }
      .looks figure { flex: 1 1 0; min-width: 0; max-width: 16rem; }
      .looks img { min-width: 0; width: 100%; }
    }
    @media print { .bar, #curve-view, .commands button, .choices { display: none; } }

    """
}
