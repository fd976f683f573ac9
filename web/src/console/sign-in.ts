/** Asks for the operators' token where the node wants one. */
import { element } from "../page/elements.ts";
import type { Admin } from "./api.ts";

/** What follows. */
interface Steps {
  enter(): void;
  leave(): void;
}

export class SignIn {
  readonly #admin: Admin;
  readonly #steps: Steps;
  readonly #page = element("sign-in", HTMLElement);
  readonly #console = element("console", HTMLElement);
  readonly #token = element("token", HTMLInputElement);
  readonly #error = element("sign-in-error", HTMLElement);
  readonly #signOut = element("sign-out", HTMLButtonElement);

  constructor(admin: Admin, steps: Steps) {
    this.#admin = admin;
    this.#steps = steps;
    admin.onUnauthorized = () => this.#refused();
    this.#signOut.addEventListener("click", () => this.#ask(""));
    element("sign-in-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      admin.signIn(this.#token.value.trim());
      steps.enter();
    });
  }

  get isIn(): boolean {
    return this.#page.hidden === true;
  }

  /** The node took the token, or wants none. */
  accepted(): void {
    this.#token.value = "";
    this.#error.textContent = "";
    this.#page.hidden = true;
    this.#console.hidden = false;
    this.#signOut.hidden = !this.#admin.hasToken;
  }

  #refused(): void {
    this.#ask(this.#admin.hasToken ? "That is not the token of this node." : "");
  }

  #ask(error: string): void {
    this.#admin.signOut();
    this.#steps.leave();
    this.#console.hidden = true;
    this.#page.hidden = false;
    this.#signOut.hidden = true;
    this.#error.textContent = error;
    this.#token.focus();
    this.#token.select();
  }
}
