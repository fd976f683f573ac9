/** At most one call in an interval; the newest argument is never lost, only late. */
export class Throttle<Value> {
  readonly #intervalMs: number;
  readonly #act: (value: Value) => void;
  #waiting: { value: Value } | undefined;
  #isResting = false;

  constructor(intervalMs: number, act: (value: Value) => void) {
    this.#intervalMs = intervalMs;
    this.#act = act;
  }

  push(value: Value): void {
    this.#waiting = { value };
    if (!this.#isResting) this.#run();
  }

  #run(): void {
    this.#isResting = this.#waiting !== undefined;
    if (!this.#waiting) return;
    const { value } = this.#waiting;
    this.#waiting = undefined;
    setTimeout(() => this.#run(), this.#intervalMs);
    this.#act(value);
  }
}
