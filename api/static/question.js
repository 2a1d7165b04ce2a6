// A calculation that stores nothing: once the API has taken what a form asks, the page is shown anew with its answer, and the question
// stands in the address (ask), so that it can be kept, shared and opened again.

import { body } from "./form.js";

document.addEventListener("tonne:answer", (event) => {
  const form = event.target.closest("form[data-question]");
  if (!form) return;
  event.preventDefault();
  const address = new URL(location.href);
  address.hash = "answer";
  address.searchParams.set("ask", JSON.stringify(body(form)));
  if (address.href === location.href) location.reload();
  else location.assign(address);
});
