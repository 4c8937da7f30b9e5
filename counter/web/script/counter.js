/* visitor-counter: counts this page view. docs/tracker.md says all that an owner can write.

     <script async src="https://HOST/counter.js" data-site="ID"></script>

   No cookie, no fingerprint, and nothing is stored but a visitor's own wish not to be counted. Nothing in here may
   break the page it stands on: every entry ends in a catch, and references are taken before the page can change them.

   Written to be small as well as to be read: `make script` makes static/counter.js of it, which may have 2,048 bytes
   gzipped. What draws numbers is in widget.js, and only pages that show some fetch it. The server puts the address of
   hits in the place of %hit%, and the name of the widget's code in that of %widget%. */
try {
  const { document: real, fetch, setTimeout, JSON: { stringify }, counter: stub } = window;

  // An element with a name (<iframe name="hidden">) hides what the document has, but not what its prototype has.
  const doc = new Proxy(real, {
    get: (_, name) => (name = Reflect.get(Document.prototype, name, real))?.call ? name.bind(real) : name,
  });

  const { src, dataset: settings } = doc.currentScript;
  const { site } = settings;
  if (real["@" + site]) throw site; // a tag that stands there twice counts once
  real["@" + site] = 1;
  const hitUrl = new URL(settings.hit || "%hit%", src);

  // What the page calls, or the browser: an uncountable page is still a page.
  const safe = (action) => async (...given) => { try { return await action(...given); } catch { /* never */ } };

  // On the window, before anyone can stop the event.
  const on = (types, action) => types.split(" ").map((type) => addEventListener(type, safe(action), true));

  // ---- The visitor's wish --------------------------------------------------------------------------------------

  let refused;
  try { refused = localStorage.counter_opt_out; } catch { /* a page without storage */ }

  // Kept on the page's own origin until it is taken back; where there is no storage, as long as the page.
  const optOut = safe((wish) => {
    refused = wish;
    if (wish) localStorage.counter_opt_out = 1;
    else delete localStorage.counter_opt_out;
  });

  // ---- Sending -------------------------------------------------------------------------------------------------

  let page; // path of the page that is being looked at

  // So long, or until the page is hidden: it may not come back. Listening early in the event's way: one that is on it
  // already must not end this.
  const pause = (ms) => new Promise((done) => {
    setTimeout(done, ms);
    addEventListener("visibilitychange", done, true);
  });

  // A hit keeps its id when it is sent again, so the server counts it once. Fulfilled when it is counted or given up.
  const send = safe(async (hit) => {
    // On a disk, in an application or an extension there is no page of a site.
    // Of a pattern `*` is any text; everything else stands for itself.
    if (refused || !/^http/.test(location) || settings.exclude?.split(",").some((pattern) => RegExp(
      "^" + encodeURI(pattern.trim()).replace(/\W/g, (sign) => (sign == "*" ? ".*" : "\\" + sign)) + "$",
    ).test(page))) return;
    // The replacer takes values as they are: a library that gives every text a toJSON would garble them.
    const body = stringify(hit, function (key) { return this[key]; });
    try {
      // A text goes as text/plain: a simple request, without preflight.
      if ((await fetch(hitUrl, { method: "POST", body, keepalive: true })).status < 500) return;
    } catch { /* offline, blocked, or the page is closing */ }
    await pause(5e3);
    navigator.sendBeacon(hitUrl, body);
  });

  let id; // of the last hit; sorts by time

  const count = (name, props, referrer) => send({
    site, id: id = Date.now() + "" + Math.random(), name, props, referrer, title: "" + doc.title, screen: screen.width,
    host: location.host, driven: navigator.webdriver || undefined,
    path: ("canonical" in settings && doc.querySelector("link[rel=canonical]")?.href || page) + location.search,
  });

  // Values become texts.
  const track = safe((name, props) => count("" + name, Object.fromEntries(new URLSearchParams(props || {}))));

  // ---- Page views and engaged time -----------------------------------------------------------------------------

  let view; // id of the page view
  let engaged; // ms that it was visible and had the focus
  let since; // when it last began to be, falsy: it is not
  let sent; // the promise of its hit: then the reader is in the numbers
  let waiting; // referrer of a view that begins when the page is shown
  let { status } = settings; // of the document, so of its first view
  let href = doc.referrer;

  // The numbers of the page, once more when the reader is in them.
  const draw = safe(async () => {
    if (doc.querySelector("visitor-counter,[data-counter],[id*=_value_]")) {
      (await import(new URL("%widget%", src))).default(site, sent, optOut);
    }
  });

  const leave = () => {
    const now = Date.now();
    if (since && (engaged += now - since) > 999) send({ site, view, engaged_ms: Math.min(engaged, 18e5) });
    since = !doc.hidden && doc.hasFocus() && now;
  };

  const resume = async () => {
    leave();
    do await pause(); while (!doc.body); // a title is set just after the path, and before there is a body
    // A prerendered page is visible a moment before it is opened; what it sent then would be taken for a prefetch.
    if (!doc.hidden && !doc.prerendering && waiting != null) {
      const missing = (status || doc.querySelector("[name='counter:status']")?.content) == 404;
      engaged = 0;
      sent = count(missing ? "not_found" : "pageview", {}, waiting);
      view = id;
      waiting = status = null;
      await sent;
      draw();
    }
  };

  // The page itself, back from the browser's memory too, and the pages of a single-page application.
  const navigate = safe(async (event) => {
    // A fragment becomes a part of the path: the server knows no fragments.
    const next = location.pathname + ("hash" in settings ? location.hash.replace("#", "/") : "");
    draw();
    if (page == next && !event?.persisted) return;
    leave(); // while its page is still the former one
    page = next;
    waiting ??= href; // a redirect within the page is one view of its end, and came from where the first came from
    href = location.href;
    return resume();
  });

  // ---- What is done on the page ----------------------------------------------------------------------------------

  // Clicks with the first and the middle button, the keyboard's among them, and forms.
  const act = (event) => {
    const path = event.composedPath(); // through shadow roots
    const link = path.find((element) => element.href);
    if (event.button > !!link) return;
    const named = path.find((element) => element.dataset?.counterEvent && (event.type == "submit") == !!element.submit);
    if (named) {
      const props = {};
      for (const { name, value } of named.attributes) {
        const key = name.split("data-counter-prop-")[1];
        if (key) props[key] = value;
      }
      count(named.dataset.counterEvent, props);
    }
    if (!/^http/.test(link)) return; // a link as text is its address
    const file = RegExp("\\.(" + (settings.downloads ??
      "7z|csv|dmg|docx?|exe|gz|mp.|od.|pdf|pptx?|rar|xlsx?|zip") + ")$", "i").test(link.pathname);
    if (file || link.host != location.host) {
      count(file ? "download" : "outbound", { url: link.origin + link.pathname });
    }
  };

  // ---- Start -----------------------------------------------------------------------------------------------------

  on("visibilitychange prerenderingchange focus blur", resume);
  on("DOMContentLoaded pageshow popstate", navigate);
  on("click auxclick submit", act);
  for (const name of ["pushState", "replaceState"]) {
    const change = history[name];
    history[name] = (...given) => { change.apply(history, given); navigate(); };
  }
  window.navigation?.addEventListener("currententrychange", navigate); // for routers that never call pushState
  navigate();

  // Never takes a name that the page uses; an element with that id is no such use, nor is the stub of docs/tracker.md.
  if (!stub || stub.nodeType || stub.q) window.counter = { track, optOut, draw };
  stub?.q?.map((call) => track(...call));
} catch { /* never */ }
