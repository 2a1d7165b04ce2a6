// Registering a signing key in two steps: the challenge that the server gave is shown with the command that signs it.

document.getElementById("challenge")?.addEventListener("tonne:answer", (event) => {
  event.preventDefault();
  const { challenge, challenge_id: id } = event.detail.answer;
  const command = document.getElementById("challenge-command");
  command.textContent = command.dataset.command.replace("{challenge}", challenge);
  document.querySelector("#prove [name=challenge_id]").value = id;
  document.getElementById("challenge-wait").hidden = true;
  document.getElementById("challenge-made").hidden = false;
  document.querySelector("#prove [name=signature]").focus();
});
