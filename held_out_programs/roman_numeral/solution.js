const NUMERALS = [
  [1000, "M"], [900, "CM"], [500, "D"], [400, "CD"], [100, "C"], [90, "XC"],
  [50, "L"], [40, "XL"], [10, "X"], [9, "IX"], [5, "V"], [4, "IV"], [1, "I"],
];

function romanNumeral(number) {
  if (number < 1 || number > 3999) {
    throw new Error(`${number} has no Roman numeral`);
  }
  let rest = number;
  let numeral = "";
  for (const [value, letters] of NUMERALS) {
    numeral += letters.repeat(Math.floor(rest / value));
    rest %= value;
  }
  return numeral;
}
