import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

class Solution {
    static List<List<Integer>> freeSlots(List<List<Integer>> meetings, int opens, int closes, int shortest) {
        List<List<Integer>> sorted = new ArrayList<>(meetings);
        sorted.add(List.of(closes, closes));
        sorted.sort(Comparator.comparing(meeting -> meeting.get(0)));
        List<List<Integer>> slots = new ArrayList<>();
        int freeFrom = opens;
        for (List<Integer> meeting : sorted) {
            int freeUntil = Math.min(meeting.get(0), closes);
            if (freeUntil - freeFrom >= shortest) {
                slots.add(List.of(freeFrom, freeUntil));
            }
            freeFrom = Math.max(freeFrom, meeting.get(1));
        }
        return slots;
    }
}
