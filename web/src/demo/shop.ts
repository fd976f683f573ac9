/** The demo shop: a cart, a checkout that sends nothing, and help by co-browsing. */
import { make } from "../page/elements.ts";
import { add, empty, euros, lines } from "./cart.ts";
import { showHelp } from "./help.ts";

const checkout = document.querySelector<HTMLFormElement>("[data-checkout]");
const order = document.querySelector<HTMLUListElement>("[data-order]");

for (const button of document.querySelectorAll<HTMLButtonElement>("[data-add]")) {
  button.addEventListener("click", () => {
    say(`${add(button.dataset.add ?? "")} is in your cart.`);
    showCart();
  });
}
checkout?.addEventListener("submit", (event) => {
  event.preventDefault();
  empty();
  checkout.reset();
  showCart();
  say("Thank you! This is a demo: nothing was ordered, and nothing was sent.");
});
showCart();
showHelp();

function showCart(): void {
  const all = lines();
  const pieces = all.reduce((sum, line) => sum + line.pieces, 0);
  for (const count of document.querySelectorAll("[data-cart-count]")) {
    count.textContent = String(pieces);
  }
  const total = document.querySelector("[data-total]");
  if (!order || !total) return;
  order.replaceChildren(...all.map(orderLine));
  if (all.length === 0) order.append(make("li", "empty", "Your cart is empty."));
  total.textContent = euros(all.reduce((sum, line) => sum + line.pieces * line.cents, 0));
}

function orderLine(line: ReturnType<typeof lines>[number]): HTMLLIElement {
  const item = make("li");
  const fewer = make("button");
  fewer.type = "button";
  fewer.textContent = "−";
  fewer.setAttribute("aria-label", `One ${line.name} less`);
  fewer.addEventListener("click", () => {
    add(line.id, -1);
    showCart();
  });
  item.append(
    make("span", "pieces", `${line.pieces} ×`),
    make("span", "article", line.name),
    make("span", "price", euros(line.pieces * line.cents)),
    fewer,
  );
  return item;
}

function say(sentence: string): void {
  const place = document.querySelector("[data-said]");
  if (place) place.textContent = sentence;
}
