const NUMERALS: [(i64, &str); 13] = [
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"),
    (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
];

fn roman_numeral(number: i64) -> Result<String, String> {
    if !(1..=3999).contains(&number) {
        return Err(format!("{number} has no Roman numeral"));
    }
    let mut rest = number;
    let mut numeral = String::new();
    for (value, letters) in NUMERALS {
        numeral += &letters.repeat((rest / value) as usize);
        rest %= value;
    }
    Ok(numeral)
}
