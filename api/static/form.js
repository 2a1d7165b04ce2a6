// Sends forms and buttons to the API as JSON and shows what it answers: errors beside their fields, a summary, then the next page.
//
// <form data-api="POST /v1/…" data-then="/orders/{order_id}" data-fixed='{"kind": "spot"}'>; names are places: terms.kpis[0].share.
// Every value is a string unless data-json says integer, boolean, json or null (empty is null); an empty optional field is left out.
// data-upload="file": the chosen file is the whole body, its type from the file or from a field named content_type.

import { said, tell } from "./refusals.js";

const texts = document.getElementById("form-texts")?.dataset ?? {};
const sent = new WeakMap();
const rows = new WeakMap();
const ENDINGS = {
  csv: "text/csv",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  json: "application/json",
  zip: "application/zip",
};

function announce(text) {
  document.getElementById("announcer").textContent = text;
}

function random() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// An id that begins with the time, as the server's own do (RFC 9562, version 7).
function newId() {
  const time = Date.now().toString(16).padStart(12, "0");
  const rest = random();
  return `${time.slice(0, 8)}-${time.slice(8)}-7${rest.slice(0, 3)}-a${rest.slice(3, 6)}-${rest.slice(6, 18)}`;
}

// The same content keeps its key and ids, so that sending twice is done once; changed content is another request.
function keyFor(element, content) {
  const before = sent.get(element);
  if (before && before.content === content) return before;
  const places = element.dataset.ids?.split(" ") ?? [];
  const made = { content, key: random(), ids: places.map((name) => [name, newId()]) };
  sent.set(element, made);
  return made;
}

function place(name) {
  return name.replaceAll("]", "").split(/[.[]/);
}

export function put(target, name, value) {
  const steps = place(name);
  let at = target;
  steps.forEach((step, index) => {
    const isLast = index === steps.length - 1;
    if (isLast) at[step] = value;
    else at = at[step] ??= /^\d+$/.test(steps[index + 1]) ? [] : {};
  });
}

// Rows that nothing was filled into are left out; kept says where each row that is sent stands in the form.
function dense(value, kept, at = "", stands = "") {
  if (Array.isArray(value)) {
    const filled = value.flatMap((each, index) => (each === undefined ? [] : [[each, index]]));
    return filled.map(([each, index], sentAs) => {
      kept.set(`${at}${sentAs}`, `${stands}${index}`);
      return dense(each, kept, `${at}${sentAs}.`, `${stands}${index}.`);
    });
  }
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, dense(each, kept, `${at}${name}.`, `${stands}${name}.`)]));
  }
  return value;
}

function read(field) {
  const kind = field.dataset.json;
  if (field.type === "checkbox" && kind === "boolean") return field.checked;
  if ((field.type === "checkbox" || field.type === "radio") && !field.checked) return undefined;
  const text = field.type === "password" ? field.value : field.value.trim();
  if (text === "") return kind === "null" ? null : field.dataset.empty === "send" ? "" : undefined;
  if (field.dataset.zone !== undefined) return new Date(`${text}${field.dataset.zone}`).toISOString().replace(".000Z", "Z");
  if (kind === "integer") return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
  if (kind === "boolean") return text === "true";
  if (kind === "json") {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }
  return text;
}

// A hidden field with data-mirrors says again what another field says; with data-sign="-", as what goes where that comes.
function mirror(form) {
  for (const field of form.querySelectorAll?.("[data-mirrors]") ?? []) {
    const text = form.elements[field.dataset.mirrors]?.value.trim() ?? "";
    field.value = field.dataset.sign !== "-" || text === "" ? text : text.startsWith("-") ? text.slice(1) : `-${text}`;
  }
}

export function body(form) {
  mirror(form);
  const made = JSON.parse(form.dataset.fixed ?? "{}");
  for (const field of form.elements ?? []) {
    if (!field.name || field.disabled || field.type === "file" || field.name === "content_type" || field.dataset.ofPath !== undefined) continue;
    if (field.dataset.with && !/[1-9]/.test(form.elements[field.dataset.with]?.value ?? "")) continue; // goes with an amount that is none
    const value = read(field);
    if (value === undefined) continue;
    if (field.dataset.many !== undefined) put(made, `${field.name}[${(field.name.split(/[.[]/).reduce((at, step) => at?.[step.replace("]", "")], made) ?? []).length}]`, value);
    else put(made, field.name, value);
  }
  // Fields of one thing that is left out as a whole: with none of them filled in, the thing itself is null.
  for (const box of form.querySelectorAll?.("[data-whole]") ?? []) {
    const whole = made[box.dataset.whole];
    if (whole && Object.values(whole).every((each) => each === null)) made[box.dataset.whole] = null;
  }
  const kept = new Map();
  rows.set(form, kept);
  return dense(made, kept);
}

// The place in the form of what was sent at that place.
function placeOf(form, name) {
  const steps = place(name);
  const kept = rows.get(form) ?? new Map();
  for (let end = steps.length; end > 0; end -= 1) {
    const stands = kept.get(steps.slice(0, end).join("."));
    if (stands !== undefined) return [stands, ...steps.slice(end)].join(".");
  }
  return steps.join(".");
}

function clear(form) {
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  for (const error of form.querySelectorAll(".error, .summary")) {
    error.hidden = true;
    error.textContent = "";
  }
}

// The box of the field at that place; what is said of a whole list or row stands beside its first field.
function fieldFor(form, name) {
  const wanted = placeOf(form, name);
  const boxes = wanted ? Array.from(form.querySelectorAll("[data-field]"), (box) => [place(box.dataset.field).join("."), box]) : [];
  const within = (at) => at === `${wanted}.0` || at.startsWith(`${wanted}.0.`) || (/\.\d+$/.test(wanted) && at.startsWith(`${wanted}.`));
  return (boxes.find(([at]) => at === wanted) ?? boxes.find(([at]) => within(at)))?.[1];
}

// A row by its number, counted from one.
function rowSaid(number) {
  return texts.row.replace("{row}", number);
}

// Which of several rows a field stands in; empty where it stands in none or in the only one.
function rowOf(box) {
  const row = box.closest("[data-row]");
  const all = Array.from(row?.closest("[data-rowbox]")?.querySelectorAll("[data-row]") ?? []);
  return all.length > 1 ? `${rowSaid(all.indexOf(row) + 1)} · ` : "";
}

function show(form, message, errors) {
  const summary = form.querySelector(".summary");
  if (!summary) {
    const error = form.parentElement.querySelector(".error") ?? form.closest("dialog")?.querySelector(".error");
    if (error) {
      tell(error, message);
      error.hidden = false;
    }
    announce(message.text);
    return;
  }
  const list = document.createElement("ul");
  for (const each of errors) {
    const box = fieldFor(form, each.field ?? "");
    const item = document.createElement("li");
    if (box) {
      const input = box.querySelector("input, select, textarea");
      const beside = box.querySelector(".error");
      input.setAttribute("aria-invalid", "true");
      box.closest("details")?.setAttribute("open", "");
      tell(beside, each.said);
      beside.hidden = false;
      const link = document.createElement("a");
      link.href = `#${input.id}`;
      link.textContent = `${rowOf(box)}${box.querySelector("label").firstChild.textContent.trim()}: ${each.said.text}`;
      item.append(link);
    } else {
      const where = each.row ? `${each.sheet ? `${each.sheet} ` : ""}${rowSaid(each.row)} · ` : "";
      tell(item, { ...each.said, text: `${where}${each.field ?? ""}: ${each.said.text}` });
    }
    list.append(item);
  }
  const head = document.createElement("strong");
  if (errors.length) head.textContent = texts.summary;
  else tell(head, message);
  summary.replaceChildren(head, ...(errors.length ? [list] : []));
  summary.hidden = false;
  summary.focus();
}

// A text of the page's own, in the page's language.
const own = (text) => ({ text, original: "" });

// Days and times that are half filled in: the browser gives them as empty, which would mean something else.
function halfFilled(form) {
  return Array.from(form.elements ?? []).filter((field) => field.validity?.badInput && field.name);
}

async function refuse(form, status, problem) {
  const message = await said(problem.code, problem.detail ?? `${status}`);
  const errors = problem.errors ?? [];
  const told = await Promise.all(errors.map((each) => said(each.code, `${each.expected ?? ""}`, each.facts)));
  show(form, message, errors.map((each, index) => ({ ...each, said: told[index] })));
  const way = JSON.parse(form.dataset.ways ?? "{}")[problem.code];
  if (way) lead(form, way);
}

// What a refusal asks for is done on another page: the way there stands below its sentence.
function lead(element, [address, text]) {
  const link = document.createElement("a");
  link.href = address;
  link.textContent = text;
  (element.querySelector(".summary") ?? element.parentElement.querySelector(".error"))?.append(document.createElement("br"), link);
}

// 202: what was asked waits for a second person; the form says so where it stands, with the way to the inbox.
function waits(element) {
  const note = document.createElement("p");
  note.className = "done-note";
  note.setAttribute("role", "status");
  const link = document.createElement("a");
  link.href = "/inbox";
  link.textContent = texts.inbox;
  note.append(`${texts.waits} `, link);
  (element.matches("form") ? element : element.parentElement).append(note);
  announce(texts.waits);
}

function following(template, answer) {
  const target = template.replace(/\{([A-Za-z0-9_.]+)\}/g, (_, name) =>
    encodeURIComponent(name.split(".").reduce((at, step) => at?.[step], answer) ?? ""),
  );
  const url = new URL(target, location.href);
  return url.origin === location.origin ? url : new URL("/", location.href);
}

function csrf() {
  return document.querySelector("meta[name=csrf-token]")?.content ?? "";
}

function transmit(method, path, { content, type, key, onProgress }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, path);
    request.setRequestHeader("Accept", "application/json, application/problem+json");
    request.setRequestHeader("Idempotency-Key", key);
    if (csrf()) request.setRequestHeader("X-CSRF-Token", csrf());
    if (content !== undefined) request.setRequestHeader("Content-Type", type);
    if (onProgress) request.upload.addEventListener("progress", onProgress);
    request.addEventListener("load", () => resolve({ status: request.status, text: request.responseText }));
    request.addEventListener("error", () => reject(new Error("network")));
    request.send(content);
  });
}

function understood(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function request(element) {
  if (!element.dataset.upload) {
    const content = JSON.stringify(body(element));
    return { content: content === "{}" && !element.elements && element.dataset.fixed === undefined ? undefined : content, type: "application/json", stamp: content };
  }
  const file = element.elements[element.dataset.upload]?.files?.[0];
  if (!file) return null;
  // A browser names a CSV as the spreadsheet program of its machine does, so the ending speaks first.
  const type = element.elements.content_type?.value || ENDINGS[file.name.split(".").pop().toLowerCase()] || file.type || "application/octet-stream";
  return { content: file, type, stamp: `${file.name} ${file.size} ${file.lastModified} ${type}` };
}

function withIds(content, ids) {
  const whole = JSON.parse(content);
  for (const [name, id] of ids) put(whole, name, id);
  return JSON.stringify(whole);
}

// What {name} in an address stands for: the field of that name; {file_name} is the chosen file's own name.
function named(element, name) {
  if (name === "file_name" && element.dataset.upload) return element.elements[element.dataset.upload]?.files?.[0]?.name ?? "file";
  return element.elements?.[name]?.value ?? "";
}

export async function send(element) {
  const [method, path] = element.dataset.api.split(" ");
  const target = path.replace(/\{([A-Za-z0-9_]+)\}/g, (_, name) => encodeURIComponent(named(element, name)));
  clear(element.matches("form") ? element : element.parentElement);
  const half = halfFilled(element);
  if (half.length) {
    show(element, own(texts.half), half.map((field) => ({ field: field.name, said: own(texts.half) })));
    return;
  }
  const made = request(element);
  if (!made) {
    show(element, own(texts.choose), []);
    return;
  }
  const buttons = element.matches("form") ? element.querySelectorAll("button") : [element];
  const bar = element.querySelector("progress");
  for (const button of buttons) button.disabled = true;
  element.setAttribute("aria-busy", "true");
  announce(texts.sending);
  if (bar) bar.hidden = false;
  const onProgress = bar && ((event) => event.lengthComputable && (bar.value = (100 * event.loaded) / event.total));
  let isGoing = false;
  try {
    const { key, ids } = keyFor(element, made.stamp);
    const content = ids.length ? withIds(made.content, ids) : made.content;
    const answer = await transmit(method, target, { ...made, content, key, onProgress });
    const document_ = understood(answer.text);
    if (answer.status < 400) {
      announce(texts.done);
      const detail = { status: answer.status, answer: document_ };
      const isTaken = !element.dispatchEvent(new CustomEvent("tonne:answer", { bubbles: true, cancelable: true, detail }));
      sent.delete(element);
      if (isTaken) return;
      if (answer.status === 202) {
        waits(element);
        return;
      }
      isGoing = true;
      if (element.dataset.then) location.assign(following(element.dataset.then, document_));
      else location.reload();
    } else if (answer.status === 401 && !target.startsWith("/v1/sign-in")) {
      show(element, own(texts.signedOut), []);
    } else if (answer.status >= 500 && document_.incident) {
      show(element, own(`${texts.failed} ${document_.incident}`), []);
    } else {
      const detail = { status: answer.status, problem: document_ };
      sent.delete(element); // it was answered: to try again later is another request
      const isTaken = !element.dispatchEvent(new CustomEvent("tonne:refused", { bubbles: true, cancelable: true, detail }));
      if (!isTaken) await refuse(element, answer.status, document_);
    }
  } catch {
    show(element, own(texts.offline), []);
  } finally {
    element.removeAttribute("aria-busy");
    if (bar) bar.hidden = true;
    if (!isGoing) for (const button of buttons) button.disabled = false;
  }
}

document.addEventListener("submit", (event) => {
  if (!event.target.dataset.api) return;
  event.preventDefault();
  send(event.target);
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-api]");
  if (button) send(button);
});
