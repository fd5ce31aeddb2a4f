// The one script of the console's own pages: it sends forms as JSON, and goes where the answer says.
// (A redirect that answers a form is held to form-action, and could not lead to a program on this machine.)
"use strict";

class Refused extends Error {
  constructor(told) {
    super(told.message || "Something went wrong. Please try again.");
    this.code = told.code;
  }
}

const csrf = document.querySelector('meta[name="csrf"]').content;

// `proof` is that of the session which acts: this page's own, or of somebody else who has signed in in this browser.
async function send(method, url, given, proof = csrf) {
  const headers = { "content-type": "application/json" };
  if (proof) headers["x-carnet-csrf"] = proof;
  const body = given === undefined ? undefined : JSON.stringify(given);
  let told;
  let answer;
  try {
    answer = await fetch(url, { method, headers, body, cache: "no-store", redirect: "error" });
    told = await answer.json();
  } catch {
    throw new Refused({ message: "The server does not answer. Please try again." });
  }
  if (!answer.ok) throw new Refused(told);
  return told;
}

// The token of an invitation stands behind the #: no server, log or Referer has it, and here it leaves the history.
const invitation = location.hash.slice(1);
if (invitation.startsWith("carnet_pi_")) history.replaceState(null, "", location.pathname);

function fieldsOf(form, submitter) {
  const fields = Object.fromEntries(new FormData(form, submitter));
  for (const [name, value] of Object.entries(fields)) if (value === "" && name === "device") delete fields[name];
  return fields;
}

function tell(box, problem) {
  box.textContent = problem ? problem.message : "";
  box.hidden = !problem;
}

// What a browser is asked to do with a passkey: it throws if nobody does it.
async function usePasskey(options) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return (await navigator.credentials.get({ publicKey })).toJSON();
}

async function makePasskey(options) {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return (await navigator.credentials.create({ publicKey })).toJSON();
}

async function withPasskey(act, options) {
  try {
    return await act(options);
  } catch {
    throw new Refused({ message: "No passkey was used. Try again, or choose another way." });
  }
}

// One sign-in: the stages of a page, of which one is shown at a time.
class SignIn {
  constructor(root) {
    this.root = root;
    this.told = {};
    this.problem = root.querySelector("[data-problem]");
    for (const form of root.querySelectorAll("form[data-step]")) {
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        this.submit(form, event.submitter);
      });
    }
  }

  async submit(form, submitter) {
    const again = form.querySelector("[data-same]");
    if (again && again.value !== form.querySelector(`#${again.dataset.same}`).value) {
      return tell(this.problem, new Refused({ message: "The two passwords are not the same." }));
    }
    const buttons = form.querySelectorAll("button");
    for (const button of buttons) button.disabled = true;
    try {
      await this.step(form, fieldsOf(form, submitter));
      tell(this.problem, null);
    } catch (problem) {
      if (problem.code === "SignInExpired") this.show("password");
      tell(this.problem, problem);
      for (const field of form.querySelectorAll('[type="password"], [autocomplete="one-time-code"]')) field.value = "";
    } finally {
      for (const button of buttons) button.disabled = false;
    }
  }

  async step(form, fields) {
    const { step, kind } = form.dataset;
    const given = { step, ...fields };
    if (kind) given.kind = kind;
    else if (step === "invited") given.token = invitation;
    else given.flow = this.told.flow;
    if (step === "enrol-codes") given.codes = [fields["code-1"], fields["code-2"]];
    for (const name of ["code-1", "code-2"]) delete given[name];
    if (step === "passkey") given.credential = await withPasskey(usePasskey, this.told.passkey);
    let told = await send("POST", this.root.dataset.steps, given);
    if (told.create) {
      const credential = await withPasskey(makePasskey, told.create);
      told = await send("POST", this.root.dataset.steps, { step: "new-passkey", flow: told.flow, credential });
    }
    if (told.to) return location.assign(told.to);
    if (told.next === "done") return location.assign(this.root.dataset.to);
    if (told.next === "sign-in") return location.assign(`${this.root.dataset.person}?store=${encodeURIComponent(told.store)}`);
    this.told = told;
    this.show(told.next);
  }

  show(stage) {
    for (const section of this.root.querySelectorAll("[data-stage]")) section.hidden = section.dataset.stage !== stage;
    const shown = this.root.querySelector(`[data-stage="${stage}"]`);
    for (const part of shown.querySelectorAll("[data-needs]")) part.hidden = !this.has(part.dataset.needs);
    for (const part of shown.querySelectorAll("[data-without]")) {
      part.hidden = part.dataset.without.split(" ").some((name) => this.has(name));
    }
    for (const part of shown.querySelectorAll("[data-shown]")) {
      const value = this.told[part.dataset.shown] || "";
      if (part instanceof HTMLImageElement) part.src = value;
      else part.textContent = value;
    }
    this.choose(shown.querySelector("select"));
    const field = [...shown.querySelectorAll("input, select, button")].find((each) => each.offsetParent !== null);
    (field || shown.querySelector("h1")).focus();
  }

  has(name) {
    const value = this.told[name];
    return Array.isArray(value) ? value.length > 0 : Boolean(value);
  }

  choose(select) {
    if (!select) return;
    const devices = this.told.apps || [];
    select.replaceChildren(...devices.map(({ id, name }) => new Option(name, id)));
    select.closest("[data-choice]").hidden = devices.length < 2;
  }
}

for (const root of document.querySelectorAll("[data-steps]")) new SignIn(root);

// Other forms: `data-send` names the address; the answer says where to go (`to`), or what to tell (`message`).
for (const form of document.querySelectorAll("form[data-send]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const box = document.querySelector("[data-problem]");
    const buttons = form.querySelectorAll("button");
    const fields = fieldsOf(form, event.submitter);
    for (const button of buttons) button.disabled = true;
    try {
      let told = await send(form.dataset.method || "POST", form.dataset.send, fields, form.dataset.csrf);
      if (told.create) {
        const credential = await withPasskey(makePasskey, told.create);
        told = await send("POST", "/console/session", { step: "new-passkey", flow: told.flow, credential });
      }
      if (told.to) return location.assign(told.to);
      if (told.texts) {
        tell(box, null);
        showTexts(told.texts);
        for (const button of buttons) button.disabled = false;
        return;
      }
      if (form.dataset.then) return location.assign(form.dataset.then);
      const message = document.querySelector("[data-message]");
      if (message) message.textContent = told.message || "Done.";
      form.hidden = true;
    } catch (problem) {
      if (box) tell(box, problem);
    }
    for (const button of buttons) button.disabled = false;
  });
}

for (const form of document.querySelectorAll("form[data-at-once]")) form.requestSubmit();

// Another site sent the browser here, and so without our cookies: it comes again from here. Or it goes on to another site.
for (const link of document.querySelectorAll("a[data-go-at-once]")) location.replace(link.href);
for (const form of document.querySelectorAll("form[data-post-at-once]")) form.submit();

function showTexts(texts) {
  for (const [name, text] of Object.entries(texts)) {
    for (const place of document.querySelectorAll(`[data-text="${name}"]`)) place.textContent = text;
  }
  const panel = document.querySelector("[data-texts]");
  panel.hidden = false;
  panel.scrollIntoView();
}

for (const field of document.querySelectorAll("[data-filter]")) {
  field.addEventListener("input", () => {
    const sought = field.value.toLowerCase();
    for (const tile of document.getElementById(field.dataset.filter).children) {
      tile.hidden = !tile.textContent.toLowerCase().includes(sought);
    }
  });
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = "Copied";
  });
}

const first = document.querySelector("main input:not([type=hidden]), main h1[tabindex]");
if (first) first.focus();
