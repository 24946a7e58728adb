package belle.faults.simulation;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.LoggerFactory;

/** Counts actors that failed, which others would cover up, except those that are made to. */
final class Crashes {
    private static final String WANTED = "logits of";

    private final AtomicLong count = new AtomicLong();

    /** Listens to what Pekko logs from now on, in place of whoever did. */
    Crashes() {
        Logger logger = (Logger) LoggerFactory.getLogger("org.apache.pekko.actor");
        logger.setLevel(Level.ERROR);
        logger.setAdditive(false);
        AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
            @Override
            protected void append(ILoggingEvent event) {
                if (event.getThrowableProxy() != null
                        && !event.getThrowableProxy().getMessage().startsWith(WANTED)) {
                    count.incrementAndGet();
                }
            }
        };
        appender.setContext(logger.getLoggerContext());
        appender.start();
        logger.addAppender(appender);
    }

    /** Returns the number since it was asked last. */
    long takeCount() {
        return count.getAndSet(0);
    }
}
