// The trade ticket: asks the API for every check while the ticket is written, and shows each with the figures behind it.
// It decides nothing: POST …/orders/check stores nothing and answers what a proposal would meet.
import { body } from "./form.js";
import { said, tell as write } from "./refusals.js";

const form = document.getElementById("ticket");
const box = document.getElementById("check-results");
const words = box?.dataset ?? {};
const isChinese = document.documentElement.lang.startsWith("zh");
const NEEDED = ["instrument", "quantity", "limit_price", "trading_day"];
const KINDS = { ok: ["good", "ok"], warning: ["warn", "warning"], second_checker: ["note", "second"], refused: ["bad", "refused"] };
let timer = 0;
let asked = 0;

function made(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function grouped(value) {
  return /^-?\d+(\.\d+)?$/.test(value) ? value.replace(/^(-?)(\d+)/, (_, sign, digits) => (sign ? "\u2212" : "") + digits.replace(/\B(?=(\d{3})+$)/g, ",")) : value;
}

function figure(node) {
  const value = made("span", "value", `${grouped(node.value)} `);
  if (node.unit !== "1") value.append(made("span", "unit", node.unit));
  return value;
}

function reason(node) {
  const item = made("li");
  const label = made("span", "label", isChinese ? node.label_zh : node.label_en);
  if (node.children.length) {
    const details = made("details");
    const summary = made("summary");
    summary.append(label, figure(node));
    const list = made("ul");
    list.append(...node.children.map(reason));
    details.append(summary);
    if (node.formula) {
      const formula = made("p", "formula");
      formula.append(made("code", "", node.formula));
      details.append(formula);
    }
    details.append(list);
    item.append(details);
  } else {
    const leaf = made("div", "leaf");
    leaf.append(label, figure(node), made("p", "source", `${words.source}: ${node.source}`));
    item.append(leaf);
  }
  return item;
}

function shown(check) {
  const [kind, word] = KINDS[check.outcome] ?? KINDS.refused;
  const row = made("li", "check-line");
  const head = made("div", "check-head");
  head.append(made("span", `badge ${kind}`, words[word]), made("span", "", isChinese ? check.explanation.label_zh : check.explanation.label_en));
  const tree = made("div", "tree");
  const list = made("ul");
  list.append(reason(check.explanation));
  tree.append(list);
  const details = made("details");
  details.append(made("summary", "why", words.why), tree);
  row.append(head, details);
  return row;
}

function tell(answer) {
  const order = { refused: 0, second_checker: 1, warning: 2, ok: 3 };
  const list = made("ul", "checks");
  list.append(...[...answer.checks].sort((one, other) => order[one.outcome] - order[other.outcome]).map(shown));
  const text = answer.is_accepted ? `${words.accepted} ${answer.approvals_needed}` : words.stopped;
  box.replaceChildren(made("p", answer.is_accepted ? "done-note" : "stop-note", text), list);
}

async function ask() {
  const content = body(form);
  if (NEEDED.some((name) => !content[name])) {
    box.replaceChildren(made("p", "note", words.waiting));
    return;
  }
  delete content.order_id;
  delete content.is_draft;
  const turn = ++asked;
  const [method, path] = words.check.split(" ");
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  const token = document.querySelector("meta[name=csrf-token]")?.content;
  if (token) headers["X-CSRF-Token"] = token;
  try {
    const reply = await fetch(path, { method, headers, body: JSON.stringify(content) });
    const answer = await reply.json();
    if (turn !== asked) return;
    if (reply.ok) tell(answer);
    else {
      const first = answer.errors?.[0];
      const message = first ? await said(first.code, `${first.field}: ${first.expected}`) : await said(answer.code, answer.detail ?? `${reply.status}`);
      if (turn !== asked) return;
      const note = made("p", "note", "");
      write(note, { ...message, text: `${words.unreadable} ${message.text}` });
      box.replaceChildren(note);
    }
  } catch {
    if (turn === asked) box.replaceChildren(made("p", "note", words.waiting));
  }
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(ask, 350);
}

form?.addEventListener("input", soon);
form?.addEventListener("change", soon);
if (form) ask();
