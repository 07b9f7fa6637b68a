fn camel_to_snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (k, letter) in letters.iter().enumerate() {
        if k > 0 && letter.is_uppercase() {
            let before_small = letters.get(k + 1).map_or(false, |next| next.is_lowercase());
            if !letters[k - 1].is_uppercase() || before_small {
                snake.push('_');
            }
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}
