package belle.cli;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;

/** How to start this program once more: the same JVM, flags and classes. */
final class OwnProcess {
    private OwnProcess() {}

    /** Returns what starts {@code belle} with {@code arguments}. */
    static ProcessBuilder builder(List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.add(Main.class.getName());
        command.addAll(arguments);
        var builder = new ProcessBuilder(command);
        // Not as a flag: ONNX Runtime's telemetry reads the command line, and a long one overflows its stack.
        builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
        builder.environment().put("ORT_DISABLE_TELEMETRY", "1");
        return builder;
    }
}
