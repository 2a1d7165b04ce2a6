// Setting up a second factor: the secret and its picture come once, then the first code, then the recovery codes, shown once.

const box = document.getElementById("second-factor");

function step(name) {
  for (const each of box.querySelectorAll("[data-step]")) each.hidden = each.dataset.step !== name;
}

box?.addEventListener("tonne:answer", (event) => {
  const { answer } = event.detail;
  if (answer.svg) {
    event.preventDefault();
    box.querySelector("[data-qr]").src = `data:image/svg+xml;utf8,${encodeURIComponent(answer.svg)}`;
    box.querySelector("[data-secret]").textContent = answer.secret;
    step("confirm");
    box.querySelector("input[name=totp]").focus();
  } else if (answer.recovery_codes) {
    event.preventDefault();
    const items = answer.recovery_codes.map((code) => {
      const item = document.createElement("li");
      item.textContent = code;
      return item;
    });
    box.querySelector("[data-codes]").replaceChildren(...items);
    step("codes");
  }
});
