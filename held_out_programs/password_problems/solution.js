function passwordProblems(password) {
  const checks = {
    short: password.length < 8,
    upper: !/[A-Z]/.test(password),
    lower: !/[a-z]/.test(password),
    digit: !/\d/.test(password),
    space: password.includes(" "),
    repeat: /(.)\1{2}/.test(password),
  };
  return Object.keys(checks).filter((name) => checks[name]);
}
