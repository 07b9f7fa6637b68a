using System.Collections.Generic;
using System.Linq;

static class Solution
{
    public static List<int> SpiralOrder(List<List<int>> table)
    {
        var order = new List<int>();
        int rows = table.Count, columns = rows == 0 ? 0 : table[0].Count;
        int row = 0, column = -1, rowStep = 0, columnStep = 1;
        while (rows > 0 && columns > 0)
        {
            int steps = columnStep != 0 ? columns : rows;
            for (int step = 0; step < steps; step++)
            {
                row += rowStep;
                column += columnStep;
                order.Add(table[row][column]);
            }
            if (columnStep != 0)
                rows--;
            else
                columns--;
            int turned = -rowStep;
            rowStep = columnStep;
            columnStep = turned;
        }
        return order;
    }
}
