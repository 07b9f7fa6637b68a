import java.util.ArrayList;
import java.util.List;

class Solution {
    static List<Double> movingAverage(List<Double> values, int width) {
        if (width < 1 || width > values.size()) {
            throw new IllegalArgumentException(values.size() + " values have no window of " + width);
        }
        List<Double> means = new ArrayList<>();
        double sum = 0;
        for (int k = 0; k < values.size(); k++) {
            sum += values.get(k);
            if (k >= width) {
                sum -= values.get(k - width);
            }
            if (k >= width - 1) {
                means.add(sum / width);
            }
        }
        return means;
    }
}
