package belle.cli;

import belle.export.files.PassingFolder;
import belle.gpu.GpuCheck;
import belle.gpu.GpuCheck.Load;
import belle.gpu.GpuReport;
import belle.gpu.ModelShape;
import belle.kernels.OrtLibraries;
import belle.ort.CudaRuntime;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.bundle.WeightType;
import belle.runtime.Provider;
import java.io.IOException;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code belle gpu-check}: golden cases, speed and memory of the portable graph on this machine's GPUs. */
@Command(
        name = "gpu-check",
        description =
                "Checks the portable graph on every GPU of this machine against the processor's kernels, measures 1 "
                        + "to 64 streams of two shapes, and writes a report. Exit status 1 if a check failed.")
final class GpuCheckCommand implements Callable<Integer> {
    /** Of the smallest cache of {@link GpuCheck#poolTimes}. */
    private static final long POOL_BYTES = 16L << 20;

    @Option(names = "--smoke", description = "A small shape on the processor: checks that the check runs.")
    private boolean smoke;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            defaultValue = "gpu-check.md",
            description = "The report (${DEFAULT-VALUE}).")
    private Path out;

    @Option(
            names = "--work",
            paramLabel = "DIR",
            defaultValue = ".",
            description = "Where checkpoints and bundles pass through: 45 GB, 1 GB with --smoke (the current folder).")
    private Path work;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        Provider provider = smoke ? Provider.PORTABLE : Provider.CUDA;
        int devices = 1;
        if (!smoke) {
            CudaRuntime.missing(OrtLibraries.folder()).ifPresent(missing -> {
                throw new FailureException(new Failure.Unavailable("gpu-check: " + missing));
            });
            devices = CudaRuntime.devices();
        }
        GpuReport report = new GpuReport(
                "The portable graph on " + provider.label(),
                List.of(
                        "made on " + LocalDate.now(ZoneOffset.UTC) + " by belle " + Version.text(),
                        devices
                                + (devices == 1
                                        ? " device"
                                        : " devices, each by itself: no model is spread over several"),
                        "prompts of " + load().promptTokens() + " tokens, outputs of " + load().outputTokens()
                                + ", all streams at once, without a network"));
        for (int device = 0; device < devices; device++) {
            check(provider, device, report);
        }
        report.write(out);
        spec.commandLine().getOut().println(out + ": " + (report.passed() ? "passed" : "FAILED"));
        return report.passed() ? 0 : 1;
    }

    private void check(Provider provider, int device, GpuReport report) throws IOException {
        report.device(provider.label() + " " + device);
        Path models = Path.of(System.getProperty("belle.root", "."), "ops", "src", "main", "model");
        try (PassingFolder folder = PassingFolder.beside(work.resolve("gpu-check"), "models")) {
            GpuCheck check = new GpuCheck(provider, device, folder.path(), this::note);
            report.agreements();
            Path small = check.checkpoint(ModelShape.SMOKE.getFirst(), models.resolve("belle-nano"));
            for (Path checkpoint : List.of(models.resolve("belle-tiny"), models.resolve("belle-nano"), small)) {
                for (WeightType weights : List.of(WeightType.F32, WeightType.F16, WeightType.Q8, WeightType.Q4)) {
                    report.add(check.agreement(checkpoint, weights));
                }
            }
            report.poolTimes();
            check.poolTimes(small, load(), POOL_BYTES, report::add);
            report.speeds();
            for (ModelShape shape : smoke ? ModelShape.SMOKE : ModelShape.WHOLE) {
                Path checkpoint = smoke ? small : check.checkpoint(shape, models.resolve("belle-nano"));
                for (WeightType weights : List.of(WeightType.F16, WeightType.Q4)) {
                    try {
                        check.speeds(checkpoint, weights, load(), report::add);
                    } catch (FailureException e) {
                        report.failed(
                                shape.name() + " in " + weights, e.failure().message());
                    }
                }
            }
        }
    }

    private Load load() {
        return smoke ? Load.SMOKE : Load.WHOLE;
    }

    private void note(String text) {
        spec.commandLine().getErr().println("belle: " + text);
    }
}
