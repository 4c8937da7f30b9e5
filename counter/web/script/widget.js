/* visitor-counter: shows numbers. counter.js fetches this where a page has a place for them.

     <visitor-counter data-lines="today,all" data-lang="ka"></visitor-counter>
     <span data-counter="today"></span>
     <button type="button" data-counter="opt-out">Do not count me</button>

   It has no word, icon or number format of its own: the server answers with all that there is to see. Reading never
   counts. Elements are made one by one and style sheets adopted, so a strict Content-Security-Policy and Trusted Types
   have nothing to forbid. `make script` makes static/widget.js of it. */

const { document: doc, fetch, setTimeout } = window;
const base = new URL(".", import.meta.url).href;

const PATIENCE_MS = 4000; // the numbers wait for the page's own hit at most this long
const EM_DASH = "\u2014";
// What of an element's data-* the server is asked with, and label-LINE.
const OPTIONS = ["lines", "theme", "scheme", "lang", "metric", "digits", "path", "hide_zeros", "numerals", "date", "flags",
  "about"];

let view = null; // what is shown now: {site, sent, optOut, ready, answers}
const drawn = new WeakMap(); // of each place, the view it was last drawn in

// ---- Asking ----------------------------------------------------------------------------------------------------

const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

// One request for each question and view, however many places show the answer; null when there is none.
function ask(path, languages) {
  const { answers, ready } = view;
  const question = path + " " + languages;
  if (!answers.has(question)) answers.set(question, ready.then(() => read(path, languages)).catch(() => null));
  return answers.get(question);
}

async function read(path, languages) {
  // `no-cache` revalidates: a reader must find himself counted, a minute-old copy would not have him.
  const answer = await fetch(base + path, {
    credentials: "omit", cache: "no-cache", headers: languages ? { "Accept-Language": languages } : {},
  });
  return answer.ok ? answer.json() : null;
}

// The language of the place, then the reader's: the server takes the first that it speaks.
function languagesOf(element) {
  const tags = [element.closest("[lang]")?.lang, ...(navigator.languages || [])];
  return [...new Set(tags)].filter((tag) => /^[a-z0-9-]{2,20}$/i.test(tag)).slice(0, 5).join(", ");
}

// The path that counter.js counts this page under.
function pathOfPage() {
  const settings = doc.querySelector("script[data-site]")?.dataset || {};
  const canonical = "canonical" in settings && doc.querySelector("link[rel=canonical]");
  if (canonical) return new URL(canonical.href).pathname;
  return location.pathname + ("hash" in settings ? location.hash.replace("#", "/") : "");
}

function questionOf(element) {
  const query = new URLSearchParams();
  for (const { name, value } of element.attributes) {
    if (!name.startsWith("data-")) continue;
    const key = name.slice(5).replace(/-/g, "_").replace(/^label_/, "label.");
    if (OPTIONS.includes(key) || key.startsWith("label.")) query.set(key, value);
  }
  if (query.get("path") === "this") query.set("path", pathOfPage());
  return query;
}

// ---- Numbers in the page's own text ------------------------------------------------------------------------------

// Browsers leave some languages out of their own tables, Georgian among them. A test compares these with the server's.
const GROUPS = {
  de: ".", es: ".", tr: ".", fr: "\u202f", ka: "\u00a0", ru: "\u00a0", uk: "\u00a0", en: ",", ar: ",", zh: ",", ja: ",",
};

function format(count, element) {
  const tag = element.dataset.lang || element.closest("[lang]")?.lang || navigator.language || "en";
  const group = GROUPS[tag.toLowerCase().split("-")[0]];
  if (group) return String(count).replace(/\B(?=(\d{3})+$)/g, group);
  try {
    return new Intl.NumberFormat(tag, { useGrouping: "always", numberingSystem: "latn" }).format(count);
  } catch { // no language of this world
    return String(count);
  }
}

function countOf(totals, key) {
  const found = key === "online" ? totals.online : totals[key]?.count;
  return Number.isSafeInteger(found) ? found : null;
}

// Whether there was a number; else what is there stays, an em dash when that is nothing.
async function fillSpan(span, key, question, site) {
  if (drawn.get(span) === view) return false;
  drawn.set(span, view);
  if (!span.textContent.trim()) span.textContent = EM_DASH;
  const asked = view;
  const totals = await ask("api/v1/totals?" + new URLSearchParams([["site", site], ...question]), "");
  if (asked !== view || !totals) return false; // the next view has asked again
  const count = countOf(totals, key);
  if (count !== null) span.textContent = format(count, span);
  return count !== null;
}

function fillOwn(span) {
  const key = span.dataset.counter;
  if (key === "opt-out") return offerOptOut(span);
  const question = [...questionOf(span)].filter(([name]) => name === "metric" || name === "path");
  return fillSpan(span, key, question, span.dataset.site || view.site);
}

// The ids of busuanzi and Vercount, so that moving from them is one line: pv are page views, uv are visitors.
async function fillBorrowed(name, scope, unit) {
  const span = doc.getElementById(`${name}_value_${scope}_${unit}`);
  if (!span) return;
  const question = [["metric", unit === "pv" ? "pageviews" : "visitors"]];
  if (scope === "page") question.push(["path", pathOfPage()]);
  const filled = await fillSpan(span, "all", question, view.site);
  const container = doc.getElementById(`${name}_container_${scope}_${unit}`);
  if (filled && container) container.style.display = "inline"; // hidden by their convention until filled
}

// A button that is pressed while the visitor is not counted.
function offerOptOut(button) {
  if (drawn.has(button)) return;
  drawn.set(button, view);
  const refused = () => { try { return localStorage.counter_opt_out === "1"; } catch { return false; } };
  const { optOut } = view;
  let pressed = refused();
  button.setAttribute("aria-pressed", String(pressed));
  button.addEventListener("click", () => {
    pressed = !pressed;
    optOut(pressed);
    button.setAttribute("aria-pressed", String(pressed));
  });
}

// ---- The widget --------------------------------------------------------------------------------------------------

// `part` names are for ::part() in the page's style sheet.
function make(tag, attributes, ...children) {
  const element = doc.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

function makeIcon(shape) {
  const [svg, path] = ["svg", "path"].map((tag) => doc.createElementNS("http://www.w3.org/2000/svg", tag));
  const attributes = {
    class: "vc-icon", viewBox: "0 0 16 16", width: "16", height: "16", fill: "none", stroke: "currentColor",
    "stroke-width": "1.5", "aria-hidden": "true",
  };
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value);
  path.setAttribute("d", shape);
  svg.append(path);
  return svg;
}

function makeDigits({ digits, spoken }) {
  const reels = digits.map(([digit, blank]) => make("span", {
    class: "vc-digit vc-d" + digit + (blank ? " vc-blank" : ""), part: "digit", "aria-hidden": "true",
  }, make("b", {}, digit)));
  const wrap = "vc-digits" + (digits.length > 8 ? " vc-long" : "");
  return make("div", { class: wrap, part: "digits", role: "img", "aria-label": spoken }, ...reels);
}

function makeValue(row, shown) {
  if (row.day) {
    const day = make("bdi", { dir: shown.day_dir }, row.day_text);
    return [make("bdi", { dir: "ltr" }, row.text), " ", make("time", { class: "vc-small", datetime: row.day }, day)];
  }
  if (row.below) {
    const text = make("bdi", { dir: row.is_number ? "ltr" : null }, row.text);
    return [make("span", { class: "vc-small vc-below" + (row.wide ? " vc-wide" : "") }, text)];
  }
  if (row.name === "ip") return [make("bdi", { class: "vc-small", dir: "ltr" }, row.text)];
  return [row.is_number ? make("bdi", { dir: "ltr" }, row.text) : make("bdi", { class: "vc-small" }, row.text)];
}

function makeCodes(row) {
  const boxes = row.codes.map(([code, name]) => make("li", {}, make("abbr", { title: name }, code)));
  return make("ul", { class: "vc-flags" + (row.wide ? " vc-wide" : "") }, ...boxes);
}

function makeRow(row, shown) {
  const css = "vc-" + row.name.replace(/_/g, "-") + (row.past ? " vc-past" : "");
  const value = makeValue(row, shown);
  if (row.codes?.length) value.push(makeCodes(row));
  return make("tr", { class: css, part: "row" },
    make("th", { scope: "row", part: "label" }, makeIcon(row.icon), row.label),
    make("td", { part: "value" }, ...value));
}

function makeTable(shown) {
  const caption = make("caption", { class: "vc-caption" }, shown.caption);
  return make("table", { class: "vc-table", part: "table" }, caption,
    make("tbody", {}, ...shown.rows.map((row) => makeRow(row, shown))));
}

function makeDate(shown) {
  const text = make("bdi", { dir: shown.day_dir }, shown.date);
  return make("p", { class: "vc-date", part: "date" }, make("time", { datetime: shown.instant }, text));
}

function makeAbout(shown) {
  const attributes = { href: new URL(shown.about, base).href, target: "_blank", rel: "noopener" };
  return make("p", { class: "vc-about", part: "about" }, make("a", attributes, shown.about_label));
}

// The same markup as templates/widget_fragment.html; a test compares them.
function makeCard(shown, live) {
  const css = `vc vc-${shown.theme} vc-${shown.scheme}` + (live ? " vc-live" : "");
  return make("div", { class: css, part: "card", lang: shown.lang, dir: shown.dir },
    shown.digits.length ? makeDigits(shown) : null,
    shown.rows.length ? makeTable(shown) : null,
    shown.date ? makeDate(shown) : null,
    shown.about ? makeAbout(shown) : null);
}

// ---- Styles ------------------------------------------------------------------------------------------------------

const HOST = ":host{display:inline-block;vertical-align:top;inline-size:var(--counter-width,17.5em);max-inline-size:100%;" +
  "font-size:var(--counter-size,14px);line-height:0}:host([hidden]){display:none}";

// Room for the card before anything of it is loaded, in em of its own size: nothing on the page may jump.
function reserve(element) {
  const lines = (element.dataset.lines || "today,yesterday,this_week,last_week,this_month,last_month,all,ip,date")
    .split(",").map((name) => name.trim()).filter((name) => name !== "none");
  const rows = lines.filter((name) => name !== "date").length;
  const ems = 2 + (element.dataset.digits === "none" ? 0 : 3.15 + (rows ? 0.5 : 0)) + 1.93 * rows +
    (lines.includes("record_day") ? 0.67 : 0) + (lines.includes("date") ? 1.71 : 0) +
    (element.dataset.about === "1" ? 1.64 : 0);
  return `.wait{display:grid;place-items:center;box-sizing:border-box;block-size:calc(${ems.toFixed(2)}em + 2px);` +
    "border:1px solid;border-color:color-mix(in srgb,currentColor 30%,transparent);" +
    "border-radius:var(--counter-radius,1em);line-height:1.3}";
}

const texts = new Map(); // a style sheet is fetched once for all widgets of a page

function styleText(path) {
  if (!texts.has(path)) {
    texts.set(path, fetch(base + path, { credentials: "omit" })
      .then((answer) => (answer.ok ? answer.text() : "")).catch(() => ""));
  }
  return texts.get(path);
}

// adoptedStyleSheets where there are: a page with a strict Content-Security-Policy blocks <style>.
function dress(shadow, styles) {
  for (const old of shadow.querySelectorAll("style")) old.remove();
  if (!shadow.adoptedStyleSheets) return shadow.prepend(...styles.map((text) => make("style", {}, text)));
  shadow.adoptedStyleSheets = styles.map((text) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    return sheet;
  });
}

const shownDigits = new WeakMap(); // of each widget, so that digits move only when they change
const shadowOf = (element) => element.shadowRoot || element.attachShadow({ mode: "open" });

// ---- Drawing -----------------------------------------------------------------------------------------------------

function drawPlaceholder(element) {
  if (element.shadowRoot || element.textContent.trim() || element.firstElementChild) return; // it has a number already
  const shadow = shadowOf(element);
  dress(shadow, [HOST, reserve(element)]);
  shadow.append(make("span", { class: "wait", part: "placeholder" }, EM_DASH));
}

// Whether the page declares a scheme of the widget's place; light-dark() then follows it, even when it changes.
function isDeclared(element) {
  const scheme = getComputedStyle(element).colorScheme;
  return Boolean(scheme) && scheme !== "normal" && CSS.supports("color", "light-dark(red, red)");
}

// Whether digits move at all is for the theme and the reader's system to say.
function put(element, shown, styles) {
  const shadow = shadowOf(element);
  const digits = String(shown.digits);
  const card = makeCard(shown, shownDigits.get(element) !== digits);
  shownDigits.set(element, digits);
  if (isDeclared(element)) card.classList.add("vc-declared");
  dress(shadow, [HOST, ...styles]);
  for (const old of shadow.querySelectorAll(".vc, .wait")) old.remove();
  shadow.append(card);
}

// A card that the server put into the element stays until there are numbers; an empty one gets an em dash first.
async function drawWidget(element) {
  try {
    if (!view || drawn.get(element) === view) return;
    drawn.set(element, view);
    const asked = view;
    drawPlaceholder(element);
    const site = encodeURIComponent(element.dataset.site || view.site);
    const shown = await ask(`widget/${site}.json?${questionOf(element)}`, languagesOf(element));
    if (!shown || asked !== view) return; // keep what is there
    const styles = await Promise.all(shown.css.map(styleText));
    if (asked === view) put(element, shown, styles);
  } catch { /* what is there stays */ }
}

function define() {
  if (customElements.get("visitor-counter")) return;
  customElements.define("visitor-counter", class extends HTMLElement {
    connectedCallback() { drawWidget(this); }
  });
}

// An element is empty before its end tag, and what the server put into it would be lost.
const parsed = new Promise((done) => {
  if (doc.readyState === "loading") doc.addEventListener("DOMContentLoaded", () => done());
  else done();
});

const attempt = async (action, ...given) => { try { await action(...given); } catch { /* the page keeps what it has */ } };

function drawAll() {
  attempt(define);
  doc.querySelectorAll("visitor-counter").forEach((element) => attempt(drawWidget, element));
  doc.querySelectorAll("[data-counter]").forEach((span) => attempt(fillOwn, span));
  for (const name of ["busuanzi", "vercount"]) {
    for (const scope of ["site", "page"]) {
      for (const unit of ["pv", "uv"]) attempt(fillBorrowed, name, scope, unit);
    }
  }
}

// Called at each page view with the promise of its hit, and whenever places may have come to the page.
export default function draw(site, sent, optOut) {
  if (!view || view.sent !== sent) {
    view = { site, sent, optOut, ready: Promise.race([sent, pause(PATIENCE_MS)]), answers: new Map() };
  }
  parsed.then(drawAll).catch(() => {});
}
