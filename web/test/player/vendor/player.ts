/** A bare page around the vendor-like client: joins the form, the session and the view. */
import { DriscClient, type StreamRequest } from "./drisc.ts";
import { PlayerView } from "./view.ts";

/** Form fields that the address carries too, so that a player can be linked to and reloaded. */
const FIELDS = ["customer", "name", "offer"] as const;

const address = new URL(location.href);
const view = new PlayerView((sessionId) => void client.takeOver(sessionId));
const client = new DriscClient({
  statusChanged: (status, socket) => view.show(status, socket),
  exchanged: (direction, text) => view.log(direction, text),
});

fillForm();
client.resume(request());

view.form.addEventListener("submit", (event) => {
  event.preventDefault();
  rememberForm();
  void client.play(request());
});
view.stop.addEventListener("click", () => client.stop());

function request(): StreamRequest {
  return {
    server: new URL(address.searchParams.get("server") ?? location.origin).origin,
    customer: field("customer").value,
    sessionName: field("name").value,
    offerId: field("offer").value,
  };
}

function fillForm(): void {
  for (const name of FIELDS) {
    const value = address.searchParams.get(name);
    if (value !== null) field(name).value = value;
  }
}

function rememberForm(): void {
  for (const name of FIELDS) address.searchParams.set(name, field(name).value);
  history.replaceState(null, "", address);
}

function field(name: (typeof FIELDS)[number]): HTMLInputElement {
  const input = view.form.elements.namedItem(name);
  if (!(input instanceof HTMLInputElement)) throw new Error(`the form has no field “${name}”`);
  return input;
}
