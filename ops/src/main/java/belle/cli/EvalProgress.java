package belle.cli;

import java.io.PrintWriter;
import java.util.function.Consumer;

/** Tells ten times in a run how much is done. */
record EvalProgress(String name, int all, PrintWriter err) implements Consumer<Integer> {
    @Override
    public void accept(Integer done) {
        if (done % Math.max(all / 10, 1) == 0 || done == all) {
            err.println(name + ": " + done + " of " + all);
        }
    }
}
