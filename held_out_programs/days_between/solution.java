import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;

class Solution {
    static int daysBetween(String first, String second) {
        try {
            return (int) ChronoUnit.DAYS.between(LocalDate.parse(first), LocalDate.parse(second));
        } catch (DateTimeParseException error) {
            throw new IllegalArgumentException(error.getMessage(), error);
        }
    }
}
