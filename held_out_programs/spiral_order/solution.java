import java.util.ArrayList;
import java.util.List;

class Solution {
    static List<Integer> spiralOrder(List<List<Integer>> table) {
        List<Integer> order = new ArrayList<>();
        int top = 0;
        int left = 0;
        int bottom = table.size() - 1;
        int right = table.isEmpty() ? -1 : table.get(0).size() - 1;
        while (top <= bottom && left <= right) {
            for (int column = left; column <= right; column++) {
                order.add(table.get(top).get(column));
            }
            top++;
            for (int row = top; row <= bottom; row++) {
                order.add(table.get(row).get(right));
            }
            right--;
            for (int column = right; column >= left && top <= bottom; column--) {
                order.add(table.get(bottom).get(column));
            }
            bottom--;
            for (int row = bottom; row >= top && left <= right; row--) {
                order.add(table.get(row).get(left));
            }
            left++;
        }
        return order;
    }
}
