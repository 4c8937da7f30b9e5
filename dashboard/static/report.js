/* The report comes alive: charts, tabs, panels that wait, and who is online. Without this script the page shows the
   same numbers; links are then ordinary links.

     <main data-plotly=URL data-topojson=URL data-…>      (or any element: where plotly.js and the map of the world are)
     <figure class="chart"><svg class="chart-svg"></svg><div class="plot" data-figure=JSON hidden></div></figure>
     <section class="panel" id="panel-NAME" data-failed=TEXT data-retry=TEXT>
       <nav class="tabs"><a data-tab=TAB href=REPORT data-fragment=URL>…
     <section class="panel" data-lazy><div class="panel-body"><a data-fragment=URL>     fetched when it comes near
     <a data-online=URL data-site=ID><span class="card-number">…

   A figure has no colours: a trace's `meta.role` says what it is, and the style sheet what that looks like. Another
   script that changes `data-figure` has it drawn anew. Text from the server is only ever put in as text; fragments
   are parsed as documents of their own, in which nothing runs. */
"use strict";

(() => {
  const NEAR = "300px"; // so far below the view is near
  const ONLINE_MS = 10_000;
  const LABEL_PX = 72; // a date below the chart, and a gap
  const CLEAR = "rgba(0,0,0,0)";
  // What plotly.js looks for before it puts style elements into the page, which the page's policy forbids. What is
  // needed of its styles stands in dashboard.css.
  const STYLE_MARKS = [
    "plotly.js-style-global", // its own
    "9f215cf04c5486422605d13261cb87401f4e7763b6296af81e98efbc0130da53", // of its street maps, which we do not draw
  ];

  const drawn = new Set(); // every .plot that plotly has drawn
  const asked = new WeakMap(); // of each panel, what stops the request under way
  const dark = matchMedia("(prefers-color-scheme: dark)");

  // ---- Colours ----------------------------------------------------------------------------------------------------

  /** Reads custom properties as colours: light-dark() and color-mix() are resolved by the browser. */
  function readColours() {
    const probe = document.body.appendChild(document.createElement("span"));
    probe.hidden = true;
    const read = (name) => {
      probe.style.color = `var(--${name})`;
      return getComputedStyle(probe).color;
    };
    const names = ["chart-now", "chart-area", "chart-before", "chart-grid", "chart-text", "map-land", "map-edge", "map-low",
      "map-high", "heat-low", "raised", "ink", "line"];
    const colours = Object.fromEntries(names.map((name) => [name, read(name)]));
    probe.remove();
    return colours;
  }

  /** What a trace looks like by its role. */
  function traceLook(role, colours) {
    const scale = (low) => ({ colorscale: [[0, colours[low]], [1, colours["map-high"]]] });
    switch (role) {
      case "now": return {
        line: { color: colours["chart-now"], width: 2 }, marker: { color: colours["chart-now"], size: 5 }, fillcolor: colours["chart-area"],
      };
      case "before": return {
        line: { color: colours["chart-before"], width: 1.5, dash: "dot" }, marker: { color: colours["chart-before"], size: 4 },
      };
      case "map": return { ...scale("map-low"), marker: { line: { color: colours["map-edge"], width: 0.5 } } };
      case "heat": return scale("heat-low");
      default: return {};
    }
  }

  /** What the paper, the axes, the map and the box under the pointer look like. */
  function layoutLook(layout, colours) {
    const axis = {
      gridcolor: colours["chart-grid"], zerolinecolor: colours["chart-grid"], spikecolor: colours["chart-before"], spikethickness: 1,
    };
    const axes = Object.keys(layout).filter((name) => /^[xy]axis\d*$/.test(name));
    return {
      paper_bgcolor: CLEAR, plot_bgcolor: CLEAR, dragmode: false,
      font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: colours["chart-text"] },
      hoverlabel: { bgcolor: colours.raised, bordercolor: colours.line, font: { color: colours.ink } },
      geo: {
        bgcolor: CLEAR, showframe: false, showcoastlines: false, showland: true, landcolor: colours["map-land"],
        showcountries: true, countrycolor: colours["map-edge"], showlakes: false, showocean: false,
      },
      ...Object.fromEntries([...new Set(["xaxis", "yaxis", ...axes])].map((name) => [name, { fixedrange: true, ...axis }])),
    };
  }

  /** `look` below what `own` says itself. */
  function under(own, look) {
    const whole = { ...look, ...own };
    for (const [name, value] of Object.entries(look)) {
      const mine = own?.[name];
      if (isTable(value) && isTable(mine)) whole[name] = under(mine, value);
    }
    return whole;
  }

  function isTable(value) {
    return typeof value === "object" && value !== null && !Array.isArray(value);
  }

  // ---- Charts -----------------------------------------------------------------------------------------------------

  let plotly = null; // a promise of plotly.js, once somebody has asked for it

  /** plotly.js, loaded by the first chart that comes near. A failure is forgotten, so that a later chart tries again. */
  function loadPlotly() {
    plotly ??= new Promise((done, failed) => {
      markStyles();
      const script = document.createElement("script");
      script.src = document.querySelector("[data-plotly]").dataset.plotly;
      script.addEventListener("load", () => done(window.Plotly));
      script.addEventListener("error", () => {
        plotly = null;
        failed(new Error("plotly.js could not be loaded"));
      });
      document.head.append(script);
    });
    return plotly;
  }

  function markStyles() {
    for (const id of STYLE_MARKS) {
      const mark = document.createElement("meta");
      mark.id = id;
      mark.className = "no-inline-styles";
      document.head.append(mark);
    }
  }

  /** As many labels below the chart as have room, upright, at equal steps. */
  function thin(axis, width) {
    if (!axis?.tickvals) return;
    const step = Math.ceil((axis.tickvals.length * LABEL_PX) / width);
    axis.tickangle = 0;
    axis.tickvals = axis.tickvals.filter((_, index) => index % step === 0);
    axis.ticktext = axis.ticktext?.filter((_, index) => index % step === 0);
  }

  /** The figure of a place, in the colours of now. */
  function readFigure(plot) {
    const { data, layout } = JSON.parse(plot.dataset.figure);
    thin(layout.xaxis, plot.parentElement.clientWidth);
    const colours = readColours();
    return {
      data: data.map((trace) => under(trace, traceLook(trace.meta?.role, colours))),
      layout: under(layout, layoutLook(layout, colours)),
    };
  }

  function settings() {
    const world = document.querySelector("[data-topojson]")?.dataset.topojson;
    return {
      displayModeBar: false, responsive: true, showTips: false, scrollZoom: false, doubleClick: false,
      ...(world && { topojsonURL: new URL(".", new URL(world, location.href)).href }),
    };
  }

  /** Draws one place. The drawing of the server stays until this one stands, and when it cannot be made. */
  async function draw(plot) {
    const figure = plot.closest(".chart") ?? plot.parentElement;
    const height = figure.querySelector(".chart-svg")?.getBoundingClientRect().height;
    figure.classList.add("drawing");
    try {
      const library = await loadPlotly();
      if (!plot.isConnected) return; // the tab has been changed meanwhile
      plot.hidden = false;
      const { data, layout } = readFigure(plot);
      await library.newPlot(plot, data, height ? { ...layout, height } : layout, settings());
      finish(plot, figure);
    } catch (error) {
      plot.hidden = true;
      console.warn(error);
    } finally {
      figure.classList.remove("drawing");
    }
  }

  function finish(plot, figure) {
    const name = figure.querySelector(".chart-svg")?.getAttribute("aria-label");
    if (name && !plot.hasAttribute("aria-label")) {
      plot.setAttribute("role", "img");
      plot.setAttribute("aria-label", name);
    }
    plot.on("plotly_click", (event) => follow(event.points.map((point) => point.customdata)));
    figure.classList.add("drawn");
    drawn.add(plot);
  }

  /** Draws what is drawn already in other colours, or with other numbers. */
  async function redraw(plot) {
    const library = await loadPlotly();
    if (!plot.isConnected) return;
    const { data, layout } = readFigure(plot);
    await library.react(plot, data, { ...layout, height: plot.layout.height }, settings());
  }

  /** Goes to the first address that is a page of the dashboard; numbers from visitors name no other. */
  function follow(addresses) {
    for (const address of addresses) {
      if (typeof address !== "string" || !address.startsWith("/dashboard/")) continue;
      const url = new URL(address, location.origin);
      if (url.origin !== location.origin || !url.pathname.startsWith("/dashboard/")) continue;
      location.assign(url.href);
      return;
    }
  }

  const charts = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      charts.unobserve(target);
      target.querySelectorAll(".plot[data-figure]").forEach((plot) => { if (!drawn.has(plot)) draw(plot); });
    }
  }, { rootMargin: NEAR });

  function watchCharts(root) {
    root.querySelectorAll(".plot[data-figure]").forEach((plot) => charts.observe(plot.closest(".chart") ?? plot.parentElement));
  }

  function forgetCharts(root) {
    root.querySelectorAll(".plot[data-figure]").forEach((plot) => {
      if (drawn.delete(plot)) window.Plotly.purge(plot);
    });
  }

  const figures = new MutationObserver((changes) => {
    new Set(changes.map((change) => change.target)).forEach((plot) => { if (drawn.has(plot)) redraw(plot); });
  });

  // ---- Panels and their tabs --------------------------------------------------------------------------------------

  /** A panel as the server makes it, from a document of its own. */
  async function readPanel(url, signal) {
    const answer = await fetch(url, { signal, headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(`${answer.status} for ${url}`);
    const panel = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("section.panel");
    if (!panel) throw new Error(`no panel at ${url}`);
    return document.adoptNode(panel);
  }

  /** Puts another panel into the place of `panel`; `again` is the link that tries once more. Answers with the new one, or null. */
  async function replacePanel(panel, url, again) {
    asked.get(panel)?.abort();
    const stop = new AbortController();
    asked.set(panel, stop);
    setBusy(panel, true);
    try {
      const fresh = await readPanel(url, stop.signal);
      forgetCharts(panel);
      const focus = counterpart(panel, fresh);
      panel.replaceWith(fresh);
      focus?.focus({ preventScroll: true });
      watch(fresh);
      return fresh;
    } catch (error) {
      if (error.name === "AbortError") return null;
      setBusy(panel, false);
      showFailure(panel, again);
      return null;
    }
  }

  /** Where the focus goes when `fresh` takes the place of a `panel` that has it: to the same tab, into what was waited
      for, or to the open tab. Without it a reader at the keyboard would be nowhere. */
  function counterpart(panel, fresh) {
    const focused = document.activeElement;
    if (!panel.contains(focused)) return null;
    const same = focused.dataset.tab && fresh.querySelector(`[data-tab="${CSS.escape(focused.dataset.tab)}"]`);
    const other = panel.hasAttribute("data-lazy") ? ".panel-body a[href], .panel-foot a" : ".tabs a[aria-current]";
    return same || fresh.querySelector(other) || fresh.querySelector("a[href]");
  }

  function setBusy(panel, busy) {
    panel.classList.toggle("loading", busy);
    panel.setAttribute("aria-busy", busy);
  }

  /** The panel's own sentence, and a link that is the same as the one that failed. */
  function showFailure(panel, again) {
    const sentence = document.createElement("p");
    sentence.className = "notice bad";
    sentence.setAttribute("role", "alert");
    sentence.append(panel.dataset.failed ?? "", " ");
    if (again) {
      const link = again.cloneNode();
      link.removeAttribute("aria-current");
      link.className = "";
      link.textContent = panel.dataset.retry || again.textContent;
      sentence.append(link);
    }
    const body = panel.querySelector(".panel-body");
    const focused = body.contains(document.activeElement);
    body.replaceChildren(sentence);
    if (focused) sentence.querySelector("a")?.focus({ preventScroll: true });
  }

  /** `address` with a panel's open tab as `chosen` has it, all else as it is: which tabs are open is part of the URL. */
  function withTab(address, name, chosen) {
    const url = new URL(address, location.href);
    const pairs = (search) => search.slice(1).split("&").filter(Boolean);
    const isOwn = (pair) => pair.startsWith(`tab=${name}:`) || pair.startsWith("key=");
    url.search = [...pairs(url.search).filter((pair) => !isOwn(pair)), ...pairs(chosen.search).filter(isOwn)].join("&");
    return url.href;
  }

  /** Opens a tab in its panel. The address of the page and of its links says so from then on, without a step back. */
  async function openTab(link) {
    const panel = link.closest("section.panel");
    const name = panel.id.replace(/^panel-/, "");
    const chosen = new URL(link.href);
    const fresh = await replacePanel(panel, link.dataset.fragment, link);
    if (!fresh) return;
    history.replaceState(history.state, "", withTab(location.href, name, chosen));
    for (const other of document.querySelectorAll("main a[href]")) {
      if (!fresh.contains(other)) keepTab(other, name, chosen);
    }
    // Browsers that give no focus to a link that is clicked; a reader who has gone on meanwhile stays there.
    if (document.activeElement === document.body) fresh.querySelector(".tabs a[aria-current]")?.focus({ preventScroll: true });
  }

  /** A link that stands elsewhere in the page, with the tab that was opened here. */
  function keepTab(link, name, chosen) {
    if (link.pathname === location.pathname) link.href = withTab(link.href, name, chosen);
    if (link.dataset.fragment) link.dataset.fragment = withTab(link.dataset.fragment, name, chosen);
  }

  function onClick(event) {
    const link = event.target.closest?.("a[data-tab][data-fragment]");
    const plain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
    if (!link || !plain || event.defaultPrevented || !link.closest("section.panel")) return;
    event.preventDefault();
    openTab(link);
  }

  const waiting = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      waiting.unobserve(target);
      if (asked.has(target)) continue; // the reader was quicker, and chose a tab
      const link = target.querySelector(".panel-body a[data-fragment]");
      replacePanel(target, link.dataset.fragment, link);
    }
  }, { rootMargin: NEAR });

  // ---- Online now -------------------------------------------------------------------------------------------------

  /** The site whose page this is; undefined on pages of all sites. */
  function siteOfPage() {
    const found = /^\/dashboard\/sites\/([^/]+)/.exec(location.pathname);
    return found ? decodeURIComponent(found[1]) : undefined;
  }

  function showOnline(place, answer) {
    const site = place.dataset.site ?? siteOfPage();
    const online = site === undefined ? answer.sum : answer.sites?.[site];
    if (!Number.isInteger(online)) return;
    const target = place.querySelector("[data-number]") ?? place.querySelector(".card-number") ?? place;
    const format = new Intl.NumberFormat(document.documentElement.lang, { numberingSystem: "latn" });
    target.textContent = format.format(online);
  }

  /** Asks each address once for all its places, and leaves the numbers as they are when there is no answer. */
  async function refreshOnline() {
    if (document.hidden) return;
    const places = [...document.querySelectorAll("[data-online]")];
    for (const url of new Set(places.map((place) => place.dataset.online))) {
      const answer = await fetch(url, { headers: { Accept: "application/json" } })
        .then((found) => (found.ok ? found.json() : null)).catch(() => null);
      if (answer) places.filter((place) => place.dataset.online === url).forEach((place) => showOnline(place, answer));
    }
  }

  // ---- Beginning --------------------------------------------------------------------------------------------------

  /** Watches what is new in the page. `root` may be a panel itself. */
  function watch(root) {
    watchCharts(root);
    const panels = [...root.querySelectorAll("section.panel[data-lazy]")];
    panels.forEach((panel) => waiting.observe(panel));
  }

  dark.addEventListener("change", () => drawn.forEach(redraw));
  document.addEventListener("click", onClick);
  figures.observe(document.body, { subtree: true, attributeFilter: ["data-figure"] });
  watch(document);
  if (document.querySelector("[data-online]")) {
    setInterval(refreshOnline, ONLINE_MS);
    document.addEventListener("visibilitychange", refreshOnline);
  }
})();
