/** The operators' console: connects what is told by the node to what is shown. */
import "./console.css";
import { element } from "../page/elements.ts";
import { AccountView } from "./account.ts";
import { ActivityView } from "./activity.ts";
import { Admin, type NodesNow } from "./api.ts";
import { Charts } from "./charts.ts";
import { CobrowseView } from "./cobrowse.ts";
import { Feed } from "./feed.ts";
import { History } from "./history.ts";
import { LinkView } from "./link.ts";
import { NodesView } from "./nodes.ts";
import { SignIn } from "./sign-in.ts";
import { Totals } from "./totals.ts";

/** What is looked at is asked for anew so often: leases lapse without anybody telling. */
const REFRESH_MS = 3000;

const admin = new Admin();
const history = new History();
const nodes = new NodesView(admin, history);
const totals = new Totals(history);
const charts = new Charts(history);
const account = new AccountView(admin);
const cobrowse = new CobrowseView(admin);
const activity = new ActivityView({
  account: (tenant, customer) => account.look({ tenant, customer }),
  cobrowse: (session) => cobrowse.look(session),
});
const link = new LinkView(() => feed.retry());
const storeAway = element("store-away", HTMLElement);

function told(now: NodesNow): void {
  link.heard(now.told_by);
  if (now.nodes === null) {
    history.gap(Date.now() / 1000);
    storeAway.textContent = "The store does not answer: what is shown of the nodes is old.";
    storeAway.hidden = false;
  } else {
    history.push(now.nodes, Date.now() / 1000);
    storeAway.hidden = true;
    nodes.show(now.nodes, now.told_by, now.at_ms);
  }
  totals.show(now.nodes);
  charts.draw();
}

const feed = new Feed(admin, {
  nodes: told,
  activity: (one) => {
    activity.add(one);
    account.heard(one);
    cobrowse.heard(one);
  },
  missed: (count) => activity.missed(count),
  connected: () => signIn.accepted(),
  disconnected: (againAtMs, reason) => {
    history.gap(Date.now() / 1000);
    charts.draw();
    link.lost(againAtMs, reason);
  },
});

const signIn = new SignIn(admin, {
  enter: () => feed.start(),
  leave: () => {
    feed.stop();
    link.closed();
    for (const view of [nodes, account, cobrowse, activity, totals]) view.clear();
  },
});

function refresh(): void {
  if (document.hidden || !signIn.isIn) return;
  account.refresh();
  cobrowse.refresh();
}

setInterval(refresh, REFRESH_MS);
document.addEventListener("visibilitychange", () => {
  charts.draw();
  refresh();
});
feed.start();
