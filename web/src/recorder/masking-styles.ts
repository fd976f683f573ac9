/**
 * Which attributes the page's style sheets ask for. What a sheet names is told with the sheet
 * already; of other values only that there is one. Sheets of other origins cannot be read.
 */

/** Values by name of the attribute: those that selectors name. */
type Asked = Map<string, Set<string>>;

/** As browsers write selectors: values in double quotes. */
const ATTRIBUTE = /\[([\w-]+)(?:[~|^$*]?="([^"\\]*)")?/g;

export class StyledAttributes {
  /** Read again when the number of rules has changed. */
  readonly #sheets = new WeakMap<CSSStyleSheet, { rules: number; asked: Asked }>();
  /** For one event: the page may have changed before the next. */
  readonly #roots = new Map<Node, Asked[]>();

  begin(): void {
    this.#roots.clear();
  }

  /** The value where a sheet names it, "" where one asks for the attribute only. */
  styled(element: Element, name: string, value: string): string | undefined {
    // Sheets within a shadow root style its host as well.
    const asked = [...this.#of(element.getRootNode()), ...this.#of(element.shadowRoot)];
    const values = asked.flatMap((names) => names.get(name.toLowerCase()) ?? []);
    if (values.length === 0) return undefined;
    return values.some((one) => one.has(value)) ? value : "";
  }

  #of(root: Node | null): Asked[] {
    if (!root || !("styleSheets" in root)) return [];
    const before = this.#roots.get(root);
    if (before) return before;
    const { styleSheets, adoptedStyleSheets = [] } = root as Document;
    const asked = [...styleSheets, ...adoptedStyleSheets].map((sheet) => this.#read(sheet));
    this.#roots.set(root, asked);
    return asked;
  }

  #read(sheet: CSSStyleSheet): Asked {
    let rules: CSSRuleList;
    try {
      rules = sheet.cssRules;
    } catch {
      return new Map();
    }
    const before = this.#sheets.get(sheet);
    if (before?.rules === rules.length) return before.asked;
    const asked: Asked = new Map();
    collect(rules, asked);
    this.#sheets.set(sheet, { rules: rules.length, asked });
    return asked;
  }
}

function collect(rules: CSSRuleList, asked: Asked): void {
  for (const rule of rules) {
    const { selectorText, cssRules } = rule as Partial<CSSStyleRule>;
    for (const [, name = "", value = ""] of selectorText?.matchAll(ATTRIBUTE) ?? []) {
      const key = name.toLowerCase();
      const values = asked.get(key) ?? new Set();
      asked.set(key, values.add(value));
    }
    if (cssRules) collect(cssRules, asked);
  }
}
