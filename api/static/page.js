// What every page needs: dialogs, menus, the choice of language and colours, and the other modules where the page asks for them.
import "./form.js";

function keep(name, value) {
  document.cookie = `${name}=${value}; Path=/; Max-Age=31536000; SameSite=Lax`;
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) {
    document.getElementById(opener.dataset.opens)?.showModal();
    return;
  }
  if (event.target.closest("[data-closes]") || event.target.matches("dialog")) {
    event.target.closest("dialog")?.close();
    return;
  }
  const toggler = event.target.closest("[data-toggles]");
  if (toggler) {
    const isOpen = document.getElementById(toggler.dataset.toggles).classList.toggle("open");
    toggler.setAttribute("aria-expanded", String(isOpen));
    return;
  }
  const language = event.target.closest("[data-language]");
  if (language) {
    keep("tonne_language", language.dataset.language);
    location.reload();
    return;
  }
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest?.("input, textarea, select, [contenteditable]");
  const isSearch = event.key === "/" || ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k");
  const search = document.getElementById("search-wide") ?? document.getElementById("search");
  if (isSearch && search && !event.altKey && (!isTyping || event.key !== "/")) {
    event.preventDefault();
    if (search.offsetParent === null) location.assign("/search");
    else search.focus();
    return;
  }
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-theme-choice]")) return;
  keep("tonne_theme", event.target.value);
  document.documentElement.dataset.theme = event.target.value;
  document.dispatchEvent(new CustomEvent("tonne:theme"));
});

// A form that asks (GET) leaves out what is not filled in: the API takes no empty parameter.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "get" || event.target.dataset.api) return;
  for (const field of event.target.elements) {
    if (field.name && !field.value) field.disabled = true;
  }
});
addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll("form[method=get] :disabled")) field.disabled = false;
});

const wanted = [
  ["table", "./table.js"],
  ["[data-chart]", "./charts.js"],
  ["[data-live]", "./live.js"],
  ["[data-question]", "./question.js"],
  ["[data-rowbox]", "./rows.js"],
];
for (const [selector, module] of wanted) {
  if (document.querySelector(selector)) import(module);
}
