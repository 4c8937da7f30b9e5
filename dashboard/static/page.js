/* Every page of the dashboard: small comforts. Without this script each page works all the same.

     <details class="menu">                     closes when the reader looks elsewhere; one is open at a time
     <div class="code" data-copy><pre>…</pre></div>    gets a button that copies the text
     <select data-browser-zone>                 begins with the browser's own time zone, if it is among the choices

     <script src="page.js" defer data-copy="Copy" data-copied="Copied">    the words of that button

   Nothing here makes markup out of text. */
"use strict";

const words = document.currentScript.dataset;
const COPIED_MS = 2000; // how long a button says that it has copied

// ---- Menus --------------------------------------------------------------------------------------------------------

/** Closes every open menu but `kept`. */
function closeMenus(kept) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== kept) menu.open = false;
  }
}

/** Closes the menu that has the focus, and gives the focus back to what opened it. */
function closeByKey(event) {
  if (event.key !== "Escape") return;
  const menu = document.activeElement?.closest("details.menu[open]");
  closeMenus();
  menu?.querySelector("summary").focus();
}

function watchMenus() {
  document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));
  document.addEventListener("keydown", closeByKey);
  document.addEventListener("focusin", (event) => {
    if (!event.target.closest("details.menu[open]")) closeMenus();
  });
}

// ---- Copying ------------------------------------------------------------------------------------------------------

/** The text of a box, on the clipboard. Browsers give the clipboard to secure pages alone; others get a selection. */
async function copy(text, source) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection().selectAllChildren(source);
    return document.execCommand("copy");
  }
}

/** The button of a box of code. */
function addCopyButton(box) {
  const source = box.querySelector("pre") ?? box;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = words.copy;
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    if (!await copy(source.textContent.trim(), source)) return;
    button.textContent = words.copied;
    setTimeout(() => { button.textContent = words.copy; }, COPIED_MS);
  });
  box.append(button);
}

// ---- Time zones ---------------------------------------------------------------------------------------------------

/** Picks the browser's zone, unless the server or the reader has picked one. */
function pickZone(select) {
  if (select.querySelector("option[selected]")) return;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if ([...select.options].some((option) => option.value === zone)) select.value = zone;
}

// ---- Back -----------------------------------------------------------------------------------------------------------

/** A page that the browser took from memory, as it was, may be from before signing out: it is asked for again. */
function askAgain(event) {
  if (!event.persisted) return;
  document.documentElement.hidden = true;
  location.reload();
}

addEventListener("pageshow", askAgain);
watchMenus();
document.querySelectorAll(".code[data-copy]").forEach(addCopyButton);
document.querySelectorAll("select[data-browser-zone]").forEach(pickZone);
