package belle.export.bundle;

import belle.export.checkpoint.QuantisedTensor;
import java.util.List;

/** How a tensor of a bundle is made. */
sealed interface Recipe {
    /** Rows of checkpoint tensors, in this order, as the tensor's layout arranges them. */
    record Taken(List<Rows> parts) implements Recipe {
        public Taken {
            parts = List.copyOf(parts);
        }

        static Taken of(Rows... parts) {
            return new Taken(List.of(parts));
        }
    }

    /** Numbers that follow from the configuration alone. */
    record Computed(Table table) implements Recipe {}

    /** The order of a quantised matrix's inputs, asked for when it is written. */
    record Order(QuantisedTensor matrix) implements Recipe {}

    /** A matrix of float32 by row and column; a vector has one column. */
    @FunctionalInterface
    interface Table {
        float at(int row, int column);
    }

    /**
     * {@code count} rows of a checkpoint tensor, in runs of {@code run} rows whose beginnings lie {@code stride} rows
     * apart: row r is the tensor's row {@code first + r / run * stride + r % run}. A vector's rows have one element.
     */
    record Rows(String tensor, int first, int count, int run, int stride) {
        static Rows all(String tensor, int count) {
            return new Rows(tensor, 0, count, count, count);
        }

        /** Returns the checkpoint's row that is this part's {@code row}. */
        int source(int row) {
            return first + row / run * stride + row % run;
        }

        /** Hears of {@code count} rows from the checkpoint's row {@code source} on, the {@code at}-th of those asked for. */
        interface Run {
            void at(int source, int count, int at);
        }

        /** Goes through rows {@code [row, row + rows)} in runs that lie behind one another in the checkpoint. */
        void runs(int row, int rows, Run each) {
            for (int done = 0; done < rows; ) {
                int together = together(row + done, rows - done);
                each.at(source(row + done), together, done);
                done += together;
            }
        }

        private int together(int row, int most) {
            return Math.min(most, Math.min(run - row % run, count - row));
        }
    }
}
