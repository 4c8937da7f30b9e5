/* The live page: server-sent events keep alive what the server has drawn. Texts come ready made in the reader's
   language and are only ever put in as texts; links lead to pages of the dashboard and nowhere else.

     <div data-live=EVENTS data-after=HIT …>      where events come from, and the last hit that the page has
     event `hit`   one hit: its fields fill a copy of <template data-hit-line>
     event `now`   the moment: who is online, the minutes, the lists, the map */
"use strict";

(() => {
  const page = document.querySelector("[data-live]");
  const SPOKEN_MS = 15_000; // between two summaries for those who listen
  const AGAIN_MS = 30_000; // until the next try when the server refused
  const OURS = "/dashboard/";
  const texts = page.dataset;
  const part = (name) => page.querySelector(`[data-${name}]`);

  let last = texts.after; // the number of the newest hit that the server has spoken of
  let events = null; // the open EventSource
  let paused = false;
  let again = 0; // the timer of the next try
  let spoken = 0; // when the last summary was given
  let arrived = 0; // hits since then

  // ---- The connection ---------------------------------------------------------------------------------------------

  function open() {
    clearTimeout(again);
    if (events || paused || document.hidden) return;
    events = new EventSource(`${texts.live}?after=${encodeURIComponent(last)}`);
    events.addEventListener("open", () => showState("connected"));
    events.addEventListener("error", onError);
    events.addEventListener("hit", (event) => read(event, showHit));
    events.addEventListener("now", (event) => read(event, showNow));
  }

  function close() {
    clearTimeout(again);
    events?.close();
    events = null;
  }

  /** A broken connection mends itself; one that the server refuses is tried again later, in case it was busy. */
  function onError() {
    if (events.readyState !== EventSource.CLOSED) {
      showState("reconnecting");
      return;
    }
    close();
    showState("ended");
    again = setTimeout(open, AGAIN_MS);
  }

  function read(event, show) {
    if (event.lastEventId) last = event.lastEventId;
    show(JSON.parse(event.data));
  }

  function showState(state) {
    part("state").textContent = texts[state];
    part("dot").classList.toggle("off", state !== "connected");
    part("reload").hidden = state !== "ended";
  }

  function pause() {
    paused = !paused;
    const button = part("pause-button");
    button.textContent = paused ? texts.goOn : texts.pause;
    button.setAttribute("aria-pressed", paused);
    if (paused) {
      close();
      showState("paused");
    } else {
      open();
    }
  }

  // ---- Hits -------------------------------------------------------------------------------------------------------

  /** A hit stands there once, however streams and the page's first state overlap: its line has its number. */
  function showHit(hit) {
    const stream = part("stream");
    if (stream.querySelector(`[data-hit="${Number(hit.hit)}"]`)) return;
    const line = copyOf("hit-line", "li");
    for (const place of line.querySelectorAll("[data-field]")) {
      const text = hit[place.dataset.field] ?? "";
      place.textContent = text;
      if (place.tagName !== "TIME" && place.tagName !== "A") place.hidden = text === "";
    }
    line.querySelector("time").dateTime = hit.time;
    for (const link of line.querySelectorAll("a[data-link]")) lead(link, hit[link.dataset.link]);
    line.dataset.hit = Number(hit.hit);
    line.classList.add("new");
    stream.prepend(line);
    while (stream.children.length > Number(texts.most)) [...stream.children].reverse().find((one) => !hasFocus(one)).remove();
    part("no-hits").hidden = true;
    arrived += 1;
  }

  // ---- The moment -------------------------------------------------------------------------------------------------

  function showNow(now) {
    part("online-now").textContent = now.online_text;
    for (const name of ["pages", "sources", "countries"]) showRows(name, now[name]);
    showMinutes(now);
    const figure = JSON.stringify(now.map);
    if (part("map").dataset.figure !== figure) part("map").dataset.figure = figure;
    speak(now.summary);
  }

  /** For those who listen: how many are online, now and then, and only when somebody came. */
  function speak(summary) {
    if (!arrived || Date.now() - spoken < SPOKEN_MS) return;
    part("summary").textContent = summary;
    spoken = Date.now();
    arrived = 0;
  }

  function showRows(name, rows) {
    const table = page.querySelector(`[data-rows="${name}"]`);
    const body = table.tBodies[0];
    const old = new Map([...body.rows].map((line) => [line.querySelector("a").getAttribute("href"), line]));
    arrange(body, rows.map((row) => fillRow(old.get(row.url) ?? copyOf("row-line", "tr"), row)));
    table.hidden = rows.length === 0;
    page.querySelector(`[data-none="${name}"]`).hidden = rows.length > 0;
  }

  /** Puts `lines` where others were. The line with the focus is not moved, which would take the focus from it; when
      it goes, the one in its place has the focus. */
  function arrange(body, lines) {
    const focused = [...body.children].findIndex(hasFocus);
    const kept = body.children[focused];
    if (!lines.includes(kept)) {
      body.replaceChildren(...lines);
      if (kept) lines[Math.min(focused, lines.length - 1)]?.querySelector("a").focus({ preventScroll: true });
      return;
    }
    [...body.children].forEach((line) => line !== kept && line.remove());
    kept.before(...lines.slice(0, lines.indexOf(kept)));
    kept.after(...lines.slice(lines.indexOf(kept) + 1));
  }

  function fillRow(line, row) {
    line.querySelector("rect").setAttribute("width", row.share);
    const link = line.querySelector("a");
    link.textContent = row.label;
    lead(link, row.url);
    line.querySelector("td").textContent = row.text;
    return line;
  }

  function showMinutes(now) {
    const drawing = part("minutes");
    drawing.setAttribute("viewBox", `0 0 ${now.minutes.length * 10} 100`);
    drawing.replaceChildren(...now.minutes.map((minute, index) => makeBar(index, now.most ? (96 * minute.visitors) / now.most : 0)));
    part("first").textContent = now.minutes[0]?.clock ?? "";
    part("last").textContent = now.minutes[now.minutes.length - 1]?.clock ?? "";
    part("minute-rows").replaceChildren(...[...now.minutes].reverse().map(makeMinute));
  }

  function makeBar(index, height) {
    const bar = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    const sides = { x: index * 10 + 1, width: 8, y: 100 - height, height };
    for (const [name, value] of Object.entries(sides)) bar.setAttribute(name, value);
    return bar;
  }

  function makeMinute(minute) {
    const line = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = minute.clock;
    const number = document.createElement("td");
    number.className = "number";
    number.textContent = minute.text;
    line.append(head, number);
    return line;
  }

  // ---- Small things -----------------------------------------------------------------------------------------------

  function hasFocus(element) {
    return element.contains(document.activeElement);
  }

  function copyOf(name, what) {
    return part(name).content.querySelector(what).cloneNode(true);
  }

  /** Only to our own pages; anything else is no link. */
  function lead(link, url) {
    if (typeof url === "string" && url.startsWith(OURS)) link.href = url;
    else link.removeAttribute("href");
  }

  part("pause-button").hidden = false;
  part("pause-button").addEventListener("click", pause);
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  open();
})();
