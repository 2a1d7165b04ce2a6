// Checks a decision's evidence bundle in the browser: every member's SHA-256 against the list, and the assessors' Ed25519 signatures.
// Uses Web Crypto only. The arithmetic and the log's receipts are for tonne_verify.py on the reader's own machine.

const decoder = new TextDecoder();

function hex(bytes) {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function octets(text) {
  if (/^(?:[0-9a-fA-F]{2})+$/.test(text) && text.length === 64) {
    return Uint8Array.from(text.match(/../g), (pair) => Number.parseInt(pair, 16));
  }
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

// A zip as the server writes it: stored members in order, found through the central directory.
function members(file) {
  const view = new DataView(file);
  let end = file.byteLength - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end -= 1;
  if (end < 0) throw new Error("no directory");
  const found = new Map();
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left -= 1) {
    if (view.getUint32(at, true) !== 0x02014b50 || view.getUint16(at + 10, true) !== 0) throw new Error("not stored");
    const size = view.getUint32(at + 24, true);
    const nameLength = view.getUint16(at + 28, true);
    const start = view.getUint32(at + 42, true);
    const name = decoder.decode(new Uint8Array(file, at + 46, nameLength));
    const content = start + 30 + view.getUint16(start + 26, true) + view.getUint16(start + 28, true);
    if (found.has(name)) throw new Error("twice");
    found.set(name, new Uint8Array(file, content, size));
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return found;
}

function json(bytes) {
  return JSON.parse(decoder.decode(bytes));
}

async function hashes(found, report) {
  const list = json(found.get("manifest.json")).members;
  const listed = new Set(list.map((each) => each.name));
  if (listed.size !== found.size - 1 || listed.has("manifest.json") || !list.every((each) => found.has(each.name))) {
    report(false, "unlisted");
    return false;
  }
  let isWhole = true;
  for (const { name, sha256 } of list) {
    if (hex(await crypto.subtle.digest("SHA-256", found.get(name))) !== sha256) {
      report(false, "hashDiffers", { name });
      isWhole = false;
    }
  }
  if (isWhole) report(true, "hashes", { count: list.length });
  return isWhole;
}

function same(left, right) {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

async function signatures(found, given, report) {
  const keys = new Map(json(found.get("keys.json")).keys.map((each) => [each.key_id, octets(each.public_key)]));
  for (const [name, content] of found) {
    if (!/^attestation-\d+\.json$/.test(name)) continue;
    const envelope = json(content);
    const jws = envelope.jws ?? envelope;
    const header = jws.protected ? json(octets(jws.protected)) : { alg: jws.typ ?? "SM2" };
    const inBundle = keys.get(header.kid);
    if (header.alg !== "EdDSA" || !inBundle) {
      report(false, "unknown", { name, alg: header.alg });
      continue;
    }
    if (given.length && !given.some((one) => same(one, inBundle))) {
      report(false, "notGiven", { name, key: header.kid });
      continue;
    }
    const key = await crypto.subtle.importKey("raw", inBundle, { name: "Ed25519" }, false, ["verify"]);
    const signed = new TextEncoder().encode(`${jws.protected}.${jws.payload}`);
    const isRight = await crypto.subtle.verify({ name: "Ed25519" }, key, octets(jws.signature), signed);
    report(isRight, isRight ? "signed" : "unsigned", { name, key: header.kid });
  }
}

async function check(box) {
  const list = box.querySelector(".checks");
  const texts = box.querySelector("[data-texts]").dataset;
  const report = (isGood, text, values = {}) => {
    const line = document.createElement("li");
    const mark = document.createElement("span");
    const words = document.createElement("span");
    mark.className = `badge ${isGood ? "good" : "bad"}`;
    mark.textContent = isGood ? "✓" : "✗";
    words.textContent = texts[text].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
    line.append(mark, " ", words);
    list.append(line);
  };
  list.replaceChildren();
  if (!globalThis.crypto?.subtle) {
    report(false, "noCrypto");
    return;
  }
  try {
    const answer = await fetch(box.dataset.bundleOf);
    if (!answer.ok) throw new Error(`${answer.status}`);
    const file = await answer.arrayBuffer();
    report(true, "fetched", { bytes: file.byteLength });
    const found = members(file);
    const isThis = box.dataset.bundleOf.includes(json(found.get("manifest.json")).determination_id);
    report(isThis, isThis ? "decision" : "other");
    if (!(await hashes(found, report))) return;
    // A base year may be signed with another key than the year that is tested.
    const typed = box.querySelector("[name=key]").value.split(/[\s,;]+/).filter(Boolean);
    await signatures(found, typed.map(octets), report);
  } catch (error) {
    report(false, error?.name === "NotSupportedError" ? "noCrypto" : "failed");
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-checks-bundle]");
  if (!button) return;
  button.disabled = true;
  await check(button.closest("[data-bundle-of]"));
  button.disabled = false;
});
