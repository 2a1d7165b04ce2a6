// Shows the passwords of the example's people in place, the one time that the API tells them.

const asks = document.querySelector("[data-sign-ins]");
const shown = document.querySelector("[data-sign-ins-shown]");

function row(person) {
  const line = document.createElement("tr");
  for (const text of [person.organisation, person.email, person.roles.join(", "), person.password, person.totp_secret]) {
    const cell = document.createElement("td");
    cell.textContent = text;
    line.append(cell);
  }
  return line;
}

asks?.addEventListener("tonne:answer", (event) => {
  event.preventDefault();
  shown.querySelector("tbody").replaceChildren(...event.detail.answer.people.map(row));
  asks.hidden = true;
  shown.hidden = false;
  shown.querySelector("a").focus();
});
