fn luhn_valid(number: &str) -> bool {
    let digits: Option<Vec<u32>> =
        number.chars().filter(|&character| character != ' ').map(|character| character.to_digit(10)).collect();
    let digits = match digits {
        Some(digits) if digits.len() >= 2 => digits,
        _ => return false,
    };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &digit)| match place % 2 {
            0 => digit,
            _ if digit < 5 => digit * 2,
            _ => digit * 2 - 9,
        })
        .sum();
    sum % 10 == 0
}
