/**
 * The player demo: several devices of one customer on one page, each with a session of its own.
 *
 * `?customer=` and `?offer=` name who watches what; `?server=` another node than the page's own.
 */
import { find } from "../page/elements.ts";
import { drisc, type PlayerSession } from "../player/index.ts";
import { type Device, Devices, KINDS } from "./devices.ts";
import { LimitDialog } from "./limit.ts";
import { DeviceView } from "./view.ts";
import { WireLog } from "./wire.ts";

const address = new URL(location.href).searchParams;
const customer = address.get("customer") || "anna";
const offer = address.get("offer") || "S1_DEMO";
const server = new URL(address.get("server") ?? location.origin).origin;

const devices = new Devices(customer);
const dialog = new LimitDialog();
const wire = new WireLog();
const list = find(document, "#devices", HTMLUListElement);

for (const device of devices.all) void show(device).resume();
accountForm();
addForm();

/** Puts a device on the page; its session. */
function show(device: Device): PlayerSession {
  const session = drisc({
    server,
    token,
    sessionName: device.name,
    offerId: offer,
    deviceId: device.id,
    // The session of the device, in this tab: a reload finds it again.
    storageKey: `baton.demo.session.${device.id}.${offer}`,
  });
  const choose = () => {
    if (session.state.status !== "limited") return;
    dialog.ask(device.name, session.state, ({ sessionId }) => void session.takeOver(sessionId));
  };
  const view = new DeviceView(device, {
    play: () => void session.start(),
    stop: () => void session.stop(),
    choose,
    remove: () => {
      void session.stop();
      devices.remove(device.id);
      view.remove();
    },
  });
  session.on("change", (state) => {
    view.show(state, session.mayPlay);
    if (state.status !== "limited") dialog.settled(device.name);
  });
  session.on("limited", choose);
  session.on("wire", (line) => wire.add(device.name, line));
  view.show(session.state, session.mayPlay);
  list.append(view.element);
  return session;
}

/** A token of the demo's own issuer; a real player has one from its login. */
async function token(): Promise<string> {
  const response = await fetch(`${server}/demo/token?customer=${encodeURIComponent(customer)}`);
  if (!response.ok) throw new Error("Demo tokens exist only on a node started with --dev.");
  const answer: { token: string } = await response.json();
  return answer.token;
}

/** A plain GET form: another customer is another page. */
function accountForm(): void {
  const form = find(document, "#account", HTMLFormElement);
  find(form, "[name=customer]", HTMLInputElement).value = customer;
  find(form, "[name=offer]", HTMLInputElement).value = offer;
  if (server === location.origin) return;
  const hidden = document.createElement("input");
  Object.assign(hidden, { type: "hidden", name: "server", value: server });
  form.append(hidden);
}

function addForm(): void {
  const form = find(document, "#add", HTMLFormElement);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { value } = find(form, "select", HTMLSelectElement);
    const kind = KINDS.find((kind) => kind === value);
    if (kind) show(devices.add(kind));
  });
}
