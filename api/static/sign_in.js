// The sign-in form: a person of several organisations chooses one, and a one-time token comes from the address (#token), never from the query.

const form = document.querySelector("form[data-api='POST /v1/sign-in']");
form?.addEventListener("tonne:answer", (event) => {
  const { session, organisations } = event.detail.answer;
  if (session) return;
  event.preventDefault();
  const box = document.getElementById("organisation-choice");
  const select = box.querySelector("select");
  select.replaceChildren(...organisations.map((each) => new Option(each.legal_name, each.id)));
  select.disabled = false;
  box.hidden = false;
  for (const button of form.querySelectorAll("button")) button.disabled = false;
  select.focus();
});

const token = document.querySelector("input[name=token]");
if (token && location.hash.length > 1) {
  token.value = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, "", location.pathname);
}
