// Altered copies of a TypeScript source, each with one mistake: a condition turned round or gone, a branch or case left
// out, a word, number or flag changed. Called by combine.ts beside this file.
import ts from 'typescript';

export interface Mutant {
  /** "LINE: before → after" */
  readonly name: string;
  readonly source: string;
}

const swapped: ReadonlyMap<ts.SyntaxKind, readonly string[]> = new Map([
  [ts.SyntaxKind.EqualsEqualsEqualsToken, ['!==']],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, ['===']],
  [ts.SyntaxKind.AmpersandAmpersandToken, ['||']],
  [ts.SyntaxKind.BarBarToken, ['&&']],
  [ts.SyntaxKind.GreaterThanToken, ['>=', '<']],
  [ts.SyntaxKind.GreaterThanEqualsToken, ['>', '<']],
  [ts.SyntaxKind.LessThanToken, ['<=', '>']],
  [ts.SyntaxKind.LessThanEqualsToken, ['<', '>']],
  [ts.SyntaxKind.PlusToken, ['-']],
]);

export function mutantsOf(source: string): Mutant[] {
  const file = ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, true);
  const mutants: Mutant[] = [];

  function replace(node: ts.Node, text: string): void {
    const start = node.getStart(file);
    const before = source.slice(start, node.end);
    const line = file.getLineAndCharacterOfPosition(start).line + 1;
    const short = (words: string): string => words.replace(/\s+/g, ' ').slice(0, 60);
    mutants.push({
      name: `${String(line)}: ${short(before)} → ${short(text) || 'nothing'}`,
      source: source.slice(0, start) + text + source.slice(node.end),
    });
  }

  function visit(node: ts.Node): void {
    // Types are gone at run time.
    if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return;
    if (ts.isBinaryExpression(node)) {
      const { left, right, operatorToken } = node;
      for (const operator of swapped.get(operatorToken.kind) ?? []) replace(operatorToken, operator);
      if (operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken)
        replace(node, `(${left.getText(file)})`);
      if (operatorToken.kind === ts.SyntaxKind.AmpersandAmpersandToken) {
        replace(node, left.getText(file));
        replace(node, right.getText(file));
      }
    } else if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken) {
      replace(node, node.operand.getText(file));
    } else if (ts.isIfStatement(node) || ts.isConditionalExpression(node)) {
      const condition = ts.isIfStatement(node) ? node.expression : node.condition;
      replace(condition, 'true');
      replace(condition, 'false');
    } else if (ts.isCaseClause(node)) {
      replace(node, '');
    } else if (ts.isStringLiteral(node) && !ts.isImportDeclaration(node.parent)) {
      replace(node, "'mutant'");
    } else if (ts.isNumericLiteral(node)) {
      replace(node, String(Number(node.text) + 1));
    } else if (node.kind === ts.SyntaxKind.TrueKeyword) {
      replace(node, 'false');
    } else if (node.kind === ts.SyntaxKind.FalseKeyword) {
      replace(node, 'true');
    } else if (ts.isPropertyAccessExpression(node) && node.getText(file) === 'Math.max') {
      replace(node, 'Math.min');
    } else if (ts.isSpreadAssignment(node)) {
      replace(node, '...{}');
    }
    ts.forEachChild(node, visit);
  }

  visit(file);
  return mutants;
}
