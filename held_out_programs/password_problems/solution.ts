const PROBLEMS: [string, (password: string) => boolean][] = [
  ["short", (password) => password.length < 8],
  ["upper", (password) => !/[A-Z]/.test(password)],
  ["lower", (password) => !/[a-z]/.test(password)],
  ["digit", (password) => !/[0-9]/.test(password)],
  ["space", (password) => / /.test(password)],
  ["repeat", (password) => /(.)\1\1/.test(password)],
];

function passwordProblems(password: string): string[] {
  return PROBLEMS.filter(([, isProblem]) => isProblem(password)).map(([name]) => name);
}
