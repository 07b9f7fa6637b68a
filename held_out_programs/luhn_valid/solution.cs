using System.Linq;

static class Solution
{
    public static bool LuhnValid(string number)
    {
        string digits = number.Replace(" ", "");
        if (digits.Length < 2 || digits.Any(character => character < '0' || character > '9'))
            return false;
        int sum = digits
            .Reverse()
            .Select((character, place) => (character - '0') * (place % 2 + 1))
            .Sum(value => value > 9 ? value - 9 : value);
        return sum % 10 == 0;
    }
}
