/* visitor-counter: counts this page view, then draws the counter.

     <script async src="https://HOST/counter.js" data-site="ID"></script>
     <visitor-counter data-lines="today,all" data-lang="ka"></visitor-counter>
     <span data-counter="today"></span>

   No cookie, no storage, no fingerprint. Reading numbers never counts. Nothing in here may break the page it stands
   on: errors end in `safe` or a catch, references are taken before the page can change them. */
(function () {
  "use strict";
  try { run(document.currentScript || document.querySelector("script[data-site][src]")); } catch (error) { /* never */ }

function run(script) {
  const win = window;
  const doc = document;
  const { stringify } = JSON;
  const fetchNow = win.fetch && win.fetch.bind(win);
  const later = win.setTimeout.bind(win);
  const now = win.performance.now.bind(win.performance);

  if (!script || !script.dataset.site || script.dataset.running) return;
  script.dataset.running = "";

  const site = script.dataset.site;
  const base = new URL(".", script.src).href;
  const hitUrl = new URL(script.dataset.hit || "hit", base).href;

  const RETRY_MS = 2000;
  const PATIENCE_MS = 4000; // the widget waits for its own page view at most this long
  const MAX_ENGAGED_MS = 1800000;
  const MIN_ENGAGED_MS = 1000; // less is not worth a request
  const EM_DASH = "\u2014";

  const safe = (action) => function () {
    try { return action.apply(this, arguments); } catch (error) { return undefined; }
  };
  const pause = (ms) => new Promise((done) => later(done, ms));
  const shown = () => doc.visibilityState === "visible" && !doc.prerendering;

  // ---- Sending -------------------------------------------------------------------------------------------------

  const unsent = new Set(); // bodies that wait for their second attempt

  function post(body) {
    return fetchNow(hitUrl, {
      method: "POST", body, keepalive: true, mode: "cors", cache: "no-store",
      credentials: "same-origin", // the one cookie there can be is the wish not to be counted
      headers: { "Content-Type": "text/plain" }, // a simple request: no preflight
    });
  }

  const beacon = safe((body) => { unsent.delete(body); return navigator.sendBeacon(hitUrl, body); });

  // A hit keeps its id through all attempts, so the server counts it once. Never rejects.
  async function send(hit) {
    try {
      const body = stringify(hit);
      for (const last of [false, true]) {
        try {
          const answer = await post(body);
          if (answer.status < 500) { unsent.delete(body); return; }
        } catch (error) { /* offline, blocked, or the page is closing */ }
        if (last || !shown()) break;
        unsent.add(body);
        await pause(RETRY_MS);
        if (!unsent.has(body)) return; // went out as a beacon meanwhile
      }
      beacon(body);
    } catch (error) { /* an uncountable page is still a page */ }
  }

  // Sorts by time; 64 random bits.
  function newId() {
    const random = crypto.getRandomValues(new Uint32Array(2));
    return Date.now().toString(36) + "-" + random[0].toString(36) + random[1].toString(36);
  }

  function hitOf(id, referrer) {
    const width = Math.round(win.screen.width);
    return {
      site, id, path: location.pathname + location.search, host: location.hostname, title: String(doc.title),
      referrer, screen: width > 0 && width < 32768 ? width : undefined, language: navigator.language,
    };
  }

  // ---- Page views and engaged time -----------------------------------------------------------------------------

  let view = null; // the one being looked at: {id, engaged, since, told}, times in ms
  let expected = null; // referrer of a view that waits until the page is shown
  let lastPath = null;
  let answered = null; // settles when the current view's hit is answered: then the reader is in the numbers
  let isAnswered;
  const expectAnswer = () => { answered = new Promise((done) => { isAnswered = done; }); };

  function startView(referrer) {
    expected = referrer;
    lastPath = location.pathname;
    if (shown()) beginView();
  }

  async function beginView() {
    const referrer = expected;
    const done = isAnswered;
    expected = null;
    try {
      view = { id: newId(), engaged: 0, told: 0, since: now() };
      await Promise.race([send(hitOf(view.id, referrer)), pause(PATIENCE_MS)]);
    } catch (error) { /* not counted; the numbers can still be shown */ }
    done();
  }

  // Tells how long the view was visible so far; the server keeps the largest.
  const tellEngaged = safe(() => {
    if (!view || view.since === null) return;
    view.engaged = Math.min(view.engaged + now() - view.since, MAX_ENGAGED_MS);
    view.since = null;
    if (view.engaged - view.told < MIN_ENGAGED_MS) return;
    view.told = view.engaged;
    post(stringify({ site, view: view.id, engaged_ms: Math.round(view.engaged) })).catch(() => {});
  });

  const onHide = safe(() => {
    tellEngaged();
    unsent.forEach(beacon);
  });

  const onVisibility = safe(() => {
    if (!shown()) {
      onHide();
    } else if (expected !== null) {
      beginView();
    } else if (view) {
      view.since = now();
    }
  });

  const nextView = safe((referrer) => {
    tellEngaged();
    expectAnswer();
    startView(referrer);
    refresh();
  });

  // A page of a single-page application; its title is often set just after the path.
  let href = location.href;
  const onNavigation = safe(() => {
    const former = href;
    href = location.href;
    if (location.pathname === lastPath) return;
    lastPath = location.pathname;
    later(() => nextView(former), 0);
  });

  const watchHistory = safe(() => {
    const push = history.pushState;
    history.pushState = function () {
      const result = push.apply(this, arguments);
      onNavigation();
      return result;
    };
    win.addEventListener("popstate", onNavigation);
  });

  const track = safe((name, props) => {
    const hit = hitOf(newId(), "");
    hit.name = String(name);
    if (props) {
      hit.props = {};
      for (const key of Object.keys(props)) hit.props[key] = String(props[key]);
    }
    send(hit);
  });

  // ---- Numbers -------------------------------------------------------------------------------------------------

  let answers = new Map(); // one request for each question and view, however many places show it

  function ask(path) {
    if (!answers.has(path)) {
      answers.set(path, answered.then(async () => {
        // `no-cache` revalidates: a reader must find himself counted, a minute-old copy would not have him.
        const answer = await fetchNow(base + path, { credentials: "omit", cache: "no-cache" });
        return answer.ok ? answer.json() : null;
      }).catch(() => null));
    }
    return answers.get(path);
  }

  // `place` is an element with data-site, data-metric, data-path, each optional.
  function askTotals(place) {
    let query = "api/v1/totals?site=" + encodeURIComponent(place.site || site);
    if (place.metric) query += "&metric=" + encodeURIComponent(place.metric);
    if (place.path) query += "&path=" + encodeURIComponent(place.path === "this" ? location.pathname : place.path);
    return ask(query);
  }

  function countOf(totals, key) {
    if (!totals) return null;
    if (key === "online") return totals.online;
    const line = key === "record_day" ? totals.record_day : totals[key];
    return line ? line.count : null;
  }

  const LANGUAGES = {
    "en": {
      "direction": "ltr", "group": ",", "caption": "Visitor statistics",
      "unavailable": "No reliable number at the moment",
      "labels": {
        "today": "Today", "yesterday": "Yesterday", "this_week": "This week", "last_week": "Last week",
        "this_month": "This month", "last_month": "Last month", "all": "All days", "online": "Online now",
        "record_day": "Record day", "ip": "Your IP"
      },
      "totals": {
        "visits": "{count} visits in total", "visitors": "{count} visitors in total",
        "pageviews": "{count} page views in total"
      }
    },
    "ka": {
      "direction": "ltr", "group": "\u00a0", "caption": "ვიზიტორების სტატისტიკა",
      "unavailable": "სანდო რიცხვი ამჟამად მიუწვდომელია",
      "labels": {
        "today": "დღეს", "yesterday": "გუშინ", "this_week": "ამ კვირაში", "last_week": "გასულ კვირაში",
        "this_month": "ამ თვეში", "last_month": "გასულ თვეს", "all": "სულ", "online": "ახლა საიტზე",
        "record_day": "რეკორდული დღე", "ip": "თქვენი IP"
      },
      "totals": {
        "visits": "სულ {count} ვიზიტი", "visitors": "სულ {count} ვიზიტორი",
        "pageviews": "სულ გვერდის {count} ნახვა"
      }
    }
  };

  // What the place asks for, else the language of the page, else the reader's.
  function languageOf(place) {
    for (const tag of [place.lang, doc.documentElement.lang, navigator.language]) {
      const short = String(tag || "").toLowerCase().split("-")[0];
      if (LANGUAGES.hasOwnProperty(short)) return Object.assign({ tag: short }, LANGUAGES[short]);
    }
    return Object.assign({ tag: "en" }, LANGUAGES.en);
  }

  function format(count, language) {
    return Number.isSafeInteger(count) ? String(count).replace(/\B(?=(\d{3})+$)/g, language.group) : EM_DASH;
  }

  // ---- Spans ---------------------------------------------------------------------------------------------------

  async function fillSpan(span, key, place) {
    try {
      if (!span.textContent.trim()) span.textContent = EM_DASH;
      const asked = answers;
      const count = countOf(await askTotals(place), key);
      if (asked !== answers) return; // the next view has asked again
      if (count === null || count === undefined) return; // keep what is there
      span.textContent = format(count, languageOf(place));
      return true;
    } catch (error) { /* the page keeps its placeholder */ }
  }

  // The ids of busuanzi and Vercount, so that moving from them is one line: pv are page views, uv are visitors.
  function fillBorrowed(name, scope, unit) {
    const span = doc.getElementById(name + "_value_" + scope + "_" + unit);
    if (!span) return;
    const place = { metric: unit === "pv" ? "pageviews" : "visitors", path: scope === "page" ? "this" : "" };
    fillSpan(span, "all", place).then((filled) => {
      const container = doc.getElementById(name + "_container_" + scope + "_" + unit);
      if (filled && container) container.style.display = "inline"; // hidden by their convention until filled
    }).catch(() => {});
  }

  function fillSpans() {
    doc.querySelectorAll("[data-counter]").forEach((span) => fillSpan(span, span.dataset.counter, span.dataset));
    for (const name of ["busuanzi", "vercount"]) {
      for (const scope of ["site", "page"]) {
        for (const unit of ["pv", "uv"]) fillBorrowed(name, scope, unit);
      }
    }
  }

  // ---- The widget ----------------------------------------------------------------------------------------------

  const DEFAULT_LINES = "today,yesterday,this_week,last_week,this_month,last_month,all,ip,date";
  const CLOCK = "M8 2.25a5.75 5.75 0 1 0 0 11.5a5.75 5.75 0 1 0 0-11.5M8 5v3.2l2.2 1.3";
  const SHEET = "M2.5 4.75a1.5 1.5 0 0 1 1.5-1.5h8a1.5 1.5 0 0 1 1.5 1.5v7.5a1.5 1.5 0 0 1-1.5 1.5h-8" +
    "a1.5 1.5 0 0 1-1.5-1.5zM2.5 6.75h11M5.5 2v2M10.5 2v2";
  const WEEK = SHEET + "M5.2 10.3h5.6";
  const MONTH = SHEET + "M5.4 9.3h.01M8 9.3h.01M10.6 9.3h.01M5.4 11.4h.01M8 11.4h.01M10.6 11.4h.01";
  const ICONS = {
    today: CLOCK, yesterday: CLOCK, this_week: WEEK, last_week: WEEK, this_month: MONTH, last_month: MONTH,
    all: "M2.5 13.5h11M4.25 11V8M8 11V3M11.75 11V5.5",
    online: "M8 7.9h.01M5.3 10.7a3.8 3.8 0 0 1 0-5.4M10.7 5.3a3.8 3.8 0 0 1 0 5.4M3.2 12.8a6.8 6.8 0 0 1 0-9.6" +
      "M12.8 3.2a6.8 6.8 0 0 1 0 9.6",
    record_day: "M8 2.2l1.75 3.7 4.05.5-3 2.8.8 4L8 11.2l-3.6 2 .8-4-3-2.8 4.05-.5z",
    ip: "M8 2.25a5.75 5.75 0 1 0 0 11.5a5.75 5.75 0 1 0 0-11.5M2.25 8h11.5M8 2.25c-3.2 3.3-3.2 8.2 0 11.5" +
      "c3.2-3.3 3.2-8.2 0-11.5",
  };
  const PAST = ["yesterday", "last_week", "last_month"];

  // `part` names are for ::part() in the page's style sheet.
  function make(tag, attributes, children) {
    const element = doc.createElement(tag);
    for (const name of Object.keys(attributes)) element.setAttribute(name, attributes[name]);
    element.append(...(children || []));
    return element;
  }

  function makeIcon(name) {
    const [svg, path] = ["svg", "path"].map((tag) => doc.createElementNS("http://www.w3.org/2000/svg", tag));
    for (const [key, value] of [["class", "vc-icon"], ["viewBox", "0 0 16 16"], ["width", "16"], ["height", "16"],
      ["aria-hidden", "true"]]) svg.setAttribute(key, value);
    path.setAttribute("d", ICONS[name]);
    svg.append(path);
    return svg;
  }

  function makeDigits(options, totals) {
    const count = countOf(totals, "all");
    const known = Number.isSafeInteger(count);
    const text = known ? String(count).padStart(options.digits, "0") : EM_DASH;
    const zeros = known ? text.length - String(count).length : 0;
    const spoken = known
      ? options.language.totals[totals.metric].replace("{count}", format(count, options.language))
      : options.language.unavailable;
    const reels = Array.from(text, (digit, place) => make("span", {
      class: "vc-digit" + (place < zeros ? " vc-blank" : ""), part: "digit", "aria-hidden": "true",
    }, [make("b", {}, [digit])]));
    const wrap = "vc-digits" + (text.length > 8 ? " vc-long" : "");
    return make("div", { class: wrap, part: "digits", role: "img", "aria-label": spoken }, reels);
  }

  function makeValue(name, options, totals, address) {
    if (name === "ip") {
      const size = address.length > 15 ? "vc-tiny" : "vc-small";
      return [make("bdi", { dir: "ltr", class: size }, [address || EM_DASH])];
    }
    const number = make("bdi", { dir: "ltr" }, [format(countOf(totals, name), options.language)]);
    const day = name === "record_day" && totals && totals.record_day ? totals.record_day.date : "";
    return day ? [number, " ", make("time", { class: "vc-small", datetime: day }, [day])] : [number];
  }

  function makeRow(name, options, totals, address) {
    const css = "vc-" + name.replace("_", "-") + (PAST.includes(name) ? " vc-past" : "");
    return make("tr", { class: css, part: "row" }, [
      make("th", { scope: "row", part: "label" }, [makeIcon(name), options.language.labels[name]]),
      make("td", { part: "value" }, makeValue(name, options, totals, address)),
    ]);
  }

  function makeCard(options, totals, address) {
    const parts = [];
    if (options.digits !== null) parts.push(makeDigits(options, totals));
    if (options.rows.length) {
      const rows = options.rows.map((name) => makeRow(name, options, totals, address));
      const caption = make("caption", { class: "vc-caption" }, [options.language.caption]);
      parts.push(make("table", { class: "vc-table", part: "table" }, [caption, make("tbody", {}, rows)]));
    }
    if (options.date) {
      const time = totals ? make("time", { datetime: totals.generated_at }, [totals.local_time]) : EM_DASH;
      parts.push(make("p", { class: "vc-date", part: "date" }, [time]));
    }
    const css = "vc vc-" + options.theme + " vc-" + options.scheme + (totals ? " vc-live" : "");
    return make("div", { class: css, part: "card", lang: options.language.tag, dir: options.language.direction }, parts);
  }

  function optionsOf(place) {
    const names = (place.lines || DEFAULT_LINES).split(",").map((name) => name.trim());
    const digits = place.digits === "none" ? null : Math.min(parseInt(place.digits || "7", 10) || 0, 12);
    return {
      digits,
      language: languageOf(place),
      rows: names.filter((name) => ICONS.hasOwnProperty(name)),
      date: names.includes("date"),
      theme: /^[a-z0-9-]{1,32}$/.test(place.theme || "") ? place.theme : "classic",
      scheme: ["light", "dark"].includes(place.scheme) ? place.scheme : "auto",
    };
  }

  // Room for the card before anything of it is loaded, in px of its own size: nothing on the page may jump.
  function reserve(options) {
    const rows = options.rows.length;
    const ems = 2 + (options.digits === null ? 0 : 3.15 + (rows ? 0.5 : 0)) + 1.93 * rows +
      (options.rows.includes("record_day") ? 0.67 : 0) + (options.date ? 1.71 : 0);
    return `:host{display:inline-block;vertical-align:top;inline-size:var(--counter-width,17.5em);max-inline-size:100%;` +
      `font-size:var(--counter-size,14px);line-height:0;min-block-size:calc(${ems.toFixed(2)}em + 2px)}`;
  }

  const texts = new Map(); // a style sheet is fetched once for all widgets of a page

  function styleText(path) {
    if (!texts.has(path)) {
      texts.set(path, fetchNow(base + path, { credentials: "omit" })
        .then((answer) => (answer.ok ? answer.text() : "")).catch(() => ""));
    }
    return texts.get(path);
  }

  // adoptedStyleSheets where there are: a page with a strict Content-Security-Policy blocks <style>.
  function addStyle(shadow, text) {
    if (!shadow.adoptedStyleSheets) return shadow.append(make("style", {}, [text]));
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    shadow.adoptedStyleSheets = [...shadow.adoptedStyleSheets, sheet];
  }

  const shadows = new WeakMap(); // of each element, the promise of its styled shadow root

  async function openShadow(element, options) {
    const shadow = element.attachShadow({ mode: "open" });
    addStyle(shadow, reserve(options));
    const theme = await styleText("static/themes/" + options.theme + ".css");
    // A theme that is not there: the colours of the classic one, whatever class the card has.
    addStyle(shadow, theme || (await styleText("static/themes/classic.css")).replace(".vc-classic", ".vc"));
    addStyle(shadow, await styleText("static/widget.css"));
    return shadow;
  }

  async function put(element, options, totals, address) {
    if (!shadows.has(element)) shadows.set(element, openShadow(element, options));
    const shadow = await shadows.get(element);
    const former = shadow.querySelector(".vc");
    const card = makeCard(options, totals, address);
    if (former) former.replaceWith(card); else shadow.append(card);
  }

  // A card that the server put into the element stays until there are numbers; an empty one gets em dashes first.
  async function drawWidget(element) {
    try {
      const options = optionsOf(element.dataset);
      const asked = answers;
      const numbers = Promise.all([
        askTotals(element.dataset), options.rows.includes("ip") ? ask("api/v1/you") : null,
      ]);
      styleText("static/widget.css"); // at once, beside the theme
      if (!shadows.has(element) && !element.firstElementChild) await put(element, options, null, "");
      const [totals, you] = await numbers;
      if (!totals || asked !== answers) return; // keep what is there
      await put(element, options, totals, you && you.ip ? String(you.ip) : "");
    } catch (error) { /* what is there stays */ }
  }

  const defineElement = safe(() => {
    if (customElements.get("visitor-counter")) return;
    customElements.define("visitor-counter", class extends HTMLElement {
      connectedCallback() { drawWidget(this); }
    });
  });

  const refresh = safe(() => {
    answers = new Map();
    fillSpans();
    doc.querySelectorAll("visitor-counter").forEach(drawWidget);
  });

  // ---- Start ---------------------------------------------------------------------------------------------------

  const ready = safe(() => { defineElement(); fillSpans(); });

  expectAnswer();
  safe(() => {
    doc.addEventListener("visibilitychange", onVisibility);
    doc.addEventListener("prerenderingchange", onVisibility);
    win.addEventListener("pagehide", onHide);
    win.addEventListener("pageshow", safe((event) => { if (event.persisted) nextView(""); }));
    watchHistory();
    // Never takes a name that the page uses; an element with that id is no such use.
    if (win.counter === undefined || win.counter instanceof Element) win.counter = { track };
  })();
  safe(() => startView(String(doc.referrer)))();
  // Only when all is parsed: an element is empty before its end tag, and its fallback would be lost.
  if (doc.readyState === "loading") doc.addEventListener("DOMContentLoaded", ready);
  else ready();
}
})();
