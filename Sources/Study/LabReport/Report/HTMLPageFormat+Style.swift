extension HTMLPageFormat {
  /// How the page looks: the system's fonts, lines that are not too long, the reader's choice of light or dark, contents
  /// beside the text where there is room, and everything open on paper.
  static let styleSheet = """
    :root {
      color-scheme: light dark;
      --ink: #1f2328; --muted: #59636e; --paper: #ffffff; --panel: #f5f7f9; --line: #d8dee4; --link: #0a58a8;
      --better: #0a58a8; --worse: #b5430f; --warning: #7a5200;
    }
    @media screen and (prefers-color-scheme: dark) {
      :root {
        --ink: #e6edf3; --muted: #9198a1; --paper: #0d1117; --panel: #161b22; --line: #30363d; --link: #79b8ff;
        --better: #79b8ff; --worse: #f0986a; --warning: #e6b84d;
      }
    }
    * { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
    body {
      margin: 0; background: var(--paper); color: var(--ink); overflow-wrap: break-word;
      font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
      font-variant-numeric: tabular-nums;
    }
    .page { max-width: 86rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; }
    header { margin-bottom: 1.5rem; border-bottom: 1px solid var(--line); padding-bottom: 1rem; }
    h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 0.3rem; text-wrap: balance; }
    h2 { font-size: 1.3rem; line-height: 1.3; margin: 2.75rem 0 0.75rem; scroll-margin-top: 1rem; }
    h2 a { color: inherit; text-decoration: none; }
    h2 a:hover::after { content: " #"; color: var(--muted); }
    h3 { font-size: 1.05rem; line-height: 1.4; margin: 1.75rem 0 0.5rem; }
    main > section:first-child h2 { margin-top: 0; }
    p, ul, dl { max-width: 44rem; margin: 0 0 1rem; text-wrap: pretty; }
    .subtitle { color: var(--muted); margin: 0; }
    a { color: var(--link); }
    ul { padding-left: 1.4rem; }
    li { margin-bottom: 0.3rem; }
    li.better { list-style-type: "\\25B2  "; }
    li.worse, li.failure { list-style-type: "\\25BC  "; }
    li.best { list-style-type: "\\25A0  "; }
    li.faint { list-style-type: "\\25CB  "; }
    li.better::marker { color: var(--better); }
    li.worse::marker, li.failure::marker { color: var(--worse); }
    nav { font-size: 0.9rem; }
    nav ol { list-style: none; margin: 0 0 1.5rem; padding: 0; columns: 2 12rem; }
    nav a { text-decoration: none; display: block; padding: 0.15rem 0; }
    nav a:hover { text-decoration: underline; }
    main { min-width: 0; }
    figure { margin: 1.25rem 0 1.75rem; }
    figure svg { display: block; }
    figure .wide svg { max-width: 100%; height: auto; }
    figure .narrow { display: none; }
    figcaption { margin-bottom: 0.4rem; line-height: 1.4; }
    figcaption span { color: var(--muted); margin-left: 0.6rem; }
    .scroll { overflow-x: auto; }
    table { border-collapse: collapse; font-size: 0.9rem; line-height: 1.4; }
    th, td { padding: 0.35rem 0.75rem; text-align: left; white-space: nowrap; vertical-align: baseline; }
    th { border-bottom: 2px solid var(--line); font-weight: 600; vertical-align: bottom; }
    td { border-bottom: 1px solid var(--line); }
    th:first-child, td:first-child { position: sticky; left: 0; background: var(--paper); padding-left: 0; }
    td:first-child a { color: inherit; text-decoration-color: var(--line); text-underline-offset: 0.2em; }
    tr:target td { background: var(--panel); }
    .number { text-align: right; }
    .total td { border-top: 2px solid var(--line); font-weight: 600; }
    td .better, td .best, td .second { color: var(--better); }
    td .worse, td .failure { color: var(--worse); }
    td .warning { color: var(--warning); }
    td .faint { color: var(--muted); }
    sup { line-height: 0; font-size: 0.75em; margin-left: 0.15em; }
    .notes, .note { font-size: 0.85rem; line-height: 1.5; color: var(--muted); margin: 0.4rem 0; max-width: 50rem; }
    dt { font-weight: 600; }
    dd { margin: 0 0 0.5rem; }
    @media (min-width: 40rem) {
      dl { display: grid; grid-template-columns: minmax(8rem, max-content) minmax(0, 1fr); column-gap: 1.5rem; max-width: 54rem; }
      dd { margin: 0 0 0.25rem; }
    }
    details { margin: 1rem 0; border-top: 1px solid var(--line); padding-top: 0.5rem; }
    summary { cursor: pointer; font-weight: 600; }
    pre {
      background: var(--panel); padding: 0.9rem 1rem; overflow-x: auto; border-radius: 6px; max-width: 54rem;
      font: 0.82rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; tab-size: 2;
    }
    @media (max-width: 42rem) {
      .page { padding: 1rem 1rem 3rem; }
      h1 { font-size: 1.4rem; }
      th, td { padding: 0.3rem 0.5rem; }
      td:first-child { max-width: 45vw; white-space: normal; min-width: 7rem; }
      figcaption span { display: block; margin-left: 0; }
    }
    @media screen and (max-width: 42rem) {
      figure .wide { display: none; }
      figure .narrow { display: block; }
    }
    @media screen and (min-width: 70rem) {
      .page { display: grid; grid-template-columns: 12rem minmax(0, 1fr); column-gap: 3rem; }
      header { grid-column: 1 / -1; }
      nav { position: sticky; top: 1.5rem; align-self: start; max-height: calc(100vh - 3rem); overflow-y: auto; }
      nav ol { columns: 1; }
    }
    @media print {
      @page { margin: 18mm 15mm; }
      body { font-size: 10pt; }
      .page { max-width: none; padding: 0; }
      nav { display: none; }
      h2, h3, figcaption { break-after: avoid; }
      figure, li, tr { break-inside: avoid; }
      .scroll { overflow: visible; }
      table { font-size: 8pt; }
      th, td { padding: 0.2rem 0.4rem; white-space: normal; }
      th:first-child, td:first-child { position: static; }
      pre { white-space: pre-wrap; }
      details::details-content { content-visibility: visible; display: block; height: auto; }
    }
    """
}
