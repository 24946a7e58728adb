package belle.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.function.Consumer;

/** Tells ten times in a run how much is done. */
record EvalProgress(String name, int all, PrintWriter err) implements Consumer<Integer> {
    @Override
    public void accept(Integer done) {
        if (done % Math.max(all / 10, 1) == 0 || done == all) {
            err.println(name + ": " + done + " of " + all);
        }
    }

    /** How a run's last line goes on where requests failed: how many, why, and what to do; nothing where none did. */
    static String whatFailed(List<String> failures) {
        return failures.isEmpty()
                ? ""
                : "; the same command asks the other " + failures.size() + " again, of which one failed with: "
                        + failures.getFirst();
    }
}
