// Four small things, all optional: every page works without this file.
//   1 remembered switches   [data-remember=theme|keys], kept in localStorage
//   2 fresh countdowns      <time data-until datetime=…>
//   3 keys in lists         [data-keys] with rows [data-row data-group data-done], buttons [data-key=y]
//   4 opening and closing   [data-opens=dialog-id], [data-closes=panel-id], Escape
"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // 1 Remembered switches. Runs in the head, so that the theme is right before the first paint.
  function stored(name) {
    try { return localStorage.getItem(`uar-${name}`) ?? ""; } catch { return ""; }
  }
  function apply(name, value) {
    if (value) root.dataset[name] = value; else delete root.dataset[name];
  }
  for (const name of ["theme", "keys"]) apply(name, stored(name));

  document.addEventListener("change", ({ target }) => {
    const name = target.dataset.remember;
    if (name) {
      const value = target.type === "checkbox" ? (target.checked ? "" : target.value) : target.value;
      try { localStorage.setItem(`uar-${name}`, value); } catch { /* a private window: until the page closes */ }
      apply(name, value);
      if (name === "keys") prepareLists();
    }
    if (target.dataset.checks !== undefined) {
      const rows = all("[data-row]", target.closest("table")).filter((row) => row.dataset.group === target.dataset.checks);
      for (const row of rows) for (const box of all("input[type=checkbox]", row)) box.checked = target.checked;
    }
  });

  // 2 Countdowns. The words are those of `until` in uar/web/filters.py.
  function until(seconds) {
    const minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60), days = Math.floor(hours / 24);
    const and = (n, unit) => (n ? ` ${n} ${unit}` : "");
    if (seconds < 1) return "now";
    if (minutes < 1) return `in ${Math.floor(seconds)} s`;
    if (hours < 1) return `in ${minutes} min`;
    if (days < 1) return `in ${hours} h${and(minutes % 60, "min")}`;
    return `in ${days} ${days === 1 ? "day" : "days"}${days < 3 ? and(hours % 24, "h") : ""}`;
  }
  function refresh() {
    for (const time of all("time[data-until]")) {
      const seconds = (Date.parse(time.dateTime) - Date.now()) / 1000;
      if (seconds < -60) continue; // long past when the page was made: the server's words stand
      const words = until(seconds);
      if (time.textContent !== words) time.textContent = words;
    }
  }

  // 3 Keys. They act only while the focus is inside the list, and never while somebody types.
  const rowsOf = (list) => all("[data-row]", list);
  const chosen = (list) => list.querySelector("[data-row][aria-selected=true]");
  const undecided = (row) => row.dataset.done === undefined;

  function choose(list, row, focus = row) {
    for (const other of rowsOf(list)) {
      other.tabIndex = other === row ? 0 : -1;
      if (other === row) other.setAttribute("aria-selected", "true"); else other.removeAttribute("aria-selected");
    }
    focus?.focus({ preventScroll: true });
    if (focus) row.scrollIntoView({ block: "nearest" });
  }
  function prepareLists() {
    for (const list of all("[data-keys]")) {
      const rows = rowsOf(list), off = root.dataset.keys === "off" || matchMedia("(pointer: coarse)").matches;
      if (off) for (const row of rows) { row.removeAttribute("tabindex"); row.removeAttribute("aria-selected"); }
      else if (rows.length && !chosen(list)) choose(list, rows.find(undecided) ?? rows[0], null);
    }
  }
  function step(list, row, by) {
    const rows = rowsOf(list), next = rows[rows.indexOf(row) + by];
    if (next) choose(list, next);
  }
  function jump(list, row, by) {
    const rows = by > 0 ? rowsOf(list) : rowsOf(list).reverse();
    const next = rows.slice(rows.indexOf(row)).find((other) => other.dataset.group !== row.dataset.group);
    if (!next) return;
    choose(list, by > 0 ? next : rowsOf(list).find((other) => other.dataset.group === next.dataset.group));
  }
  function press(row, letter) {
    const control = row.querySelector(`[data-key="${CSS.escape(letter)}"]:not(:disabled)`);
    control?.click(); // a summary only opens: go on to what it shows
    if (control?.matches("summary") && control.parentElement.open) control.parentElement.querySelector("input")?.focus();
    return Boolean(control);
  }
  function undoLast(list) { // the selection has moved on from the decision that one regrets
    const row = document.getElementById(list.dataset.last ?? "");
    if (!row?.querySelector("[data-key=u]:not(:disabled)")) return false;
    choose(list, row);
    return press(row, "u");
  }
  function afterReason(input, row) { // a decision that lacked it is tried again; else back to the row
    row.focus();
    return (row.dataset.again && input.value.trim() && press(row, row.dataset.again)) || true;
  }
  function onKey(event) {
    const { key, target } = event, list = target.closest("[data-keys]");
    const shortcut = (event.ctrlKey || event.metaKey || event.altKey) && !event.getModifierState("AltGraph");
    const typing = target.matches("input:not([type=checkbox]), select, textarea");
    if (key === "Escape") return closeOpen(target);
    if (key === "Enter" && target.closest(".why") && typing) return afterReason(target, target.closest("[data-row]"));
    if (!list || shortcut || typing || root.dataset.keys === "off") return false;
    const row = chosen(list);
    if (key === "?") return document.getElementById("help").showModal() ?? true;
    if (!row) return false;
    if (key === "j" || key === "k") return step(list, row, key === "j" ? 1 : -1) ?? true;
    if (key === "]" || key === "[") return jump(list, row, key === "]" ? 1 : -1) ?? true;
    if (target === row && key === "Enter") return row.querySelector("a[href]")?.click() ?? true;
    if (target === row && key === " ") return row.querySelector("input[type=checkbox]")?.click() ?? true;
    return key.length === 1 && key !== " " && (press(row, key.toLowerCase()) || (key.toLowerCase() === "u" && undoLast(list)));
  }
  document.addEventListener("keydown", (event) => { if (onKey(event)) event.preventDefault(); });
  document.addEventListener("focusin", ({ target }) => {
    const row = target.closest("[data-keys] [data-row]");
    if (row && root.dataset.keys !== "off" && row !== chosen(row.closest("[data-keys]"))) choose(row.closest("[data-keys]"), row, null);
  });

  let letter = ""; // of the button that was clicked last
  document.addEventListener("click", ({ target }) => { letter = target.closest("button[data-key]")?.dataset.key ?? ""; }, true);

  // After a decision was swapped in, the selection moves on to the next undecided row, unless somebody moved it.
  document.addEventListener("htmx:before:request", ({ target, detail: { ctx } }) => {
    const row = target.closest?.("[data-row]"), list = row?.closest("[data-keys]");
    if (list && ctx.request.method === "POST") ctx.acted = { list, at: rowsOf(list).indexOf(row), letter };
  });
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    prepareLists();
    if (!ctx.acted) return;
    const { list, at } = ctx.acted, rows = rowsOf(list);
    list.dataset.last = rows[at]?.id ?? "";
    if (rows[at]?.querySelector("[data-focus]")) rows[at].dataset.again = ctx.acted.letter;
    if (document.activeElement !== document.body) return;
    const next = rows.slice(at).find(undecided) ?? rows[at] ?? rows.at(-1);
    if (next) choose(list, next, next === rows[at] ? next.querySelector("[data-focus]") ?? next : next);
  });

  // 4 Opening and closing.
  function closeOpen(target) {
    const menu = target.closest("details.menu[open]"), panel = document.querySelector("[data-panel]:not(:empty)");
    const row = target.closest("[data-row]") ?? document.querySelector("[data-row][aria-selected=true]");
    const reason = row?.querySelector("details[open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); return true; }
    if (reason?.contains(target)) { reason.open = false; row.focus(); return true; }
    if (panel && !document.querySelector("dialog[open]")) { panel.replaceChildren(); row?.focus(); return true; }
    return false;
  }
  document.addEventListener("click", ({ target }) => {
    const opens = target.closest("[data-opens]"), closes = target.closest("[data-closes]");
    if (opens) document.getElementById(opens.dataset.opens).showModal();
    if (closes) closeOpen(closes);
    for (const menu of all("details.menu[open]")) if (!menu.contains(target)) menu.open = false;
  });

  document.addEventListener("DOMContentLoaded", () => {
    for (const control of all("[data-remember]")) {
      const value = stored(control.dataset.remember);
      if (control.type === "checkbox") control.checked = value !== control.value; else control.value = value;
    }
    prepareLists();
    document.querySelector("nav[data-level='2'] [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
    setInterval(refresh, 1000);
    const first = document.querySelector("[data-focus]") ?? document.querySelector("[data-autofocus] [aria-selected=true]");
    if (first && !location.hash) first.focus({ preventScroll: !first.matches(".problems") });
  });
})();
