import type { Json, JsonObject } from "../../src/base/canonical.ts";

/** Just enough of JSON Schema 2020-12 to check our own; a keyword it does not know is an error, not a pass. */
export function misfits(schema: JsonObject, value: Json, root: JsonObject = schema, at = "$"): string[] {
  const out: string[] = [];
  const object = typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
  const list = Array.isArray(value) ? (value as readonly Json[]) : undefined;
  const fits = (inner: Json) => misfits(inner as JsonObject, value, root, at).length === 0;
  const say = (right: boolean, what: string) => {
    if (!right) out.push(`${at}: ${what}`);
  };
  for (const [keyword, rule] of Object.entries(schema)) {
    const number = rule as number;
    switch (keyword) {
      case "$schema":
      case "$id":
      case "$defs":
      case "title":
      case "description":
        break;
      case "$ref":
        out.push(...misfits((root.$defs as JsonObject)[String(rule).replace("#/$defs/", "")] as JsonObject, value, root, at));
        break;
      case "type":
        say(
          {
            object: object !== undefined,
            array: list !== undefined,
            string: typeof value === "string",
            boolean: typeof value === "boolean",
            integer: Number.isSafeInteger(value),
          }[String(rule)] === true,
          `type ${rule}`,
        );
        break;
      case "const":
        say(value === rule, `const ${rule}`);
        break;
      case "enum":
        say((rule as Json[]).includes(value), "enum");
        break;
      case "pattern":
        say(typeof value !== "string" || new RegExp(String(rule), "u").test(value), `pattern ${rule}`);
        break;
      case "minLength":
        say(typeof value !== "string" || value.length >= number, keyword);
        break;
      case "maxLength":
        say(typeof value !== "string" || value.length <= number, keyword);
        break;
      case "minimum":
        say(typeof value !== "number" || value >= number, keyword);
        break;
      case "maximum":
        say(typeof value !== "number" || value <= number, keyword);
        break;
      case "minItems":
        say(list === undefined || list.length >= number, keyword);
        break;
      case "maxItems":
        say(list === undefined || list.length <= number, keyword);
        break;
      case "minProperties":
        say(object === undefined || Object.keys(object).length >= number, keyword);
        break;
      case "required":
        for (const name of rule as string[]) say(object === undefined || object[name] !== undefined, `required ${name}`);
        break;
      case "properties":
        for (const [name, inner] of Object.entries(rule as JsonObject))
          if (object?.[name] !== undefined) out.push(...misfits(inner as JsonObject, object[name], root, `${at}.${name}`));
        break;
      case "additionalProperties":
        for (const [name, member] of Object.entries(object ?? {})) {
          if ((schema.properties as JsonObject | undefined)?.[name] !== undefined) continue;
          if (rule === false) say(false, `unknown ${name}`);
          else out.push(...misfits(rule as JsonObject, member as Json, root, `${at}.${name}`));
        }
        break;
      case "propertyNames":
        for (const name of Object.keys(object ?? {})) out.push(...misfits(rule as JsonObject, name, root, `${at} key`));
        break;
      case "items":
        for (const [index, item] of (list ?? []).entries()) out.push(...misfits(rule as JsonObject, item, root, `${at}[${index}]`));
        break;
      case "anyOf":
        say((rule as Json[]).some(fits), keyword);
        break;
      case "oneOf":
        say((rule as Json[]).filter(fits).length === 1, keyword);
        break;
      case "not":
        say(!fits(rule as Json), keyword);
        break;
      default:
        throw new Error(`unknown keyword ${keyword}`);
    }
  }
  return out;
}
