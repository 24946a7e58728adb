package belle.export.bundle;

import belle.export.checkpoint.Progress;
import belle.proto.FailureException;
import belle.proto.bundle.PromptTemplates;
import belle.proto.bundle.WeightType;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** A calibrated export of a small checkpoint, in a process of its own where it is to be killed. */
final class InterruptedExport {
    private static final String STANDS = "stands still";

    private InterruptedExport() {}

    /** Four bits in groups of {@code group}, by three texts and two that are held out. */
    static ExportOptions options(Path target, int group) {
        List<List<Integer>> texts = IntStream.range(0, 5)
                .mapToObj(text -> IntStream.range(0, 30 + text)
                        .mapToObj(i -> (7 * i * i + 13 * text + i) % 60)
                        .toList())
                .toList();
        return new ExportOptions(
                target,
                false,
                Optional.of(WeightType.Q4),
                Optional.of(group),
                Optional.empty(),
                Optional.of(new Calibration(texts.subList(0, 3), texts.subList(3, 5), true)),
                PromptTemplates.BELLE,
                Optional.empty(),
                0);
    }

    /** Exports {@code checkpoint} to {@code target}, and stands still at the {@code last}-th thing that it tells. */
    public static void main(String[] arguments) {
        int last = Integer.parseInt(arguments[2]);
        try {
            Exporter.export(Path.of(arguments[0]), options(Path.of(arguments[1]), 32), new Told(last));
            System.out.println("made");
        } catch (FailureException e) {
            System.out.println("refused: " + e.getMessage());
        }
    }

    /** Says each thing on a line; a line that is counted is flushed before the next thing is done. */
    private static final class Told implements Progress {
        private int left;

        Told(int last) {
            this.left = last;
        }

        @Override
        public void advanced(long doneBytes, long totalBytes) {}

        @Override
        public void layers(double done, int total) {
            tell("layers " + done);
        }

        @Override
        public void note(String line) {
            tell(line);
        }

        private void tell(String line) {
            System.out.println(line);
            if (--left == 0) {
                System.out.println(STANDS);
                while (true) {
                    Thread.onSpinWait();
                }
            }
        }
    }

    /** Starts one as a process; where it stands still it is killed with -9. Returns what it told. */
    static List<String> run(Path checkpoint, Path target, int last) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of(InterruptedExport.class.getName(), checkpoint.toString(), target.toString(), "" + last));
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
        builder.environment().put("ORT_DISABLE_TELEMETRY", "1");
        Process process = builder.start();
        List<String> told = new ArrayList<>();
        try (BufferedReader lines = process.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                told.add(line);
                if (line.equals(STANDS)) {
                    process.toHandle().destroyForcibly();
                }
            }
        }
        process.waitFor();
        return told;
    }
}
