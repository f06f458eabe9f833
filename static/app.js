// What every page does beyond plain HTML. Pages work without it; it listens on the document, so
// fragments swapped in later need no set-up. The attributes are explained in templates/components/README.md.

const remembered = {
  get(key) {
    try {
      return localStorage.getItem(`pimhub-${key}`);
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(`pimhub-${key}`, value);
    } catch {
      // storage may be forbidden: the choice then lasts for this page
    }
  },
};
const byId = (id) => document.getElementById(id);
const on = (type, handler, options) => document.addEventListener(type, handler, options);

// ---- theme ------------------------------------------------------------------------------------
function showTheme() {
  const dark = document.documentElement.dataset.bsTheme === "dark";
  document.querySelectorAll("[data-theme-switch]").forEach((button) => button.setAttribute("aria-pressed", dark));
}
on("click", (event) => {
  if (!event.target.closest("[data-theme-switch]")) return;
  const next = document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark";
  document.documentElement.dataset.bsTheme = next;
  remembered.set("theme", next);
  showTheme();
});
new MutationObserver(showTheme).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });

// ---- messages: one live region, errors stay until they are closed --------------------------------
const READING_TIME = 7000;

function announce(message) {
  const region = byId("messages");
  if (!region) return;
  region.append(message); // (re)inserting into a live region is what makes it heard
  if (message.dataset.level === "error") return;
  let timer;
  const leave = () => (timer = setTimeout(() => message.remove(), READING_TIME));
  const stay = () => clearTimeout(timer);
  for (const type of ["mouseenter", "focusin"]) message.addEventListener(type, stay);
  for (const type of ["mouseleave", "focusout"]) message.addEventListener(type, leave);
  leave();
}
function toast(text, level = "info") {
  const message = byId("message-template").content.firstElementChild.cloneNode(true);
  message.dataset.level = level;
  message.querySelector("[data-text]").textContent = text;
  announce(message);
}
on("click", (event) => event.target.closest("[data-dismiss]")?.closest(".message").remove());
// A response header `HX-Trigger: {"toast": {"text": "Saved.", "level": "success"}}` ends here.
on("toast", (event) => toast(event.detail.text ?? event.detail.value ?? "", event.detail.level));

// ---- confirmation --------------------------------------------------------------------------------
const confirmed = new WeakSet();

on(
  "submit",
  (event) => {
    const form = event.target;
    const asker = event.submitter?.dataset.confirm ? event.submitter : form;
    if (!asker.dataset.confirm || confirmed.delete(form)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const dialog = byId("confirm");
    dialog.querySelector("[data-text]").textContent = asker.dataset.confirm;
    dialog.querySelector("[value=yes]").textContent = asker.dataset.confirmLabel ?? "Continue";
    dialog.returnValue = "";
    dialog.onclose = () => {
      if (dialog.returnValue !== "yes") return;
      confirmed.add(form);
      form.requestSubmit(event.submitter);
    };
    dialog.showModal();
  },
  true,
);

// ---- forms that must not be lost -------------------------------------------------------------------
const saved = new WeakMap();
const guarded = () => [...document.querySelectorAll("form[data-guard]")];

function content(form) {
  const pairs = [...new FormData(form)].map(([name, value]) => [name, value instanceof File ? value.name : value]);
  return JSON.stringify(pairs.filter(([name]) => name !== "csrfmiddlewaretoken"));
}
function remember(form) {
  saved.set(form, content(form));
  form.removeAttribute("data-dirty");
}
function rememberNew() {
  guarded().filter((form) => !saved.has(form)).forEach(remember);
}
function checkDirty(event) {
  const form = event.target.closest?.("form[data-guard]") ?? event.target.form;
  if (form?.matches?.("[data-guard]")) form.toggleAttribute("data-dirty", saved.has(form) && content(form) !== saved.get(form));
}
on("input", checkDirty);
on("change", checkDirty);
on("reset", (event) => setTimeout(() => checkDirty(event)));
on("submit", (event) => {
  // An ordinary submit leaves the page on purpose; one that was stopped (or goes by htmx) does not.
  if (!event.defaultPrevented && event.target.matches("[data-guard]")) remember(event.target);
});
addEventListener("beforeunload", (event) => {
  if (guarded().some((form) => form.hasAttribute("data-dirty"))) event.preventDefault();
});

// ---- keyboard --------------------------------------------------------------------------------------
const typing = (element) => element.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
const singleKeys = () => remembered.get("single-keys") !== "off";
const usable = (element) => !element.disabled && element.getClientRects().length > 0;

function saveGuarded() {
  const form = document.activeElement?.closest("form[data-guard]") ?? guarded().find((one) => one.hasAttribute("data-dirty")) ?? guarded()[0];
  form?.requestSubmit(form.querySelector("[data-save]") ?? undefined);
  return Boolean(form);
}
function showShortcuts() {
  const list = byId("shortcut-list");
  list.querySelectorAll("[data-of-page]").forEach((row) => row.remove());
  const row = byId("shortcut-template").content;
  for (const element of document.querySelectorAll("[data-key]")) {
    if (!usable(element)) continue;
    const entry = row.cloneNode(true);
    entry.querySelector("kbd").textContent = element.dataset.key.toUpperCase();
    entry.querySelector("[data-text]").textContent = element.dataset.keyLabel ?? element.textContent.trim();
    list.append(entry);
  }
  byId("shortcuts").showModal();
}
// ---- the list below the search box: arrows walk it, Escape closes it --------------------------------
function foundLinks() {
  return [...(byId("found")?.querySelectorAll("a") ?? [])];
}
on("keydown", (event) => {
  const search = event.target.closest?.(".search");
  if (!search) return;
  const links = foundLinks();
  if (event.key === "Escape") {
    byId("found").replaceChildren();
    byId("global-search").focus();
  } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && links.length) {
    event.preventDefault();
    const at = links.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    (at < 0 ? byId("global-search") : links[Math.min(at, links.length - 1)]).focus();
  }
});
on("focusout", (event) => {
  const search = event.target.closest?.(".search");
  if (search && event.relatedTarget && !search.contains(event.relatedTarget)) byId("found").replaceChildren();
});
on("click", (event) => {
  if (!event.target.closest(".search")) byId("found")?.replaceChildren();
});

on("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "s") {
    if (saveGuarded()) event.preventDefault();
    return;
  }
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && event.target.dataset?.send) {
    event.preventDefault();
    byId(event.target.dataset.send).click();
    return;
  }
  if (event.key === "Escape") {
    if (event.target.dataset?.key && typing(event.target)) event.target.blur(); // back to single keys
    const menu = document.querySelector("details.menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (!singleKeys() || typing(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key === "/") {
    byId("global-search")?.focus();
    byId("global-search")?.select();
  } else if (event.key === "?") {
    showShortcuts();
  } else {
    const wanted = [...document.querySelectorAll("[data-key]")].find(
      (element) => element.dataset.key.toLowerCase() === event.key.toLowerCase() && usable(element),
    );
    if (!wanted) return;
    if (typing(wanted)) wanted.focus();
    else wanted.click();
  }
  event.preventDefault();
});
on("click", (event) => {
  if (event.target.closest("[data-shortcuts]")) showShortcuts();
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
on("change", (event) => {
  if (event.target.matches("[data-single-keys]")) remembered.set("single-keys", event.target.checked ? "on" : "off");
});

// ---- small helpers -----------------------------------------------------------------------------------
on("click", async (event) => {
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    try {
      await navigator.clipboard.writeText(copy.dataset.copy);
      toast("Copied.", "success");
    } catch {
      toast("The browser does not allow copying here. Select the text instead.", "error");
    }
  }
  const fill = event.target.closest("[data-fill-username]");
  if (fill) {
    const form = byId("login-form");
    form.elements.username.value = fill.dataset.fillUsername;
    form.elements.password.value = fill.dataset.fillPassword;
    form.querySelector("[type=submit]").focus();
  }
});
// `data-fill="id" data-value="…"`: a click puts a value into a field. `data-suggested` in a field: Enter takes it while
// the field is empty, and goes on to the next such field.
on("click", (event) => {
  const button = event.target.closest("[data-fill]");
  if (!button) return;
  const field = byId(button.dataset.fill);
  field.value = button.dataset.value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
});
on("keydown", (event) => {
  const field = event.target;
  if (event.key !== "Enter" || field.dataset?.suggested === undefined || field.value) return;
  event.preventDefault();
  field.value = field.dataset.suggested;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  const fields = [...field.form.querySelectorAll("[data-suggested]")];
  const next = fields.slice(fields.indexOf(field) + 1).find((each) => !each.value);
  (next || field.form.querySelector("[data-save]")).focus();
});
// `data-all="name"`: one box ticks all boxes of that name.
on("change", (event) => {
  const box = event.target;
  if (box.dataset?.all) {
    for (const other of document.getElementsByName(box.dataset.all)) {
      if (!other.disabled) other.checked = box.checked;
    }
  }
  if (box.matches?.("[data-submit]")) box.form.requestSubmit();
});
function localTimes() {
  const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
  for (const element of document.querySelectorAll("time[data-ago]")) element.title = format.format(new Date(element.dateTime));
}

// ---- polling: `data-poll="2000"` with hx-trigger="poll" asks again only while someone can see it --------
const asked = new WeakMap();

function poll() {
  if (document.hidden) return;
  const now = performance.now();
  for (const element of document.querySelectorAll("[data-poll]")) {
    if (!asked.has(element)) asked.set(element, now);
    if (now - asked.get(element) < Number(element.dataset.poll)) continue;
    asked.set(element, now);
    element.dispatchEvent(new CustomEvent("poll"));
  }
}
setInterval(poll, 250);

// ---- htmx ------------------------------------------------------------------------------------------------
const unreachable = new WeakSet();

on("htmx:before:response", (event) => {
  const { raw } = event.detail.ctx.response;
  // The session ended: a login page must not be swapped into a table cell.
  if (raw.redirected && new URL(raw.url).pathname === document.body.dataset.login) {
    event.preventDefault();
    location.reload();
  }
});
on("htmx:after:request", (event) => {
  const { sourceElement, request, response } = event.detail.ctx;
  unreachable.delete(sourceElement);
  const form = sourceElement.closest?.("form[data-guard]");
  if (form && request.method !== "GET" && response.status < 400) remember(form);
});
on("htmx:after:swap", () => {
  rememberNew();
  localTimes();
});
const SWAPPED = [409, 422]; // these bring the form or the conflict itself; see the meta tag htmx-config
on("htmx:response:error", (event) => {
  const { status } = event.detail.ctx.response;
  if (SWAPPED.includes(status)) return;
  const words = { 403: "You may not do that. Ask an administrator for the right.", 404: "That is no longer there. Reload the page.", 429: "Too many requests. Wait a moment, then try again." };
  toast(words[status] ?? `The server could not do that (${status}). Nothing was changed here; try again.`, "error");
});
on("htmx:error", (event) => {
  const element = event.detail.ctx?.sourceElement;
  if (element && unreachable.has(element)) return; // a poll says it once
  if (element) unreachable.add(element);
  toast("The server could not be reached. Check the connection, then try again.", "error");
});

// ---- start (the script is deferred: the page is complete) ------------------------------------------------
showTheme();
rememberNew();
localTimes();
[...document.querySelectorAll("#messages > .message")].forEach((message) => setTimeout(() => announce(message), 150));
document.querySelectorAll("[data-single-keys]").forEach((box) => (box.checked = singleKeys()));

// ---- selecting rows: `data-select` on the form, `data-select-all` on the head's box ----------------
function showSelected(form) {
  const boxes = [...form.querySelectorAll('input[name="code"]')];
  const count = boxes.filter((box) => box.checked).length;
  const words = form.querySelector("[data-selected]");
  if (words) words.textContent = count ? `${count} selected.` : "Nothing is selected.";
  const all = form.querySelector("[data-select-all]");
  if (all) Object.assign(all, { checked: count > 0 && count === boxes.length, indeterminate: count > 0 && count < boxes.length });
  form.querySelectorAll("[data-needs-selection]").forEach((button) => (button.disabled = !count));
}
on("change", (event) => {
  const form = event.target.closest("[data-select]");
  if (!form) return;
  if (event.target.matches("[data-select-all]"))
    form.querySelectorAll('input[name="code"]').forEach((box) => (box.checked = event.target.checked));
  showSelected(form);
});
document.querySelectorAll("[data-select]").forEach(showSelected);

// ---- forms whose fields depend on a choice ----------------------------------------------------------
function showDeed(form) {
  const deed = form.querySelector('[name="deed"]').value;
  form.querySelectorAll("[data-for]").forEach((part) => (part.hidden = !part.dataset.for.split(" ").includes(deed)));
}
function showOperators(select) {
  const known = select.selectedOptions[0]?.dataset.ops?.split("|") ?? [];
  const target = byId(select.dataset.opsFor);
  for (const option of target.options) option.hidden = option.disabled = !known.includes(option.value);
  if (!known.includes(target.value)) target.value = known[0];
}
on("change", (event) => {
  if (event.target.matches('[data-deeds] [name="deed"]')) showDeed(event.target.form);
  if (event.target.matches("[data-ops-for]")) showOperators(event.target);
});
document.querySelectorAll("[data-deeds]").forEach(showDeed);
document.querySelectorAll("[data-ops-for]").forEach(showOperators);

// What can be taken back for some seconds only goes when they are over.
for (const element of document.querySelectorAll("[data-vanish]")) {
  setTimeout(() => element.remove(), Number(element.dataset.vanish));
}

// ---- how long a text is: `data-meters` on the field names the list of limits ------------------------
document.addEventListener("input", (event) => {
  const field = event.target.closest?.("[data-meters]");
  byId(field?.dataset.meters)?.querySelectorAll("[data-most]").forEach((item) => {
    const parts = "byLine" in item.dataset ? field.value.split("\n") : [field.value];
    // As it is kept: letters and their accents composed, no blanks around it.
    const kept = parts.map((part) => part.normalize("NFC").trim());
    const length = Math.max(...kept.map((part) => ("inBytes" in item.dataset ? new TextEncoder().encode(part) : [...part]).length));
    const over = Math.max(0, length - Number(item.dataset.most));
    item.toggleAttribute("data-over", over > 0);
    item.querySelector("progress").value = length;
    item.querySelector("[data-length]").textContent = length;
    item.querySelector("[data-too-many]").textContent = over;
    item.querySelector("strong").hidden = !over;
  });
});

// ---- claims in a text: walked through, and the fact of each is lit ------------------------------------
on("click", (event) => {
  const walk = event.target.closest("[data-walk]");
  if (!walk) return;
  const places = [...document.querySelectorAll(walk.dataset.walk)];
  walk.dataset.at = (Number(walk.dataset.at ?? -1) + 1) % places.length;
  places[walk.dataset.at]?.focus();
});
for (const type of ["focusin", "mouseover"]) {
  on(type, (event) => {
    const fact = event.target.closest?.("[data-fact]")?.dataset.fact;
    document.querySelectorAll("[data-of]").forEach((row) => row.toggleAttribute("data-lit", row.dataset.of === fact));
  });
}
