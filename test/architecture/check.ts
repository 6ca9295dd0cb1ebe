import { posix } from "node:path";
import ts from "typescript";
import { EDGES, type Edge, LAYERS, type Layer, MAY_SIGN, NETWORK_MODULES, REACHES, SIGNS } from "./layers.ts";

/**
 * Reads one file of `src` and says in words what it must not do.
 *
 * @param path - below `src`, with `/`: `policy/parse.ts`.
 * @returns one sentence for each offence, with the line; empty for a good file.
 */
export function offences(path: string, text: string): string[] {
  const layer = layerOf(path);
  if (layer === undefined) return [`${path}: lies in no layer; give its folder a row in test/architecture/layers.ts`];
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
  const found: string[] = [];
  const report = (node: ts.Node, what: string) =>
    found.push(`${path}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${what}`);

  for (const statement of file.statements) {
    if (isIndex(path) && !isReexportByName(statement)) report(statement, "an index only re-exports, by name");
    if (doesSomething(statement) && !STARTED.includes(path)) report(statement, "importing a file does nothing");
  }
  (function visit(node: ts.Node): void {
    for (const offence of [...importOffences(node, path, layer), ...edgeOffences(node, path)]) report(node, offence);
    ts.forEachChild(node, visit);
  })(file);
  return found;
}

function layerOf(path: string): Layer | undefined {
  return LAYERS.filter(({ at }) => path.startsWith(at)).sort((a, b) => b.at.length - a.at.length)[0];
}

function isIndex(path: string): boolean {
  return path === "index.ts" || path.endsWith("/index.ts");
}

function isReexportByName(statement: ts.Statement): boolean {
  return (
    ts.isExportDeclaration(statement) &&
    statement.moduleSpecifier !== undefined &&
    statement.exportClause !== undefined &&
    ts.isNamedExports(statement.exportClause)
  );
}

/** Files that nobody imports: they are started. */
const STARTED = ["cli/main.ts", "recovery/slip39-worker.ts"];

/** Everything that runs when the file is loaded, beyond giving names to values. */
function doesSomething(statement: ts.Statement): boolean {
  if (ts.isImportDeclaration(statement)) return statement.importClause === undefined;
  return !(
    ts.isExportDeclaration(statement) ||
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement) ||
    isAmbient(statement) ||
    (ts.isVariableStatement(statement) && (ts.getCombinedNodeFlags(statement.declarationList) & ts.NodeFlags.Const) !== 0)
  );
}

/** `declare …`: says what is there, and does nothing. */
function isAmbient(statement: ts.Statement): boolean {
  return ts.canHaveModifiers(statement) && (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword);
}

function importOffences(node: ts.Node, path: string, layer: Layer): string[] {
  const specifier = importedBy(node);
  if (specifier === undefined) return [];
  if (specifier === null) return ["imports a path that is computed"];
  if (!specifier.startsWith(".")) return packageOffences(specifier, layer);

  const target = posix.normalize(posix.join(posix.dirname(path), specifier));
  if (target.startsWith("..")) return [`imports ${specifier}, which lies outside src`];
  if (!target.endsWith(".ts")) return [`imports ${specifier} without its .ts extension`];
  if (isIndex(target)) return [`imports ${target}: inside src we import the file that has the thing`];
  const own = layerOf(target)?.at === layer.at;
  return own || layer.folders.some((folder) => target.startsWith(folder)) ? [] : [`imports ${target}, which ${layer.at} may not`];
}

function packageOffences(specifier: string, layer: Layer): string[] {
  const builtin = specifier.startsWith("node:");
  if (builtin && NETWORK_MODULES.includes(specifier.slice("node:".length))) return [`imports ${specifier}, which reaches the network`];
  const name = builtin ? "node:" : specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  return layer.packages.includes(name) ? [] : [`imports the package ${specifier}, which ${layer.at} may not`];
}

/** What a node imports: undefined if it is no import, null if that cannot be read from the text. */
function importedBy(node: ts.Node): string | null | undefined {
  const written = (argument: ts.Node | undefined) => (argument && ts.isStringLiteralLike(argument) ? argument.text : null);
  if (ts.isImportDeclaration(node)) return written(node.moduleSpecifier);
  if (ts.isExportDeclaration(node)) return node.moduleSpecifier && written(node.moduleSpecifier);
  if (ts.isExternalModuleReference(node)) return written(node.expression);
  if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? written(node.argument.literal) : null;
  if (!ts.isCallExpression(node)) return undefined;
  const called = node.expression;
  const imports = called.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(called) && called.text === "require");
  return imports ? written(node.arguments[0]) : undefined;
}

function edgeOffences(node: ts.Node, path: string): string[] {
  const found: string[] = [];
  if (ts.isStringLiteralLike(node) && node.text.includes("../shared")) found.push("reads ../shared, which only tests do");
  if (ts.isIdentifier(node) && (node.text === "eval" || node.text === "Function") && isGlobal(node)) found.push(`uses ${node.text}`);
  if (ts.isPropertyAccessExpression(node) && SIGNS.includes(node.name.text) && !within(path, MAY_SIGN) && isFromCurve(node)) {
    found.push(`calls ${node.getText()}: only keys sign`);
  }
  const name = reached(node);
  for (const edge of Object.keys(EDGES) as Edge[]) {
    if (name !== undefined && REACHES[edge].includes(name) && !within(path, EDGES[edge]))
      found.push(`uses ${name}: ${edge} is not for this file`);
  }
  return found;
}

function within(path: string, places: readonly string[]): boolean {
  return places.some((place) => path.startsWith(place));
}

/** The global that a node reaches, as {@link REACHES} writes it. */
function reached(node: ts.Node): string | undefined {
  if (ts.isNewExpression(node) || ts.isCallExpression(node)) {
    const isDate = ts.isIdentifier(node.expression) && node.expression.text === "Date";
    if (isDate && ts.isCallExpression(node)) return "Date()";
    return isDate && (node.arguments ?? []).length === 0 ? "new Date()" : undefined;
  }
  if (ts.isPropertyAccessExpression(node)) return withoutGlobal(node.getText());
  if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) {
    return withoutGlobal(`${node.expression.getText()}.${node.argumentExpression.text}`);
  }
  return ts.isIdentifier(node) && isGlobal(node) ? node.text : undefined;
}

function withoutGlobal(text: string): string {
  return text.replaceAll("?.", ".").replace(/^(globalThis|window|self)\./, "");
}

/** Whether an identifier stands for a value by itself: not a member, a property's name, a parameter or a declaration. */
function isGlobal(node: ts.Identifier): boolean {
  const { parent } = node;
  if (declaredNames(node.getSourceFile()).has(node.text)) return false;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isQualifiedName(parent) || ts.isTypeReferenceNode(parent)) return false;
  if ("name" in parent && parent.name === node) return ts.isShorthandPropertyAssignment(parent);
  return !ts.isImportSpecifier(parent) && !ts.isExportSpecifier(parent);
}

const declared = new WeakMap<ts.SourceFile, Set<string>>();

/** Functions, variables and parameters of a file. One that is named like a global hides it, as far as this check cares. */
function declaredNames(file: ts.SourceFile): Set<string> {
  const known = declared.get(file);
  if (known !== undefined) return known;
  const names = new Set<string>();
  (function visit(node: ts.Node): void {
    const declares = ts.isFunctionDeclaration(node) || ts.isVariableDeclaration(node) || ts.isParameter(node) || ts.isImportSpecifier(node);
    if (declares && node.name !== undefined && ts.isIdentifier(node.name)) names.add(node.name.text);
    ts.forEachChild(node, visit);
  })(file);
  declared.set(file, names);
  return names;
}

/** Whether a member belongs to what the file imported from a library with keys in it. */
function isFromCurve(node: ts.PropertyAccessExpression): boolean {
  let root: ts.Expression = node.expression;
  while (ts.isPropertyAccessExpression(root) || ts.isCallExpression(root)) root = root.expression;
  const name = root.getText();
  return node
    .getSourceFile()
    .statements.filter(ts.isImportDeclaration)
    .filter(({ moduleSpecifier }) => /^["'](@noble\/(curves|secp256k1)|micro-eth-signer|@scure)/.test(moduleSpecifier.getText()))
    .some(({ importClause }) => new RegExp(`\\b${name.replace(/\W/g, "\\$&")}\\b`).test(importClause?.getText() ?? ""));
}
