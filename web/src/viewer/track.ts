/** Which data frames may be shown: a snapshot, and what follows it without a gap. */
import { type Header, KIND } from "../wire/frame.ts";

/** `lost`: something is missing, and only a snapshot helps. */
export type Verdict = "show" | "drop" | "lost";

type Position = Pick<Header, "epoch" | "sequence">;

export class Track {
  #at: Position | undefined;
  #isLost = false;

  /** Whether nothing can be shown before a snapshot comes. */
  get needsSnapshot(): boolean {
    return this.#at === undefined;
  }

  /** Everything before is void: the next data frame must be a snapshot. */
  reset(): void {
    this.#at = undefined;
    this.#isLost = false;
  }

  /** As `reset`, and nobody has promised a snapshot. True the first time: ask for one then. */
  lose(): boolean {
    const isNew = !this.#isLost;
    this.#at = undefined;
    this.#isLost = true;
    return isNew;
  }

  judge({ kind, epoch, sequence }: Omit<Header, "compressed">): Verdict {
    if (kind === KIND.snapshot) {
      this.#at = { epoch, sequence };
      this.#isLost = false;
      return "show";
    }
    const at = this.#at;
    if (at === undefined) return "drop";
    if (kind === KIND.volatile) {
      return epoch === at.epoch && sequence === at.sequence ? "show" : "drop";
    }
    if (epoch === at.epoch && sequence === at.sequence + 1) {
      at.sequence = sequence;
      return "show";
    }
    this.lose();
    return "lost";
  }
}
