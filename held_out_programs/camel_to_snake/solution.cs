using System.Text;

static class Solution
{
    public static string CamelToSnake(string name)
    {
        var snake = new StringBuilder();
        for (int k = 0; k < name.Length; k++)
        {
            bool afterCapital = k > 0 && char.IsUpper(name[k - 1]);
            bool beforeSmall = k + 1 < name.Length && char.IsLower(name[k + 1]);
            if (k > 0 && char.IsUpper(name[k]) && (!afterCapital || beforeSmall))
                snake.Append('_');
            snake.Append(char.ToLowerInvariant(name[k]));
        }
        return snake.ToString();
    }
}
