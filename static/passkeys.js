// Passkeys (WebAuthn): a form with `data-passkey="create"` or `"get"` asks the device before it is sent.
// `data-options` holds what the server asks for, or `data-options-from` the address that gives it.

const coded = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const decoded = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
const listed = (rows) => (rows ?? []).map((row) => ({ ...row, id: decoded(row.id) }));

async function asked(form) {
  if (form.dataset.options) return JSON.parse(form.dataset.options).publicKey;
  const answer = await fetch(form.dataset.optionsFrom, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error("The server did not answer. Try again.");
  return (await answer.json()).request_options.publicKey;
}

async function created(options) {
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: decoded(options.challenge),
      user: { ...options.user, id: decoded(options.user.id) },
      excludeCredentials: listed(options.excludeCredentials),
    },
  });
  return {
    ...named(made),
    response: {
      clientDataJSON: coded(made.response.clientDataJSON),
      attestationObject: coded(made.response.attestationObject),
      transports: made.response.getTransports?.() ?? [],
    },
  };
}

async function shown(options) {
  const publicKey = { ...options, challenge: decoded(options.challenge), allowCredentials: listed(options.allowCredentials) };
  const proof = await navigator.credentials.get({ publicKey });
  const { clientDataJSON, authenticatorData, signature, userHandle } = proof.response;
  const response = { clientDataJSON: coded(clientDataJSON), authenticatorData: coded(authenticatorData), signature: coded(signature) };
  if (userHandle) response.userHandle = coded(userHandle);
  return { ...named(proof), response };
}

function named(credential) {
  return {
    id: credential.id,
    rawId: coded(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

const reasons = {
  NotAllowedError: "Nothing was chosen, or the device took too long. Try again.",
  InvalidStateError: "This device is registered already.",
  SecurityError: "Passkeys need a host name: open PIMHub by its name, with https, or on localhost.",
};

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-passkey]");
  if (!form) return;
  const field = form.querySelector("[data-credential]");
  if (field.value) return;
  event.preventDefault();
  const problem = form.querySelector("[data-problem]");
  problem.hidden = true;
  try {
    const options = await asked(form);
    field.value = JSON.stringify(await (form.dataset.passkey === "create" ? created(options) : shown(options)));
    form.submit();
  } catch (error) {
    problem.textContent = reasons[error.name] ?? error.message;
    problem.hidden = false;
  }
});

if (!window.PublicKeyCredential) {
  for (const form of document.querySelectorAll("[data-passkey]")) {
    form.querySelector("button").disabled = true;
    const problem = form.querySelector("[data-problem]");
    problem.textContent = reasons.SecurityError;
    problem.hidden = false;
  }
}
