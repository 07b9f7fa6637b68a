function luhnValid(number: string): boolean {
  const digits = [...number].filter((character) => character !== " ").map((character) => "0123456789".indexOf(character));
  if (digits.length < 2 || digits.includes(-1)) {
    return false;
  }
  const sum = digits.reduceRight((total, digit, index) => {
    const isSecond = (digits.length - index) % 2 === 0;
    const value = isSecond ? digit * 2 : digit;
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}
