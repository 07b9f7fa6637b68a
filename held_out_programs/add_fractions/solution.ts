class Fraction {
  readonly numerator: number;
  readonly denominator: number;

  constructor(numerator: number, denominator: number) {
    if (denominator === 0) {
      throw new Error("the denominator is 0");
    }
    const divisor = Fraction.gcd(numerator, denominator) * Math.sign(denominator);
    this.numerator = numerator / divisor;
    this.denominator = denominator / divisor;
  }

  static parse(text: string): Fraction {
    if (!/^-?\d+(\/-?\d+)?$/.test(text)) {
      throw new Error(`no fraction: ${text}`);
    }
    const [numerator, denominator = 1] = text.split("/").map(Number);
    return new Fraction(numerator, denominator);
  }

  plus(other: Fraction): Fraction {
    const sum = this.numerator * other.denominator + other.numerator * this.denominator;
    return new Fraction(sum, this.denominator * other.denominator);
  }

  toString(): string {
    return this.denominator === 1 ? String(this.numerator) : `${this.numerator}/${this.denominator}`;
  }

  private static gcd(a: number, b: number): number {
    return b === 0 ? Math.abs(a) : Fraction.gcd(b, a % b);
  }
}

function addFractions(fractions: string[]): string {
  return fractions
    .map((text) => Fraction.parse(text))
    .reduce((sum, fraction) => sum.plus(fraction), new Fraction(0, 1))
    .toString();
}
