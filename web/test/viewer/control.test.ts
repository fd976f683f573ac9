/** The request for control, which must never wait for an answer that cannot come; and the keyboard. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Control } from "../../src/viewer/control.ts";
import { Keyboard } from "../../src/viewer/keyboard.ts";
import type { FromViewer, ViewerSession } from "../../src/wire/messages.ts";
import { Field } from "./field.ts";

let field: Field;

beforeEach(() => {
  field = Field.place();
});

afterEach(() => {
  vi.unstubAllGlobals();
});

const ACTIVE: ViewerSession = {
  type: "session",
  status: "active",
  users: [],
  visitorConnected: true,
};

/** A control, what it said, and whether anybody hears it. */
function controlled(): { control: Control; said: FromViewer[]; wire: { isUp: boolean } } {
  const said: FromViewer[] = [];
  const wire = { isUp: true };
  const noMirror = () => {
    throw new Error("nothing is clicked here");
  };
  const control = new Control(noMirror, (message) => {
    if (wire.isUp) said.push(message);
    return wire.isUp;
  });
  return { control, said, wire };
}

test("a request that nobody hears is none", () => {
  const { control, said, wire } = controlled();
  wire.isUp = false;
  control.request();
  expect([control.state, said]).toEqual(["none", []]);
  wire.isUp = true;
  control.request();
  expect([control.state, said]).toEqual(["asked", [{ type: "requestControl" }]]);
});

test("a request that is refused may be made again", () => {
  const { control, said } = controlled();
  control.request();
  control.refused();
  expect(control.state).toBe("none");
  control.request();
  expect([control.state, said.length]).toEqual(["asked", 2]);
});

test("an error takes no control away", () => {
  const { control } = controlled();
  control.request();
  control.follow({ ...ACTIVE, control: "u1" }, "u1");
  control.refused();
  expect(control.state).toBe("granted");
});

test("a new host is asked again, and only if something was asked", () => {
  const { control, said, wire } = controlled();
  control.welcomed();
  expect(said).toEqual([]);
  control.request();
  control.welcomed();
  expect([control.state, said.length]).toEqual(["asked", 2]);
  wire.isUp = false;
  control.welcomed();
  expect(control.state).toBe("none");
});

/** A keyboard, and what it told. */
function typing(): { keyboard: Keyboard; told: string[] } {
  const told: string[] = [];
  const keyboard = new Keyboard(field.element, {
    typed: (text) => told.push(text),
    pressed: (key) => told.push(`<${key}>`),
    left: () => told.push("left"),
  });
  keyboard.focus();
  return { keyboard, told };
}

test("Tab is for the visitor's page, and Shift+Tab for the agent's", () => {
  const { told } = typing();
  expect(field.press("Tab")).toBe(false);
  expect(field.press("Tab", { shiftKey: true })).toBe(true);
  expect(told).toEqual(["<Tab>"]);
});

test("a composition that is cut off does not swallow what is typed later", () => {
  const { keyboard, told } = typing();
  field.hear("compositionstart");
  keyboard.release();
  keyboard.focus();
  field.value = "a";
  field.hear("input");
  expect(told).toEqual(["a"]);
});
