import java.time.DayOfWeek;
import java.time.LocalDate;

class Solution {
    static String addBusinessDays(String date, int days) {
        if (days < 0) {
            throw new IllegalArgumentException("the number of days is negative");
        }
        LocalDate day = LocalDate.parse(date);
        for (int left = days; left > 0; ) {
            day = day.plusDays(1);
            if (day.getDayOfWeek() != DayOfWeek.SATURDAY && day.getDayOfWeek() != DayOfWeek.SUNDAY) {
                left--;
            }
        }
        return day.toString();
    }
}
