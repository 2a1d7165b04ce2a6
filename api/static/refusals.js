// What a refusal says to the reader: the Chinese sentence of its code, and below it the API's own, which has the values.
//
// The sentences are one file, fetched when the first refusal comes (its address names its content); English needs none.

const address = document.getElementById("form-texts")?.dataset.refusals;
let fetched = null;

async function read() {
  try {
    const answer = await fetch(address);
    return answer.ok ? await answer.json() : {};
  } catch {
    return {};
  }
}

// Returns {text, original}: original is empty where the API's own sentence is all there is, and for the rules of a file's cells, whose
// sentences name the values (facts) themselves.
export async function said(code, english, facts = {}) {
  if (!address || !code) return { text: english, original: "" };
  const sentences = await (fetched ??= read());
  const text = sentences[code] ?? sentences[`${code.split(".")[0]}.*`];
  if (text && code.startsWith("row.")) return { text: text.replace(/\{([a-z_]+)\}/g, (_, name) => facts[name] ?? ""), original: "" };
  return text ? { text, original: english } : { text: english, original: "", lang: "en" };
}

// Puts what was said into an element: the original stands below, in its own language.
export function tell(element, { text, original, lang }) {
  const sentence = document.createElement("span");
  sentence.textContent = text;
  if (lang) sentence.lang = lang;
  element.replaceChildren(sentence);
  if (!original) return;
  const below = document.createElement("span");
  below.className = "original";
  below.lang = "en";
  below.textContent = original;
  element.append(below);
}
