using System.Linq;

static class Solution
{
    public static string CaesarCipher(string text, int shift)
    {
        return string.Concat(text.Select(letter => Move(letter, shift)));
    }

    static char Move(char letter, int shift)
    {
        if (letter >= 'a' && letter <= 'z')
            return (char)('a' + ((letter - 'a' + shift) % 26 + 26) % 26);
        if (letter >= 'A' && letter <= 'Z')
            return (char)('A' + ((letter - 'A' + shift) % 26 + 26) % 26);
        return letter;
    }
}
