/** Live charts of the history: totals of the cluster, or one line for each node. */
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { element, make } from "../page/elements.ts";
import { type History, type Measure, SPAN_S } from "./history.ts";
import { setText } from "./page.ts";
import { bytes, count, latency, rate } from "./words.ts";

type Format = (value: number | null) => string;

/** What a chart shows: by node only the first measure, under a title of its own. */
interface Spec {
  id: string;
  title: string;
  byNode: string;
  measures: [Measure, string][];
  format: Format;
  /** The scale reaches at least so far. */
  least: number;
}

const CHARTS: Spec[] = [
  {
    id: "sessions",
    title: "Sessions",
    byNode: "Streams",
    measures: [
      ["streams", "streams"],
      ["cobrowse", "co-browse"],
      ["visitors", "visitors"],
    ],
    format: count,
    least: 4,
  },
  {
    id: "admissions",
    title: "Stream sessions a second",
    byNode: "Streams created a second",
    measures: [
      ["creates", "created"],
      ["refusals", "refused"],
      ["takeovers", "taken over"],
    ],
    format: rate,
    least: 2,
  },
  {
    id: "latency",
    title: "Latency, slowest node",
    byNode: "Latency, p99",
    measures: [
      ["p99", "p99"],
      ["p95", "p95"],
      ["p50", "p50"],
    ],
    format: latency,
    least: 1000,
  },
  {
    id: "requests",
    title: "Requests a second",
    byNode: "Requests a second",
    measures: [["requests", "requests"]],
    format: rate,
    least: 2,
  },
  {
    id: "frames",
    title: "Relay frames a second",
    byNode: "Relay frames a second",
    measures: [["frames", "frames"]],
    format: rate,
    least: 2,
  },
  {
    id: "bytes",
    title: "Relay bytes a second",
    byNode: "Relay bytes a second",
    measures: [["bytes", "bytes"]],
    format: bytes,
    least: 1000,
  },
];

/** The series' colours in console.css: `--series-1` and so on, used in turn. */
const COLOURS = 6;
const HEIGHT = 132;
const AXIS_FONT = "11px system-ui, sans-serif";

/** A series: its name, and its values over time. */
type Line = [name: string, values: (number | null)[]];

class Chart {
  readonly #spec: Spec;
  readonly #history: History;
  readonly #figure: HTMLElement;
  readonly #place = make("div", "plot");
  readonly #legend = make("span", "legend");
  readonly #title = make("strong");
  #values: HTMLElement[] = [];
  #plot: uPlot | undefined;
  #names = "";

  constructor(spec: Spec, history: History, into: HTMLElement) {
    this.#spec = spec;
    this.#history = history;
    this.#place.setAttribute("aria-hidden", "true");
    this.#figure = make(
      "figure",
      "panel",
      make("figcaption", "", this.#title, this.#legend),
      this.#place,
    );
    this.#figure.dataset.chart = spec.id;
    into.append(this.#figure);
    new ResizeObserver(() => {
      this.#plot?.setSize({ width: this.#place.clientWidth, height: HEIGHT });
    }).observe(this.#place);
  }

  draw(byNode: boolean, now: number): void {
    const lines = byNode ? this.#byNode() : this.#totals();
    const names = JSON.stringify([byNode, ...lines.map(([name]) => name)]);
    const times = this.#history.times();
    const data = [times, ...lines.map(([, values]) => values)] as uPlot.AlignedData;
    if (this.#plot === undefined || names !== this.#names) {
      this.#names = names;
      this.#build(lines, byNode, data);
    } else {
      this.#plot.setData(data, false);
    }
    this.#plot?.setScale("x", { min: now - SPAN_S, max: now });
    this.#figure.dataset.points = String(times.length);
    this.#tell();
  }

  /** Colours have changed: the next drawing is made anew. */
  forget(): void {
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  #totals(): Line[] {
    return this.#spec.measures.map(([measure, name]) => [name, this.#history.total(measure)]);
  }

  #byNode(): Line[] {
    const [measure] = this.#spec.measures[0] ?? ["sockets"];
    return this.#history.names().map((name) => [name, this.#history.series(measure, name)]);
  }

  #build(lines: Line[], byNode: boolean, data: uPlot.AlignedData): void {
    this.forget();
    setText(this.#title, byNode ? this.#spec.byNode : this.#spec.title);
    this.#values = lines.map(() => make("output"));
    const keys = lines.map(([name], at) => {
      const key = make("span", "key", make("i", `swatch swatch-${(at % COLOURS) + 1}`), `${name} `);
      const value = this.#values[at];
      if (value !== undefined) key.append(value);
      return key;
    });
    this.#legend.replaceChildren(...keys);
    this.#plot = new uPlot(this.#options(lines), data, this.#place);
  }

  #options(lines: Line[]): uPlot.Options {
    const [ink, grid] = [colour("--quiet"), colour("--line")];
    const { format, least } = this.#spec;
    return {
      width: Math.max(this.#place.clientWidth, 100),
      height: HEIGHT,
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: false, y: false },
        points: { size: 6 },
        sync: { key: "console" },
      },
      scales: {
        x: { time: true },
        y: { range: (_plot, _min, max) => [0, Math.max(max * 1.1, least)] },
      },
      axes: [
        {
          stroke: ink,
          font: AXIS_FONT,
          size: 22,
          space: 38,
          incrs: [60, 120],
          grid: { show: false },
          ticks: { show: false },
          values: times,
        },
        {
          stroke: ink,
          font: AXIS_FONT,
          size: 54,
          space: 34,
          grid: { stroke: grid, width: 1 },
          ticks: { show: false },
          values: (_plot, splits) => splits.map((split) => format(split)),
        },
      ],
      series: [
        {},
        ...lines.map(([label], at) => ({
          label,
          stroke: colour(`--series-${(at % COLOURS) + 1}`),
          width: 1.5,
          points: { show: false },
        })),
      ],
      hooks: { setCursor: [() => this.#tell()] },
    };
  }

  /** The values under the cursor, or the newest. */
  #tell(): void {
    const plot = this.#plot;
    if (plot === undefined) return;
    const at = plot.cursor.idx ?? plot.data[0].length - 1;
    for (const [line, value] of this.#values.entries()) {
      setText(value, this.#spec.format(plot.data[line + 1]?.[at] ?? null));
    }
  }
}

/** Local times of day, without the date that uPlot would write below. */
function times(_plot: uPlot, splits: number[]): string[] {
  return splits.map((at) => new Date(at * 1000).toTimeString().slice(0, 5));
}

/** A colour of the style sheet as a canvas takes it, for the present scheme. */
function colour(name: string): string {
  const probe = element("charts", HTMLElement);
  probe.style.color = `var(${name})`;
  const value = getComputedStyle(probe).color;
  probe.style.color = "";
  return value;
}

export class Charts {
  readonly #charts: Chart[];
  readonly #byNode = element("per-node", HTMLInputElement);

  constructor(history: History) {
    const into = element("charts", HTMLElement);
    this.#charts = CHARTS.map((spec) => new Chart(spec, history, into));
    this.#byNode.addEventListener("change", () => this.draw());
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", () => {
      for (const chart of this.#charts) chart.forget();
      this.draw();
    });
  }

  draw(): void {
    if (document.hidden) return;
    for (const chart of this.#charts) chart.draw(this.#byNode.checked, Date.now() / 1000);
  }
}
