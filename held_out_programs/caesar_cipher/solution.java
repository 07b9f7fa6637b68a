class Solution {
    static String caesarCipher(String text, int shift) {
        StringBuilder moved = new StringBuilder(text.length());
        for (char letter : text.toCharArray()) {
            if (letter >= 'a' && letter <= 'z') {
                moved.append(move(letter, 'a', shift));
            } else if (letter >= 'A' && letter <= 'Z') {
                moved.append(move(letter, 'A', shift));
            } else {
                moved.append(letter);
            }
        }
        return moved.toString();
    }

    private static char move(char letter, char first, int shift) {
        return (char) (first + Math.floorMod(letter - first + shift, 26));
    }
}
