package belle.cli;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.FileAppender;
import ch.qos.logback.core.encoder.Encoder;
import java.nio.file.Path;
import org.slf4j.LoggerFactory;

/** Writes the log to a file as well, with dates, logger names and whole stack traces. */
final class LogFile {
    private LogFile() {}

    static void attach(Path file) {
        var context = (LoggerContext) LoggerFactory.getILoggerFactory();
        Encoder<ILoggingEvent> encoder = encoder();
        encoder.setContext(context);
        encoder.start();
        var appender = new FileAppender<ILoggingEvent>();
        appender.setContext(context);
        appender.setFile(file.toString());
        appender.setEncoder(encoder);
        appender.start();
        context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(appender);
    }

    /** Writes as the console does: for people, or one JSON object a line. */
    private static Encoder<ILoggingEvent> encoder() {
        if ("json".equals(System.getenv("BELLE_LOG_FORMAT"))) {
            return new JsonEncoder();
        }
        var text = new PatternLayoutEncoder();
        text.setPattern("%d{yyyy-MM-dd'T'HH:mm:ss.SSS} %-5level %logger{36} %msg%n%ex");
        return text;
    }
}
