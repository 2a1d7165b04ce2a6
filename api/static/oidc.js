// The way to an OpenID provider and back. Before: a button asks for the provider's address and goes there. After: the page to which the
// provider leads back sends what it brought to the API, once, and takes it out of the address; then a code or a choice may be missing.
import { said, tell } from "./refusals.js";

const NEXT = "tonne-oidc-next";
const LINK = "tonne-oidc-link";

document.addEventListener("tonne:answer", (event) => {
  const button = event.target.closest("[data-oidc]");
  if (!button) return;
  event.preventDefault();
  const isLink = button.dataset.oidc === "link";
  sessionStorage.setItem(LINK, isLink ? "yes" : "");
  sessionStorage.setItem(NEXT, isLink ? "/account" : (button.closest("[data-following]")?.dataset.following ?? "/"));
  const address = new URL(event.detail.answer.address);
  if (address.protocol === "https:" || address.hostname === "127.0.0.1" || address.hostname === "localhost") location.assign(address);
});

function next() {
  const url = new URL(sessionStorage.getItem(NEXT) || "/", location.href);
  sessionStorage.removeItem(NEXT);
  sessionStorage.removeItem(LINK);
  return url.origin === location.origin ? url : new URL("/", location.href);
}

function step(card, name) {
  for (const each of card.querySelectorAll("[data-step]")) each.hidden = each.dataset.step !== name;
}

function refuse(card, message) {
  tell(card.querySelector("[data-reason]"), message);
  step(card, "refused");
}

async function send(path, body, csrf) {
  const headers = { "Content-Type": "application/json", Accept: "application/json, application/problem+json" };
  if (csrf) headers["X-CSRF-Token"] = csrf;
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: answer.status, document: await answer.json().catch(() => ({})) };
}

function choose(form, organisations) {
  const box = form.querySelector("#organisation-choice");
  const select = box.querySelector("select");
  select.replaceChildren(...organisations.map((each) => new Option(each.legal_name, each.id)));
  select.disabled = false;
  box.hidden = false;
}

async function comeBack(card) {
  const given = new URLSearchParams(location.search);
  history.replaceState(null, "", location.pathname);
  const body = { provider_id: card.dataset.provider, state: given.get("state") ?? "", error: given.has("error") };
  for (const name of ["code", "iss"]) if (given.has(name)) body[name] = given.get(name);
  const isLink = sessionStorage.getItem(LINK) === "yes";
  const me = isLink ? await (await fetch("/v1/me", { headers: { Accept: "application/json" } })).json() : {};
  const { status, document: answer } = await send(isLink ? "/v1/identities/link" : "/v1/sign-in/callback", body, me.csrf_token);
  const form = card.querySelector("#second-step");
  if (status < 400 && answer.organisations?.length) {
    choose(form, answer.organisations);
    step(card, "more");
  } else if (status < 400) {
    location.replace(next());
  } else if (answer.code === "sign_in.code_needed") {
    step(card, "more");
    form.querySelector("input")?.focus();
  } else {
    refuse(card, await said(answer.code, answer.detail ?? `${status}`));
  }
}

const card = document.getElementById("came-back");
if (card) {
  card.querySelector("#second-step").addEventListener("tonne:answer", (event) => {
    event.preventDefault();
    const { session, organisations } = event.detail.answer;
    if (session) location.replace(next());
    else {
      choose(event.target, organisations);
      for (const button of event.target.querySelectorAll("button")) button.disabled = false;
    }
  });
  comeBack(card).catch(() => refuse(card, { text: document.getElementById("form-texts")?.dataset.offline ?? "…", original: "" }));
}
